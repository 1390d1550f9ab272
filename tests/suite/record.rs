//! The record is the truth: what it says, replayed on the tree as it was, is the tree as it is. Through the real tracker on a
//! real folder.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::env::{TestEnv, entries, entries_of, log_lines, recorded, wait_for};
use crate::replay::{Tree, assert_exact, disk, replay, sync};

#[test]
fn what_changed_without_a_session_is_found_by_the_next() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir(project.join("docs")).unwrap();
    for name in ["a", "b", "gone", "docs/plan"] {
        fs::write(project.join(name), name).unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    let tree = disk(&project);
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join("a"), "longer").unwrap();
    fs::rename(project.join("b"), project.join("docs/b")).unwrap();
    fs::rename(project.join("docs"), project.join("texts")).unwrap();
    fs::remove_file(project.join("gone")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_exact(&project, &tree, 0);
    let details: Vec<String> = log_lines(&project).into_iter().map(|line| line[11..].to_owned()).collect();
    let found = details.iter().position(|line| line.starts_with("Gap: ")).unwrap();
    assert!(details[found].ends_with(", no session; 4 changes found by scan"), "{details:#?}");
    let mut rest = details[found + 1..].to_vec();
    rest.sort();
    let expected = [
        "Deleted: gone (found by scan)",
        "Edited: a (found by scan)",
        "Moved: b -> texts/b (found by scan)",
        "Moved: docs/ -> texts/ (found by scan)",
    ];
    assert_eq!(rest, expected);
}

#[test]
fn an_unchanged_tree_is_found_unchanged() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::write(project.join("b"), "b").unwrap();
    sync(&env, &project);
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(entries_of(&project, "gap")[0]["changes_found"], 0);
    assert_eq!(entries_of(&project, "created").len(), 1);
}

#[test]
fn an_index_that_is_damaged_is_no_reason_to_tell_what_is_not_known() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a"), "1").unwrap();
    env.ctx(&project, ["start"]).ok();
    let damages = ["", "\u{1}\u{1}\u{1}", "no index, but much longer than its length of 127 says: \u{7f}"];
    for (number, damage) in (1..).zip(damages) {
        env.ctx(&project, ["stop"]).ok();
        for kept in fs::read_dir(env.path("state/index")).unwrap() {
            fs::write(kept.unwrap().path(), damage).unwrap();
        }
        fs::write(project.join("a"), format!("2{damage}")).unwrap();
        env.ctx(&project, ["start"]).ok();
        let said = log_lines(&project);
        let is_gap = |line: &&String| line.contains("Gap: ") && line.ends_with("what changed is not known");
        assert_eq!(said.iter().filter(is_gap).count(), number, "{said:#?}");
        assert_eq!(entries_of(&project, "edited").len(), 0, "{said:#?}");
    }
    fs::write(project.join("a"), "3").unwrap();
    sync(&env, &project);
    assert_eq!(entries_of(&project, "edited").len(), 1);
}

#[test]
fn two_thousand_files_at_once_are_two_thousand_entries() {
    let env = TestEnv::new();
    let project = env.folder("burst");
    env.ctx(&project, ["start"]).ok();
    fs::create_dir(project.join("many")).unwrap();
    for number in 0..2000 {
        fs::write(project.join(format!("many/{number}")), "x").unwrap();
    }
    sync(&env, &project);
    let created = entries_of(&project, "created");
    let paths: BTreeSet<&str> =
        created.iter().filter(|e| e["entry"] == "file").map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!((created.len(), paths.len()), (2001, 2000));
}

#[test]
fn a_record_that_is_removed_begins_again() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.ctx(&project, ["start"]).ok();
    let pid = env.status(&project)["pid"].clone();
    fs::remove_dir_all(project.join(".context")).unwrap();
    wait_for("a new record", || {
        let status = env.status(&project);
        status["state"] == "running" && status["pid"] == pid && project.join(".context/session.md").exists()
    });
    fs::write(project.join("a"), "a").unwrap();
    sync(&env, &project);
    let log = fs::read_to_string(project.join(".context/session.md")).unwrap();
    assert!(log.starts_with("# Context Engine Session Log\n"), "{log}");
    assert!(log.contains("## Session ") && log.ends_with("Created: a\n"), "{log}");
}

