//! The companion where no agent runs: what it does by itself, and what it refuses.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use crate::env::{TestEnv, entries, log_lines, stranger};
#[cfg(unix)]
use crate::env::{is_alive, wait_for};

#[test]
fn init_makes_the_folder_once_and_keeps_it_out_of_git() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["init"]).ok().says("Made ");
    assert_eq!(fs::read_to_string(project.join(".context/.gitignore")).unwrap(), "*\n");
    let log = fs::read_to_string(project.join(".context/session.md")).unwrap();
    assert!(log.starts_with("# Context Engine Session Log\n# Started: "), "{log}");
    env.ctx(&project, ["init"]).ok().says("is there already");
    assert_eq!(fs::read_to_string(project.join(".context/session.md")).unwrap(), log);
    env.ctx(&project, ["status"]).code(3).says("stopped");
}

#[test]
fn roots_that_nobody_means_are_refused() {
    let env = TestEnv::new();
    let home = env.home();
    let root = home.ancestors().last().unwrap().to_str().unwrap();
    fs::write(home.join("file"), "").unwrap();
    for verb in ["init", "start"] {
        env.ctx(&home, [verb]).fails(1).warns("home folder").hints("--force");
        env.ctx(&home, [verb, root]).fails(1).warns("root of the disk").hints("--force");
        env.ctx(&home, [verb, "gone"]).fails(1).warns("does not exist").hints("check the path");
        env.ctx(&home, [verb, "file"]).fails(1).warns("is a file").hints("folder");
    }
    assert!(!home.join(".context").exists());
    assert!(!Path::new(root).join(".context").exists());
    env.ctx(&home, ["init", "--force"]).ok();
}

#[cfg(unix)]
#[test]
fn a_context_that_leads_elsewhere_is_refused() {
    let env = TestEnv::new();
    let elsewhere = env.folder("elsewhere");
    let linked = env.folder("linked");
    std::os::unix::fs::symlink(&elsewhere, linked.join(".context")).unwrap();
    let occupied = env.folder("occupied");
    fs::write(occupied.join(".context"), "mine").unwrap();
    for args in [&["init"][..], &["start"], &["log", "x"], &["note", "x"], &["tail"], &["status"], &["stop"]] {
        env.ctx(&linked, args).fails(1).warns("symbolic link").hints("remove the link");
        env.ctx(&occupied, args).fails(1).warns("not a folder").hints("move it away");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(occupied.join(".context")).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn files_of_the_journal_that_lead_elsewhere_are_not_followed() {
    let env = TestEnv::new();
    for name in ["session.md", "events.jsonl", "session_state.json"] {
        let project = env.project(&format!("with-{name}"));
        let target = env.home().join("bashrc");
        fs::write(&target, "mine").unwrap();
        let _ = fs::remove_file(project.join(".context").join(name));
        std::os::unix::fs::symlink(&target, project.join(".context").join(name)).unwrap();
        let _ = env.ctx(&project, ["log", "x"]);
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine", "{name}");
    }
}

#[test]
fn outside_a_project_there_is_nothing_to_write_to() {
    let env = TestEnv::new();
    for args in [&["log", "x"][..], &["note", "x"], &["status"], &["stop"], &["tail"], &["sync"]] {
        env.ctx(&env.home(), args).fails(1).warns("not in a project").hints("ctx start");
    }
}

#[test]
fn commands_and_notes_are_recorded_from_anywhere_in_the_project() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let below = env.folder("shop/src/deep");
    env.ctx(&below, ["log", "make"]).ok().says_nothing();
    env.ctx(&below, ["log", "make test", "--exit-code", "2", "--duration-ms", "8100"]).ok();
    env.ctx(&below, ["log", "npm test", "Failed (timeout)"]).ok();
    env.ctx(&env.home(), ["-C", "shop", "note", "waiting for review"]).ok();
    let lines: Vec<String> = log_lines(&project).iter().map(|line| line[11..].to_owned()).collect();
    assert_eq!(
        lines,
        [
            "Ran: make -> Success",
            "Ran: make test -> Failed (exit 2) (8.1 s)",
            "Ran: npm test -> Failed (timeout)",
            "Note: waiting for review"
        ]
    );
    let entries = entries(&project);
    assert_eq!(entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(entries[1]["exit_code"], 2);
    assert_eq!(entries[0]["source"], "log");
    assert_eq!(entries[0]["cwd"], below.to_str().unwrap());
    assert_eq!(env.status(&project)["last_command"]["command"], "npm test");
}

#[test]
fn nothing_in_a_command_can_forge_a_line() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let forgery = "make\n[10:00:00] Ran: cargo test -> Success\r\u{1b}[2J\u{202e}\u{2028}";
    env.ctx(&project, ["log", forgery]).ok();
    env.ctx(&project, ["note", forgery]).ok();
    assert_eq!(log_lines(&project).len(), 2);
    assert_eq!(entries(&project).len(), 2);
    let status = env.ctx(&project, ["status"]).code(3);
    assert!(!status.stdout.contains('\u{1b}') && !status.stdout.contains('\u{202e}'), "{:?}", status.stdout);
    let tail = env.ctx(&project, ["tail"]).ok();
    assert_eq!(tail.stdout.lines().count(), 2);
    assert!(!tail.stdout.contains('\u{1b}'));
}

#[test]
fn fifty_at_once_are_fifty_lines_below_one_header() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut children: Vec<_> = (0..50)
        .map(|number| env.ctx_command(&project, ["log", &format!("command {number}")]).spawn().unwrap())
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let entries = entries(&project);
    assert_eq!(
        entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect::<Vec<_>>(),
        (1..=50).collect::<Vec<_>>()
    );
    let commands: BTreeSet<_> = entries.iter().map(|entry| entry["command"].as_str().unwrap()).collect();
    assert_eq!(commands.len(), 50);
    assert_eq!(log_lines(&project).len(), 50);
    let log = fs::read_to_string(project.join(".context/session.md")).unwrap();
    assert_eq!(log.matches("# Context Engine Session Log").count(), 1);
    let state = fs::read(project.join(".context/session_state.json")).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&state).unwrap().is_object());
}

