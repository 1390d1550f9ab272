//! The pure core: what each change, each path and each line costs, without a disk.

#![allow(missing_docs, reason = "what the macros of criterion make has no place for them")]
#![allow(clippy::expect_used, reason = "a bench ends where it goes wrong, and says where")]

use std::ffi::OsStr;
use std::hint::black_box;
use std::path::Path;

use chrono::DateTime;
use context_tray::config::Watch;
use context_tray::entry::{Entry, EntryKind, EntryPath, FORMAT_VERSION, FileChange, FoundBy, Ran, Source, What};
use context_tray::line;
use context_tray::rules::{FolderFacts, Rules};
use context_tray::tree::{Meta, Node, Observation, Tree};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const FOLDERS: u64 = 200;
const FILES_A_FOLDER: u64 = 100;

/// One file in so many is created, edited, renamed or deleted between the two listings.
const CHANGED_ONE_IN: u64 = 10;

fn meta(kind: EntryKind, file_id: u64, mtime_ns: i64) -> Meta {
    Meta { kind, size: 1000, mtime_ns, file_id, birth_ns: 1 }
}

/// What a scan of the whole tree finds, before or after the changes.
fn listing(is_changed: bool) -> Vec<Observation> {
    let folders = (0..FOLDERS).map(|folder| {
        let files = (0..FILES_A_FOLDER).flat_map(|file| {
            let number = folder * FILES_A_FOLDER + file;
            let turn = (is_changed && number.is_multiple_of(CHANGED_ONE_IN)).then_some(number / CHANGED_ONE_IN % 4);
            let leaf = |name: String, file_id, mtime_ns| {
                Node::leaf(OsStr::new(&name), meta(EntryKind::File, file_id, mtime_ns))
            };
            let same = || leaf(format!("file-{file}.rs"), number, 1);
            match turn {
                None => vec![same()],
                Some(0) => vec![same(), leaf(format!("new-{file}.rs"), number + 1_000_000, 2)],
                Some(1) => vec![leaf(format!("file-{file}.rs"), number, 2)],
                Some(2) => vec![leaf(format!("renamed-{file}.rs"), number, 1)],
                Some(_) => Vec::new(),
            }
        });
        let name = format!("folder-{folder}");
        Node::folder(OsStr::new(&name), meta(EntryKind::Dir, 2_000_000 + folder, 0), files.collect())
    });
    let root = Node::folder(OsStr::new(""), meta(EntryKind::Dir, 3_000_000, 0), folders.collect());
    vec![Observation { path: "".into(), found: Some(root) }]
}

fn tree(c: &mut Criterion) {
    let mut known = Tree::default();
    known.reconcile(listing(false));
    let all = FOLDERS * (FILES_A_FOLDER + 1);
    for (name, tree, listing, changes) in [
        ("the first look", Tree::default(), listing(false), all),
        ("no change", known.clone(), listing(false), 0),
        ("2,000 changes", known, listing(true), FOLDERS * FILES_A_FOLDER / CHANGED_ONE_IN),
    ] {
        assert_eq!(tree.clone().reconcile(listing.clone()).len() as u64, changes);
        c.bench_function(&format!("tree: reconcile 20,000 files, {name}"), |bencher| {
            let fresh = || (tree.clone(), listing.clone());
            // The tree is given back, so that its end is not measured.
            bencher.iter_batched(fresh, |(mut tree, seen)| (tree.reconcile(seen), tree), BatchSize::LargeInput);
        });
    }
}

fn rules(c: &mut Criterion) {
    let mut rules = Rules::new(&Watch::default(), vec![("exclude".into(), "*.bak\n/private/\n".into())]);
    let gitignores = [("", "/dist/\n*.log\n"), ("crates", "*.tmp\nout/\n"), ("crates/core/src", "!keep.log\n")];
    for (folder, gitignore) in gitignores {
        let facts = FolderFacts { gitignore: Some(gitignore.into()), ..FolderFacts::default() };
        rules.learn(Path::new(folder), facts);
    }
    for (name, path, is_ignored) in [
        ("a built-in name", "crates/core/node_modules", true),
        ("the pattern of the root", "crates/core/src/deep/er/x.log", true),
        ("no pattern", "crates/core/src/deep/er/main.rs", false),
    ] {
        let path = Path::new(path);
        assert_eq!(rules.ignores(path, false), is_ignored);
        c.bench_function(&format!("rules: ignores, {name}"), |bencher| {
            bencher.iter(|| rules.ignores(black_box(path), false));
        });
    }
}

fn entry(what: What) -> Entry {
    let time = DateTime::parse_from_rfc3339("2026-11-22T10:00:00.123+01:00").expect("a valid time");
    Entry { v: FORMAT_VERSION, seq: 1, time, session: Some("20261122T100000.123-4711".into()), what }
}

fn lines(c: &mut Criterion) {
    let edited = entry(What::Edited(FileChange {
        path: EntryPath::new(Path::new("crates/core/src/main.rs")),
        entry: EntryKind::File,
        size: Some(1000),
        mtime_ns: Some(1),
        found_by: FoundBy::Watch,
    }));
    let ran = entry(What::Ran(Ran {
        id: "4711".into(),
        command: "cargo test --workspace 2>&1 | tee out.log".into(),
        status: "Failed (exit 101)".into(),
        exit_code: Some(101),
        duration_ms: Some(8100),
        cwd: None,
        source: Source::Run,
        late: false,
    }));
    for (name, entry) in [("an edited file", edited), ("a command", ran)] {
        let text = line::line(&entry);
        assert!(line::parse(&text).is_some());
        c.bench_function(&format!("line: write {name}"), |bencher| bencher.iter(|| line::line(black_box(&entry))));
        c.bench_function(&format!("line: parse {name}"), |bencher| bencher.iter(|| line::parse(black_box(&text))));
    }
    for (name, text) in [("a plain name", "crates/core/src/main.rs"), ("a hostile name", "a\nb\x1b[2J\u{202e}c\\n")] {
        c.bench_function(&format!("line: escape {name}"), |bencher| bencher.iter(|| line::escape(black_box(text))));
    }
}

criterion_group!(benches, tree, rules, lines);
criterion_main!(benches);
