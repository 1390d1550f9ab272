//! `ctx run` and signals: one that is sent to us or to all of our group reaches the command once, as if we were not there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use context_tray::platform::process;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::env::{PATIENCE, TestEnv, wait_for};

/// Says at once what it hears, and ends with the second signal that is each program's own.
const LISTENER: &str = "(trap '' HUP INT QUIT TERM USR1 USR2; exec sleep 1000 >/dev/null) &
    trap 'echo term' TERM; trap 'echo int' INT; trap 'echo hup' HUP; trap 'echo quit' QUIT
    trap 'echo one' USR1; trap 'exit 6' USR2
    echo ready; while :; do wait; done";

/// `ctx run` with a listener, in a group of its own.
struct Running {
    ctx: Child,
    heard: Receiver<String>,
    witness: u32,
    listener: u32,
}

impl Running {
    fn new(env: &TestEnv, project: &Path) -> Running {
        // What is ignored where the tests were started, as below `nohup`, would be ignored by all of them.
        let mut command = env.command("env", project);
        command.arg("--default-signal").arg(env.companion()).args(["run", "--", "sh", "-c", LISTENER]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut ctx = command.spawn().unwrap();
        let lines = BufReader::new(ctx.stdout.take().unwrap()).lines();
        let (hear, heard) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| hear.send(line)));
        let mut running = Running { ctx, heard, witness: 0, listener: 0 };
        running.hears("ready");
        wait_for("the witness", || {
            let children = children_of(running.ctx.id());
            let is_witness = |child: &&u32| name_of(**child) == "signal-witness";
            running.witness = children.iter().find(is_witness).copied().unwrap_or(0);
            running.listener = children.into_iter().find(|child| *child != running.witness).unwrap_or(0);
            running.witness != 0
        });
        running
    }

    /// So fast that we hear of nothing before all of it has been sent.
    fn at_once(&self, sent: impl FnOnce()) {
        send(self.ctx.id(), Signal::STOP);
        sent();
        send(self.ctx.id(), Signal::CONT);
    }

    #[track_caller]
    fn hears(&mut self, what: &str) {
        assert_eq!(self.heard.recv_timeout(PATIENCE).unwrap(), what);
    }

    /// What was passed on before is heard before the second of these, which are passed on one after the other.
    #[track_caller]
    fn hears_nothing_more(&mut self) {
        for _ in 0..2 {
            send(self.ctx.id(), Signal::USR1);
            self.hears("one");
        }
    }

    #[track_caller]
    fn ends(mut self) {
        send(self.ctx.id(), Signal::USR2);
        assert_eq!(self.ctx.wait().unwrap().code(), Some(6));
        assert_eq!(self.heard.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        assert!(!Path::new(&format!("/proc/{}", self.witness)).exists(), "the witness is left");
    }
}

/// Also of a test that goes wrong nothing is left.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(number(self.ctx.id()), Signal::KILL);
        let _ = self.ctx.wait();
    }
}

fn number(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

fn send(pid: u32, signal: Signal) {
    kill_process(number(pid), signal).unwrap();
}

fn name_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

fn children_of(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().map(|child| child.parse().unwrap()).collect()
}

#[test]
fn what_is_sent_to_the_group_reaches_the_command_once() {
    let env = TestEnv::new();
    let mut running = Running::new(&env, &env.project("shop"));
    for _ in 0..2 {
        kill_process_group(number(running.ctx.id()), Signal::TERM).unwrap();
        running.hears("term");
        running.hears_nothing_more();
    }
    // As `timeout` does.
    let ctx = running.ctx.id();
    running.at_once(|| {
        send(ctx, Signal::TERM);
        kill_process_group(number(ctx), Signal::TERM).unwrap();
    });
    running.hears("term");
    running.hears_nothing_more();
    running.ends();
}

#[test]
fn what_is_sent_to_each_process_of_a_service_reaches_the_command_once() {
    let env = TestEnv::new();
    let mut running = Running::new(&env, &env.project("shop"));
    let all = [running.ctx.id(), running.listener, running.witness];
    running.at_once(|| all.into_iter().for_each(|pid| send(pid, Signal::TERM)));
    running.hears("term");
    running.hears_nothing_more();
    running.ends();
}

/// What a terminal sends to its whole foreground group, sent by somebody to us alone or to the group.
#[test]
fn what_may_come_from_a_terminal_reaches_the_command_once() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut running = Running::new(&env, &project);
    for (signal, word) in [(Signal::INT, "int"), (Signal::HUP, "hup"), (Signal::QUIT, "quit")] {
        send(running.ctx.id(), signal);
        running.hears(word);
        kill_process_group(number(running.ctx.id()), signal).unwrap();
        running.hears(word);
        running.hears_nothing_more();
    }
    running.ends();
}

/// As `timeout` does, and `setsid`, which unlike the former is gone when the command begins: no signal finds it unprepared.
#[test]
fn what_is_sent_to_the_group_reaches_a_command_that_has_left_it() {
    let env = TestEnv::new();
    let project = env.project("shop");
    for signal in [Signal::TERM, Signal::INT] {
        let mut command = env.ctx_command(&project, ["run", "--", "setsid", "sh", "-c", "echo ready; exec sleep 1000"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut ctx = command.spawn().unwrap();
        let mut lines = BufReader::new(ctx.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        kill_process_group(number(ctx.id()), signal).unwrap();
        assert!(lines.next().is_none(), "it has ended");
        ctx.wait().unwrap();
    }
}

#[test]
fn what_is_sent_to_us_by_our_name_reaches_the_command() {
    let env = TestEnv::new();
    let mut running = Running::new(&env, &env.project("shop"));
    let by_name = |pid: u32| name_of(pid) == "ctx";
    let by_arguments = |pid: u32| process::command_line(pid).is_some_and(|args| args.join(" ").contains("ctx run"));
    for is_meant in [&by_name as &dyn Fn(u32) -> bool, &by_arguments] {
        let all = [running.ctx.id(), running.listener, running.witness];
        let meant: Vec<u32> = all.into_iter().filter(|pid| is_meant(*pid)).collect();
        meant.iter().for_each(|pid| send(*pid, Signal::TERM));
        assert_eq!(meant, [running.ctx.id()]);
        running.hears("term");
    }
    running.ends();
}

#[test]
fn what_is_sent_to_us_reaches_the_command_also_when_the_witness_was_stopped() {
    let env = TestEnv::new();
    let mut running = Running::new(&env, &env.project("shop"));
    send(running.witness, Signal::STOP);
    running.hears_nothing_more();
    send(running.witness, Signal::STOP);
    running.ends();
}

#[test]
fn the_witness_ends_with_us_however_we_end() {
    let env = TestEnv::new();
    let mut running = Running::new(&env, &env.project("shop"));
    running.ctx.kill().unwrap();
    running.ctx.wait().unwrap();
    wait_for("the end of the witness", || process::identity(running.witness).is_none());
    send(running.listener, Signal::KILL);
    assert_eq!(running.heard.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}