#[test]
fn a_look_at_the_status_changes_nothing() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let context = project.join(".context");
    for (name, content) in [("session_state.json", "[]"), ("session.pid", "99999999999999999999"), ("config.toml", "x")]
    {
        fs::write(context.join(name), content).unwrap();
    }
    let picture = || {
        let files = fs::read_dir(&context).unwrap().flatten();
        let files = files.map(|file| {
            (file.file_name(), fs::read(file.path()).unwrap(), file.metadata().unwrap().modified().unwrap())
        });
        files.collect::<BTreeSet<_>>()
    };
    let before = picture();
    env.ctx(&project, ["status"]).code(3).says("stale");
    let status = env.status(&project);
    assert_eq!((&status["state"], &status["pid"]), (&"stale".into(), &serde_json::Value::Null));
    assert_eq!(picture(), before);
}

#[test]
fn state_files_that_make_no_sense_are_no_crash() {
    let env = TestEnv::new();
    let project = env.project("shop");
    for state in ["", "[]", "null", "{\"tracker\": 3}", "{\"last_command\": []}", "\u{0}\u{1}"] {
        fs::write(project.join(".context/session_state.json"), state).unwrap();
        let status = env.status(&project);
        assert_eq!(status["state"], "stopped", "{state:?}");
        env.ctx(&project, ["log", "x"]).ok();
        let state = fs::read(project.join(".context/session_state.json")).unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&state).unwrap()["last_command"]["command"], "x");
    }
    assert_eq!(entries(&project).len(), 6);
}

