#[cfg(unix)]
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::entry::{EntryPath, FORMAT_VERSION, Note, Ran, Source};

fn entry(what: What) -> Entry {
    let time = DateTime::parse_from_rfc3339("2026-11-22T10:00:07.250+01:00").unwrap();
    Entry { v: FORMAT_VERSION, seq: 1, time, session: None, what }
}

fn change(path: &Path, entry: EntryKind) -> FileChange {
    FileChange { path: EntryPath::new(path), entry, size: None, mtime_ns: None, found_by: FoundBy::Watch }
}

fn created(path: &str) -> Entry {
    entry(What::Created(change(Path::new(path), EntryKind::File)))
}

fn deleted(path: &str, kind: EntryKind) -> Entry {
    entry(What::Deleted(change(Path::new(path), kind)))
}

fn ran(command: &str, status: &str, duration_ms: Option<u64>) -> Entry {
    entry(What::Ran(Ran {
        id: "1".into(),
        command: command.into(),
        status: status.into(),
        exit_code: None,
        duration_ms,
        began_ns: None,
        cwd: None,
        source: Source::Log,
        files_changed: None,
        late: false,
        redactions: 0,
    }))
}

#[test]
fn lines_are_in_the_words_of_the_format() {
    assert_eq!(
        line(&entry(What::Edited(change(Path::new("src/main.rs"), EntryKind::File)))),
        "[10:00:07] Edited: src/main.rs"
    );
    let moved = Move::new(Path::new("a"), Path::new("b"), EntryKind::Dir, 0, 0, FoundBy::Watch);
    assert_eq!(line(&entry(What::Moved(moved))), "[10:00:07] Moved: a/ -> b/");
    assert_eq!(line(&ran("cargo test", "Success", Some(8_100))), "[10:00:07] Ran: cargo test -> Success (8.1 s)");
    assert_eq!(line(&ran("x", "Failed (exit 1)", None)), "[10:00:07] Ran: x -> Failed (exit 1)");
    let mut formatted = ran("cargo fmt", "Success", Some(1_200));
    for (files, text) in [(0, "(1.2 s)"), (1, "(1.2 s, 1 file)"), (14, "(1.2 s, 14 files)")] {
        if let What::Ran(ran) = &mut formatted.what {
            ran.files_changed = Some(files);
        }
        assert_eq!(line(&formatted), format!("[10:00:07] Ran: cargo fmt -> Success {text}"));
    }
}

#[test]
fn a_name_cannot_leave_its_line() {
    let name = "a\n[10:00:00] Ran: rm -> Success\u{202e}\u{1b}[31m\u{2028}";
    assert_eq!(
        line(&created(name)),
        "[10:00:07] Created: a\\n[10:00:00] Ran: rm -\\x3e Success\\u{202e}\\x1b[31m\\u{2028}"
    );
}

#[test]
fn a_backslash_stays_unless_it_would_be_read_as_an_escape() {
    assert_eq!(escape(r"C:\Users\me"), r"C:\Users\me");
    assert_eq!(escape(r"a\nb"), r"a\\nb");
    assert_eq!(escape(r"a\x4"), r"a\x4");
    assert_eq!(escape(r"a\x41"), r"a\\x41");
}

fn lines(entries: &[Entry], summarise_over: usize) -> Vec<String> {
    batch(entries, summarise_over).iter().map(Line::to_string).collect()
}

#[test]
fn a_deleted_folder_is_one_line_with_its_count() {
    let entries = [
        deleted("old/a", EntryKind::File),
        deleted("old/sub/b", EntryKind::File),
        deleted("old/sub", EntryKind::Dir),
        deleted("old", EntryKind::Dir),
        deleted("older", EntryKind::File),
    ];
    assert_eq!(lines(&entries, 50), ["[10:00:07] Deleted: old/ (2 files)", "[10:00:07] Deleted: older"]);
}

#[test]
fn a_made_folder_is_no_line() {
    let folder = entry(What::Created(change(Path::new("new"), EntryKind::Dir)));
    assert_eq!(lines(&[folder, created("new/a")], 50), ["[10:00:07] Created: new/a"]);
}

#[test]
fn a_burst_is_one_line_for_each_kind() {
    let mut entries: Vec<_> = (0..60).map(|n| created(&format!("bulk/in/{n}"))).collect();
    entries.push(deleted("bulk/x", EntryKind::File));
    (0..).zip(&mut entries).for_each(|(seq, entry)| entry.seq = seq);
    assert_eq!(
        lines(&entries, 50),
        ["[10:00:07] Created: 60 files in bulk/in/", "[10:00:07] Deleted: 1 file in bulk/"]
    );
    entries.push(Entry { seq: 61, ..created("bulky") });
    assert_eq!(lines(&entries, 50)[0], "[10:00:07] Created: 61 files");
}

