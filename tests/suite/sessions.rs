//! Whole sessions through the real programs: companion, agent, tracker and the disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::env::{SHELL, TestEnv, entries, entries_of, is_alive, log_lines, recorded, terminate, wait_for};
use crate::replay::sync;

pub(crate) fn pid_of(env: &TestEnv, project: &Path) -> u32 {
    let status = env.status(project);
    assert_eq!(status["state"], "running", "{status}");
    u32::try_from(status["pid"].as_u64().unwrap()).unwrap()
}

/// The entries about the tree, as `kind path` or `moved from to`.
pub(crate) fn changes(project: &Path) -> Vec<String> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let changes = entries(project).into_iter().filter_map(|entry| match entry["kind"].as_str().unwrap() {
        kind @ ("created" | "edited" | "deleted") => Some(format!("{kind} {}", text(&entry, "path"))),
        "moved" => Some(format!("moved {} {}", text(&entry, "from"), text(&entry, "to"))),
        _ => None,
    });
    changes.collect()
}

#[test]
fn a_session_begins_and_ends() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("there.txt"), "before").unwrap();
    let started = env.ctx(&project, ["start"]).ok().says("Recording ").says("PID ").says("session.md");
    assert!(started.stderr.is_empty(), "{}", started.stderr);
    let status = env.status(&project);
    let pid = pid_of(&env, &project);
    assert_eq!(status["agent"], "running");
    assert_eq!(status["watching"], serde_json::json!([project]));
    assert_eq!(fs::read_to_string(project.join(".context/session.pid")).unwrap().trim(), pid.to_string());
    env.ctx(&project, ["status"]).ok().says("recording");
    env.ctx(&project, ["start"]).ok().says("Already recording").says(&pid.to_string());
    assert_eq!(pid_of(&env, &project), pid);

    env.ctx(&project, ["stop"]).ok().says("Stopped recording").says(&pid.to_string());
    assert!(!is_alive(pid));
    assert!(!project.join(".context/session.pid").exists());
    let status = env.status(&project);
    assert_eq!((&status["state"], &status["pid"]), (&"stopped".into(), &Value::Null));
    assert!(status["stopped_at"].is_string());
    env.ctx(&project, ["stop"]).fails(3);
    assert!(log_lines(&project)[0].ends_with("Session tracker started"));
    assert!(log_lines(&project).last().unwrap().ends_with("Session tracker stopped"));
    assert_eq!(changes(&project), Vec::<String>::new(), "what was there at the start is no change");
}

#[test]
fn what_happens_to_files_is_recorded_in_order() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("old.txt"), "one").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join("new.txt"), "two").unwrap();
    sync(&env, &project);
    fs::write(project.join("old.txt"), "one and more").unwrap();
    sync(&env, &project);
    fs::rename(project.join("new.txt"), project.join("newer.txt")).unwrap();
    sync(&env, &project);
    fs::remove_file(project.join("old.txt")).unwrap();
    sync(&env, &project);
    let expected = ["created new.txt", "edited old.txt", "moved new.txt newer.txt", "deleted old.txt"];
    assert_eq!(changes(&project), expected);
    let lines: Vec<String> = log_lines(&project)[1..].iter().map(|line| line[11..].to_owned()).collect();
    let expected = ["Created: new.txt", "Edited: old.txt", "Moved: new.txt -> newer.txt", "Deleted: old.txt"];
    assert_eq!(lines, expected);
    assert_eq!(env.status(&project)["last_event"]["detail"], "Deleted: old.txt");
}

