use std::path::Path;

use chrono::TimeDelta;

use super::*;

/// A record in a short form: a second of the day, and what happened then.
fn record(lines: &[&str]) -> Vec<Entry> {
    let entry = |(seq, line): (usize, &&str)| {
        let (at, what) = line.split_once(' ').unwrap();
        let time = time(at.parse().unwrap());
        let words: Vec<&str> = what.split(' ').collect();
        let change = |kind: &str, path: &str, mtime: Option<&str>, found_by: &str| {
            let mtime = mtime.map(|at| format!(",\"mtime_ns\":{}", nanoseconds(&self::time(at.parse().unwrap()))));
            let mtime = mtime.unwrap_or_default();
            format!("\"kind\":\"{kind}\",\"path\":\"{path}\",\"entry\":\"file\",\"found_by\":\"{found_by}\"{mtime}")
        };
        let what = match words[..] {
            ["edited", path, mtime] => change("edited", path, Some(mtime), "watch"),
            ["found", path, mtime] => change("edited", path, Some(mtime), "scan"),
            ["deleted", path] => change("deleted", path, None, "watch"),
            ["moved", from, to] => format!(
                "\"kind\":\"moved\",\"from\":\"{from}\",\"to\":\"{to}\",\"entry\":\"dir\",\"size\":0,\"mtime_ns\":0,\"found_by\":\"watch\""
            ),
            ["ran", command, code, ms] => format!(
                "\"kind\":\"ran\",\"id\":\"\",\"command\":\"{}\",\"status\":\"x\",\"exit_code\":{code},\"duration_ms\":{ms},\"source\":\"run\"",
                command.replace('_', " ")
            ),
            ["started"] => "\"kind\":\"started\",\"pid\":1,\"version\":\"0\",\"reason\":\"user\"".into(),
            ["gap", from, found] => format!(
                "\"kind\":\"gap\",\"from\":\"{}\",\"to\":\"{}\",\"reason\":\"stopped\",\"changes_found\":{found}",
                self::time(from.parse().unwrap()).to_rfc3339(),
                time.to_rfc3339()
            ),
            _ => panic!("{line}"),
        };
        let head = format!("{{\"v\":1,\"seq\":{},\"time\":\"{}\"", seq + 1, time.to_rfc3339());
        serde_json::from_str(&format!("{head},{what}}}")).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    lines.iter().enumerate().map(entry).collect()
}

fn time(second: f64) -> DateTime<FixedOffset> {
    let ten = DateTime::parse_from_rfc3339("2026-11-22T10:00:00+01:00").unwrap();
    ten + TimeDelta::milliseconds((second * 1000.0) as i64)
}

fn claim(pattern: &str) -> Claim {
    let paths = Paths::new(&[]).unwrap();
    Claim {
        pattern: pattern.into(),
        after_last_edit: true,
        paths,
        unnamed: Vec::new(),
        within: None,
        now: time(1000.0),
    }
}

fn verdict(claim: &Claim, lines: &[&str], is_current: bool) -> Verdict {
    let mut search = Search::new(claim);
    let _ = record(lines).into_iter().rev().all(|entry| search.take(entry));
    search.verdict(is_current)
}

#[track_caller]
fn decides(lines: &[&str], reason: Reason) -> Verdict {
    let verdict = verdict(&claim("cargo test"), lines, true);
    assert_eq!(verdict.reason, reason, "{verdict:#?}");
    assert_eq!(verdict.holds, reason == Reason::Holds);
    assert_eq!(verdict.hint.is_none(), verdict.holds);
    verdict
}

#[test]
fn the_last_such_command_decides() {
    decides(&[], Reason::NotRun);
    decides(&["1 ran cargo_build 0 10"], Reason::NotRun);
    decides(&["1 ran cargo_test 0 10"], Reason::Holds);
    decides(&["1 ran cargo_test 1 10", "2 ran cargo_test_--all 0 10"], Reason::Holds);
    decides(&["1 ran cargo_test 0 10", "2 ran cargo_test_--all 101 10"], Reason::Failed);
    decides(&["1 ran cargo_test 0 10", "2 ran ctx_check_--ran_'cargo_test' 7 10"], Reason::Holds);
}

#[test]
fn of_two_commands_the_one_that_began_later_decides_whichever_stands_last() {
    for after_last_edit in [true, false] {
        let claim = Claim { after_last_edit, ..claim("cargo test") };
        let reason = |lines: &[&str]| verdict(&claim, lines, true).reason;
        assert_eq!(reason(&["10 ran cargo_test 1 10", "10.2 ran cargo_test 0 5000"]), Reason::Failed);
        assert_eq!(reason(&["10 ran cargo_test 0 10", "10.2 ran cargo_test 1 5000"]), Reason::Holds);
    }
}

#[test]
fn an_edit_after_the_begin_speaks_against_it() {
    decides(&["1 edited a 0.9", "20 ran cargo_test 0 5000"], Reason::Holds);
    decides(&["1 edited a 0.9", "20 ran cargo_test 0 5000", "21 edited a 20.9"], Reason::Edited);
    let while_it_ran = decides(&["16 edited src/a 15.5", "20 ran cargo_test 0 5000"], Reason::Edited);
    assert!(while_it_ran.message.contains("Edited: src/a"), "{}", while_it_ran.message);
    // Saved before the begin, written down behind it.
    decides(&["15.2 edited a 14.9", "20 ran cargo_test 0 5000"], Reason::Holds);
    // A file that brought its date along was not there at that date.
    decides(&["20 ran cargo_test 0 5000", "30 edited a -900"], Reason::Edited);
    decides(&["20 ran cargo_test 0 5000", "21 deleted a"], Reason::Edited);
    decides(&["20 ran cargo_test 0 5000", "21 moved a b"], Reason::Edited);
}

/// The clock that stamps files runs behind by some milliseconds.
#[test]
fn an_edit_that_looks_older_than_the_command_by_a_moment_counts_by_when_it_was_recorded() {
    // The command began at 10.
    decides(&["12 ran cargo_test 0 2000", "12.1 edited a.c 9.995"], Reason::Edited);
    decides(&["10.1 edited a.c 9.995", "12 ran cargo_test 0 2000"], Reason::Edited);
    decides(&["9.999 edited a.c 9.995", "12 ran cargo_test 0 2000"], Reason::Holds);
    decides(&["10.1 edited a.c 9.98", "12 ran cargo_test 0 2000"], Reason::Holds);
    // Of what nobody saw happen, its own time is all that there is.
    decides(&["12 ran cargo_test 0 2000", "13 started", "13 gap 9.9 1", "13 found a.c 9.995"], Reason::Holds);
}

#[test]
fn what_was_not_observed_is_not_taken_for_unchanged() {
    let ran = "20 ran cargo_test 0 5000";
    decides(&[ran, "60 started", "60 gap 25 0"], Reason::Holds);
    decides(&[ran, "60 started", "60 gap 25 null"], Reason::NotObserved);
    decides(&["10 started", "10 gap 5 null", ran], Reason::Holds);
    // The first session takes the tree as it is.
    decides(&[ran, "60 started"], Reason::NotObserved);
    decides(&[ran, "60 started", "90 gap 80 0"], Reason::NotObserved);
    decides(&[ran, "60 started", "60 gap 25 1", "60 found a 40"], Reason::Edited);
    // Recorded without a tracker, between two edits that the next session finds: the date tells them apart.
    decides(&[ran, "60 started", "60 gap 5 1", "60 found a 7"], Reason::Holds);
    decides(&[ran, "60 started", "60 gap 5 1", "60 found a -7"], Reason::Edited);
    assert_eq!(verdict(&claim("cargo test"), &[ran], false).reason, Reason::NotObserved);
    let any_time = Claim { after_last_edit: false, ..claim("cargo test") };
    assert!(verdict(&any_time, &[ran, "60 started", "61 edited a 60.9"], false).holds);
}

#[test]
fn only_files_that_matter_count() {
    let with = |globs: &[&str], change: &str| {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let claim = Claim { paths: Paths::new(&globs).unwrap(), ..claim("cargo test") };
        verdict(&claim, &["20 ran cargo_test 0 5000", change], true).holds
    };
    let readme = "30 edited docs/README.md 29.9";
    assert!(with(&["src"], readme));
    assert!(with(&["*.rs", "/tests/"], readme));
    assert!(!with(&["*.md"], readme));
    assert!(!with(&["docs/"], readme));
    assert!(!with(&["./docs/**"], readme));
    assert!(with(&["docs", "!*.md"], readme));
    for elsewhere in ["30 edited ../shared/a.rs 29.9", "30 edited /shared/a.rs 29.9"] {
        assert!(!with(&["*.rs"], elsewhere));
        assert!(with(&["src/"], elsewhere));
    }
    let folder = "30 moved src/a src/b";
    assert!(!with(&["src/**/*.rs"], folder));
    assert!(!with(&["*.rs"], folder));
    assert!(!with(&["src/a/deep/x.rs"], folder));
    assert!(with(&["docs/*.md"], folder));
    for void in ["a[", "[z-a]", "", "# comment", "!docs"] {
        assert!(Paths::new(&[void.into()]).is_err(), "{void:?}");
    }
}

#[test]
fn a_command_may_be_too_long_ago() {
    let recent = |seconds| Claim { within: Some(Duration::from_secs(seconds)), ..claim("cargo test") };
    assert!(verdict(&recent(1000), &["20 ran cargo_test 0 5000"], true).holds);
    let old = verdict(&recent(900), &["20 ran cargo_test 0 5000"], true);
    assert_eq!(old.reason, Reason::TooOld);
}

#[test]
fn a_late_entry_is_as_old_as_it_says() {
    let mut entries = record(&["50 ran cargo_test 0 10", "20 ran cargo_test 101 10"]);
    if let What::Ran(ran) = &mut entries[1].what {
        ran.late = true;
    }
    let claim = claim("cargo test");
    let mut search = Search::new(&claim);
    assert!(entries.into_iter().rev().all(|entry| search.take(entry)));
    assert!(search.verdict(true).holds);
}

#[test]
fn a_pattern_is_typed_in_a_folder_and_read_from_the_root() {
    let at =
        |here: &str, glob: &str| typed(glob, Path::new(here), &["../shared".into()]).map_err(|error| error.to_string());
    for (here, glob, read) in [
        ("", "src", "src"),
        ("", "*.rs", "*.rs"),
        ("", "/src", "/src"),
        ("", ".", "*"),
        ("", "./", "*"),
        ("", "./src/", "/src/"),
        ("", "src/a/../b.rs", "/src/b.rs"),
        ("", "src/..", "*"),
        ("", "!src/gen", "!/src/gen"),
        ("src", ".", "/src"),
        ("src", "../../shared/a.rs", "/../shared/a.rs"),
        ("src", "../src", "/src"),
        ("src", "..", "*"),
        ("src", "*.rs", "/src/**/*.rs"),
        ("src", "!gen/", "!/src/**/gen/"),
        ("src", "a/*.rs", "/src/a/*.rs"),
        ("src", "/tests", "/tests"),
        ("a [1]", "b", r"/a\ \[1\]/**/b"),
    ] {
        assert_eq!(at(here, glob).as_deref(), Ok(read), "{glob} in {here:?}");
    }
    for (here, glob) in [("", ".."), ("", "../sharedness"), ("src", "../../x"), ("", "!../x")] {
        assert!(at(here, glob).is_err_and(|error| error.contains("leads out")), "{glob} in {here:?}");
    }
    let beside = &Paths::new(&[at("", "../shared").unwrap()]).unwrap();
    assert!(
        beside.hold("../shared/a.rs")
            && !beside.hold("../share")
            && beside.patterns()[0].names(Path::new("../shared"), true)
    );
    // What was typed in a folder with a name that looks like a pattern is found in it.
    let pattern = &Paths::new(&[at("a [1]", "b").unwrap()]).unwrap().patterns()[0];
    assert!(pattern.names(Path::new("a [1]/b"), false) && pattern.names(Path::new("a [1]/c/b"), false));
    assert!(!pattern.names(Path::new("a 1/b"), false));
}

#[test]
fn a_pattern_that_names_nothing_proves_nothing() {
    let with = |globs: &[&str], lines: &[&str]| {
        let paths = Paths::new(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>()).unwrap();
        let unnamed = paths.patterns();
        verdict(&Claim { paths, unnamed, ..claim("cargo test") }, lines, true).reason
    };
    let ran = "20 ran cargo_test 0 5000";
    assert_eq!(with(&["src", "scr"], &[ran, "20.2 edited src/a 14.9"]), Reason::NoSuchFile);
    assert_eq!(with(&["src", "!*.md"], &[ran, "20.2 edited src/a 14.9"]), Reason::Holds);
    // What is gone from the disk was there.
    assert_eq!(with(&["src"], &[ran, "21 deleted src/a"]), Reason::Edited);
    assert_eq!(with(&["*"], &[ran]), Reason::Holds);
}
