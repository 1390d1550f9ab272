//! Writers that die or fail midway, and files that lose their end, as when the power fails.

use std::fs::OpenOptions;
use std::io::Write as _;

use super::*;
use crate::entry::Note;

/// What the files of a record hold.
struct Files {
    events: Vec<u8>,
    log: Vec<u8>,
    state: Vec<u8>,
}

fn files(root: &ProjectRoot) -> Files {
    let read = |path| fs::read(path).unwrap();
    Files { events: read(root.events()), log: read(root.session_log()), state: read(root.state()) }
}

fn put(root: &ProjectRoot, files: &Files) {
    fs::write(root.events(), &files.events).unwrap();
    fs::write(root.session_log(), &files.log).unwrap();
    fs::write(root.state(), &files.state).unwrap();
}

/// A record with lines of each form, and more than one byte to a character.
fn recorded(root: &ProjectRoot) -> Files {
    let mut journal = session(root, u64::MAX);
    journal.append(vec![created("über.txt"), created("a -> b")], WAIT).unwrap();
    journal.append_record(ran("1", "make '日本'"), WAIT).unwrap();
    journal.append(vec![created("c")], WAIT).unwrap();
    journal
        .append_record(Record::Note(Note { id: "2".into(), text: "done\n[10:00:00] Ran: x".into(), late: false }), WAIT)
        .unwrap();
    files(root)
}

/// The events up to their last whole line.
fn whole(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)]
}

#[test]
fn events_that_are_cut_at_any_byte_are_read_and_gone_on_with() {
    let project = project();
    let root = &project.root;
    let before = recorded(root);
    for cut in 0..=before.events.len() {
        put(
            root,
            &Files { events: before.events[..cut].to_vec(), log: before.log.clone(), state: before.state.clone() },
        );
        let kept = whole(&before.events[..cut]);
        // Whoever reads now sees what is whole; the last line is whole even without its end.
        let mut seen = seqs(root);
        let lines = kept.iter().filter(|byte| **byte == b'\n').count();
        let is_without_end = before.events.get(cut) == Some(&b'\n');
        assert_eq!(seen.len(), lines + usize::from(is_without_end), "cut at {cut}");
        let next = open(root).append_record(ran("next", "next"), WAIT).unwrap();
        assert!(fs::read(root.events()).unwrap().starts_with(kept), "cut at {cut}: what is whole stays");
        seen.push(next);
        assert_eq!(seqs(root), seen, "cut at {cut}: what was read once stays, and its number is its own");
        assert!(seqs(root).windows(2).all(|pair| pair[0] < pair[1]), "cut at {cut}");
    }
}

#[test]
fn a_log_that_is_cut_amid_any_line_is_mended_from_the_events() {
    let project = project();
    let root = &project.root;
    let before = recorded(root);
    let mut expected = details(root);
    expected.push("Ran: next -> Success".to_owned());
    let text = String::from_utf8(before.log.clone()).unwrap();
    let first = text.find("tracker started\n").unwrap() + "tracker started\n".len();
    for cut in (first..before.log.len()).filter(|cut| before.log[cut - 1] != b'\n') {
        put(
            root,
            &Files { events: before.events.clone(), log: before.log[..cut].to_vec(), state: before.state.clone() },
        );
        open(root).append_record(ran("next", "next"), WAIT).unwrap();
        assert_eq!(details(root), expected, "cut at {cut}");
    }
}

#[test]
fn a_log_that_somebody_shortened_is_left_as_it_is() {
    let project = project();
    let before = recorded(&project.root);
    fs::write(project.root.session_log(), "# My own words\n[10:00:00] Note: no").unwrap();
    open(&project.root).append_record(ran("next", "next"), WAIT).unwrap();
    let text = fs::read_to_string(project.root.session_log()).unwrap();
    assert!(text.starts_with("# My own words\n[10:00:00] Note: no\n"), "{text}");
    assert!(text.ends_with("Ran: next -> Success\n"), "{text}");
    assert!(text.len() < before.log.len(), "{text}");
}

