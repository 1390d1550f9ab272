//! Many operations at once, with the tracker there, killed, or held still until the kernel's queue overflows: the record is
//! the truth all the same.

use std::fs;
use std::path::{Path, PathBuf};

use context_tray::platform::files;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::env::{TestEnv, entries_of, kill, wait_for};
#[cfg(target_os = "linux")]
use crate::env::{entries, signal};
use crate::replay::{assert_exact, disk, sync};

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
    let root = files::literal(root);
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
        #[cfg(unix)]
        Op::Link(path) => std::os::unix::fs::symlink("..", at(path)),
        // The right to make one is not everybody's there.
        #[cfg(not(unix))]
        Op::Link(path) => fs::symlink_metadata(at(path)).map(drop),
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

/// Holds the tracker still while more happens than the kernel keeps for it; false where its queue is too long for that.
#[cfg(target_os = "linux")]
fn lose_events(env: &TestEnv, project: &Path, meanwhile: impl FnOnce()) -> bool {
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse::<usize>().unwrap();
    if queue > 200_000 {
        println!("skipped: the kernel keeps {queue} events, which is too many to be lost on purpose");
        return false;
    }
    let tracker = u32::try_from(env.status(project)["pid"].as_u64().unwrap()).unwrap();
    signal(tracker, "STOP");
    let stat = || fs::read_to_string(format!("/proc/{tracker}/stat")).unwrap();
    wait_for("it is stopped", || stat().rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')));
    for number in 0..=queue + queue / 4 {
        // In turn: the kernel merges an event with one like it just before.
        fs::write(project.join(["left", "right"][number % 2]), "x").unwrap();
    }
    meanwhile();
    // What is not in the record yet is not said to be.
    env.ctx(project, ["sync", "--timeout", "300ms"]).fails(5);
    signal(tracker, "CONT");
    sync(env, project);
    wait_for("the gap", || !entries_of(project, "gap").is_empty());
    assert_eq!(env.status(project)["pid"], tracker);
    true
}

#[cfg(target_os = "linux")]
#[test]
fn lost_events_are_a_gap_and_nothing_is_missed() {
    let env = TestEnv::new();
    let project = env.folder("storm");
    env.ctx(&project, ["start"]).ok();
    let start = disk(&project);
    let [before, meanwhile, after] = <[Vec<Op>; 3]>::try_from(batches(3, 60, 13)).unwrap();
    before.iter().for_each(|op| run(&project, op));
    sync(&env, &project);
    if !lose_events(&env, &project, || meanwhile.iter().for_each(|op| run(&project, op))) {
        return;
    }
    let (tree, seen) = assert_exact(&project, &start, 0);
    after.iter().for_each(|op| run(&project, op));
    sync(&env, &project);
    assert_exact(&project, &tree, seen);
    let gaps = entries_of(&project, "gap");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["reason"], "overflow");
}

#[cfg(target_os = "linux")]
#[test]
fn rules_that_change_while_events_are_lost_are_no_change_of_the_files() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join(".gitignore"), "*.tmp\n").unwrap();
    for name in ["a.log", "c.tmp", "below/theirs", "Cargo.toml", "target/x"] {
        fs::create_dir_all(project.join(name).parent().unwrap()).unwrap();
        fs::write(project.join(name), name).unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    let meanwhile = || {
        fs::write(project.join(".gitignore"), "*.log\n").unwrap();
        fs::create_dir(project.join("below/.context")).unwrap();
        fs::remove_file(project.join("Cargo.toml")).unwrap();
    };
    if !lose_events(&env, &project, meanwhile) {
        return;
    }
    let told = || -> Vec<String> {
        let changes = entries(&project).into_iter().filter(|entry| entry.get("path").is_some());
        changes.map(|entry| format!("{} {}", entry["kind"], entry["path"]).replace('"', "")).collect()
    };
    let mut found = told();
    found.sort();
    assert_eq!(found, ["created left", "created right", "deleted Cargo.toml", "edited .gitignore"]);
    assert_eq!(env.status(&project)["files_indexed"], 5, ".gitignore, c.tmp, left, right and target/x");
    for name in ["a.log", "c.tmp", "below/theirs", "target/x"] {
        fs::write(project.join(name), "more").unwrap();
    }
    sync(&env, &project);
    assert_eq!(told()[4..], ["edited c.tmp", "edited target/x"]);
}

#[test]
fn a_deep_tree_is_recorded_exactly() {
    let env = TestEnv::new();
    let project = env.folder("well");
    env.ctx(&project, ["start"]).ok();
    let start = disk(&project);
    let place = files::literal(&project);
    let deep: PathBuf = std::iter::repeat_n("d", 300).collect();
    fs::create_dir_all(place.join(&deep)).unwrap();
    fs::write(place.join(deep.join("bottom")), "").unwrap();
    sync(&env, &project);
    let (tree, seen) = assert_exact(&project, &start, 0);
    fs::rename(place.join("d"), place.join("e")).unwrap();
    fs::rename(place.join("e").join("d").join("d"), place.join("f")).unwrap();
    sync(&env, &project);
    let (tree, seen) = assert_exact(&project, &tree, seen);
    fs::remove_dir_all(place.join("f")).unwrap();
    sync(&env, &project);
    assert_exact(&project, &tree, seen);
}
