//! The verbs whose streams matter: `run`, which hands ours to a command, and `tail`, which is read by others.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::env::{SHELL, TestEnv, log_lines, wait_for};
#[cfg(unix)]
use crate::env::{entries_of, recorded, signal};

#[cfg(unix)]
#[test]
fn run_is_the_command_itself_and_records_it() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["run", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]).code(3).says("out\n").warns("err\n");
    env.ctx(&project, ["run", "true"]).ok().says_nothing();
    env.ctx(&project, ["run", "sh", "-c", "kill -TERM $$"]).code(128 + 15);
    env.ctx(&project, ["run", "sh", "-c", "ulimit -c 0; kill -SEGV $$"]).code(128 + 11);
    env.ctx(&project, ["run", "sh", "-c", "kill -KILL $$"]).code(128 + 9);
    env.ctx(&project, ["run", "no-such-command"]).fails(127);
    env.ctx(&project, ["run", "/"]).fails(126);
    let ran = entries_of(&project, "ran");
    let results: Vec<_> = ran.iter().map(|entry| entry["status"].as_str().unwrap()).collect();
    let codes = [3, 0, 128 + 15, 128 + 11, 128 + 9, 127, 126];
    let words = codes.map(|code| if code == 0 { "Success".to_owned() } else { format!("Failed (exit {code})") });
    assert_eq!(results, words);
    assert_eq!(ran[0]["command"], "sh -c 'echo out; echo err >&2; exit 3'");
    assert!(ran[0]["duration_ms"].is_u64());
    assert_eq!(ran[0]["source"], "run");
}

#[cfg(unix)]
#[test]
fn run_tells_how_many_files_changed_meanwhile() {
    let env = TestEnv::new();
    let unrecorded = env.project("unrecorded");
    env.ctx(&unrecorded, ["run", "touch", "a"]).ok();
    assert_eq!(entries_of(&unrecorded, "ran")[0].get("files_changed"), None);
    let project = recorded(&env, "shop");
    std::fs::write(project.join("before"), "long before").unwrap();
    env.ctx(&project, ["sync"]).ok();
    // Each file counts once, also one that was there, and one that is old already when it comes.
    let script = "mkdir in; echo 1 > a; echo 2 > in/b; touch -t 200101010000 old; sleep 0.3; echo 3 > a";
    env.ctx(&project, ["run", "sh", "-c", script]).ok();
    env.ctx(&project, ["run", "rm", "a"]).ok();
    env.ctx(&project, ["run", "true"]).ok();
    env.ctx(&project, ["log", "make", "--duration-ms", "60000"]).ok();
    let ran = entries_of(&project, "ran");
    let files: Vec<_> = ran.iter().map(|entry| entry.get("files_changed").and_then(|files| files.as_u64())).collect();
    assert_eq!(files, [Some(3), Some(1), Some(0), None]);
    assert!(ran.iter().all(|entry| entry["began_ns"].is_i64()));
    assert!(log_lines(&project).iter().any(|line| line.ends_with(", 3 files)")), "{:?}", log_lines(&project));
}

#[test]
fn run_gives_the_command_our_own_input() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let script = "set /p line=& echo !line!";
    let cat: &[&str] = if cfg!(windows) { &["run", "cmd", "/v:on", "/c", script] } else { &["run", "cat"] };
    let mut command = env.ctx_command(&project, cat);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout.trim_ascii_end(), b"through");
}

#[cfg(unix)]
#[test]
fn streams_that_are_closed_are_closed_for_the_command_too() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let told = "n=0; (true 5<&0) || n=1; (true 5<&1) || n=$((n + 2)); (true 5<&2) || n=$((n + 4)); exit $n";
    for closed in 0..8 {
        let streams = [" <&-", " >&-", " 2>&-"].into_iter().enumerate();
        let streams: String = streams.filter(|(number, _)| closed & 1 << number != 0).map(|(_, close)| close).collect();
        let mut shell = env.command("sh", &project);
        shell.args(["-c", &format!("\"$CTX\" run sh -c \"$TOLD\"{streams}")]);
        shell.env("CTX", env.companion()).env("TOLD", told);
        env.run(shell).code(closed);
    }
    let codes: Vec<_> = entries_of(&project, "ran").iter().map(|entry| entry["exit_code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn run_works_where_nothing_can_be_recorded_and_says_so_once() {
    let env = TestEnv::new();
    let fails = if cfg!(windows) { "echo out& exit 4" } else { "echo out; exit 4" };
    let outcome = env.ctx(&env.home(), [&["run"], SHELL, &[fails]].concat()).code(4).says("out");
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("warning: not recorded"));
}

