use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::foreign::foreign_command;
use super::*;
use crate::entry::{EntryKind, EntryPath, FileChange, FoundBy, Reason};
use crate::journal::read;
use crate::platform::files;

mod faults;

struct Project {
    _folder: tempfile::TempDir,
    root: ProjectRoot,
}

fn project() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let root = ProjectRoot::try_from(files::resolve(folder.path()).unwrap()).unwrap();
    Journal::init(&root).unwrap();
    Project { _folder: folder, root }
}

fn open(root: &ProjectRoot) -> Journal {
    Journal::open(root, &Config::default())
}

fn ran(id: &str, command: &str) -> Record {
    let What::Ran(ran) = foreign_command(command.into(), "Success".into()) else { unreachable!() };
    Record::Ran(Ran { id: id.into(), source: Source::Log, ..ran })
}

fn created(path: &str) -> What {
    let path = EntryPath::new(Path::new(path));
    What::Created(FileChange {
        path,
        entry: EntryKind::File,
        size: Some(1),
        mtime_ns: Some(1),
        found_by: FoundBy::Watch,
    })
}

fn details(root: &ProjectRoot) -> Vec<String> {
    let text = fs::read_to_string(root.session_log()).unwrap();
    text.lines().filter_map(|line| line.split_once("] ").map(|(_, detail)| detail.to_owned())).collect()
}

fn seqs(root: &ProjectRoot) -> Vec<u64> {
    read::last(root, 1000, &|_| true).unwrap().iter().map(|entry| entry.seq).collect()
}

const WAIT: Duration = Duration::from_secs(2);

#[test]
fn a_new_project_has_its_header_and_stays_out_of_git() {
    let project = project();
    assert_eq!(fs::read_to_string(project.root.gitignore()).unwrap(), "*\n");
    let log = fs::read_to_string(project.root.session_log()).unwrap();
    assert!(log.starts_with("# Context Engine Session Log\n# Started: "), "{log}");
    assert!(!Journal::init(&project.root).unwrap());
    assert_eq!(fs::read_to_string(project.root.session_log()).unwrap(), log);
}

#[test]
fn two_writers_share_one_order() {
    let project = project();
    let mut first = open(&project.root);
    let mut second = open(&project.root);
    for n in 0..5 {
        assert_eq!(first.append_record(ran(&format!("a{n}"), "x"), WAIT).unwrap(), 2 * n + 1);
        assert_eq!(second.append_record(ran(&format!("b{n}"), "y"), WAIT).unwrap(), 2 * n + 2);
    }
    assert_eq!(seqs(&project.root), (1..=10).collect::<Vec<_>>());
    assert_eq!(details(&project.root).len(), 10, "a writer took another's lines for foreign ones");
}

#[test]
fn an_id_is_written_once() {
    let project = project();
    let mut first = open(&project.root);
    let seq = first.append_record(ran("same", "x"), WAIT).unwrap();
    assert_eq!(open(&project.root).append_record(ran("same", "x"), WAIT).unwrap(), seq);
    assert_eq!(first.append_record(ran("same", "x"), WAIT).unwrap(), seq);
    assert_eq!(seqs(&project.root), [1]);
}

