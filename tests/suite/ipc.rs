//! The server among peers of every kind, and the client that asks it.

#[cfg(unix)]
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use context_tray::ipc::client::{Client, ConnectError};
use context_tray::ipc::frame::MAX_LINE;
use context_tray::ipc::server::{Reply, Server};
use context_tray::platform::socket::{self, Stream};
use context_tray::platform::{Directories, Endpoint};
use context_tray::request::{FailureCode, Request, Response};
use serde_json::{Value, json};

use crate::env::{PATIENCE, wait_for};

/// A server on a folder of its own.
struct Place {
    directories: Directories,
    _folder: tempfile::TempDir,
}

impl Place {
    fn empty() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let directories = Directories {
            config: folder.path().join("config"),
            state: folder.path().join("state"),
            runtime: folder.path().join("run"),
        };
        Place { directories, _folder: folder }
    }

    fn serving(on_request: impl Fn(Request, Reply) + Send + Sync + Clone + 'static) -> Place {
        let place = Place::empty();
        Server::bind(&place.directories).unwrap().serve(on_request).unwrap();
        place
    }

    /// Answers everything with `Done`.
    fn obliging() -> Place {
        Place::serving(|_, reply| reply.send(Ok(Response::Done)))
    }

    fn peer(&self) -> Peer {
        Peer::of(&self.directories.endpoint().unwrap())
    }

    fn client(&self) -> Client {
        Client::connect(&self.directories, soon()).unwrap()
    }
}

/// A peer that says what it likes, without the client's manners.
pub(crate) struct Peer {
    stream: Arc<Stream>,
    heard: Vec<u8>,
}

impl Peer {
    pub(crate) fn of(endpoint: &Endpoint) -> Peer {
        Peer { stream: Arc::new(socket::connect(endpoint, PATIENCE).unwrap()), heard: Vec::new() }
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        // The server may hang up on us amid a long message.
        let _ = socket::write_all_by(&self.stream, bytes, Instant::now() + PATIENCE);
    }

    pub(crate) fn hear(&mut self) -> Value {
        while !self.heard.contains(&b'\n') {
            assert!(self.hear_more() > 0, "the end, after {:?}", String::from_utf8_lossy(&self.heard));
        }
        let end = self.heard.iter().position(|byte| *byte == b'\n').unwrap();
        let line: Vec<u8> = self.heard.drain(..=end).collect();
        serde_json::from_slice(&line).unwrap_or_else(|error| panic!("{:?}: {error}", String::from_utf8_lossy(&line)))
    }

    fn hear_more(&mut self) -> usize {
        let mut buffer = [0; 4096];
        let read = socket::read_by(&self.stream, &mut buffer, Instant::now() + PATIENCE).unwrap();
        self.heard.extend_from_slice(&buffer[..read]);
        read
    }

    /// What was still on its way when it was hung up on us, the system may have thrown away.
    fn assert_hung_up(&mut self) {
        let mut buffer = [0; 4096];
        match socket::read_by(&self.stream, &mut buffer, Instant::now() + PATIENCE) {
            Ok(read) => assert_eq!((read, &self.heard[..]), (0, &b""[..])),
            Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::TimedOut),
        }
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[test]
fn a_request_is_answered() {
    let place = Place::obliging();
    let mut client = place.client();
    assert_eq!(client.request(Request::Agent, soon()).unwrap(), Response::Done);
    assert_eq!(client.request(Request::StopAll, soon()).unwrap(), Response::Done);
}

#[cfg(unix)]
#[test]
fn the_endpoint_is_this_users_alone() {
    let place = Place::obliging();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.directories.runtime.clone()), 0o700);
    assert_eq!(mode(place.directories.runtime.join("agent.sock")), 0o600);
}

#[test]
fn nobody_there_is_told_from_other_trouble() {
    let place = Place::empty();
    assert!(matches!(Client::connect(&place.directories, soon()), Err(ConnectError::NoAgent)));
    if cfg!(unix) {
        let long = Directories { runtime: format!("/{}", "x".repeat(200)).into(), ..place.directories.clone() };
        assert!(matches!(Client::connect(&long, soon()), Err(ConnectError::Failed(_))));
    }
}

