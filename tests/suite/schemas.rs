//! What the programs really print is what `packaging/schemas` promises.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::env::{SHELL, TRUE, TestEnv, entries, kill, recorded, wait_for};

fn validator(name: &str) -> Validator {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/schemas");
    let text = fs::read_to_string(format!("{folder}/{name}.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Validator, value: &Value) {
    let wrong: Vec<String> = schema.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {value:#}");
}

#[test]
fn every_entry_is_as_promised() {
    let schema = validator("events");
    let env = TestEnv::new();
    for day in ["history", "trouble"] {
        let golden = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/brief/{}/events.jsonl"), day);
        let text = fs::read_to_string(golden).unwrap();
        text.lines().for_each(|line| assert_valid(&schema, &serde_json::from_str(line).unwrap()));
    }
    // And those of today.
    let project = recorded(&env, "shop");
    fs::create_dir(project.join("in")).unwrap();
    fs::write(project.join("in/a"), "1").unwrap();
    env.ctx(&project, [&["run"], TRUE].concat()).ok();
    env.ctx(&project, ["log", "make"]).ok();
    env.ctx(&project, ["note", "x"]).ok();
    fs::rename(project.join("in"), project.join("out")).unwrap();
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, ["start"]).ok();
    let all = entries(&project);
    for kind in ["created", "moved", "ran", "note", "started", "stopped", "gap"] {
        assert!(all.iter().any(|entry| entry["kind"] == kind), "no {kind}");
    }
    all.iter().for_each(|entry| assert_valid(&schema, entry));
}

#[test]
fn every_status_and_brief_is_as_promised() {
    let (status, brief) = (validator("status"), validator("brief"));
    let env = TestEnv::new();
    let check = |project: &Path, state: &str| {
        let now = env.status(project);
        assert_eq!(now["state"], state, "{now:#}");
        assert_valid(&status, &now);
        let outcome = env.ctx(project, ["brief", "--json", "--since", "1d"]).ok();
        assert_valid(&brief, &serde_json::from_str(&outcome.stdout).unwrap());
    };
    let project = env.project("shop");
    check(&project, "stopped");
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join("a"), "1").unwrap();
    env.ctx(&project, [&["run"], SHELL, &["exit 1"]].concat()).code(1);
    check(&project, "running");
    let agent = env.agent_pid().unwrap();
    let tracker = env.status(&project)["pid"].as_u64().unwrap();
    kill(agent);
    wait_for("the end of the tracker", || env.status(&project)["state"] != "running");
    check(&project, "stopped");
    fs::write(project.join(".context/session.pid"), tracker.to_string()).unwrap();
    check(&project, "stale");
}

#[test]
fn a_schema_promises_something() {
    let schema = validator("events");
    let entry =
        json!({"v": 1, "seq": 1, "time": "2026-11-22T10:00:00.000+01:00", "kind": "note", "id": "1", "text": "x"});
    assert_valid(&schema, &entry);
    for (key, wrong) in [("seq", json!("1")), ("kind", json!("noted")), ("text", json!(null)), ("time", json!(7))] {
        let mut entry = entry.clone();
        entry[key] = wrong;
        assert!(!schema.is_valid(&entry), "{entry}");
    }
    // Fields are added, never renamed: whoever reads passes over those that they do not know.
    let mut newer = entry.clone();
    newer["added_later"] = json!(true);
    assert_valid(&schema, &newer);
}
