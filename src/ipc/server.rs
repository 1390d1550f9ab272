//! The answering end: a thread for each connection, and two that wait for the next.
//!
//! Nothing here knows what a request means: it is handed on with a [`Reply`], which may be used from any thread at any
//! time. A peer can disturb only itself: garbage, a line without an end, silence, and replies that it does not
//! read each end its own connection. While nobody connects, nothing wakes up.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::frame::{self, FrameError, Patience, Reader};
use super::waiting::{SPARE, Waiting};
use crate::platform::socket::{self, Listener, Stream};
use crate::platform::{Directories, Endpoint, files};
use crate::request::{Failure, FailureCode, PROTOCOL_VERSION, ReplyLine, Request, Response};

/// More connections than this at a time are refused.
const MAX_CONNECTIONS: usize = 256;

/// A connection that asks nothing for this long, and waits for nothing, is closed.
const IDLE: Duration = Duration::from_secs(30);

/// A request has to come whole within this time.
const WHOLE_REQUEST: Duration = Duration::from_secs(5);

/// A reply fits into the socket's buffer unless the peer has left many unread: it is not waited for.
const SEND: Duration = Duration::from_millis(100);

/// How long a socket that is in the way may take to say that nobody is behind it.
const PROBE: Duration = Duration::from_secs(1);

/// After an accept that failed for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// The threads only move lines.
const STACK: usize = 256 * 1024;

/// The bound endpoint.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
}

impl Server {
    /// Binds the endpoint. Only to be called while the instance guard is held: a socket file that refuses connections
    /// is taken for a dead agent's and removed.
    ///
    /// # Errors
    ///
    /// The endpoint's folder is not this user's alone, or somebody listens there.
    pub fn bind(directories: &Directories) -> Result<Server, Failure> {
        let endpoint = directories.endpoint()?;
        let cannot = |error: io::Error| {
            let message = format!("cannot listen at {}: {error}", endpoint.path().display());
            Failure::new(FailureCode::Io, message).with_hint("set CONTEXT_TRAY_RUNTIME_DIR to a folder of your own")
        };
        files::claim_dir(&directories.runtime).map_err(cannot)?;
        match socket::listen(&endpoint) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_dead(&endpoint).map_err(cannot)?;
                socket::listen(&endpoint)
            }
            listening => listening,
        }
        .map(|listener| Server { listener })
        .map_err(cannot)
    }

    /// Serves until the process ends, on threads of its own. `on_request` must not block.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    pub fn serve<F>(self, on_request: F) -> io::Result<()>
    where
        F: Fn(Request, Reply) + Send + Sync + Clone + 'static,
    {
        let acceptors = Arc::new(Acceptors {
            listener: self.listener,
            waiting: Waiting::default(),
            connections: Arc::default(),
            on_request,
        });
        (0..SPARE).try_for_each(|_| acceptors.start())
    }
}

/// The threads that accept. One that has accepted serves the connection itself, so that a request is handed to no other
/// thread on its way in; where it was the last to wait for the next connection, it puts another one in its place.
struct Acceptors<F> {
    listener: Listener,
    waiting: Waiting,
    connections: Arc<AtomicUsize>,
    on_request: F,
}

impl<F> Acceptors<F>
where
    F: Fn(Request, Reply) + Send + Sync + Clone + 'static,
{
    fn start(self: &Arc<Self>) -> io::Result<()> {
        self.waiting.add();
        let own = Arc::clone(self);
        let started = thread::Builder::new().name("ipc".into()).stack_size(STACK).spawn(move || own.accept());
        started.map(drop).inspect_err(|_| {
            self.waiting.leave();
        })
    }

    fn accept(self: Arc<Self>) {
        loop {
            match socket::accept(&self.listener) {
                Ok(stream) => {
                    let was_last = self.waiting.leave();
                    if was_last && let Err(error) = self.start() {
                        tracing::warn!(%error, "the next connection has to wait");
                    }
                    admit(stream, &self.connections, &self.on_request);
                    if !self.waiting.come_back() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    thread::sleep(ACCEPT_AGAIN);
                }
            }
        }
    }
}

/// Removes the socket of an agent that is dead, which is what a refused connect proves.
fn remove_dead(endpoint: &Endpoint) -> io::Result<()> {
    match socket::connect(endpoint, PROBE) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            let kind = fs::symlink_metadata(endpoint.path())?.file_type();
            if kind.is_file() || kind.is_dir() || kind.is_symlink() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "what lies there is no socket"));
            }
            fs::remove_file(endpoint.path())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Serves the connection to its end, or says why not.