#[cfg(unix)]
#[test]
fn a_dead_agents_socket_is_in_nobodys_way() {
    let place = Place::empty();
    fs::create_dir(&place.directories.runtime).unwrap();
    drop(std::os::unix::net::UnixListener::bind(place.directories.runtime.join("agent.sock")).unwrap());
    // A child that another test is just starting may hold the descriptor for a moment longer than we.
    wait_for("nobody listens", || matches!(Client::connect(&place.directories, soon()), Err(ConnectError::NoAgent)));
    Server::bind(&place.directories).unwrap().serve(|_, reply| reply.send(Ok(Response::Done))).unwrap();
    assert_eq!(place.client().request(Request::Agent, soon()).unwrap(), Response::Done);
    let failure = Server::bind(&place.directories).unwrap_err();
    assert!(failure.message.contains("another agent listens"), "{failure}");
    assert_eq!(place.client().request(Request::Agent, soon()).unwrap(), Response::Done);
}

#[cfg(unix)]
#[test]
fn a_file_in_the_sockets_place_is_left_alone() {
    let place = Place::empty();
    fs::create_dir(&place.directories.runtime).unwrap();
    let path = place.directories.runtime.join("agent.sock");
    fs::write(&path, "somebody's").unwrap();
    assert!(Server::bind(&place.directories).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
}

#[test]
fn answers_may_come_in_any_order() {
    let (requests, taken) = mpsc::channel();
    let place = Place::serving(move |request, reply| requests.send((request, reply)).unwrap());
    let mut peer = place.peer();
    for (id, kind) in [(1, "agent"), (2, "start_all")] {
        peer.say(format!("{}\n", json!({"v": 1, "id": id, "request": {"kind": kind}})).as_bytes());
    }
    let first = taken.recv().unwrap();
    let second = taken.recv().unwrap();
    assert_eq!((&first.0, &second.0), (&Request::Agent, &Request::StartAll));
    second.1.send(Ok(Response::Done));
    assert_eq!(peer.hear()["id"], 2);
    first.1.send(Ok(Response::Done));
    assert_eq!(peer.hear()["id"], 1);
}

#[cfg(unix)]
#[test]
fn a_peer_that_has_nothing_more_to_ask_still_gets_its_answer() {
    let (requests, taken) = mpsc::channel();
    let place = Place::serving(move |_, reply| requests.send(reply).unwrap());
    let mut peer = place.peer();
    peer.say(b"{\"v\":1,\"id\":1,\"request\":{\"kind\":\"agent\"}}\n");
    let Stream::UdSocket(stream) = &*peer.stream;
    stream.inner().shutdown(std::net::Shutdown::Write).unwrap();
    let reply: Reply = taken.recv().unwrap();
    reply.send(Ok(Response::Done));
    assert_eq!(peer.hear()["ok"]["kind"], "done");
    peer.assert_hung_up();
}

#[test]
fn a_request_that_is_dropped_is_answered_too() {
    let place = Place::serving(|_, reply| drop(reply));
    let failure = place.client().request(Request::Agent, soon()).unwrap_err();
    assert_eq!(failure.code, FailureCode::ShuttingDown);
}

#[test]
fn a_client_gives_up_at_its_deadline_and_not_before() {
    let (requests, _taken) = mpsc::channel();
    let place = Place::serving(move |_, reply| requests.send(reply).unwrap());
    let began = Instant::now();
    let failure = place.client().request(Request::Agent, began + Duration::from_millis(200)).unwrap_err();
    assert_eq!(failure.code, FailureCode::Timeout);
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_unknown_request_is_an_error_and_the_connection_stays() {
    let place = Place::obliging();
    let mut peer = place.peer();
    peer.say(b"{\"v\":1,\"id\":7,\"request\":{\"kind\":\"dance\"}}\n");
    let reply = peer.hear();
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(7), &json!("bad_request")));
    peer.say(b"{\"v\":2,\"id\":8,\"request\":{\"kind\":\"agent\"}}\n");
    let reply = peer.hear();
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(8), &json!("version")));
    assert!(reply["error"]["hint"].as_str().unwrap().contains("ctx agent restart"));
    peer.say(b"{\"v\":1,\"id\":9,\"request\":{\"kind\":\"agent\"}}\n");
    assert_eq!(peer.hear(), json!({"v": 1, "id": 9, "ok": {"kind": "done"}}));
}

