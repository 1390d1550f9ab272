//! Whatever `events.jsonl` holds, it can be read, told, replayed on an index, and gone on with.

#![no_main]

use std::fs;
use std::path::Path;

use context_tray::config::Config;
use context_tray::entry::Record;
use context_tray::index;
use context_tray::journal::{APPEND_PATIENCE, Journal, read};
use context_tray::line;
use context_tray::platform::Directories;
use context_tray::project::ProjectRoot;
use context_tray::rules::Rules;
use context_tray::tree::Tree;
use libfuzzer_sys::fuzz_target;

/// The entry that the index was kept after.
const FIRST: &str = r#"{"v":1,"seq":1,"time":"2026-11-22T10:00:00.000+01:00","kind":"note","id":"0","text":"first"}"#;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = |name: &str| folder.path().join(name);
    let directories = Directories { config: at("config"), state: at("state"), runtime: at("run") };
    fs::create_dir(at("project")).unwrap();
    let root = ProjectRoot::try_from(at("project")).unwrap();
    Journal::init(&root).unwrap();
    index::save(&directories, &root, 1, &Rules::new(&Default::default(), Vec::new(), Vec::new()), &Tree::default())
        .unwrap();
    let written = [FIRST.as_bytes(), b"\n", bytes].concat();
    fs::write(root.events(), &written).unwrap();

    let entries = read::last(&root, usize::MAX, &|_| true).unwrap();
    for line in line::batch(&entries, 50) {
        assert!(!line.detail.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{:?}", line.detail);
    }
    if let Some(known) = index::load(&directories, &root) {
        known.tree.folders(|path, _| assert!(path.is_relative()));
        known.tree.find(Path::new("a/b"));
    }

    let note: Record = serde_json::from_str(r#"{"kind":"note","id":"no other has it","text":"last"}"#).unwrap();
    let seq = Journal::open(&root, &Config::default()).append_record(note, APPEND_PATIENCE).unwrap();
    let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    assert!(fs::read(root.events()).unwrap().starts_with(&written[..whole]), "what is there stays");
    assert!(entries.iter().all(|entry| entry.seq < seq), "the order never goes back");
    assert_eq!(read::last(&root, 1, &|_| true).unwrap()[0].seq, seq);
});
