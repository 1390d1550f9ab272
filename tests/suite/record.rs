//! The record is the truth: what it says, replayed on the tree as it was, is the tree as it is. Through the real tracker on a
//! real folder.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::env::{TestEnv, entries, entries_of, kill, log_lines, wait_for};

/// The paths below a folder that count, each with what tells two contents apart.
fn disk(root: &Path) -> BTreeMap<PathBuf, (bool, u64, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let (path, metadata) = (entry.path(), entry.path().symlink_metadata().unwrap());
            if path == root.join(".context") {
                continue;
            }
            let mtime = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
            let told = if metadata.is_dir() { (true, 0, 0) } else { (false, metadata.size(), mtime) };
            found.insert(path.strip_prefix(root).unwrap().to_path_buf(), told);
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

type Tree = BTreeMap<PathBuf, (bool, u64, i64)>;

/// Replays entries on a tree, and refuses those that could not have happened.
fn replay(tree: &Tree, entries: &[Value]) -> Tree {
    let mut tree = tree.clone();
    let path = |entry: &Value, key: &str| PathBuf::from(entry[key].as_str().unwrap());
    let told = |entry: &Value| {
        let number = |key: &str| entry[key].as_i64().unwrap_or(0);
        (entry["entry"] == "dir", number("size") as u64, number("mtime_ns"))
    };
    for entry in entries {
        match entry["kind"].as_str().unwrap() {
            "created" => {
                let old = tree.insert(path(entry, "path"), told(entry));
                assert_eq!(old, None, "created twice: {entry}");
            }
            "edited" => {
                let old = tree.insert(path(entry, "path"), told(entry));
                assert!(old.is_some(), "edited nothing: {entry}");
            }
            "deleted" => assert!(tree.remove(&path(entry, "path")).is_some(), "deleted nothing: {entry}"),
            "moved" => {
                let (from, to) = (path(entry, "from"), path(entry, "to"));
                let moved: Vec<_> = tree.extract_if(.., |path, _| path.starts_with(&from)).collect();
                assert!(!moved.is_empty(), "moved nothing: {entry}");
                for (path, was) in moved {
                    let rest = path.strip_prefix(&from).unwrap();
                    if rest.as_os_str().is_empty() {
                        let (is_dir, size, mtime) = told(entry);
                        tree.insert(to.clone(), if is_dir { (true, 0, 0) } else { (false, size, mtime) });
                    } else {
                        tree.insert(to.join(rest), was);
                    }
                }
            }
            _ => {}
        }
    }
    tree
}

#[derive(Clone, Debug)]
enum Op {
    Write(PathBuf, usize),
    Save(PathBuf, usize),
    MakeDir(PathBuf),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf),
}

/// Does it, as far as the disk lets us.
fn run(root: &Path, op: &Op) {
    let at = |path: &Path| root.join(path);
    let _ = match op {
        Op::Write(path, size) => fs::write(at(path), vec![b'x'; *size]),
        Op::Save(path, size) => {
            let temporary = at(path).with_extension("tmp");
            fs::write(&temporary, vec![b'y'; *size]).and_then(|()| fs::rename(&temporary, at(path)))
        }
        Op::MakeDir(path) => fs::create_dir(at(path)),
        Op::Remove(path) if at(path).is_dir() => fs::remove_dir_all(at(path)),
        Op::Remove(path) => fs::remove_file(at(path)),
        Op::Rename(from, to) => fs::rename(at(from), at(to)),
        Op::Link(path) => std::os::unix::fs::symlink("..", at(path)),
    };
}

fn path() -> impl Strategy<Value = PathBuf> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 1..4).prop_map(|names| names.iter().collect())
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (path(), 0usize..50).prop_map(|(path, size)| Op::Write(path, size)),
        2 => (path(), 0usize..50).prop_map(|(path, size)| Op::Save(path, size)),
        4 => path().prop_map(Op::MakeDir),
        2 => path().prop_map(Op::Remove),
        4 => (path(), path()).prop_map(|(from, to)| Op::Rename(from, to)),
        1 => path().prop_map(Op::Link),
    ]
}

/// Batches of operations, the same ones in every run.
fn batches(count: usize, length: usize, seed: u8) -> Vec<Vec<Op>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = prop::collection::vec(op(), length);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn sync(env: &TestEnv, project: &Path) {
    env.ctx(project, ["sync", "--timeout", "25s"]).ok();
}

/// The record from an entry on, replayed, is the disk.
fn assert_exact(project: &Path, start: &Tree, from: usize) -> (Tree, usize) {
    let all = entries(project);
    let now = disk(project);
    let replayed = replay(start, &all[from..]);
    if replayed != now {
        let wrong: Vec<_> = replayed.iter().filter(|(path, told)| now.get(*path) != Some(told)).collect();
        let missing: Vec<_> = now.keys().filter(|path| !replayed.contains_key(*path)).collect();
        panic!("told: {wrong:?}\nnot told: {missing:?}\nrecord: {:#?}", &all[from..]);
    }
    (now, all.len())
}

