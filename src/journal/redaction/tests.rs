use std::time::Duration;

use super::*;
use crate::config::{Config, Owner};
use crate::entry::{Ran, Record, Source, What};
use crate::journal::{Journal, read};

const WAIT: Duration = Duration::from_secs(2);

struct Project {
    _folder: tempfile::TempDir,
    root: ProjectRoot,
}

/// A record as it was before a pattern was added: with `acme-` and a number as a secret.
fn project() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let root = ProjectRoot::try_from(folder.path().canonicalize().unwrap()).unwrap();
    Journal::init(&root).unwrap();
    Project { _folder: folder, root }
}

fn ran(id: &str, command: &str) -> Record {
    Record::Ran(Ran {
        id: id.into(),
        command: command.into(),
        status: "Success".into(),
        exit_code: None,
        duration_ms: Some(1500),
        began_ns: None,
        cwd: None,
        source: Source::Log,
        files_changed: None,
        late: false,
        redactions: 0,
    })
}

fn redactor() -> Redactor {
    let (config, _) = Config::default().overlaid("[redact]\npatterns = ['acme-[0-9]+']\n", Owner::User).unwrap();
    Redactor::new(&config.redact)
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

fn tracker_value(root: &ProjectRoot, key: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&text(root.state())).unwrap()["tracker"][key].clone()
}

#[test]
fn nothing_but_the_secrets_changes() {
    let Project { root, _folder } = project();
    let mut journal = Journal::open(&root, &Config::default());
    for (id, command) in [("a", "make"), ("b", "deploy \"acme-123\" acme-4"), ("c", "make \\n")] {
        journal.append_record(ran(id, command), WAIT).unwrap();
    }
    // What is no entry of ours, and what is no text at all.
    let foreign = "{\"kind\":\"later\", \"seq\":9 ,\"text\":\"acme-5\",\"new\":[1.50]}\nacme-6 is torn";
    let events = [text(root.events()).as_bytes(), foreign.as_bytes(), b"\xff\n"].concat();
    fs::write(root.events(), &events).unwrap();
    let before = (text(root.session_log()), text(root.state()));

    let told = redact(&root, &redactor(), true).unwrap();
    assert_eq!(
        (fs::read(root.events()).unwrap(), text(root.session_log()), text(root.state())),
        (events.clone(), before.0.clone(), before.1)
    );
    let done = redact(&root, &redactor(), false).unwrap();
    assert_eq!(told, done);
    assert_eq!(done.iter().map(|loss| loss.count).collect::<Vec<_>>(), [2, 1, 1, 2], "{done:#?}");

    let expected = String::from_utf8_lossy(&events)
        .replace("acme-123\\\" acme-4\",", "[REDACTED:pattern]\\\" [REDACTED:pattern]\",")
        .replacen(
            "\"source\":\"log\"}\n{\"v\":1,\"seq\":3",
            "\"source\":\"log\",\"redactions\":2}\n{\"v\":1,\"seq\":3",
            1,
        )
        .replace("acme-5", "[REDACTED:pattern]")
        .replace("acme-6", "[REDACTED:pattern]");
    assert_eq!(String::from_utf8_lossy(&fs::read(root.events()).unwrap()), expected);
    let log = before.0.replace("acme-123\" acme-4", "[REDACTED:pattern]\" [REDACTED:pattern]");
    assert_eq!(text(root.session_log()), log);
    assert_eq!(tracker_value(&root, "log_size"), log.len() as u64);
    assert_eq!(tracker_value(&root, "redactions"), 4);
    assert_eq!(redact(&root, &redactor(), false).unwrap(), []);
    assert_eq!(text(root.session_log()), log);
}

#[test]
fn a_writer_at_work_takes_nothing_of_it_for_new() {
    for command in ["deploy acme-1", "deploy acme-12345678901234567890123456789"] {
        let Project { root, _folder } = project();
        let mut journal = Journal::open(&root, &Config::default());
        journal.append_record(ran("a", command), WAIT).unwrap();
        // Not ours yet, in front of and behind the redaction.
        let foreign = "[10:00:00] Ran: make acme-2 -> Success\n";
        fs::write(root.session_log(), text(root.session_log()) + foreign).unwrap();
        redact(&root, &redactor(), false).unwrap();
        fs::write(root.session_log(), text(root.session_log()) + "[10:00:01] Ran: make x -> Success\n").unwrap();
        journal.write_state().unwrap();
        assert!(journal.adopt_foreign(WAIT).unwrap());
        assert_eq!(journal.append_record(ran("b", "ls"), WAIT).unwrap(), 4);
        assert_eq!(Journal::open(&root, &Config::default()).append_record(ran("a", "again"), WAIT).unwrap(), 1);
        let entries = read::last(&root, 10, &|_| true).unwrap();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| match &entry.what {
                What::Ran(ran) => (entry.seq, ran.command.as_str(), ran.source),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            (1, "deploy [REDACTED:pattern]", Source::Log),
            (2, "make [REDACTED:pattern]", Source::Foreign),
            (3, "make x", Source::Foreign),
            (4, "ls", Source::Log),
        ];
        assert_eq!(told, expected);
        let log = text(root.session_log());
        assert_eq!(log.matches("Ran: ").count(), 4, "{log}");
        assert_eq!(log.matches("\n## ").count(), 1, "{log}");
    }
}

#[test]
fn archived_files_lose_theirs_too() {
    let Project { root, _folder } = project();
    Journal::open(&root, &Config::default()).append_record(ran("a", "deploy acme-1"), WAIT).unwrap();
    fs::create_dir(root.archive_dir()).unwrap();
    for (from, to) in
        [(root.events(), "events-20261122T100000.000Z.jsonl"), (root.session_log(), "session-20261122T100000.000Z.md")]
    {
        fs::rename(from, root.archive_dir().join(to)).unwrap();
    }
    let losses = redact(&root, &redactor(), false).unwrap();
    assert_eq!(losses.len(), 3, "{losses:#?}");
    for entry in fs::read_dir(root.archive_dir()).unwrap() {
        let text = text(entry.unwrap().path());
        assert!(!text.contains("acme-1") && text.contains("[REDACTED:pattern]"), "{text}");
    }
    assert_eq!(Journal::open(&root, &Config::default()).append_record(ran("b", "ls"), WAIT).unwrap(), 2);
}

#[test]
fn what_is_appended_has_lost_its_secrets_everywhere() {
    let Project { root, _folder } = project();
    let mut journal = Journal::open(&root, &Config::default());
    journal.append_record(ran("a", "curl -u alice:hunter2 x"), WAIT).unwrap();
    journal.append_record(ran("b", "make"), WAIT).unwrap();
    fs::write(root.session_log(), text(root.session_log()) + "[10:00:00] Ran: x --token hunter2 -> Success\n").unwrap();
    // Context Engine writes the state too, without a lock.
    let raw = text(root.state()).replace("\"make\"", "\"x --token hunter2\"");
    fs::write(root.state(), raw).unwrap();
    journal.append_record(ran("c", "ls"), WAIT).unwrap();
    assert!(!text(root.events()).contains("hunter2"));
    assert!(!text(root.state()).contains("hunter2"));
    assert_eq!(tracker_value(&root, "redactions"), 2);
    let redactions: Vec<_> = read::last(&root, 9, &|_| true)
        .unwrap()
        .into_iter()
        .map(|entry| if let What::Ran(ran) = entry.what { ran.redactions } else { 0 })
        .collect();
    assert_eq!(redactions, [1, 0, 1, 0]);
}
