//! One thread that waits for all pipes at once.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio};

use crate::platform::pipes::{Heard, Hurry};

/// The answers that come within it are heard together where nobody waits for them.
const GATHER: Duration = Duration::from_millis(30);

/// What is read at once.
const PIECE: usize = 16 * 1024;

/// The thread only moves lines.
const STACK: usize = 128 * 1024;

#[derive(Debug)]
pub(in super::super) struct Pipes {
    orders: Sender<Order>,
    waker: PipeWriter,
}

enum Order {
    Add(u64, Pipe),
    Send(u64, Vec<u8>, Hurry),
}

struct Pipe {
    stdin: ChildStdin,
    stdout: ChildStdout,
    /// What the process had no room for yet.
    unsent: Vec<u8>,
    /// A line that has not ended yet.
    begun: Vec<u8>,
}

impl Pipes {
    pub(in super::super) fn start(on_heard: impl Fn(Vec<Heard>) + Send + 'static) -> io::Result<Self> {
        let (woken, waker) = io::pipe()?;
        ioctl_fionbio(&woken, true)?;
        ioctl_fionbio(&waker, true)?;
        let (orders, ordered) = mpsc::channel();
        let all = All { ordered, woken, open: BTreeMap::new() };
        thread::Builder::new().name("pipes".into()).stack_size(STACK).spawn(move || all.run(&on_heard))?;
        Ok(Self { orders, waker })
    }

    pub(in super::super) fn add(&self, key: u64, stdin: ChildStdin, stdout: ChildStdout) -> io::Result<()> {
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stdout, true)?;
        self.order(Order::Add(key, Pipe { stdin, stdout, unsent: Vec::new(), begun: Vec::new() }));
        Ok(())
    }

    pub(in super::super) fn send(&self, key: u64, line: Vec<u8>, hurry: Hurry) {
        self.order(Order::Send(key, line, hurry));
    }

    fn order(&self, order: Order) {
        // A thread that is gone has said why, and a pipe that is full wakes it as well.
        let _ = self.orders.send(order);
        let _ = (&self.waker).write(&[0]);
    }
}

/// The thread's own.
struct All {
    ordered: Receiver<Order>,
    woken: PipeReader,
    open: BTreeMap<u64, Pipe>,
}

impl All {
    fn run(mut self, on_heard: &impl Fn(Vec<Heard>)) {
        loop {
            let ready = match self.wait() {
                Ok(ready) => ready,
                Err(error) => return tracing::error!(%error, "the trackers can't be heard any more"),
            };
            let mut heard = Vec::new();
            for key in ready {
                if self.open.get_mut(&key).is_some_and(|pipe| pipe.move_lines(key, &mut heard)) {
                    self.open.remove(&key);
                }
            }
            if !heard.is_empty() {
                on_heard(heard);
            }
            match self.take_orders() {
                None => return,
                Some(Hurry::Now) => {}
                Some(Hurry::Later) => thread::sleep(GATHER),
            }
        }
    }

    /// Sleeps until something can be moved; says where.
    fn wait(&self) -> io::Result<Vec<u64>> {
        let mut keys = Vec::new();
        let mut polled = vec![PollFd::new(&self.woken, PollFlags::IN)];
        for (key, pipe) in &self.open {
            keys.push(*key);
            polled.push(PollFd::from_borrowed_fd(pipe.stdout.as_fd(), PollFlags::IN));
            if !pipe.unsent.is_empty() {
                keys.push(*key);
                polled.push(PollFd::from_borrowed_fd(pipe.stdin.as_fd(), PollFlags::OUT));
            }
        }
        match poll(&mut polled, None) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let ready = keys.into_iter().zip(&polled[1..]).filter(|(_, polled)| !polled.revents().is_empty());
        let mut ready: Vec<u64> = ready.map(|(key, _)| key).collect();
        ready.dedup();
        Ok(ready)
    }

    /// Does what was asked for; none when nobody can ask for anything any more.
    fn take_orders(&mut self) -> Option<Hurry> {
        // More may lie there than is read: then it wakes us once more.
        let _ = self.woken.read(&mut [0; 256]);
        let mut hurry = Hurry::Now;
        loop {
            match self.ordered.try_recv() {
                Ok(Order::Add(key, pipe)) => {
                    self.open.insert(key, pipe);
                }
                Ok(Order::Send(key, line, of_this)) => {
                    hurry = of_this;
                    if let Some(pipe) = self.open.get_mut(&key) {
                        pipe.unsent.extend(line);
                        pipe.write();
                    }
                }
                Err(TryRecvError::Empty) => return Some(hurry),
                Err(TryRecvError::Disconnected) => return None,
            }
        }
    }
}

impl Pipe {
    /// Writes and reads what can be at once; true when the process will say nothing more.
    fn move_lines(&mut self, key: u64, heard: &mut Vec<Heard>) -> bool {
        self.write();
        let mut piece = [0; PIECE];
        loop {
            match self.stdout.read(&mut piece) {
                Ok(count) if count > 0 => self.take(&piece[..count], key, heard),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        if !self.begun.is_empty() {
            heard.push(Heard::Line(key, std::mem::take(&mut self.begun)));
        }
        heard.push(Heard::End(key));
        true
    }

    fn take(&mut self, piece: &[u8], key: u64, heard: &mut Vec<Heard>) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(end) => {
                    let mut line = std::mem::take(&mut self.begun);
                    line.extend(end);
                    heard.push(Heard::Line(key, line));
                }
                None => self.begun.extend(part),
            }
        }
    }

    fn write(&mut self) {
        while !self.unsent.is_empty() {
            match self.stdin.write(&self.unsent) {
                Ok(count) if count > 0 => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It reads no more, and its end will be heard.
                Ok(_) | Err(_) => self.unsent.clear(),
            }
        }
        self.unsent = Vec::new();
    }
}