#[test]
fn what_another_writer_left_out_of_the_log_is_added_by_one_that_lives() {
    let project = project();
    let root = &project.root;
    let mut tracker = session(root, u64::MAX);
    tracker.append(vec![created("a")], WAIT).unwrap();
    let before = files(root);
    open(root).append_record(ran("other", "left out"), WAIT).unwrap();
    // As a death in between leaves it.
    put(root, &Files { events: fs::read(root.events()).unwrap(), ..before });
    tracker.append(vec![created("b")], WAIT).unwrap();
    open(root).append_record(ran("next", "next"), WAIT).unwrap();
    tracker.append(vec![created("c")], WAIT).unwrap();
    let expected = [
        "Session tracker started",
        "Created: a",
        "Ran: left out -> Success",
        "Created: b",
        "Ran: next -> Success",
        "Created: c",
    ];
    assert_eq!(details(root), expected);
}

#[test]
fn lines_that_another_has_made_good_for_us_are_not_added_again() {
    let project = project();
    let root = &project.root;
    let mut tracker = session(root, u64::MAX);
    let log = root.session_log();
    let aside = root.context_dir().join("aside");
    fs::rename(&log, &aside).unwrap();
    fs::create_dir(&log).unwrap();
    assert!(tracker.append(vec![created("a")], WAIT).is_err(), "the log can't even be read");
    fs::remove_dir(&log).unwrap();
    fs::rename(&aside, &log).unwrap();
    open(root).append_record(ran("other", "other"), WAIT).unwrap();
    tracker.append(vec![created("b")], WAIT).unwrap();
    assert_eq!(details(root), ["Session tracker started", "Ran: other -> Success", "Created: a", "Created: b"]);
}

#[test]
fn what_others_said_while_events_could_not_be_written_is_not_lost() {
    let project = project();
    let root = &project.root;
    let mut tracker = session(root, u64::MAX);
    let mut log = OpenOptions::new().append(true).open(root.session_log()).unwrap();
    log.write_all(b"[10:00:00] Ran: theirs -> Success\n").unwrap();
    let (events, aside) = (root.events(), root.context_dir().join("aside"));
    fs::rename(&events, &aside).unwrap();
    fs::create_dir(&events).unwrap();
    assert!(tracker.adopt_foreign(WAIT).is_err());
    fs::remove_dir(&events).unwrap();
    fs::rename(&aside, &events).unwrap();
    assert!(tracker.adopt_foreign(WAIT).unwrap());
    assert!(!tracker.adopt_foreign(WAIT).unwrap());
    assert_eq!(details(root), ["Session tracker started", "Ran: theirs -> Success"]);
    assert_eq!(seqs(root), [1, 2]);
}

#[test]
fn what_is_longer_than_any_line_is_passed_over_and_keeps_the_order() {
    let project = project();
    let root = &project.root;
    open(root).append_record(ran("1", "first"), WAIT).unwrap();
    let mut file = OpenOptions::new().append(true).open(root.events()).unwrap();
    file.set_len(5 << 20).unwrap();
    file.write_all(b"\n").unwrap();
    assert_eq!(seqs(root), [1]);
    assert_eq!(open(root).append_record(ran("2", "second"), WAIT).unwrap(), 2);
    assert_eq!(seqs(root), [1, 2]);
    file.set_len(10 << 20).unwrap();
    assert_eq!(open(root).append_record(ran("3", "third"), WAIT).unwrap(), 3);
    assert_eq!(seqs(root), [1, 2, 3], "what had no end is cut off");
    assert!(fs::metadata(root.events()).unwrap().len() < 6 << 20);
}

#[cfg(unix)]
#[test]
fn a_file_that_has_another_name_is_parted_from_it() {
    let project = project();
    let root = &project.root;
    let mut tracker = session(root, u64::MAX);
    let copies = [(root.events(), root.at(Path::new("events"))), (root.session_log(), root.at(Path::new("log")))];
    for (path, copy) in &copies {
        fs::hard_link(path, copy).unwrap();
    }
    let before = copies.each_ref().map(|(_, copy)| fs::read(copy).unwrap());
    tracker.append(vec![created("a")], WAIT).unwrap();
    open(root).append_record(ran("1", "x"), WAIT).unwrap();
    tracker.append(vec![created("b")], WAIT).unwrap();
    assert_eq!(copies.each_ref().map(|(_, copy)| fs::read(copy).unwrap()), before);
    assert_eq!(details(root), ["Session tracker started", "Created: a", "Ran: x -> Success", "Created: b"]);
    assert_eq!(seqs(root), [1, 2, 3, 4]);
}