#[test]
fn random_operations_are_recorded_exactly() {
    let env = TestEnv::new();
    let project = env.folder("storm");
    env.ctx(&project, ["start"]).ok();
    let (mut tree, mut seen) = (disk(&project), 0);
    for batch in batches(40, 30, 7) {
        batch.iter().for_each(|op| run(&project, op));
        sync(&env, &project);
        (tree, seen) = assert_exact(&project, &tree, seen);
    }
}

#[test]
fn a_killed_tracker_loses_nothing_and_tells_nothing_twice() {
    let env = TestEnv::new();
    let project = env.folder("storm");
    env.ctx(&project, ["start"]).ok();
    let (mut tree, mut seen) = (disk(&project), 0);
    for (round, batch) in batches(4, 60, 11).iter().enumerate() {
        let half = batch.len() * round / 4;
        batch[..half].iter().for_each(|op| run(&project, op));
        let pid = u32::try_from(env.status(&project)["pid"].as_u64().unwrap()).unwrap();
        kill(pid);
        batch[half..].iter().for_each(|op| run(&project, op));
        wait_for("another tracker", || {
            let status = env.status(&project);
            status["state"] == "running" && status["pid"] != pid
        });
        sync(&env, &project);
        (tree, seen) = assert_exact(&project, &tree, seen);
    }
    let gaps = entries_of(&project, "gap");
    assert_eq!(gaps.len(), 4);
    assert!(gaps.iter().all(|gap| gap["reason"] == "killed" && gap["changes_found"].is_u64()), "{gaps:?}");
}

#[test]
fn what_changed_without_a_session_is_found_by_the_next() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir(project.join("docs")).unwrap();
    for name in ["a", "b", "gone", "docs/plan"] {
        fs::write(project.join(name), name).unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    let tree = disk(&project);
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join("a"), "longer").unwrap();
    fs::rename(project.join("b"), project.join("docs/b")).unwrap();
    fs::rename(project.join("docs"), project.join("texts")).unwrap();
    fs::remove_file(project.join("gone")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_exact(&project, &tree, 0);
    let details: Vec<String> = log_lines(&project).into_iter().map(|line| line[11..].to_owned()).collect();
    let found = details.iter().position(|line| line.starts_with("Gap: ")).unwrap();
    assert!(details[found].ends_with(", no session; 4 changes found by scan"), "{details:#?}");
    let mut rest = details[found + 1..].to_vec();
    rest.sort();
    let expected = [
        "Deleted: gone (found by scan)",
        "Edited: a (found by scan)",
        "Moved: b -> texts/b (found by scan)",
        "Moved: docs/ -> texts/ (found by scan)",
    ];
    assert_eq!(rest, expected);
}

#[test]
fn an_unchanged_tree_is_found_unchanged() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join("b"), "b").unwrap();
    sync(&env, &project);
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(entries_of(&project, "gap")[0]["changes_found"], 0);
    assert_eq!(entries_of(&project, "created").len(), 1);
}

#[test]
fn rules_that_change_are_no_change_of_the_files() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    for name in ["a.log", "b.txt", "c.tmp"] {
        fs::write(project.join(name), name).unwrap();
    }
    fs::write(project.join(".gitignore"), "*.tmp\n").unwrap();
    env.ctx(&project, ["start"]).ok();
    let told = |project: &Path| -> Vec<String> {
        let changes = entries(project).into_iter().filter(|entry| entry.get("path").is_some());
        changes
            .map(|entry| format!("{} {}", entry["kind"].as_str().unwrap(), entry["path"].as_str().unwrap()))
            .collect()
    };
    fs::write(project.join(".gitignore"), "*.log\n").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project), ["edited .gitignore"], "what rules let in or keep out is not a change");
    fs::write(project.join("a.log"), "more").unwrap();
    fs::write(project.join("c.tmp"), "more").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project)[1..], ["edited c.tmp"]);
    // The same across a stop.
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join(".gitignore"), "").unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(told(&project)[2..], ["edited .gitignore"]);
    fs::write(project.join("a.log"), "yet more").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project)[3..], ["edited a.log"]);
}

#[test]
fn an_ignored_folder_has_no_watch() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir_all(project.join("node_modules/deep/down")).unwrap();
    fs::create_dir_all(project.join("src")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(env.status(&project)["directories_watched"], 2);
    fs::create_dir_all(project.join("venv/lib")).unwrap();
    fs::write(project.join("venv/lib/x"), "x").unwrap();
    sync(&env, &project);
    assert_eq!(env.status(&project)["directories_watched"], 2);
    assert_eq!(entries_of(&project, "created"), Vec::<Value>::new());
}