#[test]
fn a_moved_folder_is_one_line_and_a_deleted_one_is_too() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir_all(project.join("a/deep")).unwrap();
    for name in ["a/1", "a/2", "a/deep/3"] {
        fs::write(project.join(name), name).unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    fs::rename(project.join("a"), project.join("b")).unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project), ["moved a b"]);
    assert!(log_lines(&project).last().unwrap().ends_with("Moved: a/ -> b/"));
    fs::write(project.join("b/deep/3"), "changed there").unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project).last().unwrap(), "edited b/deep/3");
    fs::remove_dir_all(project.join("b")).unwrap();
    sync(&env, &project);
    let deleted: BTreeSet<_> = changes(&project).into_iter().skip(2).collect();
    for name in ["b/1", "b/2", "b/deep/3"] {
        assert!(deleted.contains(&format!("deleted {name}")), "{deleted:?}");
    }
    assert_eq!(log_lines(&project).iter().filter(|line| line.contains("Deleted: ")).count(), 1);
}

#[cfg(unix)]
#[test]
fn names_that_would_forge_a_line_are_escaped() {
    use std::os::unix::ffi::OsStrExt as _;
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let names = [&b"a\n[10:00:00] Deleted: b"[..], b"\x1b[2Jc", b"\xff\xfe"];
    for name in names {
        fs::write(project.join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    sync(&env, &project);
    assert_eq!(entries_of(&project, "created").len(), 3);
    assert_eq!(log_lines(&project).iter().filter(|line| line.contains("Created: ")).count(), 3);
    let log = fs::read(project.join(".context/session.md")).unwrap();
    assert!(std::str::from_utf8(&log).unwrap().contains("\\xff\\xfe"));
    assert!(!log.contains(&0x1b));
    assert!(entries_of(&project, "created").iter().any(|entry| entry["path_bytes"].is_string()));
    pid_of(&env, &project);
}

#[test]
fn commands_come_after_the_changes_before_them() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join("a"), "x").unwrap();
    env.ctx(&project, ["log", "make"]).ok();
    env.ctx(&project, [&["run", "--"], SHELL, &["echo y > b"]].concat()).ok();
    sync(&env, &project);
    let kinds: Vec<_> = entries(&project).iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    let made = kinds.iter().position(|kind| kind == "ran").unwrap();
    assert!(kinds[..made].contains(&"created".to_owned()), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "ran").count(), 2);
    assert_eq!(env.status(&project)["last_command"]["status"], "Success");
}

#[test]
fn fifty_commands_at_once_beside_a_tracker_are_fifty_lines() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let mut children: Vec<_> =
        (0..50).map(|n| env.ctx_command(&project, ["log", &format!("c{n}")]).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let ran = entries_of(&project, "ran");
    let commands: BTreeSet<_> = ran.iter().map(|entry| entry["command"].as_str().unwrap()).collect();
    assert_eq!((ran.len(), commands.len()), (50, 50));
    assert_eq!(log_lines(&project).iter().filter(|line| line.contains("Ran: ")).count(), 50);
    let seqs: Vec<_> = entries(&project).iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
}

#[test]
fn an_idle_session_writes_nothing() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    for _ in 0..3 {
        sync(&env, &project);
    }
    assert_eq!(entries(&project).len(), 1);
}

#[test]
fn three_starts_at_once_are_one_tracker() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let mut children: Vec<_> = (0..3).map(|_| env.ctx_command(&project, ["start"]).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    pid_of(&env, &project);
    assert_eq!(entries_of(&project, "started").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_launched_agent_keeps_nothing_of_ours_open() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    // `cat` ends when nobody holds the pipe any more, by whatever descriptor.
    let mut command = env.command("sh", &project);
    command.args(["-c", "\"$0\" start 9>&1 | cat"]).arg(env.companion());
    env.run(command).ok().says("Recording ");
    pid_of(&env, &project);
}

#[test]
fn a_second_agent_says_that_there_is_one() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let agent = env.agent_pid().unwrap();
    env.ctx(&project, ["agent", "run"]).ok().says(&format!("PID {agent}"));
    env.ctx(&project, ["agent", "start"]).ok().says(&format!("PID {agent}"));
    assert_eq!(env.agent_pid(), Some(agent));
}

