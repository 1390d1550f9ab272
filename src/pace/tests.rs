//! What becomes of hints in time: each case of `tests/golden/coalescing` is played with a clock of its own on a file system
//! in memory.
//!
//! A line of a case is a millisecond and what is done to the disk in it, or a millisecond and what is told in it; `before`
//! stands for what was there before the session, and `summarise_over` sets the limit of that name.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::tree::disk::{Disk, Op};
use crate::tree::{Change, FileId, Tree};

struct Case {
    limits: Record,
    before: Vec<Op>,
    operations: Vec<(u64, Op)>,
    tells: Vec<(u64, String)>,
}

impl Case {
    fn parse(text: &str) -> Case {
        let mut case =
            Case { limits: Record::default(), before: Vec::new(), operations: Vec::new(), tells: Vec::new() };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (at, what) = line.split_once(' ').unwrap();
            match (at, what.strip_prefix("tells ")) {
                ("before", _) => case.before.push(op(what)),
                ("summarise_over", _) => case.limits.summarise_over = what.parse().unwrap(),
                (ms, Some(told)) => case.tells.push((ms.parse().unwrap(), told.to_owned())),
                (ms, None) => case.operations.push((ms.parse().unwrap(), op(what))),
            }
        }
        case
    }

    /// At which millisecond is what told.
    fn play(&self) -> Vec<(u64, String)> {
        let mut disk = Disk::default();
        self.before.iter().for_each(|op| disk.run(op));
        let mut tree = Tree::from(disk.whole());
        let mut pace = Pace::new(self.limits);
        let start = Instant::now();
        let mut told = Vec::new();
        for ms in 0..=self.operations.last().unwrap().0 + 2000 {
            let now = start + Duration::from_millis(ms);
            for (_, op) in self.operations.iter().filter(|(at, _)| *at == ms) {
                disk.run(op);
                op.touched().iter().for_each(|path| pace.push(path, false, now));
            }
            if pace.deadline().is_some_and(|deadline| deadline <= now) {
                let mut hints = pace.take(now);
                let seen = loop {
                    let places: Vec<PathBuf> = hints.iter().map(|hint| hint.path.clone()).collect();
                    let seen = disk.observe(&places);
                    let unpaired = tree.unpaired(&seen);
                    let known = |path: &Path| tree.find(path).map(|node| node.meta().file);
                    let is_now = |path: &Path| disk.paths.get(path).map(|meta| meta.file);
                    let is_unpaired = |id: Option<FileId>| id.is_some_and(|id| unpaired.contains(&id));
                    let partners = pace.take_if(|path| is_unpaired(known(path)) || is_unpaired(is_now(path)));
                    if partners.is_empty() {
                        break seen;
                    }
                    hints.extend(partners);
                };
                told.extend(tree.reconcile(seen).iter().map(|change| (ms, tell(change))));
            }
        }
        assert_eq!(pace.deadline(), None, "a timer is left though nothing is dirty");
        assert_eq!(tree.reconcile(disk.whole()), [], "something was missed");
        told
    }
}

fn op(text: &str) -> Op {
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["write", path] => Op::Write(path.into()),
        ["mkdir", path] => Op::MakeDir(path.into()),
        ["remove", path] => Op::Remove(path.into()),
        ["rename", from, to] => Op::Rename(from.into(), to.into()),
        _ => panic!("no such operation: {text}"),
    }
}

fn tell(change: &Change) -> String {
    let told = match change {
        Change::Created(path, _) => format!("created {}", path.display()),
        Change::Edited(path, _) => format!("edited {}", path.display()),
        Change::Deleted(path, _) => format!("deleted {}", path.display()),
        Change::Moved(from, to, ..) => format!("moved {} {}", from.display(), to.display()),
    };
    // With `/` on every system.
    told.replace('\\', "/")
}

#[test]
fn what_happens_together_is_told_together() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/coalescing");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case = Case::parse(&fs::read_to_string(&path).unwrap());
        assert_eq!(case.play(), case.tells, "{}", path.display());
        count += 1;
    }
    assert!(count > 20, "{count} cases");
}

#[test]
fn a_recursive_hint_stays_recursive() {
    let now = Instant::now();
    let mut pace = Pace::new(Record::default());
    pace.push(Path::new("a"), true, now);
    pace.push(Path::new("a"), false, now);
    assert_eq!(pace.take_all(), [Hint { path: "a".into(), recursive: true }]);
}
