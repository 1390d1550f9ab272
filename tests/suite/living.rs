//! What the README's "Living with it" says, tried.

#[cfg(target_os = "linux")]
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::env::{Outcome, TestEnv, entries, entries_of, log_lines, recorded, wait_for};

fn git(env: &TestEnv, folder: &Path, args: &[&str]) -> Outcome {
    let mut command = env.command("git", folder);
    command.args(["-c", "user.name=Me", "-c", "user.email=me@example.com"]).args(args);
    env.run(command)
}

/// A recorded git work tree with one commit.
fn work_tree(env: &TestEnv) -> PathBuf {
    let project = env.folder("shop");
    git(env, &project, &["init", "-q"]).ok();
    fs::write(project.join("a"), "1").unwrap();
    git(env, &project, &["add", "a"]).ok();
    git(env, &project, &["commit", "-q", "-m", "one"]).ok();
    env.ctx(&project, ["start"]).ok();
    project
}

/// The paths that an entry of this kind names.
fn paths(project: &Path, kind: &str) -> Vec<String> {
    let is_file = |entry: &&Value| entry["entry"] != "dir";
    entries_of(project, kind).iter().filter(is_file).map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn git_sees_nothing_of_the_record_and_a_clean_that_takes_it_is_lived_through() {
    let env = TestEnv::new();
    let project = work_tree(&env);
    assert_eq!(git(&env, &project, &["status", "--short"]).ok().stdout, "");
    fs::write(project.join("b"), "1").unwrap();
    env.ctx(&project, ["sync"]).ok();
    git(&env, &project, &["clean", "-qfdx", "-e", ".context"]).ok();
    env.ctx(&project, ["sync"]).ok();
    assert_eq!((paths(&project, "created"), paths(&project, "deleted")), (vec!["b".to_owned()], vec!["b".to_owned()]));

    let pid = env.status(&project)["pid"].clone();
    fs::write(project.join("d"), "1").unwrap();
    env.ctx(&project, ["sync"]).ok();
    git(&env, &project, &["clean", "-qfdx"]).ok();
    fs::write(project.join("c"), "1").unwrap();
    wait_for("the record to begin anew", || paths(&project, "created") == ["c"]);
    env.ctx(&project, ["log", "make"]).ok();
    env.ctx(&project, ["sync"]).ok();
    assert_eq!(paths(&project, "deleted"), ["d"]);
    assert_eq!(log_lines(&project).len(), entries(&project).len());
    assert_eq!((&env.status(&project)["state"], &env.status(&project)["pid"]), (&json!("running"), &pid));
    assert_eq!(git(&env, &project, &["status", "--short"]).ok().stdout, "?? c\n");
}

#[test]
fn a_git_worktree_is_a_project_of_its_own_beside_and_on_request_within() {
    let env = TestEnv::new();
    let project = work_tree(&env);
    git(&env, &project, &["worktree", "add", "-q", "../fix"]).ok();
    let beside = env.home().join("fix");
    env.ctx(&beside, ["start"]).ok().says("/fix (PID ");
    fs::write(beside.join("x"), "1").unwrap();
    env.ctx(&beside, ["sync"]).ok();
    assert_eq!(paths(&beside, "created"), ["x"]);
    git(&env, &beside, &["switch", "-q", "-c", "other"]).ok();
    wait_for("its own switch", || entries_of(&beside, "git").len() == 1);
    env.ctx(&project, ["sync"]).ok();
    assert!(entries_of(&project, "git").is_empty() && paths(&project, "created").is_empty());

    git(&env, &project, &["worktree", "add", "-q", "within"]).ok();
    env.ctx(&project, ["sync"]).ok();
    // What git itself writes there counts as the outer project's, until it is one of its own.
    assert_eq!(paths(&project, "created"), ["within/a"]);
    let within = project.join("within");
    env.ctx(&within, ["start"]).ok().says("Already recording").says("/shop (PID ");
    env.ctx(&within, ["start", "."]).ok().says("/within (PID ");
    fs::write(within.join("y"), "1").unwrap();
    env.ctx(&within, ["sync"]).ok();
    env.ctx(&project, ["sync"]).ok();
    assert_eq!((paths(&within, "created"), paths(&project, "created").len()), (vec!["y".to_owned()], 1));
}

#[test]
fn a_nested_project_is_not_the_outer_ones_affair() {
    let env = TestEnv::new();
    let outer = recorded(&env, "shop");
    let inner = outer.join("vendor/lib");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("a"), "1").unwrap();
    env.ctx(&inner, ["sync"]).ok();
    assert_eq!(paths(&outer, "created"), ["vendor/lib/a"]);
    env.ctx(&inner, ["init"]).ok().says(&format!("{} is there already", outer.join(".context").display()));
    env.ctx(&inner, ["init", "."]).ok();
    fs::write(inner.join("b"), "1").unwrap();
    fs::write(outer.join("c"), "1").unwrap();
    env.ctx(&outer, ["sync"]).ok();
    assert_eq!(paths(&outer, "created"), ["vendor/lib/a", "c"]);
    assert_eq!(paths(&outer, "deleted"), Vec::<String>::new());
    env.ctx(&inner, ["log", "make"]).ok();
    assert_eq!((entries_of(&inner, "ran").len(), entries_of(&outer, "ran").len()), (1, 0));
    env.ctx(&outer, ["explain", "vendor/lib/b"]).ok();
}

