//! What is said of something that lasts: only on a terminal, only after a second, and taken away at its end.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What is done sooner needs no word; and so often it is said how long it has been.
const INTERVAL: Duration = Duration::from_secs(1);

/// Something that lasts, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Begins something that is told by these words; by nothing where nobody wants to know.
    pub(crate) fn new(what: &'static str, is_wanted: bool) -> Progress {
        if !is_wanted || !io::stderr().is_terminal() {
            return Progress(None);
        }
        let (end, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("progress".into()).spawn(move || tell(what, &ended));
        Progress(thread.ok().map(|thread| (end, thread)))
    }
}

impl Drop for Progress {
    /// The line is gone before anything else is written.
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

fn tell(what: &str, ended: &Receiver<()>) {
    let began = Instant::now();
    let mut width = 0;
    while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let line = format!("{what} ({} s)", began.elapsed().as_secs());
        width = line.len();
        let _ = write!(io::stderr(), "\r{line}");
    }
    if width > 0 {
        let _ = write!(io::stderr(), "\r{:width$}\r", "");
    }
}