/// Git with a name and nothing of the user's.
fn git(env: &TestEnv, project: &Path, args: &[&str]) {
    let mut command = env.command("git", project);
    let me = ["-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "init.defaultBranch=main"];
    command.args(me).args(["-c", "advice.detachedHead=false"]).args(args);
    env.run(command).ok();
}

#[test]
fn a_switch_of_the_branch_is_one_line_and_a_commit_another() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    git(&env, &project, &["init", "-q"]);
    for number in 0..30 {
        fs::write(project.join(format!("{number}.txt")), "main").unwrap();
    }
    git(&env, &project, &["add", "."]);
    git(&env, &project, &["commit", "-q", "-m", "first"]);
    git(&env, &project, &["checkout", "-q", "-b", "feat/x"]);
    for number in 0..30 {
        fs::write(project.join(format!("{number}.txt")), "feature").unwrap();
    }
    git(&env, &project, &["commit", "-q", "-a", "-m", "second"]);
    env.ctx(&project, ["start"]).ok();
    let start = disk(&project).into_iter().filter(|(path, _)| !path.starts_with(".git")).collect();
    git(&env, &project, &["checkout", "-q", "main"]);
    fs::write(project.join("new.txt"), "new").unwrap();
    wait_for("the switch", || entries_of(&project, "git").len() == 1);
    git(&env, &project, &["add", "new.txt"]);
    git(&env, &project, &["commit", "-q", "-m", "third"]);
    wait_for("the commit", || entries_of(&project, "git").len() == 2);
    sync(&env, &project);
    let details: Vec<String> = log_lines(&project).into_iter().map(|line| line[11..].to_owned()).collect();
    let switch = details.iter().position(|line| line.contains("(switched feat/x -> main)")).unwrap();
    assert!(details[switch].starts_with("Edited: 30 files"), "{details:#?}");
    assert!(
        details.last().unwrap().starts_with("Committed: ") && details.last().unwrap().ends_with(" third"),
        "{details:#?}"
    );
    assert_eq!(entries_of(&project, "edited").len(), 30);
    let now: Tree = disk(&project).into_iter().filter(|(path, _)| !path.starts_with(".git")).collect();
    assert_eq!(replay(&start, &entries(&project)), now);
}

#[test]
fn a_new_branch_makes_no_change_of_the_files() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    git(&env, &project, &["init", "-q"]);
    git(&env, &project, &["commit", "-q", "--allow-empty", "-m", "first"]);
    env.ctx(&project, ["start"]).ok();
    git(&env, &project, &["checkout", "-q", "-b", "feat"]);
    fs::write(project.join("unrelated"), "2").unwrap();
    sync(&env, &project);
    let details: Vec<String> = log_lines(&project).into_iter().map(|line| line[11..].to_owned()).collect();
    assert!(details.contains(&"Created: unrelated".to_owned()), "{details:#?}");
    assert!(details.contains(&"Switched: main -> feat".to_owned()), "{details:#?}");
}

#[test]
fn the_configuration_counts_at_once_and_a_damaged_one_does_not() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a.gen"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    let config = project.join(".context/config.toml");
    let problem = || env.status(&project)["config_problem"].as_str().unwrap_or_default().to_owned();

    fs::write(&config, "[watch]\nignore = [\"*.gen\"]\n[record]\nquiet_ms = 20\n").unwrap();
    wait_for("the pattern to count", || env.status(&project)["files_indexed"] == 0);
    fs::write(project.join("a.gen"), "more").unwrap();
    fs::write(project.join("b.gen"), "b").unwrap();
    sync(&env, &project);

    fs::write(&config, "[record]\nquiet_ms = 5\n").unwrap();
    wait_for("the problem to be told", || problem().contains("config.toml:2: record.quiet_ms is 5"));
    fs::write(project.join("c.gen"), "c").unwrap();
    sync(&env, &project);
    assert!(entries_of(&project, "created").is_empty(), "the last good configuration is in force");

    fs::create_dir_all(env.path("config")).unwrap();
    fs::write(&config, "").unwrap();
    wait_for("the end of the problem", || problem().is_empty());
    fs::write(project.join("d.gen"), "d").unwrap();
    sync(&env, &project);
    let paths: Vec<Value> = entries_of(&project, "created").iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(paths, ["d.gen"], "what was let in is no change of the files");
}

