//! The standard streams of many processes at once: lines go in, lines come out.
//!
//! Neither a process that does not read nor one that does not speak ever holds up another, or whoever sends. Where the
//! system can wait for many pipes at once, one thread does so for all.

use std::io;
use std::process::{ChildStdin, ChildStdout};

use super::os;

/// What came out of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It said a line, which is this without its end.
    Line(u64, Vec<u8>),
    /// It will say nothing more.
    End(u64),
}

/// Whether somebody waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    /// Somebody does.
    Now,
    /// Nobody does: the answers of many are awaited together, so that they cost few wake-ups.
    Later,
}

/// The streams of all processes, each under a number of the caller's that is never used again.
#[derive(Debug)]
pub struct Pipes(os::Pipes);

impl Pipes {
    /// Begins with none. What is heard is told on another thread, at least one thing at a time.
    ///
    /// # Errors
    ///
    /// The system has no thread or descriptor left.
    pub fn start(on_heard: impl Fn(Vec<Heard>) + Clone + Send + 'static) -> io::Result<Self> {
        os::Pipes::start(on_heard).map(Pipes)
    }

    /// Takes the streams of one more process.
    ///
    /// # Errors
    ///
    /// They can't be waited for.
    pub fn add(&self, key: u64, stdin: ChildStdin, stdout: ChildStdout) -> io::Result<()> {
        self.0.add(key, stdin, stdout)
    }

    /// Sends a line, with its end. Never blocks; what a process that has ended does not read is lost.
    pub fn send(&self, key: u64, line: Vec<u8>, hurry: Hurry) {
        self.0.send(key, line, hurry);
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};
    use std::sync::mpsc::{self, Receiver};
    use std::time::{Duration, Instant};

    fn started() -> (Pipes, Receiver<Heard>) {
        let (sender, heard) = mpsc::channel();
        let tell = move |all: Vec<Heard>| all.into_iter().for_each(|one| drop(sender.send(one)));
        (Pipes::start(tell).unwrap(), heard)
    }

    fn add(pipes: &Pipes, key: u64, script: &str) -> Child {
        let mut shell = Command::new("sh");
        let mut child = shell.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        pipes.add(key, child.stdin.take().unwrap(), child.stdout.take().unwrap()).unwrap();
        child
    }

    fn next(heard: &Receiver<Heard>) -> Heard {
        heard.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn a_line_longer_than_a_pipe_comes_back_whole_though_another_process_reads_nothing() {
        let (pipes, heard) = started();
        let mut deaf = add(&pipes, 1, "exec sleep 100");
        let mut echo = add(&pipes, 2, "exec cat");
        let long = |end: &[u8]| [vec![b'x'; 1 << 20].as_slice(), end].concat();
        for _ in 0..3 {
            pipes.send(1, long(b"\n"), Hurry::Now);
            pipes.send(2, long(b"\n"), Hurry::Now);
            assert_eq!(next(&heard), Heard::Line(2, long(b"")));
        }
        pipes.send(2, b"one\ntwo\n".to_vec(), Hurry::Now);
        assert_eq!(next(&heard), Heard::Line(2, b"one".to_vec()));
        assert_eq!(next(&heard), Heard::Line(2, b"two".to_vec()));
        deaf.kill().unwrap();
        deaf.wait().unwrap();
        assert_eq!(next(&heard), Heard::End(1));
        echo.kill().unwrap();
        echo.wait().unwrap();
        assert_eq!(next(&heard), Heard::End(2));
        pipes.send(1, b"nobody\n".to_vec(), Hurry::Now);
    }

    #[test]
    fn the_last_words_of_a_process_come_before_its_end() {
        let (pipes, heard) = started();
        let mut child = add(&pipes, 7, "echo last; printf 'without an end'");
        child.wait().unwrap();
        let said = [Heard::Line(7, b"last".to_vec()), Heard::Line(7, b"without an end".to_vec()), Heard::End(7)];
        assert_eq!([next(&heard), next(&heard), next(&heard)], said);
    }

    #[test]
    fn what_is_in_no_hurry_is_heard_together() {
        let (sender, heard) = mpsc::channel();
        let pipes = Pipes::start(move |all| drop(sender.send(all))).unwrap();
        let mut children: Vec<_> = (0..20).map(|key| add(&pipes, key, "exec cat")).collect();
        // Each has answered once, so that each has begun to read.
        (0..20).for_each(|key| pipes.send(key, b"begin\n".to_vec(), Hurry::Now));
        let deadline = Instant::now() + Duration::from_secs(20);
        let count = |wanted| {
            let mut batches = Vec::new();
            while batches.iter().sum::<usize>() < wanted {
                let left = deadline.saturating_duration_since(Instant::now());
                let batch: Vec<Heard> = heard.recv_timeout(left).unwrap();
                batches.push(batch.len());
            }
            batches.len()
        };
        count(20);
        (0..20).for_each(|key| pipes.send(key, b"again\n".to_vec(), Hurry::Later));
        let batches = count(20);
        assert!(batches < 20, "{batches}");
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
