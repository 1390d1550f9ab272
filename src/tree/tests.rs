//! The index against a file system in memory.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::disk::{Disk, Op};
use super::*;

/// Replays changes on a set of paths, refusing what could not have happened.
fn replay(paths: &BTreeSet<PathBuf>, changes: &[Change]) -> BTreeSet<PathBuf> {
    let mut paths = paths.clone();
    for change in changes {
        match change {
            Change::Created(path, _) => assert!(paths.insert(path.clone()), "created twice: {change:?} of {changes:?}"),
            Change::Edited(path, _) => assert!(paths.contains(path), "edited nothing: {change:?} of {changes:?}"),
            Change::Deleted(path, _) => assert!(paths.remove(path), "deleted nothing: {change:?} of {changes:?}"),
            Change::Moved(from, to, _, replaced) => {
                assert!(paths.contains(from), "moved nothing: {change:?} of {changes:?}");
                assert_eq!(*replaced, Replaced(paths.contains(to)), "{change:?} of {changes:?}");
                let below = paths.iter().find(|path| path.starts_with(to) && *path != to && !path.starts_with(from));
                assert_eq!(below, None, "moved over something: {change:?} of {changes:?}");
                let moved: Vec<_> = paths.extract_if(.., |path| path.starts_with(from)).collect();
                for path in moved {
                    let rest = path.strip_prefix(from).unwrap();
                    paths.insert(if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) });
                }
            }
        }
    }
    paths
}

fn path() -> impl Strategy<Value = PathBuf> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4).prop_map(|names| names.iter().collect())
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => path().prop_map(Op::Write),
        3 => path().prop_map(Op::MakeDir),
        1 => path().prop_map(Op::Remove),
        3 => (path(), path()).prop_map(|(from, to)| Op::Rename(from, to)),
    ]
}

fn set(disk: &Disk) -> BTreeSet<PathBuf> {
    disk.paths.keys().cloned().collect()
}

/// Each file whose content is another than before has an entry that says so.
fn assert_told(before: &Disk, after: &Disk, changes: &[Change]) {
    for (path, meta) in after.paths.iter().filter(|(_, meta)| meta.kind != EntryKind::Dir) {
        if before.paths.get(path) == Some(meta) {
            continue;
        }
        let told = changes.iter().any(|change| match change {
            Change::Created(at, now) | Change::Edited(at, now) => at == path && now == meta,
            Change::Moved(_, at, moved, _) => {
                (at == path && moved == meta) || (moved.kind == EntryKind::Dir && path.starts_with(at))
            }
            Change::Deleted(..) => false,
        });
        assert!(told, "{path:?} is not told of in {changes:?}");
    }
}

fn check(first: &[Op], second: &[Op], whole: bool) {
    let mut disk = Disk::default();
    first.iter().for_each(|op| disk.run(op));
    let mut tree = Tree::default();
    let start = tree.reconcile(disk.whole());
    assert_eq!(replay(&BTreeSet::new(), &start), set(&disk));
    let before = disk.clone();
    let mut hints: Vec<PathBuf> = Vec::new();
    for op in second {
        disk.run(op);
        hints.extend(op.touched());
    }
    let changes = tree.reconcile(if whole { disk.whole() } else { disk.observe(&hints) });
    assert_eq!(replay(&set(&before), &changes), set(&disk), "{changes:?}");
    assert_told(&before, &disk, &changes);
    assert_counted(&tree, &disk);
    assert_eq!(tree.reconcile(disk.whole()), [], "the index differs from the disk");
    tree.prune(Path::new(""), &|path, _| path.ends_with("a"));
    assert_eq!(tree.file_count(), tree.root.files(), "after what is ignored was taken out");
}