#[cfg(unix)]
#[test]
fn an_agent_that_can_not_be_launched_says_why() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let project = env.folder("shop");
    let shared = env.folder("shared");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    let mut command = env.ctx_command(&project, ["start"]);
    command.env("CONTEXT_TRAY_RUNTIME_DIR", &shared);
    env.run(command).fails(5).warns("not a folder of this user alone").hints("CONTEXT_TRAY_RUNTIME_DIR");
    assert_eq!(fs::metadata(&shared).unwrap().permissions().mode() & 0o7777, 0o1777);
}

#[test]
fn wishes_outlive_the_agent() {
    let env = TestEnv::new();
    let wanted = recorded(&env, "wanted");
    let stopped = recorded(&env, "stopped");
    env.ctx(&stopped, ["stop"]).ok();
    let tracker = pid_of(&env, &wanted);
    env.ctx(&wanted, ["agent", "stop"]).ok();
    assert!(!is_alive(tracker));
    assert!(log_lines(&wanted).last().unwrap().ends_with("Session tracker stopped"));
    env.ctx(&wanted, ["status"]).code(3);

    env.ctx(&wanted, ["agent", "start"]).ok();
    wait_for("the wanted project is recorded again", || env.status(&wanted)["state"] == "running");
    assert_eq!(entries_of(&wanted, "gap").last().unwrap()["reason"], "stopped");
    assert_eq!(env.status(&stopped)["state"], "stopped");
    env.ctx(&wanted, ["agent", "restart"]).ok();
    wait_for("it is recorded after a restart", || env.status(&wanted)["state"] == "running");
}

#[test]
fn a_wish_made_without_an_agent_is_remembered() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    env.ctx(&project, ["agent", "stop"]).ok();
    let _ = env.ctx(&project, ["stop"]);
    env.ctx(&project, ["agent", "start"]).ok();
    // Another project's whole start is time enough for this one's.
    let other = recorded(&env, "other");
    sync(&env, &other);
    assert_eq!(env.status(&project)["state"], "stopped");
}

#[test]
fn a_signal_to_the_tracker_is_the_users_wish() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let tracker = pid_of(&env, &project);
    fs::write(project.join("last"), "x").unwrap();
    terminate(tracker);
    wait_for("it ends", || !is_alive(tracker));
    wait_for("it is stopped", || env.status(&project)["state"] == "stopped");
    assert!(changes(&project).contains(&"created last".to_owned()), "what was pending is written");
    assert!(!project.join(".context/session.pid").exists());
}

#[test]
fn a_session_in_the_foreground_needs_no_agent() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let mut child = env.ctx_command(&project, ["start", "--foreground"]).spawn().unwrap();
    wait_for("it records", || {
        project.join(".context/session.pid").exists() && env.status(&project)["state"] == "running"
    });
    assert_eq!(env.status(&project)["agent"], "unreachable");
    assert_eq!(env.status(&project)["pid"], child.id());
    fs::write(project.join("a"), "x").unwrap();
    wait_for("the change is recorded", || changes(&project) == ["created a"]);
    for (verb, code) in [("sync", 5), ("pause", 3)] {
        env.ctx(&project, [verb]).fails(code).warns("a session in the foreground").hints("ctx stop");
    }
    env.ctx(&project, ["agent", "start"]).ok();
    for verb in ["sync", "pause"] {
        env.ctx(&project, [verb]).fails(3).warns("a session in the foreground");
    }
    env.ctx(&project, ["stop"]).ok().says("Stopped recording");
    assert!(child.wait().unwrap().success());
    assert_eq!(env.status(&project)["state"], "stopped");
}

#[test]
fn projects_are_listed_stopped_and_forgotten() {
    let env = TestEnv::new();
    let one = recorded(&env, "one");
    let two = recorded(&env, "two");
    let list: Value = serde_json::from_str(&env.ctx(&one, ["list", "--json"]).ok().stdout).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|status| status["project"].as_str().unwrap()).collect();
    assert_eq!(names, [one.to_str().unwrap(), two.to_str().unwrap()]);
    env.ctx(&one, ["status", "--all"]).ok().says("one").says("two");
    env.ctx(&env.home(), ["stop", "--all"]).ok();
    for project in [&one, &two] {
        assert_eq!(env.status(project)["state"], "stopped");
    }
    env.ctx(&env.home(), ["status", "--all"]).code(3);
    env.ctx(&one, ["start"]).ok();
    env.ctx(&env.home(), ["forget", "one"]).ok().says("Forgot ");
    assert_eq!(env.status(&one)["state"], "stopped");
    assert!(one.join(".context/events.jsonl").exists());
    assert!(!env.ctx(&one, ["list"]).ok().stdout.contains(one.to_str().unwrap()));
}

