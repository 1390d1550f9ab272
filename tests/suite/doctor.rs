//! What `ctx doctor` finds, and that what it advises mends it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[cfg(unix)]
use crate::env::signal;
use crate::env::{SHELL, TestEnv, entries_of, kill, wait_for};

/// What is wrong: what was looked at, what it is, and the remedy.
fn problems(env: &TestEnv) -> Vec<(String, String, String)> {
    let outcome = env.ctx(&env.home(), ["doctor", "--json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let problems: Vec<_> = findings
        .filter(|finding| finding["level"] == "problem")
        .map(|finding| (text(finding, "check"), text(finding, "message"), text(finding, "remedy")))
        .collect();
    assert_eq!(report["well"], problems.is_empty());
    outcome.code(if problems.is_empty() { 0 } else { 1 });
    problems
}

/// The only problem; its message names all of `words`.
#[track_caller]
fn the_problem(env: &TestEnv, words: &[&str]) -> String {
    let problems = problems(env);
    let [(_, message, remedy)] = &problems[..] else { panic!("{words:?}: {problems:#?}") };
    assert!(words.iter().all(|word| message.contains(word)), "{words:?}: {message}");
    remedy.clone()
}

/// Does what a remedy says, as a user who copies it.
fn follow(env: &TestEnv, remedy: &str) {
    let command = remedy.split('`').nth(1).unwrap_or_else(|| panic!("nothing to run in {remedy:?}"));
    let mut shell = env.command(SHELL[0], &env.home());
    let (folder, path) = (env.companion(), std::env::var_os("PATH").unwrap());
    let folders = folder.parent().map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&path));
    shell.args(&SHELL[1..]).arg(command).env("PATH", std::env::join_paths(folders).unwrap());
    env.run(shell).ok();
}

fn recorded(env: &TestEnv, name: &str) -> PathBuf {
    let project = env.folder(name);
    env.ctx(&project, ["start"]).ok();
    project
}

#[test]
fn where_all_is_well_it_says_so() {
    let env = TestEnv::new();
    env.ctx(&env.home(), ["doctor"]).ok().says("no agent runs").says("All is well.");
    let project = recorded(&env, "shop");
    assert_eq!(problems(&env), []);
    env.ctx(&project, ["doctor"]).ok().says("shop is recorded").says("All is well.");
}

#[test]
fn an_agent_that_is_gone_is_started_again() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    kill(env.agent_pid().unwrap());
    wait_for("the end of the tracker", || env.status(&project)["state"] == "stopped");
    let remedy = the_problem(&env, &["no agent runs", "1 project"]);
    let report = env.ctx(&env.home(), ["doctor"]).code(1).says("shop should be recorded");
    assert!(!report.stdout.contains("as you wish"), "{}", report.stdout);
    follow(&env, &remedy);
    wait_for("the session, resumed", || env.status(&project)["state"] == "running");
    assert_eq!(problems(&env), []);
}

#[cfg(unix)]
#[test]
fn an_agent_that_hangs_is_replaced() {
    let env = TestEnv::new();
    recorded(&env, "shop");
    let pid = env.agent_pid().unwrap();
    signal(pid, "STOP");
    let remedy = the_problem(&env, &["does not answer", &pid.to_string()]);
    follow(&env, &remedy);
    assert_ne!(env.agent_pid(), Some(pid));
    wait_for("that all is well", || problems(&env).is_empty());
}

#[cfg(unix)]
#[test]
fn what_a_dead_tracker_left_is_cleaned_up() {
    let env = TestEnv::new();
    let project = recorded(&env, "my shop's");
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join(".context/session.pid"), "4711\n").unwrap();
    let remedy = the_problem(&env, &["my shop's", "4711"]);
    follow(&env, &remedy);
    assert!(!project.join(".context/session.pid").exists());
    assert_eq!(problems(&env), []);
}

#[test]
fn a_folder_that_is_gone_is_taken_off_the_list() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::remove_dir_all(&project).unwrap();
    let remedy = the_problem(&env, &["shop", "is gone"]);
    follow(&env, &remedy);
    assert_eq!(problems(&env), []);
}