#[test]
fn a_torn_last_line_is_cut_off() {
    let project = project();
    open(&project.root).append_record(ran("a", "x"), WAIT).unwrap();
    let whole = fs::read(project.root.events()).unwrap();
    fs::write(project.root.events(), [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();
    assert_eq!(open(&project.root).append_record(ran("b", "y"), WAIT).unwrap(), 2);
    assert_eq!(seqs(&project.root), [1, 2]);
}

#[test]
fn an_order_survives_a_line_of_any_length() {
    let project = project();
    open(&project.root).append_record(ran("a", "x"), WAIT).unwrap();
    open(&project.root).append_record(ran("b", &"y".repeat(200_000)), WAIT).unwrap();
    assert_eq!(open(&project.root).append_record(ran("c", "z"), WAIT).unwrap(), 3);
    assert_eq!(seqs(&project.root), [1, 2, 3]);
}

#[test]
fn lines_of_other_programs_become_entries() {
    let project = project();
    let mut journal = open(&project.root);
    journal.append(vec![created("a")], WAIT).unwrap();
    let mut log = fs::read_to_string(project.root.session_log()).unwrap();
    log.push_str("[10:00:00] Ran: make -> Success\nfree text\n");
    fs::write(project.root.session_log(), log).unwrap();
    assert!(journal.adopt_foreign(WAIT).unwrap());
    assert!(!journal.adopt_foreign(WAIT).unwrap());
    let entries = read::last(&project.root, 10, &|_| true).unwrap();
    let What::Ran(ran) = &entries[1].what else { panic!("{entries:?}") };
    assert_eq!((ran.command.as_str(), ran.source), ("make", Source::Foreign));
    assert_eq!(details(&project.root), ["Created: a", "Ran: make -> Success"]);
}

/// Other programs take no lock: what they write while we do is theirs all the same.
#[test]
fn lines_that_others_write_at_the_same_time_are_not_missed() {
    let project = project();
    let mut journal = open(&project.root);
    journal.append(vec![created("a")], WAIT).unwrap();
    let commands: Vec<String> = (0..500).map(|number| format!("make {number}")).collect();
    let (log, theirs) = (project.root.session_log(), commands.clone());
    let other = std::thread::spawn(move || {
        for command in theirs {
            let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
            file.write_all(format!("[10:00:00] Ran: {command} -> Success\n").as_bytes()).unwrap();
        }
    });
    let mut number = 0;
    while !other.is_finished() {
        journal.append(vec![created(&format!("b{number}"))], WAIT).unwrap();
        number += 1;
    }
    other.join().unwrap();
    journal.adopt_foreign(WAIT).unwrap();
    let is_theirs = |entry: &Entry| matches!(&entry.what, What::Ran(ran) if ran.source == Source::Foreign);
    let adopted = read::last(&project.root, 2000, &is_theirs).unwrap();
    let adopted: Vec<&str> = adopted.iter().filter_map(|entry| command_of(&entry.what)).collect();
    assert_eq!(adopted, commands);
}

fn command_of(what: &What) -> Option<&str> {
    if let What::Ran(ran) = what { Some(&ran.command) } else { None }
}

#[test]
fn a_damaged_state_file_is_set_aside_and_built_anew() {
    for damage in ["[]", "{\"status\":", "", "\u{0}"] {
        let project = project();
        open(&project.root).append_record(ran("a", "first"), WAIT).unwrap();
        fs::write(project.root.state(), damage).unwrap();
        open(&project.root).append(vec![created("b")], WAIT).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&fs::read(project.root.state()).unwrap()).unwrap();
        assert_eq!(state["last_command"]["command"], "first");
        assert_eq!(state["last_event"]["detail"], "Created: b");
        let names = fs::read_dir(project.root.context_dir()).unwrap().map(|entry| entry.unwrap().file_name());
        let is_aside = |name: std::ffi::OsString| name.to_string_lossy().starts_with("session_state.json.corrupt-");
        assert_eq!(names.filter(|name| is_aside(name.clone())).count(), 1);
    }
}

#[test]
fn unknown_keys_of_the_state_are_kept() {
    let project = project();
    fs::write(project.root.state(), "{\"mine\": [1], \"tracker\": {\"theirs\": 2}}").unwrap();
    open(&project.root).append_record(ran("a", "x"), WAIT).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&fs::read(project.root.state()).unwrap()).unwrap();
    assert_eq!((&state["mine"][0], &state["tracker"]["theirs"]), (&1.into(), &2.into()));
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let project = project();
    let mut journal = open(&project.root);
    fs::remove_dir_all(project.root.context_dir()).unwrap();
    let failure = journal.append(vec![created("a")], WAIT).unwrap_err();
    assert!(failure.hint.is_some(), "{failure:?}");
    assert!(journal.append_record(ran("lost", "x"), WAIT).is_err());
    assert!(journal.has_pending());
    Journal::init(&project.root).unwrap();
    journal.append(vec![created("b")], WAIT).unwrap();
    assert_eq!(details(&project.root), ["Created: a", "Created: b"], "what a client was refused is the client's");
}

