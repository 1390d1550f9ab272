//! A tracker's line to its agent: JSON lines on the standard streams.
//!
//! Neither direction ever blocks the tracker: a thread reads, another writes from a bounded queue. A status that finds the
//! queue full is dropped, since a newer one follows; an agent that does not read for so long is dead anyway.

use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc::{self, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Input;
use crate::request::{FromTracker, ToTracker};

/// How many messages may wait for the agent.
const QUEUE: usize = 256;

/// Long work is told of so often, several times in the time after which the agent takes a silent tracker for dead.
const BEAT: Duration = Duration::from_secs(2);

/// Who a tracker works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The agent, at the other end of the standard streams.
    Agent,
    /// Whoever sits at the terminal; ends by a signal.
    Foreground,
}

impl Link {
    pub(super) fn open(self, inputs: Sender<Input>) -> Outbox {
        match self {
            Link::Foreground => Outbox { writer: Arc::default() },
            Link::Agent => {
                thread::spawn(move || read(&inputs));
                let (queue, messages) = mpsc::sync_channel::<FromTracker>(QUEUE);
                let thread = thread::spawn(move || {
                    for message in messages {
                        if write(&message).is_err() {
                            break;
                        }
                    }
                });
                Outbox { writer: Arc::new(Mutex::new(Some((queue, thread)))) }
            }
        }
    }
}

fn read(inputs: &Sender<Input>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let sent = match serde_json::from_str::<ToTracker>(&line) {
            Ok(message) => inputs.send(Input::Agent(message)),
            Err(error) => {
                tracing::error!(%error, "the agent said something that is no message");
                continue;
            }
        };
        if sent.is_err() {
            return;
        }
    }
    let _ = inputs.send(Input::AgentGone);
}

fn write(message: &FromTracker) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

type Writer = (SyncSender<FromTracker>, JoinHandle<()>);

/// Where messages to the agent are put.
#[derive(Clone)]
pub(super) struct Outbox {
    writer: Arc<Mutex<Option<Writer>>>,
}

impl Outbox {
    /// Queues a message. Never blocks.
    pub(super) fn send(&self, message: FromTracker) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((queue, _)) = writer.as_ref()
            && queue.try_send(message).is_err()
        {
            tracing::debug!("the agent does not read; a message was dropped");
        }
    }

    /// Waits until all messages are written; nothing can be sent afterwards.
    pub(super) fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((queue, thread)) = writer {
            drop(queue);
            let _ = thread.join();
        }
    }
}

/// Tells the agent that what takes long goes on.
pub(super) struct Pulse {
    outbox: Outbox,
    beat_at: Instant,
}

impl Pulse {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { outbox, beat_at: Instant::now() }
    }

    /// To be called where work begins after a rest: nobody need be told of what does not take long.
    pub(super) fn begin(&mut self) {
        self.beat_at = Instant::now();
    }

    /// To be called wherever the work has come one step further.
    pub(super) fn beat(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.beat_at) >= BEAT {
            self.beat_at = now;
            self.outbox.send(FromTracker::Busy);
        }
    }
}
