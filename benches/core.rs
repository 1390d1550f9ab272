//! The pure core: what each change, each path and each line costs, without a disk.

#![allow(missing_docs, reason = "what the macros of criterion make has no place for them")]
#![allow(clippy::expect_used, reason = "a bench ends where it goes wrong, and says where")]

use std::ffi::OsStr;
use std::hint::black_box;
use std::path::Path;

use chrono::DateTime;
use context_tray::brief::Brief;
use context_tray::config::Watch;
use context_tray::entry::{Entry, EntryKind, EntryPath, FORMAT_VERSION, FileChange, FoundBy, Ran, Source, What};
use context_tray::line;
use context_tray::redact::Redactor;
use context_tray::rules::{FolderFacts, Rules};
use context_tray::tree::{FileId, Meta, Node, Observation, Tree};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const FOLDERS: u64 = 200;
const FILES_A_FOLDER: u64 = 100;

/// One file in so many is created, edited, renamed or deleted between the two listings.
const CHANGED_ONE_IN: u64 = 10;

fn meta(kind: EntryKind, file_id: u64, mtime_ns: i64) -> Meta {
    Meta { kind, size: 1000, mtime_ns, file: FileId::new(file_id, 1) }
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
    let mut rules = Rules::new(&Watch::default(), Vec::new(), vec![("exclude".into(), "*.bak\n/private/\n".into())]);
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

fn change(path: &str) -> What {
    What::Edited(FileChange {
        path: EntryPath::new(Path::new(path)),
        entry: EntryKind::File,
        size: Some(1000),
        mtime_ns: Some(1),
        found_by: FoundBy::Watch,
    })
}

fn ran(command: &str, code: i32) -> What {
    What::Ran(Ran {
        id: "4711".into(),
        command: command.into(),
        status: if code == 0 { "Success".into() } else { format!("Failed (exit {code})") },
        exit_code: Some(code),
        duration_ms: Some(8100),
        began_ns: None,
        cwd: None,
        source: Source::Run,
        files_changed: None,
        late: false,
        redactions: 0,
    })
}

fn lines(c: &mut Criterion) {
    let edited = entry(change("crates/core/src/main.rs"));
    let ran = entry(ran("cargo test --workspace 2>&1 | tee out.log", 101));
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

/// A day on which an assistant, a build and a few checkouts were at it: mostly changes, of few files often and of many once.
fn busy_day(entries: u64) -> Vec<Entry> {
    let what = |number: u64| match number % 20 {
        0 => ran(&format!("cargo test --package part-{}", number % 37), i32::from(number.is_multiple_of(3))),
        1..8 => change(&format!("crates/core/src/file-{}.rs", number % 100)),
        at => change(&format!("generated/folder-{at}/file-{number}.json")),
    };
    (1..=entries).map(|seq| Entry { seq, ..entry(what(seq)) }).collect()
}

fn brief(c: &mut Criterion) {
    let entries = busy_day(100_000);
    assert_eq!(Brief::of("shop", &entries, 2000).totals.entries, 100_000);
    c.bench_function("brief: 100,000 entries to 2,000 tokens", |bencher| {
        bencher.iter(|| Brief::of("shop", black_box(&entries), 2000).to_string());
    });
    let lines: Vec<Vec<u8>> =
        entries.iter().map(|entry| serde_json::to_vec(entry).expect("an entry is JSON")).collect();
    c.bench_function("brief: read 100,000 entries", |bencher| {
        bencher.iter(|| lines.iter().filter_map(|line| Entry::from_line(line)).count());
    });
}

fn redact(c: &mut Criterion) {
    const MEGABYTE: usize = 1 << 20;
    let long = |unit: &str| unit.repeat(MEGABYTE / unit.len());
    let redactor = Redactor::default();
    for (name, text, has_any) in [
        ("a command", "cargo test --workspace 2>&1 | tee out.log".to_owned(), false),
        ("a command with a secret", "curl -u alice:hunter2 https://example.com".to_owned(), true),
        ("1 MB of commands", long("cargo test --workspace 2>&1 | tee out.log; "), false),
        ("1 MB of one word", long("a1b2"), false),
        ("1 MB of what nearly is a secret", long("ghp_ "), false),
        ("1 MB of secrets", long("--password hunter2 "), true),
        ("1 MB of a value that has no end", long("password="), true),
        ("1 MB of quotes that do not close", long("sh \"$("), false),
    ] {
        assert_eq!(redactor.command(&text).count > 0, has_any, "{name}");
        c.bench_function(&format!("redact: {name}"), |bencher| bencher.iter(|| redactor.command(black_box(&text))));
    }
}

criterion_group!(benches, tree, rules, lines, redact, brief);
criterion_main!(benches);