#[test]
fn garbage_ends_its_own_connection_only() {
    let place = Place::obliging();
    let mut other = place.client();
    for garbage in [&b"hello\n"[..], b"\n", b"[]\n", b"\xff\xfe\x00\n", b"{\"v\":1}\n", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut peer = place.peer();
        peer.say(garbage);
        let reply = peer.hear();
        assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(0), &json!("bad_request")), "{garbage:?}");
        peer.assert_hung_up();
    }
    assert_eq!(other.request(Request::Agent, soon()).unwrap(), Response::Done);
}

#[test]
fn ten_megabytes_without_an_end_are_refused() {
    let place = Place::obliging();
    let mut peer = place.peer();
    let flood = vec![b'x'; 10 * 1024 * 1024];
    let stream = Arc::clone(&peer.stream);
    let flooding = std::thread::spawn(move || drop(socket::write_all_by(&stream, &flood, soon())));
    assert_eq!(peer.hear()["error"]["code"], "too_long");
    peer.assert_hung_up();
    flooding.join().unwrap();
    assert_eq!(place.client().request(Request::Agent, soon()).unwrap(), Response::Done);
}

#[test]
fn the_longest_line_is_taken_and_one_byte_more_is_not() {
    let place = Place::obliging();
    let line = |length: usize| {
        let frame = json!({"v": 1, "id": 1, "request": {"kind": "agent", "padding": ""}}).to_string();
        frame.replace("\"padding\":\"\"", &format!("\"padding\":\"{}\"", "x".repeat(length - frame.len()))) + "\n"
    };
    let mut peer = place.peer();
    peer.say(line(MAX_LINE).as_bytes());
    assert_eq!(peer.hear()["ok"]["kind"], "done");
    peer.say(line(MAX_LINE + 1).as_bytes());
    assert_eq!(peer.hear()["error"]["code"], "too_long");
}

#[test]
fn half_a_line_meets_a_deadline_however_slowly_it_goes_on() {
    let place = Place::obliging();
    let mut peer = place.peer();
    let began = Instant::now();
    let stream = Arc::clone(&peer.stream);
    let dripping = std::thread::spawn(move || {
        while socket::write_all_by(&stream, b"x", soon()).is_ok() && began.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(peer.hear()["error"]["code"], "timeout");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    peer.assert_hung_up();
    drop(peer);
    dripping.join().unwrap();
}

#[test]
fn silent_peers_and_peers_that_do_not_read_disturb_nobody() {
    let place = Place::obliging();
    let silent: Vec<Peer> = (0..20).map(|_| place.peer()).collect();
    let deaf = place.peer();
    let question = b"{\"v\":1,\"id\":1,\"request\":{\"kind\":\"agent\"}}\n".repeat(100_000);
    let _ = socket::write_all_by(&deaf.stream, &question, Instant::now() + Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(place.client().request(Request::Agent, soon()).unwrap(), Response::Done);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop(silent);
}

#[test]
fn there_is_a_limit_to_connections_and_places_come_back() {
    let place = Place::obliging();
    let admitted = || {
        let mut client = place.client();
        client.request(Request::Agent, soon()).unwrap();
        client
    };
    let crowd: Vec<Client> = (0..256).map(|_| admitted()).collect();
    let failure = place.client().request(Request::Agent, soon()).unwrap_err();
    assert_eq!(failure.code, FailureCode::Busy);
    drop(crowd);
    wait_for("a place comes back", || place.client().request(Request::Agent, soon()).is_ok());
}