#[test]
fn a_configuration_that_is_damaged_is_named_with_its_line() {
    let env = TestEnv::new();
    fs::create_dir(env.path("config")).unwrap();
    fs::write(env.path("config/config.toml"), "\n[notify\n").unwrap();
    let remedy = the_problem(&env, &["config.toml:2"]);
    assert!(remedy.contains("correct the file"), "{remedy}");
}

#[test]
fn a_project_whose_configuration_keeps_it_from_starting_is_told_so() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join(".context/config.toml"), "[record]\nquiet_ms = \"soon\"\n").unwrap();
    env.ctx(&project, ["status"]).code(3).says("Config:").says("config.toml:2: record.quiet_ms");
    assert_eq!(the_problem(&env, &["config.toml:2"]), "correct the file");
    env.ctx(&project, ["start"]).code(1).warns("config.toml:2");
    env.ctx(&project, ["status"]).code(3).says("config.toml:2");
    // As soon as it is wanted, the file comes before the start.
    let remedy = the_problem(&env, &["config.toml:2"]);
    assert!(remedy.starts_with("correct the file"), "{remedy}");
    fs::remove_file(project.join(".context/config.toml")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(problems(&env), []);
}

#[cfg(unix)]
#[test]
fn a_program_that_is_to_be_launched_and_is_gone_is_written_down_anew() {
    let env = TestEnv::new();
    env.ctx(&env.home(), ["autostart", "enable"]).ok();
    let file = env.home().join(".config/autostart/context-tray.desktop");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(env!("CARGO_BIN_EXE_context-tray"), "/old/context-tray")).unwrap();
    let remedy = the_problem(&env, &["/old/context-tray"]);
    follow(&env, &remedy);
    assert_eq!(problems(&env), []);
}

#[test]
fn a_foreground_start_beside_a_tracker_promises_nothing() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let outcome = env.ctx(&project, ["start", "--foreground"]);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("another tracker") && outcome.stderr.contains("ctx stop"), "{}", outcome.stderr);
}

#[test]
fn a_list_that_was_damaged_is_said_until_there_is_another() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir_all(env.state()).unwrap();
    fs::write(env.state().join("registry.json"), "{").unwrap();
    for _ in 0..2 {
        env.ctx(&env.home(), ["list"]).ok().warns("registry.json.corrupt-").hints("ctx start");
    }
    the_problem(&env, &["list of projects was damaged", "registry.json.corrupt-"]);
    env.ctx(&env.home(), ["agent", "start"]).ok();
    let log = || fs::read_to_string(env.state().join("diagnostics/agent.log")).unwrap_or_default();
    wait_for("the notice", || log().contains("the list of projects was damaged"));
    env.ctx(&project, ["start"]).ok();
    assert_eq!(problems(&env), []);
    assert!(!env.ctx(&env.home(), ["list"]).ok().stderr.contains("corrupt"));
}

#[test]
fn a_record_that_can_not_be_written_is_said_until_it_can() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let events = project.join(".context/events.jsonl");
    fs::remove_file(&events).unwrap();
    fs::create_dir(&events).unwrap();
    fs::write(project.join("a"), "1").unwrap();
    let problem = || env.status(&project)["record_problem"].as_str().unwrap_or_default().to_owned();
    wait_for("that it is said", || problem().contains("events.jsonl"));
    env.ctx(&project, ["status"]).ok().says("Not written:");
    let log = || fs::read_to_string(env.state().join("diagnostics/agent.log")).unwrap();
    wait_for("the notice", || log().contains("shop: the record can't be written"));
    let remedy = the_problem(&env, &["shop", "cannot write", "events.jsonl"]);
    assert!(remedy.contains("move away"), "{remedy}");
    fs::remove_dir(&events).unwrap();
    wait_for("that it is written", || entries_of(&project, "created").iter().any(|entry| entry["path"] == "a"));
    assert_eq!(problems(&env), []);
    assert_eq!(problem(), "");
}
