//! `ctx config`: what is in force and where it is said, values that are refused, an editor, edits at once.

use std::fs;
use std::process::Child;

use crate::env::{Outcome, TestEnv, entries_of, recorded, wait_for};

fn config(env: &TestEnv, args: &[&str]) -> Outcome {
    env.ctx(&env.home().join("shop"), [&["config"], args].concat())
}

#[test]
fn what_is_in_force_is_shown_with_where_it_is_said() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let (mine, theirs) = (env.path("config").join("config.toml"), project.join(".context").join("config.toml"));
    assert_eq!(config(&env, &["path"]).ok().stdout, format!("{}\n", mine.display()));
    assert_eq!(config(&env, &["path", "--project-file"]).ok().stdout, format!("{}\n", theirs.display()));
    assert!(!mine.exists() && !theirs.exists());
    assert_eq!(config(&env, &["get", "record.quiet_ms"]).ok().stdout, "150\n");
    assert_eq!(config(&env, &["get"]).ok().stdout.lines().count(), 11);

    config(&env, &["set", "watch.ignore", "*.tmp", "a b"]).ok().says("config.toml");
    config(&env, &["set", "--project-file", "watch.ignore", "/out/"]).ok();
    config(&env, &["set", "record.quiet_ms", "40"]).ok();
    config(&env, &["set", "--project-file", "record.quiet_ms", "50"]).ok();
    assert_eq!(config(&env, &["get", "watch.ignore"]).ok().stdout, "[\"*.tmp\", \"a b\", \"/out/\"]\n");
    let line = |key: &str| config(&env, &["get", "-v", key]).ok().stdout;
    let places = [format!("{}:6", mine.display()), format!("{}:6", theirs.display())].join(", ");
    assert_eq!(line("watch.ignore"), format!("[\"*.tmp\", \"a b\", \"/out/\"]  # {places}\n"));
    assert_eq!(line("record.quiet_ms"), format!("50  # {}:14\n", theirs.display()));
    assert_eq!(line("record.keep_days"), "90  # default\n");
    config(&env, &["set", "record.quiet_ms", "40"]).ok().warns("config.toml:14 counts").hints("--project-file");
    // Another project knows nothing of it.
    let other = env.project("other");
    assert_eq!(env.ctx(&other, ["config", "get", "record.quiet_ms"]).ok().stdout, "40\n");
    env.ctx(&env.home(), ["config", "set", "--project-file", "record.quiet_ms", "60"]).fails(1).hints("ctx start");

    config(&env, &["set", "--default", "record.quiet_ms", "--project-file"]).ok().says("Took record.quiet_ms out");
    assert_eq!(config(&env, &["get", "record.quiet_ms"]).ok().stdout, "40\n");
}

#[test]
fn what_is_not_allowed_is_refused_in_the_words_of_loading() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let file = env.path("config/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = "# mine\n[record]\nquiet_ms = 50 # fast\n";
    fs::write(&file, text).unwrap();
    let refused = config(&env, &["set", "record.quiet_ms", "5"]).fails(2).hints("as it was").stderr;
    config(&env, &["set", "record.quiet_ms", "fast"]).fails(2).warns(":3: record.quiet_ms must be a whole number");
    config(&env, &["set", "--project-file", "watch.directories", "../x"]).fails(2).warns("only your own configuration");
    config(&env, &["set", "--project-file", "notify.enabled", "false"]).fails(2).warns("only in your own");
    let unknown = config(&env, &["set", "record.quiet", "5"]).code(2);
    assert!(unknown.stderr.contains("record.quiet_ms, record.max_hold_ms"), "{}", unknown.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert!(!project.join(".context/config.toml").exists());

    // What loading says of the same.
    fs::write(&file, text.replace("50", "5")).unwrap();
    let loaded = config(&env, &["get"]).fails(1).hints("correct the file").stderr;
    assert_eq!(refused.lines().next(), loaded.lines().next());
    config(&env, &["set", "record.keep_days", "5"]).fails(1).warns(":3: record.quiet_ms is 5");
    config(&env, &["set", "record.quiet_ms", "60"]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("50", "60"));
}

#[test]
fn edits_at_once_lose_nothing() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let keys =
        ["quiet_ms", "max_hold_ms", "summarise_over", "rotate_over_mb", "keep_days"].map(|key| format!("record.{key}"));
    let set = |key: &String| env.ctx_command(&project, ["config", "-q", "set", key, "33"]).spawn().unwrap();
    let children: Vec<Child> = keys.iter().map(set).collect();
    assert!(children.into_iter().all(|mut child| child.wait().unwrap().success()));
    for key in &keys {
        assert_eq!(config(&env, &["get", key]).ok().stdout, "33\n");
    }
}

#[cfg(unix)]
#[test]
fn the_editor_opens_the_file_and_what_it_left_is_looked_at() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let edit = |variable: &str, editor: &str, args: &[&str]| {
        let mut command = env.ctx_command(&project, [&["config", "edit"], args].concat());
        command.env("EDITOR", "false").env(variable, editor);
        env.run(command)
    };
    let file = env.path("config/config.toml");
    edit("EDITOR", "grep -q 'quiet_ms = 150'", &[]).ok().says_nothing();
    assert!(fs::read_to_string(&file).unwrap().contains("# quiet_ms = 150"), "it begins with all defaults");
    edit("VISUAL", "sed -i 's/^# quiet_ms.*/quiet_ms = 1/'", &[])
        .fails(1)
        .warns(":14: record.quiet_ms is 1")
        .hints("ctx config edit");
    edit("VISUAL", "sed -i 's/^quiet_ms.*/quiet = 1/'", &[]).ok().warns("config.toml:14: unknown key record.quiet");
    edit("EDITOR", "true", &["--project-file"]).ok();
    let theirs = fs::read_to_string(project.join(".context/config.toml")).unwrap();
    assert!(theirs.starts_with("# Context Tray: the configuration of this project"), "{theirs}");
    edit("EDITOR", "no-such-editor", &[]).code(1).warns("no-such-editor").hints("VISUAL or EDITOR");
    edit("EDITOR", "sh -c 'exit 3'", &[]).fails(1).warns("ended with 3");
}

#[test]
fn a_session_that_goes_on_takes_the_change_at_once() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join("a.tmp"), "1").unwrap();
    env.ctx(&project, ["sync"]).ok();
    assert_eq!(entries_of(&project, "created").len(), 1);
    config(&env, &["set", "watch.ignore", "*.tmp"]).ok();
    wait_for("the change to count", || {
        let number = entries_of(&project, "created").len();
        fs::write(project.join(format!("{number}.tmp")), "1").unwrap();
        env.ctx(&project, ["sync"]).ok();
        entries_of(&project, "created").len() == number
    });
}