// Windows lets nobody move a folder that is being watched.
#[cfg(unix)]
#[test]
fn a_project_that_was_moved_keeps_its_record_and_is_forgotten_where_it_was() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join("a"), "1").unwrap();
    env.ctx(&project, ["sync"]).ok();
    let moved = env.home().join("moved");
    fs::rename(&project, &moved).unwrap();
    wait_for("the tracker to have seen it", || env.ctx(&env.home(), ["list"]).ok().stdout.starts_with("missing"));
    env.ctx(&moved, ["start"]).ok().says("/moved (PID ");
    fs::write(moved.join("b"), "1").unwrap();
    env.ctx(&moved, ["sync"]).ok();
    assert_eq!(paths(&moved, "created"), ["a", "b"]);
    env.ctx(&moved, ["forget", "../shop"]).ok();
    let left = env.ctx(&env.home(), ["list"]).ok().stdout;
    assert!(left.lines().count() == 1 && left.ends_with("/moved\n"), "{left}");
}

#[test]
fn a_folder_of_context_engines_is_taken_over_with_all_that_is_in_it() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let context = project.join(".context");
    fs::create_dir_all(context.join("notes")).unwrap();
    let log = "# Context Engine Session Log\n# Started: 2026-11-20 10:00:00\n\n[10:00:07] Edited: a\n[10:00:09] Ran: make -> Success\n";
    let others = [
        ("session.md", log),
        ("config.json", "{\"a\": 1}\n"),
        ("session_summary.md", "Theirs.\n"),
        ("notes/x.md", "x\n"),
    ];
    for (name, text) in others {
        fs::write(context.join(name), text).unwrap();
    }
    fs::write(context.join("session_state.json"), "{\"status\": \"stopped\", \"theirs\": [1]}").unwrap();
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, ["log", "make test"]).ok();
    let text = fs::read_to_string(context.join("session.md")).unwrap();
    assert!(text.starts_with(log) && text.ends_with("Ran: make test -> Success\n"), "{text}");
    for (name, text) in &others[1..] {
        assert_eq!(fs::read_to_string(context.join(name)).unwrap(), *text);
    }
    let state: Value = serde_json::from_str(&fs::read_to_string(context.join("session_state.json")).unwrap()).unwrap();
    assert_eq!((&state["theirs"], &state["status"]), (&json!([1]), &json!("running")));
}

/// Everything below the folder.
#[cfg(target_os = "linux")]
fn tree(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tree(&path, found);
        }
        found.insert(path);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_readme_says_takes_all_of_it_away() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split_once("\n## Uninstall\n").unwrap().1;
    let script: String =
        section.lines().filter_map(|line| line.strip_prefix("    ")).map(|line| format!("{line}\n")).collect();
    assert!(script.contains("ctx hook uninstall bash") && script.contains("rm -rf"), "{script}");

    let env = TestEnv::new();
    let home = env.home();
    let run = |script: &str| {
        // As for a user who names no folders.
        let mut shell = env.command("sh", &home);
        for name in ["CONFIG", "STATE", "RUNTIME"] {
            shell.env_remove(format!("CONTEXT_TRAY_{name}_DIR"));
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_ctx")).parent().unwrap().to_path_buf();
        let path = std::env::var_os("PATH").unwrap();
        let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
        shell.env("PATH", std::env::join_paths(paths).unwrap()).args(["-c", script]);
        env.run(shell)
    };
    fs::write(home.join(".bashrc"), "alias a=b\n").unwrap();
    fs::create_dir_all(home.join("shop")).unwrap();
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    tree(&home, &mut before);
    let used = "set -e; ctx hook install bash; ctx config set record.quiet_ms 40; cd shop; ctx start; ctx autostart enable
        mkdir -p ~/.local/share/bash-completion/completions; ctx completions bash > ~/.local/share/bash-completion/completions/ctx
        ctx man ~/.local/share/man/man1";
    run(used).ok();
    // What cargo installed is not the real user's to lose here.
    run(&script.replace("cargo uninstall", "true")).ok();
    tree(&home, &mut after);
    let left: Vec<&PathBuf> = after.difference(&before).filter(|path| !path.starts_with(home.join("shop"))).collect();
    let folders = [".config", ".local"].map(|name| home.join(name));
    assert!(left.iter().all(|path| path.is_dir() && folders.iter().any(|folder| path.starts_with(folder))), "{left:?}");
    assert!(!left.iter().any(|path| path.to_string_lossy().contains("context-tray")), "{left:?}");
    assert_eq!(fs::read_to_string(home.join(".bashrc")).unwrap(), "alias a=b\n");
}