/// What was told, a word and paths each.
fn changes(project: &Path) -> Vec<String> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let tell = |entry: &Value| {
        let paths = ["path", "from", "to"].into_iter().filter_map(|key| word(&entry[key]));
        word(&entry["kind"]).into_iter().chain(paths).collect::<Vec<_>>().join(" ")
    };
    entries(project).iter().map(tell).filter(|told| told.contains(' ')).collect()
}

#[test]
fn a_file_that_is_moved_and_written_on_and_on_has_moved() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::rename(project.join("a"), project.join("b")).unwrap();
    wait_for("an entry", || {
        fs::write(project.join("b"), "more").unwrap();
        !changes(&project).is_empty()
    });
    assert_eq!(changes(&project)[0], "moved a b");
}

#[test]
fn what_is_moved_into_a_new_folder_has_moved() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::write(project.join("a"), "a").unwrap();
    fs::create_dir(project.join("b")).unwrap();
    fs::write(project.join("b/x"), "x").unwrap();
    fs::write(project.join("noise"), "").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::create_dir(project.join("new")).unwrap();
    // So that the folder goes quiet before what is moved into it does.
    (0..500).for_each(|_| fs::write(project.join("noise"), "more").unwrap());
    fs::rename(project.join("a"), project.join("new/a")).unwrap();
    fs::rename(project.join("b"), project.join("new/b")).unwrap();
    let told = |end: &str| changes(&project).into_iter().find(|told| told.ends_with(end));
    wait_for("both", || told(" new/a").is_some() && told(" new/b").is_some());
    assert_eq!(told(" new/a").unwrap(), "moved a new/a");
    assert_eq!(told(" new/b").unwrap(), "moved b new/b");
    // The folder is watched where it is.
    fs::write(project.join("new/b/x"), "more").unwrap();
    wait_for("the edit", || told("edited new/b/x").is_some());
}

/// A watch goes with what is renamed, also when it comes back before anybody has looked.
#[test]
fn a_folder_that_left_and_is_back_is_watched_as_before() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    for folder in ["a/deep", "b", "c"] {
        fs::create_dir_all(project.join(folder)).unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    let rename = |from: &str, to: &str| fs::rename(project.join(from), project.join(to)).unwrap();
    let there_and_back: [(&str, &dyn Fn()); 4] = [
        ("a/deep/f", &|| {
            rename("a", "t");
            rename("t", "a");
        }),
        ("b/f", &|| {
            rename("b", "../t");
            rename("../t", "b");
        }),
        ("c/f", &|| {
            (0..2).for_each(|_| {
                rename("b", "t");
                rename("c", "b");
                rename("t", "c");
            })
        }),
        ("a/f", &|| {
            rename("a", "t");
            fs::create_dir(project.join("a")).unwrap();
            fs::remove_dir(project.join("a")).unwrap();
            rename("t", "a");
        }),
    ];
    for (path, leave) in there_and_back {
        leave();
        sync(&env, &project);
        fs::write(project.join(path), "1").unwrap();
        wait_for(path, || entries_of(&project, "created").iter().any(|entry| entry["path"] == path));
    }
    assert!(entries(&project).iter().all(|entry| entry["kind"] != "moved" && entry["kind"] != "deleted"));
    assert_eq!(env.status(&project)["directories_watched"], 5);

    // The folder of the record too: the commands of others are still noticed.
    rename(".context", ".kept");
    rename(".kept", ".context");
    sync(&env, &project);
    let log = project.join(".context/session.md");
    let mut text = fs::read_to_string(&log).unwrap();
    text.push_str("[10:00:00] Ran: make -> Success\n");
    fs::write(&log, text).unwrap();
    wait_for("the line of another program", || !entries_of(&project, "ran").is_empty());
}