#[test]
fn two_thousand_files_at_once_are_two_thousand_entries() {
    let env = TestEnv::new();
    let project = env.folder("burst");
    env.ctx(&project, ["start"]).ok();
    fs::create_dir(project.join("many")).unwrap();
    for number in 0..2000 {
        fs::write(project.join(format!("many/{number}")), "x").unwrap();
    }
    sync(&env, &project);
    let created = entries_of(&project, "created");
    let paths: BTreeSet<&str> =
        created.iter().filter(|e| e["entry"] == "file").map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!((created.len(), paths.len()), (2001, 2000));
}

#[test]
fn a_record_that_is_removed_begins_again() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    let pid = env.status(&project)["pid"].clone();
    fs::remove_dir_all(project.join(".context")).unwrap();
    wait_for("a new record", || {
        let status = env.status(&project);
        status["state"] == "running" && status["pid"] == pid && project.join(".context/session.md").exists()
    });
    fs::write(project.join("a"), "a").unwrap();
    sync(&env, &project);
    let log = fs::read_to_string(project.join(".context/session.md")).unwrap();
    assert!(log.starts_with("# Context Engine Session Log\n"), "{log}");
    assert!(log.contains("## Session ") && log.ends_with("Created: a\n"), "{log}");
}

/// Git with a name and nothing of the user's.
fn git(env: &TestEnv, project: &Path, args: &[&str]) {
    let mut command = env.command("git", project);
    let me = ["-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "init.defaultBranch=main"];
    command.args(me).args(["-c", "advice.detachedHead=false"]).args(args);
    env.run(command).ok();
}

#[test]
fn a_switch_of_the_branch_is_one_line_and_a_commit_another() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    git(&env, &project, &["init", "-q"]);
    for number in 0..30 {
        fs::write(project.join(format!("{number}.txt")), "main").unwrap();
    }
    git(&env, &project, &["add", "."]);
    git(&env, &project, &["commit", "-q", "-m", "first"]);
    git(&env, &project, &["checkout", "-q", "-b", "feat/x"]);
    for number in 0..30 {
        fs::write(project.join(format!("{number}.txt")), "feature").unwrap();
    }
    git(&env, &project, &["commit", "-q", "-a", "-m", "second"]);
    env.ctx(&project, ["start"]).ok();
    let start = disk(&project).into_iter().filter(|(path, _)| !path.starts_with(".git")).collect();
    git(&env, &project, &["checkout", "-q", "main"]);
    fs::write(project.join("new.txt"), "new").unwrap();
    wait_for("the switch", || entries_of(&project, "git").len() == 1);
    git(&env, &project, &["add", "new.txt"]);
    git(&env, &project, &["commit", "-q", "-m", "third"]);
    wait_for("the commit", || entries_of(&project, "git").len() == 2);
    sync(&env, &project);
    let details: Vec<String> = log_lines(&project).into_iter().map(|line| line[11..].to_owned()).collect();
    let switch = details.iter().position(|line| line.contains("(switched feat/x -> main)")).unwrap();
    assert!(details[switch].starts_with("Edited: 30 files"), "{details:#?}");
    assert!(
        details.last().unwrap().starts_with("Committed: ") && details.last().unwrap().ends_with(" third"),
        "{details:#?}"
    );
    assert_eq!(entries_of(&project, "edited").len(), 30);
    let now: Tree = disk(&project).into_iter().filter(|(path, _)| !path.starts_with(".git")).collect();
    assert_eq!(replay(&start, &entries(&project)), now);
}

#[test]
fn the_configuration_counts_at_once_and_a_damaged_one_does_not() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a.gen"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    let config = project.join(".context/config.toml");
    let problem = || env.status(&project)["config_problem"].as_str().unwrap_or_default().to_owned();

    fs::write(&config, "[watch]\nignore = [\"*.gen\"]\n[record]\nquiet_ms = 20\n").unwrap();
    wait_for("the pattern to count", || env.status(&project)["files_indexed"] == 0);
    fs::write(project.join("a.gen"), "more").unwrap();
    fs::write(project.join("b.gen"), "b").unwrap();
    sync(&env, &project);

    fs::write(&config, "[record]\nquiet_ms = 5\n").unwrap();
    wait_for("the problem to be told", || problem().contains("config.toml:2: record.quiet_ms is 5"));
    fs::write(project.join("c.gen"), "c").unwrap();
    sync(&env, &project);
    assert!(entries_of(&project, "created").is_empty(), "the last good configuration is in force");

    fs::create_dir_all(env.path("config")).unwrap();
    fs::write(&config, "").unwrap();
    wait_for("the end of the problem", || problem().is_empty());
    fs::write(project.join("d.gen"), "d").unwrap();
    sync(&env, &project);
    let paths: Vec<Value> = entries_of(&project, "created").iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(paths, ["d.gen"], "what was let in is no change of the files");
}
