//! Secrets: on no way does one come to the disk, and those that are there can be taken out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::env::{SHELL, TRUE, TestEnv, entries, entries_of, log_lines, wait_for};

/// What must never be found in a file.
const CANARY: &str = "tweety77";

/// Every file below a folder that holds the text.
fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path);
        }
    }
    found
}

/// Logs a secret in each of the ways that there are.
fn log_secrets(env: &TestEnv, project: &Path) {
    let token = format!("--token {CANARY}");
    let ctx = |args: &[&str]| {
        let mut command = env.ctx_command(project, args);
        command.env("CONTEXT_TRAY_LOG", "trace");
        env.run(command).ok()
    };
    ctx(&["log", &format!("deploy {token}"), &format!("password={CANARY}")]);
    ctx(&[&["run", "--"], TRUE, &["--password", CANARY]].concat());
    let script = format!("echo mysql; echo -u alice:x https://alice:{CANARY}@h");
    ctx(&[&["run", "--"], SHELL, &[&script]].concat());
    ctx(&["note", &format!("API_TOKEN={CANARY}")]);
    // Not below what is watched: the names of files are recorded as they are.
    let folder = project.join(format!("node_modules/password={CANARY}"));
    fs::create_dir_all(&folder).unwrap();
    let mut command = env.ctx_command(&folder, ["log", "from there"]);
    command.env("CONTEXT_TRAY_LOG", "trace");
    env.run(command).ok();
}

fn assert_no_canary(env: &TestEnv, project: &Path) {
    let told: Vec<String> = entries_of(project, "ran").iter().map(|ran| ran["command"].to_string()).collect();
    assert!(told.iter().any(|command| command.contains("--token [REDACTED:token]")), "{told:#?}");
    for folder in [project.join(".context"), env.state(), env.path("config"), env.path("run")] {
        assert_eq!(holding(&folder, CANARY), Vec::<PathBuf>::new());
    }
}

#[test]
fn no_secret_comes_to_the_disk_without_an_agent() {
    let env = TestEnv::new();
    let project = env.project("shop");
    log_secrets(&env, &project);
    assert_no_canary(&env, &project);
    let redactions: Vec<_> = entries_of(&project, "ran").iter().map(|ran| ran["redactions"].as_u64()).collect();
    assert_eq!(redactions, [Some(2), Some(1), Some(1), Some(1)]);
    let lines = log_lines(&project);
    assert!(lines[0].ends_with("Ran: deploy --token [REDACTED:token] -> password=[REDACTED:password]"), "{lines:#?}");
}

#[test]
fn no_secret_comes_to_the_disk_by_the_agent_and_its_trackers() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let other = env.project("other");
    let mut start = env.ctx_command(&project, ["start"]);
    start.env("CONTEXT_TRAY_LOG", "trace");
    env.run(start).ok();
    log_secrets(&env, &project);
    // Not recorded: the agent writes by itself.
    log_secrets(&env, &other);
    env.ctx(&project, ["sync"]).ok();
    assert_no_canary(&env, &project);
    assert_no_canary(&env, &other);
    let diagnostics = holding(&env.state().join("diagnostics"), "effect=");
    assert!(!diagnostics.is_empty(), "the agent did not say what it does");
    let state = fs::read_to_string(project.join(".context/session_state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["tracker"]["redactions"], 6);
}

#[test]
fn no_secret_waits_in_the_spool() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let events = project.join(".context/events.jsonl");
    fs::create_dir(&events).unwrap();
    log_secrets(&env, &project);
    assert!(!holding(&env.state(), "[REDACTED:token]").is_empty());
    assert_eq!(holding(&env.state(), CANARY), Vec::<PathBuf>::new());
    fs::remove_dir(&events).unwrap();
    env.ctx(&project, ["log", "last"]).ok();
    assert_no_canary(&env, &project);
    assert_eq!(entries_of(&project, "ran")[0]["redactions"], 2);
}