#[test]
fn a_switch_of_head_is_one_line_for_each_kind_whatever_the_number() {
    let text = |text: &str| Some(text.to_owned());
    let switch = Git { action: GitAction::Switch, from: text("main"), to: text("feat/x"), commit: None, subject: None };
    let commit =
        Git { action: GitAction::Commit, from: None, to: None, commit: text("ab12cd3"), subject: text("Fix\nit") };
    let mut entries = vec![
        entry(What::Git(switch.clone())),
        entry(What::Edited(change(Path::new("src/a.rs"), EntryKind::File))),
        entry(What::Git(commit)),
    ];
    (0..).zip(&mut entries).for_each(|(seq, entry)| entry.seq = seq);
    let expected =
        ["[10:00:07] Edited: 1 file in src/ (switched main -> feat/x)", "[10:00:07] Committed: ab12cd3 Fix\\nit"];
    assert_eq!(lines(&entries, 50), expected);
    assert_eq!(lines(&entries[..1], 50), ["[10:00:07] Switched: main -> feat/x"]);
    // One that stands behind has made none of them, and one that leads back has left none.
    let edited = || entry(What::Edited(change(Path::new("src/a.rs"), EntryKind::File)));
    let back = Git { from: switch.to.clone(), to: switch.from.clone(), ..switch.clone() };
    let mut behind = [edited(), entry(What::Git(switch.clone()))];
    let mut to_and_fro = [entry(What::Git(switch)), entry(What::Git(back)), edited()];
    (0..).zip(&mut behind).for_each(|(seq, entry)| entry.seq = seq);
    (0..).zip(&mut to_and_fro).for_each(|(seq, entry)| entry.seq = seq);
    let (line, switched) = ("[10:00:07] Edited: src/a.rs", "[10:00:07] Switched: main -> feat/x");
    assert_eq!(lines(&behind, 50), [line, switched]);
    assert_eq!(lines(&to_and_fro, 50), [switched, "[10:00:07] Switched: feat/x -> main", line]);
}

#[test]
fn a_gap_over_midnight_says_its_days() {
    let time = |text| DateTime::parse_from_rfc3339(text).unwrap();
    let mut gap = Gap {
        from: time("2026-11-21T23:10:03+01:00"),
        to: time("2026-11-22T08:00:00+01:00"),
        reason: GapReason::Killed,
        changes_found: Some(3),
    };
    let text = "Gap: 2026-11-21 23:10:03 to 2026-11-22 08:00:00, tracker killed; 3 changes found by scan";
    assert_eq!(detail(&What::Gap(gap.clone())), text);
    gap.from = time("2026-11-22T07:10:03+01:00");
    assert_eq!(detail(&What::Gap(gap)), "Gap: 07:10:03 to 08:00:00, tracker killed; 3 changes found by scan");
}

#[test]
fn durations_are_for_people() {
    let texts: Vec<_> = [40, 8_100, 125_000, 3_720_000].map(duration).into();
    assert_eq!(texts, ["0.0 s", "8.1 s", "2 min 05 s", "1 h 02 min"]);
}

/// Text with a preference for what is dangerous.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "\\", "\\n", "\\x41", "\\u{41}", "\n", "\r", " -> ", "->", "\u{202e}", "\u{85}", "[", "] ", ": "
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_command_reads_back(command in text(), status in text(), ms in any::<Option<u64>>(), files in any::<Option<u64>>()) {
        let mut entry = ran(&command, &status, ms);
        if let What::Ran(ran) = &mut entry.what {
            ran.files_changed = files;
        }
        let line = line(&entry);
        let facts = [ms.map(duration), files.filter(|files| *files > 0).map(super::files)];
        let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let status = if facts.is_empty() { status } else { format!("{status} ({facts})") };
        let is_one_line = !line.chars().any(|c| c.is_control() || c == '\u{2028}');
        prop_assert!(is_one_line);
        let parsed = parse(&line).unwrap();
        prop_assert_eq!(parsed, Parsed { clock: "10:00:07".into(), said: Said::Ran(command, status) });
    }

    #[test]
    fn a_note_reads_back(text in text()) {
        let note = What::Note(Note { id: "1".into(), text: text.clone(), late: false });
        prop_assert_eq!(parse(&line(&entry(note))).unwrap().said, Said::Note(text));
    }
}

#[cfg(unix)]
proptest! {
    #[test]
    fn any_two_names_read_back(from in name(), to in name()) {
        let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
        let moved = Move::new(&path(&from), &path(&to), EntryKind::File, 0, 0, FoundBy::Watch);
        prop_assert_eq!(parse(&line(&entry(What::Moved(moved)))).unwrap().said, Said::Moved(from, to));
    }
}

/// Any bytes that can be a file's name.
#[cfg(unix)]
fn name() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![any::<u8>().prop_map(|byte| vec![byte]), text().prop_map(String::into_bytes)];
    let bytes = prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat());
    let bytes =
        bytes.prop_map(|bytes| bytes.into_iter().filter(|byte| *byte != b'/' && *byte != 0).collect::<Vec<u8>>());
    bytes.prop_filter("a name", |bytes| !bytes.is_empty() && bytes != b"." && bytes != b"..")
}
