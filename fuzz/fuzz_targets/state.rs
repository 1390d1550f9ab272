//! Whatever `session_state.json` holds, the status can be told, and the next entry mends the file.

#![no_main]

use std::fs;

use context_tray::config::Config;
use context_tray::entry::Record;
use context_tray::journal::{APPEND_PATIENCE, Journal};
use context_tray::project::ProjectRoot;
use context_tray::snapshot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let root = ProjectRoot::try_from(folder.path().to_path_buf()).unwrap();
    Journal::init(&root).unwrap();
    fs::write(root.state(), bytes).unwrap();
    snapshot::read(&root);
    let note: Record = serde_json::from_str(r#"{"kind":"note","id":"1","text":"hello"}"#).unwrap();
    Journal::open(&root, &Config::default()).append_record(note, APPEND_PATIENCE).unwrap();
    let state = fs::read(root.state()).unwrap();
    serde_json::from_slice::<serde_json::Map<_, _>>(&state).unwrap();
});