#[test]
fn the_users_patterns_count_at_once_and_a_bad_one_is_said() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let config = project.join(".context/config.toml");
    env.ctx(&project, ["start"]).ok();
    fs::write(&config, "[redact]\npatterns = ['acme-\\d+']\n").unwrap();
    let mut tries = 0;
    wait_for("the pattern counts", || {
        tries += 1;
        env.ctx(&project, ["log", &format!("try acme-{tries}")]).ok();
        log_lines(&project).iter().any(|line| line.contains("try [REDACTED:pattern]"))
    });
    fs::write(&config, "[redact]\npatterns = ['acme-\\d+',\n'(']\n").unwrap();
    wait_for("the status tells of the bad pattern", || {
        let problem = env.status(&project)["config_problem"].to_string();
        problem.contains("config.toml:3: redact.patterns: must be a regular expression")
    });
    // The last good one is in force.
    env.ctx(&project, ["log", "then acme-1"]).ok();
    assert!(log_lines(&project).last().unwrap().contains("then [REDACTED:pattern]"));
    env.ctx(&project, ["agent", "stop"]).ok();
    // Nobody knows what is secret here: nothing is written, and nothing waits.
    env.ctx(&project, ["log", "alone acme-1"]).fails(1).hints("correct the file");
    assert_eq!(holding(&project, "alone"), Vec::<PathBuf>::new());
    assert_eq!(holding(&env.state(), "alone"), Vec::<PathBuf>::new());
    env.ctx(&project, [&["run", "--"], TRUE].concat()).ok().warns("not recorded: ");
}

#[test]
fn a_record_is_redacted_while_it_is_written() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, ["log", "deploy acme-1"]).ok();
    fs::write(project.join("a"), "a").unwrap();
    // As Context Engine does, with its secrets.
    let log = project.join(".context/session.md");
    let text = fs::read_to_string(&log).unwrap() + &format!("[10:00:00] Ran: x --token {CANARY} -> Success\n");
    fs::write(&log, text).unwrap();
    wait_for("the line is taken over", || entries_of(&project, "ran").len() == 2);
    env.ctx(&project, ["sync"]).ok();
    let before = entries(&project);
    assert_eq!(holding(&project.join(".context"), CANARY), std::slice::from_ref(&log));
    fs::write(project.join(".context/config.toml"), "[redact]\npatterns = ['acme-\\d+']\n").unwrap();

    let shown = env.ctx(&project, ["redact", "--dry-run"]).ok().says("Ran: deploy [REDACTED:pattern] -> Success");
    assert!(!shown.stdout.contains(CANARY) && !shown.stdout.contains("acme-1"), "{}", shown.stdout);
    assert_eq!(holding(&project.join(".context"), CANARY), [log]);
    env.ctx(&project, ["redact"])
        .ok()
        .says(&format!("out of {}.", Path::new(".context").join("session.md").display()))
        .hints("change those");
    assert_eq!(holding(&project, CANARY), Vec::<PathBuf>::new());
    assert_eq!(holding(&project, "acme-1"), Vec::<PathBuf>::new());
    env.ctx(&project, ["redact"]).ok().says("No secret");

    env.ctx(&project, ["log", "afterwards"]).ok();
    env.ctx(&project, ["sync"]).ok();
    let after = entries(&project);
    assert_eq!(after.len(), before.len() + 1, "{after:#?}");
    for (was, is) in before.iter().zip(&after) {
        assert_eq!((&was["seq"], &was["time"], &was["kind"]), (&is["seq"], &is["time"], &is["kind"]));
    }
    let lines = log_lines(&project);
    assert_eq!(lines.iter().filter(|line| line.contains("] Ran: ")).count(), 3, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("Session tracker started")).count(), 1, "{lines:#?}");
    assert_eq!(fs::read_to_string(project.join(".context/session.md")).unwrap().matches("\n## ").count(), 1);
}

#[test]
fn redacting_beside_many_writers_loses_nothing_and_tells_nothing_twice() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join(".context/config.toml"), "[redact]\npatterns = ['acme-\\d+']\n").unwrap();
    let log = project.join(".context/session.md");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (env, project) = (&env, &project);
            scope.spawn(move || {
                for number in 0..5 {
                    env.ctx(project, ["log", &format!("deploy {writer}.{number}")]).ok();
                }
            });
        }
        for number in 0..5 {
            // Each time there is something to take out: as long as what it becomes, shorter, longer.
            let command = format!("old acme-{}", "1".repeat(number * 5 + 1));
            let line = format!("[10:00:00] Note: {command}\n");
            fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(line.as_bytes()).unwrap();
            env.ctx(&project, ["redact"]).ok().says("Took ");
        }
    });
    env.ctx(&project, ["sync"]).ok();
    let told = entries_of(&project, "ran");
    assert_eq!(told.len(), 20, "{told:#?}");
    let seqs: Vec<u64> = entries(&project).iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let lines = log_lines(&project);
    assert_eq!(lines.iter().filter(|line| line.contains("] Ran: ")).count(), 20, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.ends_with("] Note: old [REDACTED:pattern]")).count(), 5, "{lines:#?}");
}