fn assert_counted(tree: &Tree, disk: &Disk) {
    let files = disk.paths.values().filter(|meta| meta.kind != EntryKind::Dir).count();
    assert_eq!(tree.file_count(), files as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn replaying_the_changes_gives_the_disk(
        first in prop::collection::vec(op(), 0..24),
        second in prop::collection::vec(op(), 0..12),
        whole in any::<bool>(),
    ) {
        check(&first, &second, whole);
    }
}

fn write(path: &str) -> Op {
    Op::Write(path.into())
}
fn make_dir(path: &str) -> Op {
    Op::MakeDir(path.into())
}
fn remove(path: &str) -> Op {
    Op::Remove(path.into())
}
fn rename(from: &str, to: &str) -> Op {
    Op::Rename(from.into(), to.into())
}

/// What the changes say, a word and paths each.
fn told(first: &[Op], second: &[Op]) -> Vec<String> {
    let mut disk = Disk::default();
    first.iter().for_each(|op| disk.run(op));
    let mut tree = Tree::default();
    tree.reconcile(disk.whole());
    let mut hints = Vec::new();
    for op in second {
        disk.run(op);
        hints.extend(op.touched());
    }
    // With `/` on every system.
    let words = |change: &Change| {
        let told = match change {
            Change::Created(path, _) => format!("created {}", path.display()),
            Change::Edited(path, _) => format!("edited {}", path.display()),
            Change::Deleted(path, _) => format!("deleted {}", path.display()),
            Change::Moved(from, to, ..) => format!("moved {} {}", from.display(), to.display()),
        };
        told.replace('\\', "/")
    };
    tree.reconcile(disk.observe(&hints)).iter().map(words).collect()
}

#[test]
fn an_atomic_save_is_one_edit() {
    assert_eq!(told(&[write("a")], &[write("a.tmp"), rename("a.tmp", "a")]), ["edited a"]);
    let backup_first = [rename("a", "a.bak"), write("a"), remove("a.bak")];
    assert_eq!(told(&[write("a")], &backup_first), ["edited a"]);
}

#[test]
fn create_and_delete_is_nothing() {
    assert_eq!(told(&[], &[write("a"), remove("a")]), Vec::<String>::new());
}

#[test]
fn delete_and_create_is_an_edit() {
    assert_eq!(told(&[write("a")], &[remove("a"), write("a")]), ["edited a"]);
}

#[test]
fn a_moved_folder_is_one_change_and_what_changed_in_it_has_its_own() {
    let first = [make_dir("a"), write("a/x"), write("a/y")];
    assert_eq!(told(&first, &[rename("a", "b")]), ["moved a b"]);
    assert_eq!(
        told(&first, &[rename("a", "b"), write("b/x"), remove("b/y")]),
        ["moved a b", "deleted b/y", "edited b/x"]
    );
}

#[test]
fn a_file_moved_over_another_is_a_move() {
    assert_eq!(told(&[write("a"), write("b")], &[rename("a", "b")]), ["moved a b"]);
}

#[test]
fn two_swapped_files_are_two_edits() {
    let swap = [rename("a", "t"), rename("b", "a"), rename("t", "b")];
    assert_eq!(told(&[write("a"), write("b")], &swap), ["edited a", "edited b"]);
}

#[test]
fn a_deleted_folder_goes_from_the_leaves_up() {
    let first = [make_dir("a"), make_dir("a/b"), write("a/b/x")];
    assert_eq!(told(&first, &[remove("a")]), ["deleted a/b/x", "deleted a/b", "deleted a"]);
}

#[test]
fn a_folder_is_made_before_what_is_moved_into_it() {
    let second = [make_dir("new"), rename("a", "new/a")];
    assert_eq!(told(&[write("a")], &second), ["created new", "moved a new/a"]);
}

#[test]
fn changes_come_in_the_order_of_the_hints() {
    assert_eq!(told(&[], &[write("c"), write("a"), write("b")]), ["created c", "created a", "created b"]);
}

#[test]
fn a_kind_that_changed_is_deleted_and_created() {
    assert_eq!(told(&[write("a")], &[remove("a"), make_dir("a")]), ["deleted a", "created a"]);
    let in_place = [remove("a"), rename("b", "a")];
    assert_eq!(told(&[write("a"), make_dir("b")], &in_place), ["deleted a", "moved b a"]);
    assert_eq!(told(&[make_dir("a"), write("a/x"), write("b")], &in_place), ["deleted a/x", "deleted a", "moved b a"]);
}

#[test]
fn without_a_birth_time_a_reused_id_is_no_move() {
    let meta = Meta { kind: EntryKind::File, size: 1, mtime_ns: 10, file: FileId::new(7, 0) };
    let leaf = |name: &str, meta| Observation { path: name.into(), found: Some(Node::leaf(OsStr::new(name), meta)) };
    let gone = || Observation { path: "a".into(), found: None };
    let mut tree = Tree::default();
    tree.reconcile(vec![leaf("a", meta)]);
    let mut copy = tree.clone();
    let moved = tree.reconcile(vec![gone(), leaf("b", meta)]);
    assert_eq!(moved, [Change::Moved("a".into(), "b".into(), meta, Replaced(false))]);
    let other = Meta { mtime_ns: 11, ..meta };
    let reused = copy.reconcile(vec![gone(), leaf("b", other)]);
    assert_eq!(reused, [Change::Deleted("a".into(), EntryKind::File), Change::Created("b".into(), other)]);
}

#[test]
fn a_node_stays_small() {
    assert!(size_of::<Node>() <= 64, "{}", size_of::<Node>());
}

/// Each change as the record would tell it: a file's id is not in there.
fn forgetful(changes: &[Change]) -> Vec<Change> {
    let forget = |meta: &Meta| Meta { file: FileId::UNKNOWN, ..*meta };
    let tell = |change: &Change| match change {
        Change::Created(path, meta) => Change::Created(path.clone(), forget(meta)),
        Change::Edited(path, meta) => Change::Edited(path.clone(), forget(meta)),
        Change::Deleted(path, kind) => Change::Deleted(path.clone(), *kind),
        Change::Moved(from, to, meta, replaced) => Change::Moved(from.clone(), to.clone(), forget(meta), *replaced),
    };
    changes.iter().map(tell).collect()
}

/// Checks that what was recorded is not told again, and gives what the record tells of the last operations.
fn tell_after_crash(first: &[Op], second: &[Op], third: &[Op]) -> Vec<Change> {
    let mut disk = Disk::default();
    first.iter().for_each(|op| disk.run(op));
    let kept = Tree::from(disk.whole());
    second.iter().for_each(|op| disk.run(op));
    let recorded = kept.clone().reconcile(disk.whole());

    let mut tree = kept;
    forgetful(&recorded).iter().for_each(|change| tree.replay(change));
    assert_eq!(tree.clone().reconcile(disk.whole()), [], "{recorded:?}");
    assert_counted(&tree, &disk);

    let before = disk.clone();
    third.iter().for_each(|op| disk.run(op));
    let found = tree.reconcile(disk.whole());
    assert_eq!(replay(&set(&before), &found), set(&disk), "{found:?}");
    assert_told(&before, &disk, &found);
    found
}

#[test]
fn a_folder_of_which_a_part_is_known_by_name_only_is_moved_as_one() {
    let first = [make_dir("a"), make_dir("b")];
    let second = [write("b/a"), rename("b", "a/a"), rename("a", "b")];
    let found = tell_after_crash(&first, &second, &[rename("b", "a")]);
    assert!(
        matches!(&found[..], [Change::Moved(from, to, ..)] if (from, to) == (&"b".into(), &"a".into())),
        "{found:?}"
    );
}

#[test]
fn what_a_folder_held_has_left_before_another_takes_its_place() {
    let first = [make_dir("a"), write("a/in"), make_dir("b"), write("b/in")];
    let aside = [rename("b/in", "k"), remove("b"), rename("a", "b")];
    let back = [rename("b/in", "b/e"), rename("k", "b/in")];
    assert_eq!(
        told(&first, &[&aside[..], &back].concat()),
        ["deleted b/in", "moved a b", "moved b/in b/e", "created b/in"]
    );
    check(&first, &[&aside[..], &back].concat(), false);
    let anew = [remove("b"), rename("a", "b"), rename("b/in", "b/e"), write("b/in")];
    assert_eq!(told(&first, &anew), ["deleted b/in", "moved a b", "moved b/in b/e", "created b/in"]);
    check(&first, &anew, true);
}

#[test]
fn a_path_that_is_there_again_below_a_folder_moved_in_is_known() {
    let first = [make_dir("c"), make_dir("a"), make_dir("a/b"), write("a/x")];
    let second = [remove("a"), rename("c", "a"), make_dir("a/b"), write("a/x")];
    assert_eq!(tell_after_crash(&first, &second, &[]), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// After a crash: an old index, brought up to date by the record, is told only what the record does not say.
    #[test]
    fn what_was_recorded_is_not_told_again(
        first in prop::collection::vec(op(), 0..24),
        second in prop::collection::vec(op(), 0..12),
        third in prop::collection::vec(op(), 0..12),
    ) {
        tell_after_crash(&first, &second, &third);
    }
}

/// A change at random: of what is there, of what is not, or of another kind than it is.
fn change() -> impl Strategy<Value = Change> {
    let meta = |kind| Meta { kind, size: 1, mtime_ns: 1, file: FileId::UNKNOWN };
    let kind = || prop::sample::select(vec![EntryKind::File, EntryKind::Dir]);
    prop_oneof![
        (path(), kind()).prop_map(move |(path, kind)| Change::Created(path, meta(kind))),
        (path(), kind()).prop_map(move |(path, kind)| Change::Edited(path, meta(kind))),
        (path(), kind()).prop_map(|(path, kind)| Change::Deleted(path, kind)),
        (path(), path(), kind(), any::<bool>()).prop_map(move |(from, to, kind, replaced)| Change::Moved(
            from,
            to,
            meta(kind),
            Replaced(replaced)
        )),
    ]
}

proptest! {
    /// A record that does not fit leaves the index wrong, which the next scan tells, but whole.
    #[test]
    fn whatever_is_replayed_the_files_are_counted(
        first in prop::collection::vec(op(), 0..24),
        changes in prop::collection::vec(change(), 0..24),
    ) {
        let mut disk = Disk::default();
        first.iter().for_each(|op| disk.run(op));
        let mut tree = Tree::from(disk.whole());
        changes.iter().for_each(|change| tree.replay(change));
        prop_assert_eq!(tree.file_count(), tree.root.files());
        tree.reconcile(disk.whole());
        assert_counted(&tree, &disk);
    }
}