fn admit(stream: Stream, connections: &Arc<AtomicUsize>, on_request: &impl Fn(Request, Reply)) {
    let connection =
        Arc::new(Connection { stream, writing: Mutex::new(Writing::Open), unanswered: AtomicUsize::new(0) });
    let place = Place::take(connections);
    if !socket::peer_is_me(&connection.stream) {
        let refusal = Failure::new(FailureCode::Forbidden, "this agent answers only the user that it runs as");
        return connection.send(0, Err(refusal));
    }
    let Some(_place) = place else {
        let refusal = Failure::new(FailureCode::Busy, format!("the agent has {MAX_CONNECTIONS} connections already"));
        return connection.send(0, Err(refusal.with_hint("try again in a moment")));
    };
    converse(&connection, on_request);
}

/// One of the connections that there may be; given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>) -> Option<Place> {
        let place = Place(Arc::clone(taken));
        (taken.fetch_add(1, Ordering::SeqCst) < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection, shared by the thread that reads it and the replies that are on their way.
#[derive(Debug)]
struct Connection {
    stream: Stream,
    writing: Mutex<Writing>,
    unanswered: AtomicUsize,
}

/// Whether anything may still be sent. One who sends holds this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    Over,
}

impl Connection {
    fn send(&self, id: u64, result: Result<Response, Failure>) {
        let line = ReplyLine { v: PROTOCOL_VERSION, id, outcome: result.into() };
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if *writing == Writing::Over {
            return;
        }
        if let Err(error) = frame::write(&self.stream, &line, Instant::now() + SEND) {
            // A part of a line may be out, so that nothing sensible can follow it.
            tracing::debug!(%error, "a reply could not be sent");
            self.hang_up(&mut writing);
        }
    }

    /// Sends a last line.
    fn dismiss(&self, refusal: Failure) {
        self.send(0, Err(refusal));
        self.hang_up(&mut self.writing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn hang_up(&self, writing: &mut Writing) {
        *writing = Writing::Over;
        socket::hang_up(&self.stream);
    }

    fn is_over(&self) -> bool {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) == Writing::Over
    }
}

/// Where the answer to one request goes. One that is dropped unused answers that something went wrong.
#[derive(Debug)]
pub struct Reply {
    connection: Arc<Connection>,
    id: u64,
    answered: bool,
}

impl Reply {
    fn new(connection: &Arc<Connection>, id: u64) -> Reply {
        connection.unanswered.fetch_add(1, Ordering::SeqCst);
        Reply { connection: Arc::clone(connection), id, answered: false }
    }

    /// Answers. A client that is gone by now, or does not read, is no concern of the caller's.
    pub fn send(mut self, result: Result<Response, Failure>) {
        self.answered = true;
        self.connection.send(self.id, result);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.answered {
            // Nobody drops a request who is not ending.
            let failure = Failure::new(FailureCode::ShuttingDown, "the agent ended before it answered");
            self.connection.send(self.id, Err(failure.with_hint("try again in a moment")));
        }
        self.connection.unanswered.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request of any version and kind.
#[derive(Deserialize)]
struct AnyRequest {
    v: u32,
    id: u64,
    request: serde_json::Value,
}

/// Reads requests until the peer ends the connection or makes it useless. A peer that only has nothing more to ask still
/// gets its answers: the stream is closed when the last [`Reply`] is gone.
fn converse(connection: &Arc<Connection>, on_request: &impl Fn(Request, Reply)) {
    let mut reader = Reader::default();
    let error = loop {
        match reader.line(&connection.stream, Patience::Idle(IDLE, WHOLE_REQUEST)) {
            Ok(line) => match serde_json::from_slice::<AnyRequest>(&line) {
                Ok(any) => {
                    take(any, connection, on_request);
                    if connection.is_over() {
                        return;
                    }
                }
                Err(error) => break error.into(),
            },
            Err(FrameError::Deadline) if is_waiting(connection, &reader) => {}
            Err(FrameError::Closed) => return,
            Err(error) => break error,
        }
    };
    connection.dismiss(refusal(&error));
}

/// Whether the peer is silent because it waits for us.
fn is_waiting(connection: &Connection, reader: &Reader) -> bool {
    connection.unanswered.load(Ordering::SeqCst) > 0 && !reader.is_amid_line()
}

fn take(any: AnyRequest, connection: &Arc<Connection>, on_request: &impl Fn(Request, Reply)) {
    let reply = Reply::new(connection, any.id);
    if any.v != PROTOCOL_VERSION {
        let message = format!("the agent speaks version {PROTOCOL_VERSION} of the protocol, and ctx {}", any.v);
        return reply.send(Err(Failure::new(FailureCode::Version, message).with_hint("run `ctx agent restart`")));
    }
    match serde_json::from_value(any.request) {
        Ok(request) => on_request(request, reply),
        Err(error) => reply.send(Err(Failure::new(FailureCode::BadRequest, format!("not a request: {error}")))),
    }
}

fn refusal(error: &FrameError) -> Failure {
    let code = match error {
        FrameError::TooLong => FailureCode::TooLong,
        FrameError::NotJson(_) => FailureCode::BadRequest,
        FrameError::Deadline => FailureCode::Timeout,
        FrameError::Closed | FrameError::Io(_) => FailureCode::Io,
    };
    Failure::new(code, error.to_string())
}