#[test]
fn what_is_too_much_to_keep_becomes_a_gap() {
    let project = project();
    let mut journal = open(&project.root);
    fs::remove_dir_all(project.root.context_dir()).unwrap();
    let batch = |count| (0..count).map(|number| created(&number.to_string())).collect::<Vec<_>>();
    for count in [MAX_PENDING, 1, MAX_PENDING, 1] {
        assert!(journal.append(batch(count), WAIT).is_err());
        assert!(journal.pending.len() <= MAX_PENDING);
        assert!(!journal.take_loss());
    }
    assert_eq!(journal.pending.len(), 1, "what follows from changes that were given up is given up, too");
    Journal::init(&project.root).unwrap();
    journal.append(batch(1), WAIT).unwrap();
    let gaps = read::last(&project.root, 10, &|_| true).unwrap();
    assert!(matches!(&gaps[..], [Entry { what: What::Gap(gap), .. }] if gap.to > gap.from), "{gaps:?}");
    assert!(journal.take_loss());
    assert!(!journal.take_loss());
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_refused() {
    let project = project();
    let outside = project.root.path().join("outside");
    fs::write(&outside, "mine").unwrap();
    for path in [project.root.session_log(), project.root.events(), project.root.journal_lock()] {
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(&outside, &path).unwrap();
        let result = open(&project.root)
            .append_record(Record::Note(crate::entry::Note { id: "n".into(), text: "x".into(), late: false }), WAIT);
        assert!(result.is_err(), "{}", path.display());
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_session_begins_and_ends() {
    let project = project();
    let mut journal = open(&project.root);
    let begin = Begin { pid: std::process::id(), identity: None };
    Journal::claim(&project.root, begin.pid).unwrap();
    journal.begin(&begin).unwrap();
    assert_eq!(read::pid(&project.root), Some(u64::from(begin.pid)));
    journal.end(begin.pid, Reason::User).unwrap();
    assert_eq!(read::pid(&project.root), None);
    assert_eq!(details(&project.root), ["Session tracker started", "Session tracker stopped"]);
    let log = fs::read_to_string(project.root.session_log()).unwrap();
    assert_eq!(log.matches("## Session ").count(), 1, "{log}");
}

/// A journal of a session, whose files are archived as soon as they hold more than `over` bytes.
fn session(root: &ProjectRoot, over: u64) -> Journal {
    let record = config::Record { rotate_over: over, ..config::Record::default() };
    let mut journal = Journal::open(root, &Config { record, ..Config::default() });
    journal.begin(&Begin { pid: std::process::id(), identity: None }).unwrap();
    journal
}

fn archived(root: &ProjectRoot) -> Vec<String> {
    let names = fs::read_dir(root.archive_dir()).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_has_grown_large_is_archived_at_the_next_start_and_read_across_the_border() {
    let project = project();
    open(&project.root).append_record(ran("a", "before"), WAIT).unwrap();
    let (log, events) = (fs::read(project.root.session_log()).unwrap(), fs::read(project.root.events()).unwrap());
    let mut journal = session(&project.root, 1);
    let names = archived(&project.root);
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read(project.root.archive_dir().join(&names[0])).unwrap(), events);
    assert_eq!(fs::read(project.root.archive_dir().join(&names[1])).unwrap(), log);
    journal.append(vec![created("b")], WAIT).unwrap();
    assert_eq!(archived(&project.root), names, "once a day is enough");
    journal.weighed_on = journal.weighed_on.and_then(|day| day.pred_opt());
    journal.append(vec![created("c")], WAIT).unwrap();
    assert_eq!(archived(&project.root).len(), 4, "and another day has begun");
    let text = fs::read_to_string(project.root.session_log()).unwrap();
    assert!(text.starts_with("# Context Engine Session Log\n"), "{text}");
    assert_eq!(text.matches("## Session ").count(), 1, "{text}");
    assert_eq!(details(&project.root), ["Created: c"]);
    assert_eq!(seqs(&project.root), [1, 2, 3, 4]);
    assert_eq!(read::after(&project.root, 1).unwrap().unwrap().len(), 3);
    assert_eq!(read::newer(&project.root, 0).unwrap().len(), 4);
}

#[test]
fn numbers_and_ids_go_on_when_all_is_archived() {
    let project = project();
    let mut journal = session(&project.root, u64::MAX);
    let seq = journal.append_record(ran("a", "before"), WAIT).unwrap();
    archive::rotate(&project.root, archive::Kind::Events, 0, now()).unwrap();
    assert_eq!(open(&project.root).append_record(ran("a", "before"), WAIT).unwrap(), seq, "it is there already");
    assert_eq!(open(&project.root).append_record(ran("b", "after"), WAIT).unwrap(), seq + 1);
    assert_eq!(journal.append_record(ran("c", "more"), WAIT).unwrap(), seq + 2);
}

#[test]
fn archives_stay_in_order_though_the_clock_goes_back_and_go_when_they_are_old() {
    let project = project();
    let mut journal = open(&project.root);
    let day = chrono::TimeDelta::days(1);
    for number in 0..3 {
        journal.append_record(ran(&number.to_string(), "x"), WAIT).unwrap();
        assert!(archive::rotate(&project.root, archive::Kind::Events, 0, now() - day * number).unwrap());
    }
    assert_eq!(seqs(&project.root), [1, 2, 3]);
    archive::prune(&project.root, Duration::from_secs(3600), now()).unwrap();
    assert_eq!(seqs(&project.root), [1, 2, 3]);
    fs::write(project.root.archive_dir().join("notes.md"), "mine").unwrap();
    archive::prune(&project.root, Duration::from_secs(3600), now() + day).unwrap();
    assert_eq!(archived(&project.root), ["notes.md"]);
}

#[cfg(unix)]
#[test]
fn an_archive_that_leads_elsewhere_is_left_alone() {
    let project = project();
    open(&project.root).append_record(ran("a", "x"), WAIT).unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), project.root.archive_dir()).unwrap();
    let theirs = outside.path().join("events-20200101T000000.000Z.jsonl");
    fs::write(&theirs, "{}\n").unwrap();
    session(&project.root, 1);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert!(theirs.exists(), "what is old there is not ours to remove");
    assert_eq!(seqs(&project.root), [1, 2], "recording goes on");
}

#[test]
fn lines_that_a_crash_left_out_are_added_once() {
    let project = project();
    let mut journal = session(&project.root, u64::MAX);
    journal.append(vec![created("a")], WAIT).unwrap();
    let before = (fs::read(project.root.session_log()).unwrap(), fs::read(project.root.state()).unwrap());
    journal.append(vec![created("b"), created("c")], WAIT).unwrap();
    // As a crash leaves it: in between the two writes, or behind the second and before the state.
    for with_log in [false, true] {
        if !with_log {
            fs::write(project.root.session_log(), &before.0).unwrap();
        }
        fs::write(project.root.state(), &before.1).unwrap();
        open(&project.root).append_record(ran("next", "x"), WAIT).unwrap();
        let expected = ["Session tracker started", "Created: a", "Created: b", "Created: c", "Ran: x -> Success"];
        assert_eq!(details(&project.root), expected, "with_log: {with_log}");
    }
}

#[test]
fn what_a_crash_left_out_stands_above_the_next_session() {
    let project = project();
    let mut journal = session(&project.root, u64::MAX);
    let before = (fs::read(project.root.session_log()).unwrap(), fs::read(project.root.state()).unwrap());
    journal.append(vec![created("a")], WAIT).unwrap();
    fs::write(project.root.session_log(), &before.0).unwrap();
    fs::write(project.root.state(), &before.1).unwrap();
    session(&project.root, u64::MAX);
    let text = fs::read_to_string(project.root.session_log()).unwrap();
    let at = |what: &str| text.rfind(what).unwrap_or_else(|| panic!("no {what:?} in {text}"));
    assert_eq!(text.matches("## Session ").count(), 2, "{text}");
    assert!(at("Created: a") < at("## Session "), "{text}");
}

#[test]
fn a_follower_crosses_the_border() {
    let project = project();
    let mut journal = open(&project.root);
    journal.append(vec![created("before")], WAIT).unwrap();
    let mut follow = Follow::from_end(&project.root).unwrap();
    let mut told = |expected: &[&str]| {
        let mut seen = Vec::new();
        while seen.len() < expected.len() {
            seen.extend(follow.wait().unwrap().unwrap().iter().map(|entry| line::detail(&entry.what)));
        }
        assert_eq!(seen, expected);
    };
    journal.append(vec![created("a")], WAIT).unwrap();
    archive::rotate(&project.root, archive::Kind::Events, 0, now()).unwrap();
    journal.append(vec![created("b")], WAIT).unwrap();
    told(&["Created: a", "Created: b"]);
    fs::remove_dir_all(project.root.context_dir()).unwrap();
    Journal::init(&project.root).unwrap();
    open(&project.root).append(vec![created("again")], WAIT).unwrap();
    told(&["Created: again"]);
}

#[test]
fn a_line_with_a_place_that_nothing_could_follow_is_no_entry() {
    let project = project();
    let mut journal = open(&project.root);
    let first = journal.append_record(ran("1", "make"), APPEND_PATIENCE).unwrap();
    let text = fs::read_to_string(project.root.events()).unwrap();
    let last = text.replacen(&format!("\"seq\":{first}"), &format!("\"seq\":{}", u64::MAX), 1);
    fs::write(project.root.events(), format!("{text}{last}")).unwrap();
    let next = open(&project.root).append_record(ran("2", "make test"), APPEND_PATIENCE).unwrap();
    assert_eq!(next, first + 1);
}
