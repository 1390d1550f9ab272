//! `ctx run` on a real terminal: what the keyboard and the window send reaches the command, and reaches it once.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Once};
use std::thread;

use context_tray::platform::process;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::flag::register_conditional_shutdown;

use crate::env::{TestEnv, entries_of, wait_for};

const CTRL_C: &[u8] = b"\x03";
const CTRL_BACKSLASH: &[u8] = b"\x1c";
const CTRL_Z: &[u8] = b"\x1a";
const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";

/// A terminal with a shell script as the leader of its session.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    child: Child,
}

/// What the keyboard sends counts for those that we start, also where the tests themselves were started in the background,
/// with both ignored: programs inherit that, but no handler.
fn heed_the_keyboard() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGINT, SIGQUIT] {
            register_conditional_shutdown(signal, 128 + signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}

impl Terminal {
    pub(crate) fn new(env: &TestEnv, project: &Path, script: &str) -> Terminal {
        heed_the_keyboard();
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
        let mut shell = env.command("sh", project);
        // The leader of a new session gets the first terminal that it opens.
        let open = "exec <\"$TERMINAL\" >\"$TERMINAL\" 2>&1; ulimit -c 0; cd \"$PROJECT\"; ";
        shell.args(["-c", &format!("{open}{script}")]);
        shell.env("TERMINAL", name).env("PROJECT", project).env("CTX", env!("CARGO_BIN_EXE_ctx"));
        let child = process::spawn_detached(&mut shell, Stdio::null()).unwrap();
        let keyboard = File::from(keyboard);
        let terminal = Terminal { keyboard, screen: Arc::default(), child };
        terminal.show();
        terminal
    }

    /// Follows what appears on the screen, until nobody has the terminal open. Some ask where the cursor is, and wait to hear.
    fn show(&self) {
        let (mut master, screen) = (self.keyboard.try_clone().unwrap(), Arc::clone(&self.screen));
        thread::spawn(move || {
            let (mut buffer, mut recent) = ([0; 4096], Vec::new());
            while let Ok(length @ 1..) = master.read(&mut buffer) {
                screen.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
                recent.extend_from_slice(&buffer[..length]);
                for _ in recent.windows(WHERE_IS_THE_CURSOR.len()).filter(|bytes| *bytes == WHERE_IS_THE_CURSOR) {
                    let _ = master.write_all(b"\x1b[1;1R");
                }
                recent.drain(..recent.len().saturating_sub(WHERE_IS_THE_CURSOR.len() - 1));
            }
        });
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    pub(crate) fn type_in(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    pub(crate) fn screen(&self) -> String {
        self.screen.lock().unwrap().replace('\r', "")
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        wait_for(text, || self.screen().contains(text));
    }

    /// The code that the session's leader ends with.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Option<i32> {
        let mut status = None;
        wait_for("the end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

/// The results of what was run, as they were recorded.
fn results(project: &Path) -> Vec<String> {
    entries_of(project, "ran").iter().map(|entry| entry["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_command_has_the_terminal_and_hears_of_its_size() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let script = "exec \"$CTX\" run -- sh -c '
        test -t 0 && test -t 1 && test -t 2 && echo all three
        trap \"stty size; exit 0\" WINCH
        read line; echo \"read $line\"
        while :; do sleep 0.05; done'";
    let mut terminal = Terminal::new(&env, &project, script);
    terminal.wait_for("all three");
    terminal.type_in(b"a line\n");
    terminal.wait_for("read a line");
    terminal.resize(33, 77);
    terminal.wait_for("33 77");
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(results(&project), ["Success"]);
}

#[test]
fn an_interrupt_reaches_the_command_once() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let script = "exec \"$CTX\" run -- sh -c '
        n=0; trap \"n=\\$((n + 1))\" INT; echo ready
        while [ $n -eq 0 ]; do sleep 0.05; done
        sleep 0.3; echo \"interrupts: $n\"; exit 9'";
    let mut terminal = Terminal::new(&env, &project, script);
    terminal.wait_for("ready");
    terminal.type_in(CTRL_C);
    terminal.wait_for("interrupts: 1\n");
    assert_eq!(terminal.end(), Some(9));
    assert_eq!(results(&project), ["Failed (exit 9)"]);
}

#[test]
fn a_command_that_an_interrupt_ends_is_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    for (keys, code) in [(CTRL_C, 130), (CTRL_BACKSLASH, 131)] {
        let script = "trap : INT QUIT; \"$CTX\" run -- sh -c 'echo ready; exec sleep 100'; echo \"ended with $?\"";
        let mut terminal = Terminal::new(&env, &project, script);
        terminal.wait_for("ready");
        terminal.type_in(keys);
        terminal.wait_for(&format!("ended with {code}"));
        terminal.end();
        assert_eq!(results(&project).last().unwrap(), &format!("Failed (exit {code})"));
    }
}

#[test]
fn an_interrupt_ends_the_script_too() {
    let env = TestEnv::new();
    let project = env.project("shop");
    // Other shells end by an interrupt whatever their command does.
    let script = "exec bash -c '\"$CTX\" run -- sh -c \"echo ready; exec sleep 100\"; echo \"went on\"'";
    let mut terminal = Terminal::new(&env, &project, script);
    terminal.wait_for("ready");
    terminal.type_in(CTRL_C);
    assert_eq!(terminal.end(), None, "{}", terminal.screen());
    assert!(!terminal.screen().contains("went on"), "{}", terminal.screen());
    assert_eq!(results(&project), ["Failed (exit 130)"]);
}

#[test]
fn a_stopped_command_goes_on_where_it_was() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let script = "set -m
        \"$CTX\" run -- sh -c 'echo ready; read line; echo \"read $line\"'
        echo \"back with $?\"; fg; echo \"ended with $?\"";
    let mut terminal = Terminal::new(&env, &project, script);
    terminal.wait_for("ready");
    terminal.type_in(CTRL_Z);
    terminal.wait_for("back with 148");
    terminal.type_in(b"on\n");
    terminal.wait_for("read on");
    terminal.wait_for("ended with 0");
    terminal.end();
    assert_eq!(results(&project), ["Success"]);
}
