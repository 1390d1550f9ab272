//! What every verb owes a terminal, a pipe and odd arguments.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::Stdio;

use crate::env::{TestEnv, entries_of, log_lines, recorded, signal, wait_for};
use crate::terminal::Terminal;

/// What is on the screen when a script has ended.
fn screen_of(env: &TestEnv, project: &Path, script: &str) -> String {
    let mut terminal = Terminal::new(env, project, &format!("{script}\necho \"the\" end"));
    terminal.wait_for("the end\n");
    assert_eq!(terminal.end(), Some(0));
    terminal.screen().replace("the end\n", "")
}

/// The codes that were printed in brackets.
fn codes(screen: &str) -> Vec<i32> {
    screen.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).collect()
}

/// Verbs that print, and the code that each ends with when nothing records the project.
const PRINTING: [(&[&str], i32); 23] = [
    (&["status"], 3),
    (&["status", "--all"], 3),
    (&["status", "--json"], 3),
    (&["session", "status"], 3),
    (&["list"], 0),
    (&["list", "--json"], 0),
    (&["explain", "target"], 0),
    (&["tail"], 0),
    (&["tail", "--json"], 0),
    (&["brief"], 0),
    (&["brief", "--json"], 0),
    (&["check", "--ran", "make"], 0),
    (&["check", "--ran", "make", "--json"], 0),
    (&["redact", "--dry-run"], 0),
    (&["config", "path"], 0),
    (&["config", "get"], 0),
    (&["config", "get", "watch.ignore"], 0),
    (&["completions", "zsh"], 0),
    (&["man"], 0),
    (&["hook", "init", "bash"], 0),
    (&["autostart", "status"], 0),
    (&["--help"], 0),
    (&["tail", "--help"], 0),
];

#[test]
fn whoever_has_read_enough_ends_a_verb_silently() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["log", "make"]).ok();
    // What the doctor ends with depends on the machine.
    for args in PRINTING.map(|(args, _)| args).into_iter().chain([&["doctor"][..]]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = env.ctx_command(&project, args).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{args:?}: {:?} {said}", output.status);
    }
}

#[test]
fn output_that_can_not_be_written_is_an_error() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["log", "make"]).ok();
    for args in [
        &["tail"][..],
        &["brief", "--reader", "me"],
        &["config", "get"],
        &["man"],
        &["--help"],
        &["tail", "-h"],
        &["-V"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let child = env.ctx_command(&project, args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write the output"), "{args:?}");
    }
    assert!(!project.join(".context/readers").exists(), "what nobody got has not been read");
}

#[test]
fn every_verb_works_on_a_terminal() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["log", "make"]).ok();
    let script: String = PRINTING.iter().map(|(args, _)| format!("$CTX {}; echo \"[$?]\"\n", args.join(" "))).collect();
    let screen = screen_of(&env, &project, &script);
    assert_eq!(codes(&screen), PRINTING.map(|(_, code)| code), "{screen}");
    assert!(!screen.contains("panicked"), "{screen}");
}

#[test]
fn verbs_that_change_something_work_on_a_terminal() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let verbs = [
        ("init", 0),
        ("start", 0),
        ("log make", 0),
        ("note x", 0),
        ("run -- sh -c 'exit 6'", 6),
        ("sync", 0),
        ("pause 1h", 0),
        ("resume", 0),
        ("brief --save", 0),
        ("session save", 0),
        ("config set record.keep_days 7", 0),
        ("redact", 0),
        ("agent status", 0),
        ("stop", 0),
        ("stop", 3),
        ("forget .", 0),
        ("agent stop", 0),
        ("log", 2),
    ];
    let script: String = verbs.map(|(verb, _)| format!("$CTX {verb}; echo \"[$?]\"\n")).concat();
    let screen = screen_of(&env, &project, &script);
    assert_eq!(codes(&screen), verbs.map(|(_, code)| code), "{screen}");
    assert!(!screen.contains("panicked") && screen.contains("error:"), "{screen}");
}

