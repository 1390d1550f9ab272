//! What was tried against the programs and once worked: each is a defect that was mended.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::env::{TestEnv, entries_of, log_lines, wait_for};
#[cfg(unix)]
use crate::env::{is_alive, signal};
use crate::ipc::Peer;

/// Says something to the agent without the companion's manners.
fn tell(env: &TestEnv, request: &Value) -> Value {
    let mut peer = Peer::of(&env.endpoint());
    peer.say(format!("{}\n", json!({"v": 1, "id": 7, "request": request})).as_bytes());
    peer.hear()
}

#[test]
fn the_agent_refuses_roots_that_nobody_means_whoever_asks() {
    let env = TestEnv::new();
    env.ctx(&env.home(), ["agent", "start"]).ok();
    let file = env.path("file");
    fs::write(&file, "").unwrap();
    let root = file.ancestors().last().unwrap();
    for project in [root, Path::new("relative"), &file, &root.join("nowhere/at/all")] {
        let project = project.to_str().unwrap();
        let reply = tell(&env, &json!({"kind": "start", "project": project}));
        assert_eq!(reply["error"]["code"], "bad_project", "{project}: {reply}");
        assert!(reply["error"]["hint"].is_string(), "{project}: {reply}");
    }
    let listed = env.ctx(&env.home(), ["list", "--json"]).ok();
    assert_eq!(serde_json::from_str::<Value>(&listed.stdout).unwrap(), json!([]), "what was refused is not remembered");
}

#[cfg(unix)]
#[test]
fn an_agent_that_comes_back_writes_through_no_link() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, ["agent", "stop"]).ok();
    fs::remove_dir_all(project.join(".context")).unwrap();
    let elsewhere = env.folder("elsewhere");
    symlink(&elsewhere, project.join(".context")).unwrap();
    env.ctx(&project, ["agent", "start"]).ok();
    env.ctx(&project, ["start"]).fails(1);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn what_was_spooled_is_taken_over_by_the_tracker_that_runs() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    let events = project.join(".context/events.jsonl");
    fs::remove_file(&events).unwrap();
    fs::create_dir(&events).unwrap();
    env.ctx(&project, ["log", "first"]).ok().warns("warning: ");
    fs::write(project.join("a"), "a").unwrap();
    // What is only in memory is not in the journal.
    env.ctx(&project, ["sync"]).fails(1);
    fs::remove_dir(&events).unwrap();
    env.ctx(&project, ["log", "second"]).ok();
    let told: Vec<Value> = entries_of(&project, "ran").iter().map(|ran| ran["command"].clone()).collect();
    assert_eq!(told, ["first", "second"]);
    assert_eq!(entries_of(&project, "ran")[0]["late"], true);
    assert_eq!(entries_of(&project, "created").len(), 1);
}

#[test]
fn a_state_file_that_is_damaged_while_recording_is_mended() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join(".context/session_state.json"), "{").unwrap();
    wait_for("the state to be mended", || env.status(&project)["state"] == "running");
}

#[test]
fn a_pid_file_without_a_number_is_cleaned_up_beside_an_agent_too() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["agent", "start"]).ok();
    fs::write(project.join(".context/session.pid"), "nonsense").unwrap();
    env.ctx(&project, ["stop"]).ok().says("it held no PID");
    assert!(!project.join(".context/session.pid").exists());
    env.ctx(&project, ["stop"]).fails(3);
}

#[test]
fn a_burst_is_told_in_a_few_lines() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir(project.join("many")).unwrap();
    env.ctx(&project, ["init"]).ok();
    // However slow the machine is, it is one burst.
    fs::write(project.join(".context/config.toml"), "[record]\nquiet_ms = 2000\nmax_hold_ms = 20000\n").unwrap();
    env.ctx(&project, ["start"]).ok();
    for number in 0..1500 {
        fs::write(project.join(format!("many/{number}")), "x").unwrap();
    }
    wait_for("all of them", || entries_of(&project, "created").len() == 1500);
    env.ctx(&project, ["sync"]).ok();
    let lines: Vec<String> = log_lines(&project).into_iter().filter(|line| line.contains("Created: ")).collect();
    assert!(lines.len() <= 60, "{} lines", lines.len());
    // Where it was more than the system tells of, it was found by a scan.
    assert!(lines.iter().any(|line| line.contains(" files in many/")), "{lines:#?}");
}

#[cfg(unix)]
#[test]
fn an_agent_that_hangs_can_be_ended() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    let tracker = u32::try_from(env.status(&project)["pid"].as_u64().unwrap()).unwrap();
    let agent = env.agent_pid().unwrap();
    signal(agent, "STOP");
    env.ctx(&project, ["agent", "restart"]).ok();
    assert!(!is_alive(agent));
    wait_for("another tracker", || {
        let status = env.status(&project);
        status["state"] == "running" && status["pid"] != tracker
    });
}

#[test]
fn a_project_below_that_is_none_any_more_is_taken_back() {
    let env = TestEnv::new();
    let project = env.folder("outer");
    let inner = project.join("inner");
    fs::create_dir_all(inner.join("x")).unwrap();
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, ["init", inner.to_str().unwrap()]).ok();
    fs::write(inner.join("x/theirs"), "").unwrap();
    env.ctx(&project, ["sync"]).ok();
    fs::remove_dir_all(inner.join(".context")).unwrap();
    env.ctx(&project, ["sync"]).ok();
    fs::write(inner.join("x/ours"), "").unwrap();
    env.ctx(&project, ["sync"]).ok();
    let told: Vec<Value> = entries_of(&project, "created").iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(told, ["inner/x/ours"]);
}
