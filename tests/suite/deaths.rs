//! Trackers and agents that die, and numbers that they leave behind.

use std::fs;
use std::process::Stdio;

use crate::env::{TestEnv, entries_of, is_alive, kill, log_lines, recorded, stranger, wait_for};
use crate::replay::sync;
use crate::sessions::{changes, pid_of};

#[test]
fn a_killed_tracker_comes_back_and_says_that_it_was_away() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let first = pid_of(&env, &project);
    kill(first);
    wait_for("another tracker", || {
        let status = env.status(&project);
        status["state"] == "running" && status["pid"] != first
    });
    fs::write(project.join("after"), "x").unwrap();
    sync(&env, &project);
    assert!(changes(&project).contains(&"created after".to_owned()));
    assert!(!entries_of(&project, "gap").is_empty());
}

#[test]
fn a_tracker_that_dies_as_it_is_to_end_leaves_no_number() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    for (verb, state) in [("stop", "stopped"), ("pause", "paused")].repeat(3) {
        env.ctx(&project, ["start"]).ok();
        kill(pid_of(&env, &project));
        env.ctx(&project, [verb]).ok();
        assert_eq!(
            (&env.status(&project)["state"], project.join(".context/session.pid").exists()),
            (&state.into(), false)
        );
    }
    let project = env.project("alone");
    let mut alone = env.ctx_command(&project, ["start", "--foreground"]).stdout(Stdio::null()).spawn().unwrap();
    wait_for("it records", || env.status(&project)["state"] == "running");
    alone.kill().unwrap();
    env.ctx(&project, ["stop"]).ok();
    assert!(!project.join(".context/session.pid").exists());
    alone.wait().unwrap();
}

#[test]
fn a_killed_agent_leaves_nothing_behind_and_heals() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let tracker = pid_of(&env, &project);
    kill(env.agent_pid().unwrap());
    wait_for("the tracker ends with its agent", || !is_alive(tracker));
    assert!(log_lines(&project).last().unwrap().ends_with("Session tracker stopped"));
    assert_eq!(env.status(&project)["agent"], "unreachable");
    env.ctx(&project, ["log", "make"]).ok();
    assert_eq!(entries_of(&project, "ran").len(), 1);
    env.ctx(&project, ["start"]).ok();
    pid_of(&env, &project);
}

#[test]
fn what_a_dead_tracker_left_is_cleaned_up_by_one_of_those_who_stop_it_at_once() {
    let env = TestEnv::new();
    let project = env.project("shop");
    for _ in 0..20 {
        fs::write(project.join(".context/session.pid"), "2147483646\n").unwrap();
        let stop = || env.ctx_command(&project, ["stop"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut stops: Vec<_> = (0..8).map(|_| stop()).collect();
        let mut codes: Vec<_> = stops.iter_mut().map(|stop| stop.wait().unwrap().code().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 3, 3, 3, 3, 3, 3, 3]);
    }
}

#[cfg(unix)]
#[test]
fn a_stale_pid_is_seen_by_the_lock_and_cleaned_up() {
    use crate::env::{entries, signal};

    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let tracker = pid_of(&env, &project);
    let agent = env.agent_pid().unwrap();
    // An agent that is held still can't start another tracker.
    signal(agent, "STOP");
    kill(tracker);
    let mut status = env.ctx_command(&project, ["status", "--json"]);
    wait_for("the lock is free", || {
        let status: serde_json::Value = serde_json::from_slice(&status.output().unwrap().stdout).unwrap();
        status["state"] == "stale" && status["stale_pid"] == tracker
    });
    kill(agent);
    wait_for("the agent is gone", || !is_alive(agent));
    env.ctx(&project, ["stop"]).ok().says("stale").says(&tracker.to_string());
    let status = env.status(&project);
    assert_eq!(status["state"], "stopped");
    let last = entries(&project).into_iter().rfind(|entry| entry["session"].is_string()).unwrap();
    assert_eq!(status["stopped_at"], last["time"], "when it was cleaned up says nothing of when it died");
}

#[test]
fn a_recycled_pid_keeps_nobody_from_starting() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut stranger = stranger();
    fs::write(project.join(".context/session.pid"), stranger.id().to_string()).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_ne!(pid_of(&env, &project), stranger.id());
    env.ctx(&project, ["stop"]).ok();
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
