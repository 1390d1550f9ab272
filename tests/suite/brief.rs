//! `ctx brief`: golden texts of days that real trackers recorded (`tests/golden/brief/record`), and what readers rely on.

use std::fs;
use std::path::PathBuf;

use crate::env::{TestEnv, assert_golden, entries, entries_of, recorded};

/// Older than every record.
const EVER: &str = "2001-01-01";

fn golden() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/brief"))
}

/// A project with a record that was made elsewhere.
fn day(env: &TestEnv, name: &str) -> PathBuf {
    let project = env.project(name);
    fs::copy(golden().join(name).join("events.jsonl"), project.join(".context/events.jsonl")).unwrap();
    project
}

#[test]
fn recorded_days_are_told_to_the_letter() {
    let env = TestEnv::new();
    for name in ["history", "trouble"] {
        let project = day(&env, name);
        let folder = golden().join(name);
        for (file, args) in [
            ("brief.md", &["--since", EVER][..]),
            ("latest-session.md", &[]),
            ("400-tokens.md", &["--since", EVER, "--max-tokens", "400"]),
            ("brief.json", &["--since", EVER, "--max-tokens", "400", "--json"]),
        ] {
            let outcome = env.ctx(&project, [&["brief"], args].concat()).ok();
            assert!(outcome.stderr.is_empty(), "{}", outcome.stderr);
            assert_golden(&folder.join(file), &outcome.stdout);
        }
        // Whatever the time zone, and whenever it is asked for.
        let mut elsewhere = env.ctx_command(&project, ["brief", "--since", EVER]);
        elsewhere.env("TZ", "America/Bogota");
        assert_golden(&folder.join("brief.md"), &env.run(elsewhere).ok().stdout);
    }
}

#[test]
fn a_reader_goes_on_where_it_left_off() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let brief = |args: &[&str]| env.ctx(&project, [&["brief"], args].concat()).ok();
    env.ctx(&project, ["note", "first"]).ok();
    // Without a mark it is the latest session, and asking without a name moves none.
    for _ in 0..2 {
        brief(&["--since", "last", "--reader", "alice", "--json"]).says("\"text\": \"first\"");
        brief(&[]).says("Note: first");
        env.ctx(&project, ["note", "second"]).ok();
        let unread = brief(&["--since", "last", "--reader", "alice"]).says("Note: second");
        assert!(!unread.stdout.contains("first"), "{}", unread.stdout);
        brief(&["--since", "last", "--reader", "alice"]).says("Nothing is recorded");
        brief(&["--since", "last", "--reader", "bob"]).says("Note: first").says("Note: second");
        // Another record in place of this one, whose numbers may be lower: all of it is news.
        env.ctx(&project, ["stop"]).ok();
        fs::remove_file(project.join(".context/events.jsonl")).unwrap();
        env.ctx(&project, ["start"]).ok();
        env.ctx(&project, ["note", "first"]).ok();
    }
}

#[test]
fn what_a_reader_can_not_be_called_and_where_one_is_needed() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["brief", "--since", "last"]).fails(2).warns("--reader");
    for name in ["", ".", "..", "../../etc/cron", "a/b", "a\nb", ".hidden"] {
        env.ctx(&project, ["brief", "--reader", name]).fails(1).hints("letters");
    }
    env.ctx(&project, ["brief", "--since", "yesterday"]).fails(2).warns("neither a span");
    env.ctx(&project, ["brief", "--max-tokens", "10"]).code(2).warns("300");
}

#[cfg(unix)]
#[test]
fn marks_are_not_put_where_a_link_leads() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let elsewhere = env.folder("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, project.join(".context/readers")).unwrap();
    env.ctx(&project, ["note", "x"]).ok();
    env.ctx(&project, ["brief", "--reader", "alice"]).fails(1).warns("link");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn it_knows_of_what_has_just_happened() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    for number in 0..5 {
        let name = format!("{number}.txt");
        fs::write(project.join(&name), "x").unwrap();
        env.ctx(&project, ["brief"]).ok().says(&format!("- {name}: created; 1 change"));
    }
    env.ctx(&project, ["brief", "--since", "1h"]).ok().says("5 files changed");
    env.ctx(&project, ["summary"]).ok().says("5 files changed");
}

#[test]
fn a_brief_is_saved_beside_the_record() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let summary = project.join(".context/session_summary.md");
    env.ctx(&project, ["brief", "--save"]).ok().says("session_summary.md");
    assert!(fs::read_to_string(&summary).unwrap().starts_with("What follows is a record"));
    env.ctx(&project, ["session", "save", "half way"]).ok().says("Saved to");
    assert!(fs::read_to_string(&summary).unwrap().contains("Note: half way"));
    assert_eq!(entries_of(&project, "note").len(), 1);
    env.ctx(&project, ["-q", "session", "save"]).ok().says_nothing();
    // What is saved is no change of the project.
    env.ctx(&project, ["sync"]).ok();
    assert!(entries(&project).iter().all(|entry| entry["kind"] == "note" || entry["kind"] == "started"));
    env.ctx(&project, ["brief", "--save", "--json"]).code(2);
}

#[test]
fn it_reads_on_across_the_border_of_the_archive() {
    let env = TestEnv::new();
    let project = day(&env, "trouble");
    let brief = || env.ctx(&project, ["brief", "--since", EVER]).ok().stdout;
    let whole = brief();
    let folder = project.join(".context");
    let text = fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let half = text.match_indices('\n').nth(30).unwrap().0 + 1;
    fs::create_dir(folder.join("archive")).unwrap();
    fs::write(folder.join("archive/events-20261123T090000.000Z.jsonl"), &text[..half]).unwrap();
    fs::write(folder.join("events.jsonl"), &text[half..]).unwrap();
    assert_eq!(brief(), whole);
}