#[test]
fn the_kinds_of_entry_have_colours_where_they_are_wanted() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["log", "make"]).ok();
    env.ctx(&project, ["log", "make test", "--exit-code", "2"]).ok();
    env.ctx(&project, ["note", "a: b"]).ok();
    let shown =
        |before: &str, args: &str| screen_of(&env, &project, &format!("export TERM=xterm {before}; $CTX tail {args}"));
    let coloured = shown("", "");
    let words: Vec<&str> = coloured.lines().map(|line| line.split_once("\u{1b}[0m ").unwrap().1).collect();
    assert!(words[0] != words[1] && words[0].ends_with("Ran\u{1b}[0m: make -> Success"), "{words:?}");
    assert!(words[1].ends_with("Ran\u{1b}[0m: make test -> Failed (exit 2)"), "{words:?}");
    assert!(words[2].ends_with("Note\u{1b}[0m: a: b"), "{words:?}");
    let plain = log_lines(&project).join("\n") + "\n";
    for (before, args) in [("NO_COLOR=1", ""), ("TERM=dumb", ""), ("", "--color never"), ("", "| cat")] {
        assert_eq!(shown(before, args), plain, "{before} {args}");
    }
    assert_eq!(shown("NO_COLOR=1", "--color always"), coloured);
    assert!(!shown("", "--json").contains('\u{1b}'));
}

#[test]
fn bytes_that_are_no_text_are_run_as_they_are_and_recorded_visibly() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let odd = |text: &[u8]| OsString::from_vec(text.to_vec());
    env.ctx(&project, [odd(b"log"), odd(b"echo a\xffb"), odd(b"Done \xfe")]).ok().says_nothing();
    env.ctx(&project, [odd(b"note"), odd(b"n\xff")]).ok().says_nothing();
    env.ctx(&project, [&b"hook"[..], b"record", b"--exit-code", b"0", b"--", b"ls \xff"].map(odd)).ok().says_nothing();
    let script = b"printf %s \"$1\" > \"$1\"; test \"$(printf %s \"$1\" | od -An -tx1)\" = ' 61 ff'";
    env.ctx(&project, [&b"run"[..], b"sh", b"-c", script, b"sh", b"a\xff"].map(odd)).ok();
    assert_eq!(std::fs::read(project.join(odd(b"a\xff"))).unwrap(), b"a\xff");
    let commands: Vec<String> =
        entries_of(&project, "ran").iter().map(|e| e["command"].as_str().unwrap().to_owned()).collect();
    assert_eq!(commands[..2], ["echo a\\xffb", "ls \\xff"]);
    assert!(commands[2].ends_with("sh 'a\\xff'"), "{commands:?}");
    assert_eq!(entries_of(&project, "ran")[0]["status"], "Done \\xfe");
    assert_eq!(entries_of(&project, "note")[0]["text"], "n\\xff");
    env.ctx(&project, [odd(b"explain"), odd(b"x\xff")]).ok().says("x");
    for verb in [&[&b"tail"[..], b"--grep", b"\xff"][..], &[b"check", b"--ran", b"\xff"], &[b"\xff"]] {
        let outcome = env.ctx(&project, verb.iter().map(|word| odd(word))).code(2);
        assert!(outcome.stderr.starts_with("error: ") && outcome.stdout.is_empty(), "{}", outcome.stderr);
    }
}

#[test]
fn what_lasts_is_told_on_a_terminal_and_taken_away() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let tracker = u32::try_from(env.status(&project)["pid"].as_u64().unwrap()).unwrap();
    signal(tracker, "STOP");
    let tasks = || fs::read_dir(format!("/proc/{tracker}/task")).unwrap().map(|task| task.unwrap().path().join("stat"));
    wait_for("that it stands still", || tasks().all(|stat| fs::read_to_string(stat).unwrap().contains(") T ")));
    let late = env.ctx(&project, ["sync", "--timeout", "50ms"]).code(5);
    assert!(
        late.stderr.starts_with("error: the tracker has not written everything in time\nhint: "),
        "{}",
        late.stderr
    );
    let mut unseen = env.ctx_command(&project, ["sync"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut terminal = Terminal::new(&env, &project, "$CTX sync; echo \"ended with $?\"");
    terminal.wait_for("Waiting for the tracker (1 s)");
    signal(tracker, "CONT");
    terminal.wait_for("ended with 0");
    let screen = terminal.screen();
    let (_, after) = screen.rsplit_once(" s)").unwrap();
    assert_eq!(after.trim_start_matches(' '), "ended with 0\n");
    assert!(after.starts_with(&" ".repeat("Waiting for the tracker (1 s)".len())), "{screen:?}");
    terminal.end();
    assert!(unseen.wait().unwrap().success());
    let mut said = String::new();
    unseen.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