/// As under a disk that was unmounted: nothing is told of what lies there, nothing is written there, and the session goes on
/// when the project is back. Windows lets nobody move a folder that is being watched.
#[cfg(unix)]
#[test]
fn another_folder_in_its_place_is_not_the_project() {
    let env = TestEnv::new();
    let (project, away) = (env.folder("shop"), env.home().join("away"));
    fs::write(project.join("a"), "1").unwrap();
    env.ctx(&project, ["start"]).ok();
    sync(&env, &project);
    let gone = |env: &TestEnv| {
        let listed: Value = serde_json::from_str(&env.ctx(&env.home(), ["list", "--json"]).stdout).unwrap();
        listed[0]["state"] == "missing"
    };
    for _ in 0..2 {
        fs::rename(&project, &away).unwrap();
        fs::create_dir(&project).unwrap();
        wait_for("it is missed", || gone(&env));
        fs::write(away.join("b"), "2").unwrap();
        let _ = env.ctx(&env.home(), ["agent", "restart"]);
        assert!(gone(&env), "an agent that is launched meanwhile misses it too");
        assert_eq!(fs::read_dir(&project).unwrap().count(), 0, "nothing is begun in another folder");
        fs::remove_dir(&project).unwrap();
        fs::rename(&away, &project).unwrap();
        wait_for("it goes on", || env.status(&project)["state"] == "running");
        fs::remove_file(project.join("b")).unwrap();
        sync(&env, &project);
    }
    let reasons: Vec<Value> = entries_of(&project, "gap").iter().map(|gap| gap["reason"].clone()).collect();
    assert_eq!(reasons, ["unreachable", "unreachable"]);
    let told = |kind| entries_of(&project, kind).iter().map(|entry| entry["path"].clone()).collect::<Vec<_>>();
    assert_eq!((told("created"), told("deleted")), (vec!["b".into(), "b".into()], vec!["b".into(), "b".into()]));

    // Whoever asks for it gets a record there.
    env.ctx(&project, ["stop"]).ok();
    fs::rename(&project, &away).unwrap();
    fs::create_dir(&project).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert!(project.join(".context/session.md").is_file());
}

#[test]
fn a_large_record_is_archived_at_the_next_start_and_read_as_one() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join(".context/config.toml"), "[record]\nrotate_over_mb = 1\n").unwrap();
    env.ctx(&project, ["note", "before the border"]).ok();
    env.ctx(&project, ["note", &"x".repeat(30_000)]).ok();
    let mut follow = env.ctx_command(&project, ["tail", "-f", "-n", "1", "--grep", "border"]);
    let mut follower = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut followed = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(followed.next().unwrap().unwrap().ends_with("Note: before the border"));
    // Windows takes no longer command lines.
    for _ in 0..20 {
        env.ctx(&project, ["note", &"x".repeat(30_000)]).ok();
        env.ctx(&project, ["note", &"y".repeat(30_000)]).ok();
    }
    env.ctx(&project, ["stop"]).ok();
    let last = entries(&project).last().unwrap()["seq"].as_u64().unwrap();
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, ["note", "behind the border"]).ok();

    let archived = fs::read_dir(project.join(".context/archive")).unwrap().count();
    assert_eq!(archived, 2, "both files are larger than 1 MB");
    assert_eq!(entries(&project)[0]["seq"], last + 1, "the numbers go on");
    assert_eq!(entries_of(&project, "gap")[0]["reason"], "stopped", "the last session is still known");
    let log = fs::read_to_string(project.join(".context/session.md")).unwrap();
    assert!(log.starts_with("# Context Engine Session Log\n") && log.len() < 1000, "{log}");
    let both = env.ctx(&project, ["tail", "-n", "2", "--grep", "border"]).ok();
    both.says("Note: before the border\n").says("Note: behind the border\n");
    assert!(followed.next().unwrap().unwrap().ends_with("Note: behind the border"));
    follower.kill().unwrap();
    follower.wait().unwrap();
    env.ctx(&project, ["status"]).ok().says("recording");
}