#[test]
fn stop_cleans_up_and_signals_no_stranger() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["stop"]).fails(3);
    let mut stranger = stranger();
    let pid_file = project.join(".context/session.pid");
    for (pid, said) in [
        (stranger.id().to_string(), format!("PID {}", stranger.id())),
        ("4194304".into(), "PID 4194304".into()),
        ("99999999999999999999".into(), "stale PID file".into()),
        (String::new(), "stale PID file".into()),
        ("1\n".into(), "PID 1 ".into()),
        ("0".into(), "stale PID file".into()),
        ("-1".into(), "stale PID file".into()),
        ("2147483648".into(), "stale PID file".into()),
        ("text".into(), "stale PID file".into()),
    ] {
        fs::write(&pid_file, pid).unwrap();
        env.ctx(&project, ["stop"]).ok().says(&said).says("stale");
        assert!(!pid_file.exists());
        env.ctx(&project, ["stop"]).fails(3);
    }
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn context_engines_own_tracker_is_left_alone() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut command = Command::new("sh");
    let mut theirs = command.args(["-c", "read x # context_engine"]).stdin(Stdio::piped()).spawn().unwrap();
    fs::write(project.join(".context/session.pid"), theirs.id().to_string()).unwrap();
    wait_for("the command line is there", || env.status(&project)["state"] == "running");
    env.ctx(&project, ["status"]).ok().says("Context Engine");
    env.ctx(&project, ["stop"]).fails(1).warns("not ours to stop").hints("stop-session");
    assert!(is_alive(theirs.id()));
    assert!(project.join(".context/session.pid").exists());
    theirs.kill().unwrap();
    theirs.wait().unwrap();
    env.ctx(&project, ["stop"]).ok();
}

#[test]
fn what_can_not_be_written_now_is_written_later() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let events = project.join(".context/events.jsonl");
    let _ = fs::remove_file(&events);
    fs::create_dir(&events).unwrap();
    env.ctx(&project, ["log", "first"]).ok().warns("not in the journal yet");
    env.ctx(&project, ["note", "second"]).ok().warns("not in the journal yet");
    fs::remove_dir(&events).unwrap();
    env.ctx(&project, ["log", "third"]).ok().says_nothing();
    let entries = entries(&project);
    let said: Vec<_> =
        entries.iter().map(|entry| entry["command"].as_str().or(entry["text"].as_str()).unwrap()).collect();
    assert_eq!(said, ["first", "second", "third"]);
    assert_eq!(entries.iter().map(|entry| entry["late"] == true).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn without_an_agent_its_verbs_say_so() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["sync"]).fails(3);
    env.ctx(&project, ["agent", "status"]).fails(3);
    env.ctx(&project, ["agent", "stop"]).fails(3);
    env.ctx(&project, ["list"]).ok().says("No project");
    assert_eq!(env.ctx(&project, ["list", "--json"]).ok().stdout, "[]\n");
    assert_eq!(env.status(&project)["agent"], "unreachable");
}

#[test]
fn arguments_that_make_no_sense_are_exit_2() {
    let env = TestEnv::new();
    let home = env.home();
    for args in [
        &["dance"][..],
        &[],
        &["log"],
        &["log", ""],
        &["run"],
        &["sync", "--timeout", "soon"],
        &["tail", "--kind", "x"],
    ] {
        let outcome = env.ctx(&home, args).code(2);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty());
    }
    env.ctx(&home, ["brief", "--max-tokens", "1"]).code(2).warns("a brief takes at least 300");
    env.ctx(&home, ["brief", "--max-tokens", "many"]).code(2).warns("expected a number");
}

#[test]
fn a_damaged_registry_is_set_aside_and_said() {
    let env = TestEnv::new();
    fs::create_dir_all(env.state()).unwrap();
    fs::write(env.state().join("registry.json"), "{broken").unwrap();
    env.ctx(&env.home(), ["list"]).ok().warns("registry.json.corrupt-");
    let kept = fs::read_dir(env.state()).unwrap().flatten();
    let kept: Vec<_> = kept.filter(|file| file.file_name().to_string_lossy().contains("corrupt")).collect();
    assert_eq!(fs::read_to_string(kept[0].path()).unwrap(), "{broken");
    // Until there is another list.
    env.ctx(&env.home(), ["list"]).ok().warns("registry.json.corrupt-");
}

#[test]
fn folders_of_the_environment_must_be_absolute_and_may_be_empty() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let with = |value: &str| {
        let mut command = env.ctx_command(&project, ["status"]);
        command.env("CONTEXT_TRAY_STATE_DIR", value);
        env.run(command)
    };
    with("relative").fails(1).warns("not an absolute path").hints("from the root");
    with("").code(3);
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let env = TestEnv::new();
    let project = env.project("shop");
    assert!(!env.ctx(&project, ["status"]).code(3).stdout.contains('\u{1b}'));
    fs::write(project.join(".context/session.pid"), "1").unwrap();
    assert!(env.ctx(&project, ["--color", "always", "status"]).code(3).stdout.contains('\u{1b}'));
}
