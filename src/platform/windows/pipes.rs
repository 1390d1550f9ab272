//! Two threads for each process: the system can't wait for the pipes of children.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::platform::pipes::{Heard, Hurry};

/// The threads only move lines.
const STACK: usize = 128 * 1024;

type Tell = Box<dyn Fn() -> Box<dyn Fn(Vec<Heard>) + Send> + Send>;

pub(in super::super) struct Pipes {
    tell: Tell,
    open: Mutex<HashMap<u64, Sender<Vec<u8>>>>,
}

impl std::fmt::Debug for Pipes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipes")
    }
}

impl Pipes {
    pub(in super::super) fn start(on_heard: impl Fn(Vec<Heard>) + Clone + Send + 'static) -> io::Result<Self> {
        let tell = move || Box::new(on_heard.clone()) as Box<dyn Fn(Vec<Heard>) + Send>;
        Ok(Self { tell: Box::new(tell), open: Mutex::default() })
    }

    pub(in super::super) fn add(&self, key: u64, stdin: ChildStdin, stdout: ChildStdout) -> io::Result<()> {
        let (sender, lines) = mpsc::channel();
        let tell = (self.tell)();
        thread::Builder::new().stack_size(STACK).spawn(move || write(stdin, &lines))?;
        thread::Builder::new().stack_size(STACK).spawn(move || read(key, stdout, &tell))?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(key, sender);
        Ok(())
    }

    pub(in super::super) fn send(&self, key: u64, line: Vec<u8>, _hurry: Hurry) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&key).is_some_and(|queue| queue.send(line).is_err()) {
            open.remove(&key);
        }
    }
}

fn write(mut stdin: ChildStdin, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if stdin.write_all(&line).is_err() {
            return;
        }
    }
}

fn read(key: u64, stdout: ChildStdout, tell: &dyn Fn(Vec<Heard>)) {
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        tell(vec![Heard::Line(key, line)]);
    }
    tell(vec![Heard::End(key)]);
}