#[cfg(unix)]
#[test]
fn a_request_to_end_reaches_the_command_and_is_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut command = env.ctx_command(&project, ["run", "sh", "-c", "echo ready; exec sleep 100"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert_eq!(entries_of(&project, "ran")[0]["exit_code"], 143);
}

#[cfg(unix)]
#[test]
fn signals_that_a_command_gives_a_meaning_reach_it() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let script = "trap 'echo one' USR1; trap 'echo two; exit 6' USR2; echo ready; while :; do sleep 0.05; done";
    let mut child = env.ctx_command(&project, ["run", "sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for (said, next) in [("ready", "USR1"), ("one", "USR2")] {
        assert_eq!(lines.next().unwrap().unwrap(), said);
        signal(child.id(), next);
    }
    assert_eq!(lines.next().unwrap().unwrap(), "two");
    assert_eq!(child.wait().unwrap().code(), Some(6));
    assert_eq!(entries_of(&project, "ran")[0]["exit_code"], 6);
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_the_commands_own_affair() {
    let env = TestEnv::new();
    let project = env.project("shop");
    // The terminal sends it to both; here only ours gets it, and must neither end nor pass it on.
    let script = "trap 'echo again' INT; echo ready; read line; echo \"$line\"";
    let mut command = env.ctx_command(&project, ["run", "sh", "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    signal(child.id(), "INT");
    child.stdin.take().unwrap().write_all(b"done\n").unwrap();
    line.clear();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "done\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn tail_shows_what_is_asked_for() {
    let env = TestEnv::new();
    let project = env.project("shop");
    for number in 0..30 {
        env.ctx(&project, ["log", &format!("command {number}")]).ok();
    }
    env.ctx(&project, ["note", "a remark"]).ok();
    let tail = |args: &[&str]| {
        let outcome = env.ctx(&project, [&["tail"], args].concat()).ok();
        outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tail(&[]).len(), 20);
    assert_eq!(tail(&["-n", "1"]), [log_lines(&project).last().unwrap().clone()]);
    assert_eq!(tail(&["--kind", "note"]).len(), 1);
    assert_eq!(tail(&["--kind", "ran,note", "-n", "100"]).len(), 31);
    assert_eq!(tail(&["--grep", "command 7", "-n", "5"]).len(), 1);
    assert_eq!(tail(&["--since", "1h"]).len(), 31);
    assert_eq!(tail(&["--path", "src"]), Vec::<String>::new());
    let json: serde_json::Value = serde_json::from_str(&tail(&["--json", "-n", "1"])[0]).unwrap();
    assert_eq!(json["text"], "a remark");
    env.ctx(&project, ["tail", "--since", "yesterday"]).fails(2);
}

#[test]
fn tail_follows_what_comes() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["note", "before"]).ok();
    let mut child = env.ctx_command(&project, ["tail", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("Note: before"));
    env.ctx(&project, ["note", "after"]).ok();
    assert!(lines.next().unwrap().unwrap().ends_with("Note: after"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn tail_goes_on_with_the_record_that_comes_after_one_that_was_removed() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["note", "before"]).ok();
    let shown = env.path("shown");
    let mut child = env.ctx_command(&project, ["tail", "-f"]).stdout(File::create(&shown).unwrap()).spawn().unwrap();
    let mut count = 0;
    let mut follows = |note: &str| {
        let line = || std::fs::read_to_string(&shown).unwrap().lines().nth(count).map(str::to_owned);
        wait_for(note, || line().is_some());
        assert!(line().unwrap().ends_with(note), "{:?}", line());
        count += 1;
    };
    follows("Note: before");
    // Also where the folder gets the number of the one that was removed, before anybody has looked.
    for round in 0..20 {
        std::fs::remove_dir_all(project.join(".context")).unwrap();
        env.ctx(&project, ["init"]).ok();
        for number in 0..2 {
            env.ctx(&project, ["note", &format!("anew {round}.{number}")]).ok();
        }
        (0..2).for_each(|number| follows(&format!("Note: anew {round}.{number}")));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How often a process has gone to sleep so far, on all its threads.
#[cfg(target_os = "linux")]
fn sleeps(pid: u32) -> u64 {
    let of = |thread: std::fs::DirEntry| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        count.trim().parse::<u64>().unwrap()
    };
    std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|thread| of(thread.unwrap())).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn followers_that_have_nothing_to_tell_sleep() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let follow = || env.ctx_command(&project, ["tail", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut children = [follow(), follow(), follow()];
    let mut outputs = children.each_mut().map(|child| BufReader::new(child.stdout.take().unwrap()).lines());
    let mut all_read = |note: &str| {
        env.ctx(&project, ["note", note]).ok();
        for lines in &mut outputs {
            assert!(lines.any(|line| line.unwrap().ends_with(note)));
        }
    };
    all_read("one");
    let all_sleeps = |children: &[std::process::Child]| children.iter().map(|child| sleeps(child.id())).sum::<u64>();
    let mut before = all_sleeps(&children);
    // What others read wakes nobody; what is written does, for one look.
    for _ in 0..20 {
        env.ctx(&project, ["tail"]).ok();
    }
    let idle = all_sleeps(&children) - before;
    assert!(idle <= 12, "{idle} wake-ups of idle followers");
    before = all_sleeps(&children);
    (0..5).for_each(|number| all_read(&format!("more {number}")));
    let busy = all_sleeps(&children) - before;
    assert!(busy <= 3 * 5 * 16, "{busy} wake-ups for five lines");
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_tail_that_follows() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["note", "x"]).ok();
    let mut command = env.ctx_command(&project, ["tail", "-f"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    if cfg!(windows) {
        // Only the next line tells there.
        env.ctx(&project, ["note", "y"]).ok();
    }
    wait_for("the end", || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
