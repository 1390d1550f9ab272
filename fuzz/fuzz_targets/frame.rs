//! Whatever a peer says, each of its lines is answered once or ends its connection, and the next peer is served all the same.

#![no_main]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::time::Duration;

use context_tray::ipc::frame::MAX_LINE;
use context_tray::ipc::server::Server;
use context_tray::platform::Directories;
use context_tray::request::Response;
use libfuzzer_sys::fuzz_target;

/// One server for all runs.
static PLACE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = |name: &str| folder.path().join(name);
    let directories = Directories { config: at("config"), state: at("state"), runtime: at("run") };
    Server::bind(&directories).unwrap().serve(|_, reply| reply.send(Ok(Response::Done))).unwrap();
    folder
});

/// What the server says to a peer that says this and hangs up.
fn answers(said: &[u8]) -> Vec<serde_json::Value> {
    let mut stream = UnixStream::connect(PLACE.path().join("run/agent.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let listening = BufReader::new(stream.try_clone().unwrap());
    // It may hang up on us amid what we say.
    let _ = stream.write_all(said);
    let _ = stream.shutdown(Shutdown::Write);
    listening.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).unwrap()).collect()
}

fuzz_target!(|said: &[u8]| {
    let whole = said.iter().filter(|byte| **byte == b'\n').count();
    let answers = answers(said);
    assert!(answers.len() <= whole + usize::from(said.len() > MAX_LINE), "{answers:?}");
    for answer in &answers {
        assert!(answer["v"] == 1 && answer["id"].is_u64(), "{answer}");
        assert!(answer["ok"].is_object() != answer["error"]["code"].is_string(), "{answer}");
    }
    let next = self::answers(b"{\"v\":1,\"id\":7,\"request\":{\"kind\":\"agent\"}}\n");
    assert_eq!(next, [serde_json::json!({"v": 1, "id": 7, "ok": {"kind": "done"}})]);
});
