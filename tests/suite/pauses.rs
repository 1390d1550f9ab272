//! Pauses through the real programs: nothing is looked at, nothing is lost, and nobody is forgotten.

use std::fs;
use std::path::{Path, PathBuf};

use crate::env::{TestEnv, entries, entries_of, is_alive, kill, log_lines, wait_for};

fn recorded(env: &TestEnv, name: &str) -> PathBuf {
    let project = env.folder(name);
    env.ctx(&project, ["start"]).ok();
    project
}

/// The paths of the changes in the record, with their kinds.
fn changes(project: &Path) -> Vec<String> {
    let paths = entries(project).into_iter().filter_map(|entry| entry["path"].as_str().map(str::to_owned));
    paths.collect()
}

#[test]
fn what_changes_during_a_pause_is_told_below_one_gap() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let pid = u32::try_from(env.status(&project)["pid"].as_u64().unwrap()).unwrap();
    env.ctx(&project, ["pause"]).ok().says("Paused recording").says("until `ctx resume`");
    assert!(!is_alive(pid));
    let status = env.status(&project);
    assert_eq!((&status["state"], &status["pid"]), (&"paused".into(), &serde_json::Value::Null));
    env.ctx(&project, ["status"]).code(3).says("paused until `ctx resume`");
    env.ctx(&project, ["list"]).ok().says("paused");

    fs::write(project.join("secret.txt"), "x").unwrap();
    env.ctx(&project, ["log", "make"]).ok();
    env.ctx(&project, ["sync"]).fails(3);
    assert_eq!(changes(&project), Vec::<String>::new(), "nobody looks");
    assert_eq!(env.status(&project)["state"], "paused", "a command that was logged ends no pause");
    assert_eq!(entries_of(&project, "ran").len(), 1, "what is logged by hand is recorded");

    env.ctx(&project, ["resume"]).ok().says("Recording");
    let gaps = entries_of(&project, "gap");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((&gaps[0]["reason"], &gaps[0]["changes_found"]), (&"paused".into(), &1.into()));
    assert_eq!(entries_of(&project, "stopped")[0]["reason"], "paused");
    assert_eq!(changes(&project), ["secret.txt"]);
    let lines = log_lines(&project);
    assert!(lines.iter().any(|line| line.ends_with(", paused; 1 change found by scan")), "{lines:#?}");
    env.ctx(&project, ["resume"]).ok().says("Already recording");
}

#[test]
fn a_pause_ends_by_itself() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    env.ctx(&project, ["pause", "1s"]).ok().says("until 20");
    wait_for("the session after the pause", || env.status(&project)["state"] == "running");
    assert_eq!(entries_of(&project, "gap")[0]["reason"], "paused");
    assert!(env.status(&project).get("paused_until").is_none());
}

#[test]
fn a_pause_outlives_the_agent_however_it_ends() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    env.ctx(&env.home(), [Path::new("pause"), &project, Path::new("2h")]).ok();
    let until = env.status(&project)["paused_until"].clone();
    assert!(until.is_string());
    env.ctx(&project, ["agent", "stop"]).ok();
    assert_eq!(env.status(&project)["paused_until"], until);
    env.ctx(&project, ["agent", "start"]).ok();
    let agent = env.agent_pid().unwrap();
    kill(agent);
    wait_for("its end", || !is_alive(agent));
    env.ctx(&project, ["agent", "start"]).ok();
    env.ctx(&project, ["pause", "tomorrow"]).ok().says(" 04:00.");
    assert_eq!(env.status(&project)["state"], "paused");
    assert_ne!(env.status(&project)["paused_until"], until, "a second pause changes the first");
    env.ctx(&project, ["agent", "stop"]).ok();
    env.ctx(&project, ["resume"]).ok().says("Recording");
    assert_eq!(env.status(&project)["state"], "running");
}

#[test]
fn a_stop_ends_a_pause_with_and_without_the_agent() {
    let env = TestEnv::new();
    for ends_agent in [false, true] {
        let project = recorded(&env, if ends_agent { "one" } else { "other" });
        env.ctx(&project, ["pause", "1h"]).ok();
        if ends_agent {
            env.ctx(&project, ["agent", "stop"]).ok();
        }
        env.ctx(&project, ["stop"]).ok().says("Stopped recording");
        assert_eq!(env.status(&project)["state"], "stopped");
        env.ctx(&project, ["stop"]).fails(3);
        env.ctx(&project, ["resume"]).fails(3).hints("ctx start");
        env.ctx(&project, ["agent", "start"]).ok();
        assert_eq!(env.status(&project)["state"], "stopped", "not even by the next agent");
    }
}

#[test]
fn what_is_not_recorded_can_not_be_paused() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["pause"]).fails(3);
    env.ctx(&project, ["agent", "start"]).ok();
    env.ctx(&project, ["pause", "10m"]).fails(3).hints("ctx start");
    env.ctx(&project, ["pause", ".", "soon"]).code(2);
}