#[test]
fn a_project_that_is_gone_is_said_to_be_missing() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let tracker = pid_of(&env, &project);
    fs::remove_dir_all(&project).unwrap();
    wait_for("the tracker ends", || !is_alive(tracker));
    let list: Value = serde_json::from_str(&env.ctx(&env.home(), ["list", "--json"]).ok().stdout).unwrap();
    assert_eq!(list[0]["state"], "missing");
    assert!(!project.exists(), "a root that vanished is not made anew");
    env.ctx(&env.home(), ["forget", "shop"]).ok();
    assert!(env.ctx(&env.home(), ["list"]).ok().says("No project").stderr.is_empty());
}

/// The companion without the right to read whatever root may.
#[cfg(target_os = "linux")]
fn without_privileges(env: &TestEnv, folder: &Path, args: &[&str]) -> crate::env::Outcome {
    let mut command = env.command("setpriv", folder);
    command.args(["--bounding-set=-dac_override,-dac_read_search", env!("CARGO_BIN_EXE_ctx")]).args(args);
    env.run(command)
}

#[cfg(target_os = "linux")]
#[test]
fn what_may_not_be_read_is_not_gone() {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let project = env.folder("shop");
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let ctx = |args: &[&str]| without_privileges(&env, &env.home(), args);
    for folder in ["shut", "listed"] {
        fs::create_dir_all(project.join(folder).join("below")).unwrap();
        fs::write(project.join(folder).join("below/a.txt"), "a").unwrap();
    }
    ctx(&["start", "shop"]).ok();
    // The user may write on where no file can be opened any more.
    let append = |path: &str| fs::OpenOptions::new().create(true).append(true).open(project.join(path)).unwrap();
    let mut shut = append("shut/below/a.txt");
    allow(&project.join("shut"), 0o000);
    allow(&project.join("listed"), 0o600);
    shut.write_all(b"more").unwrap();
    let mut seen = append("seen.txt");
    ctx(&["sync", "-C", "shop"]).ok();
    assert_eq!(changes(&project), ["created seen.txt"]);
    ctx(&["stop", "shop"]).ok();
    ctx(&["start", "shop"]).ok();
    assert_eq!(changes(&project), ["created seen.txt"], "nor is it for the next session");
    assert_eq!(env.status(&project)["watch_mode"], "polling");
    allow(&project.join("shut"), 0o700);
    allow(&project.join("listed"), 0o700);
    ctx(&["sync", "-C", "shop"]).ok();
    assert_eq!(changes(&project), ["created seen.txt", "edited shut/below/a.txt"]);
    let status = env.status(&project);
    assert_eq!((&status["watch_mode"], &status["degraded"]), (&"native".into(), &Value::Null), "all is watched again");

    let tracker = pid_of(&env, &project);
    allow(&project, 0o000);
    seen.write_all(b"unseen").unwrap();
    // What makes the tracker look, unless it has by itself.
    let _ = env.ctx(&env.home(), ["sync", "-C", "shop"]);
    wait_for("the tracker ends", || !is_alive(tracker));
    let list: Value = serde_json::from_str(&ctx(&["list", "--json"]).ok().stdout).unwrap();
    assert_eq!(list[0]["state"], "missing");
    allow(&project, 0o700);
    ctx(&["start", "shop"]).ok();
    assert_eq!(entries_of(&project, "gap").last().unwrap()["reason"], "unreachable");
    assert_eq!(changes(&project).last().unwrap(), "edited seen.txt");
}
