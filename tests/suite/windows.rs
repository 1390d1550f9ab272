//! What only Windows does to names, to open files and to the record.

use std::fs::{self, File, OpenOptions};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use context_tray::platform::files;

use crate::env::{TestEnv, entries, entries_of, log_lines, recorded, wait_for};
use crate::replay::sync;

/// Lets others read, and neither write nor delete: as a program that knows nothing of sharing opens a file.
const SHARE_READ: u32 = 1;

/// The changes as the record has them.
fn changes(project: &Path) -> Vec<String> {
    let changes = log_lines(project).into_iter().map(|line| line[11..].to_owned());
    changes.filter(|line| !line.starts_with("Session ") && !line.starts_with("Ran: ")).collect()
}

fn opened(path: &Path, sharing: u32) -> File {
    OpenOptions::new().read(true).share_mode(sharing).open(path).unwrap()
}

#[test]
fn paths_longer_than_the_system_once_allowed_are_recorded() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let below: PathBuf = std::iter::repeat_n("a-folder-with-a-long-name", 20).collect();
    let folder = files::literal(&project).join(&below);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a"), "1").unwrap();
    sync(&env, &project);
    let told = below.to_str().unwrap().replace('\\', "/");
    assert!(folder.as_os_str().len() > 500);
    assert_eq!(entries_of(&project, "created").last().unwrap()["path"], format!("{told}/a"));
    fs::write(folder.join("a"), "22").unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project).last().unwrap(), &format!("Edited: {told}/a"));
    fs::rename(folder.join("a"), folder.join("b")).unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project).last().unwrap(), &format!("Moved: {told}/a -> {told}/b"));
}

#[test]
fn names_that_mean_devices_elsewhere_are_files_of_the_project() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let literal = files::literal(&project);
    for name in ["nul", "con", "aux.h", "com1.txt", "dot.", "space "] {
        fs::write(literal.join(name), "1").unwrap();
        sync(&env, &project);
        fs::write(literal.join(name), "22").unwrap();
        sync(&env, &project);
        fs::remove_file(literal.join(name)).unwrap();
        sync(&env, &project);
        let told = changes(&project);
        let expected = ["Created", "Edited", "Deleted"].map(|word| format!("{word}: {name}"));
        assert_eq!(told[told.len() - 3..], expected);
    }
}

#[test]
fn a_name_that_changes_in_its_case_only_has_changed() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir(project.join("docs")).unwrap();
    fs::write(project.join("docs").join("readme"), "1").unwrap();
    fs::write(project.join("plan"), "1").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::rename(project.join("plan"), project.join("PLAN")).unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project), ["Moved: plan -> PLAN"]);
    // By whichever name it is opened.
    fs::write(project.join("Plan"), "22").unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project)[1..], ["Edited: PLAN"]);
    fs::rename(project.join("docs"), project.join("Docs")).unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project)[2..], ["Moved: docs/ -> Docs/"]);
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(changes(&project).len(), 4, "but for the gap nothing is told again: {:#?}", changes(&project));
}

#[test]
fn readers_are_never_refused_and_keep_nobody_from_writing() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let context = project.join(".context");
    let names = ["session.md", "session_state.json", "session.pid", "events.jsonl"];
    let readers = ["session.md", "session.pid", "events.jsonl"].map(|name| File::open(context.join(name)).unwrap());
    for number in 0..20 {
        env.ctx(&project, ["log", &format!("make {number}")]).ok().says_nothing();
        for name in names {
            assert!(!fs::read(context.join(name)).unwrap().is_empty(), "{name}");
        }
    }
    assert_eq!(env.status(&project)["last_command"]["command"], "make 19");
    drop(readers);
    assert_eq!(entries_of(&project, "ran").len(), 20);
}

#[test]
fn a_state_file_that_is_being_read_is_replaced() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    // As most programs open it.
    let reader = File::open(project.join(".context").join("session_state.json")).unwrap();
    env.ctx(&project, ["log", "make"]).ok();
    assert_eq!(env.status(&project)["last_command"]["command"], "make");
    drop(reader);
}

#[test]
fn a_file_that_somebody_holds_is_written_when_it_is_free() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let context = project.join(".context");
    let held =
        [opened(&context.join("session_state.json"), SHARE_READ), opened(&context.join("session.md"), SHARE_READ)];
    env.ctx(&project, ["log", "make"]).ok();
    fs::write(project.join("a"), "1").unwrap();
    drop(held);
    env.ctx(&project, ["log", "make again"]).ok();
    sync(&env, &project);
    let commands: Vec<_> = entries_of(&project, "ran").iter().map(|ran| ran["command"].clone()).collect();
    assert_eq!(commands, ["make", "make again"]);
    let lines = log_lines(&project);
    for told in ["Ran: make -> Success", "Created: a", "Ran: make again -> Success"] {
        assert_eq!(lines.iter().filter(|line| line.ends_with(told)).count(), 1, "{told}: {lines:#?}");
    }
    wait_for("the state", || env.status(&project)["last_command"]["command"] == "make again");
}

#[test]
fn files_that_others_hold_are_recorded_all_the_same() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join("a"), "1").unwrap();
    sync(&env, &project);
    // Nobody else may open it.
    let mut held = OpenOptions::new().append(true).share_mode(0).open(project.join("a")).unwrap();
    std::io::Write::write_all(&mut held, b"22").unwrap();
    fs::write(project.join("b"), "1").unwrap();
    sync(&env, &project);
    drop(held);
    sync(&env, &project);
    let told = changes(&project);
    assert!(told.contains(&"Created: b".to_owned()) && told.contains(&"Edited: a".to_owned()), "{told:#?}");
    assert!(!told.iter().any(|line| line.starts_with("Deleted")), "{told:#?}");
}

#[test]
fn paths_for_people_are_as_they_write_them() {
    let env = TestEnv::new();
    let project = env.folder("new");
    env.ctx(&project, ["start"]).ok().says(&format!("Recording {}", project.display()));
    env.ctx(&project, ["status"]).ok().says(&format!("Folder:       {}", project.display()));
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, ["stop"]).fails(3).warns(&format!("error: {} is not", project.display()));
    assert!(entries(&project).iter().all(|entry| !entry.to_string().contains("?")), "no path with a prefix");
}

/// Makes a junction, which is what a user without further rights can make.
fn link(env: &TestEnv, at: &Path, to: &Path) {
    let mut shell = env.command("cmd", &env.home());
    shell.args(["/c", "mklink", "/J"]).arg(at).arg(to);
    env.run(shell).ok();
}

#[test]
fn a_junction_is_a_link_and_is_not_followed() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let elsewhere = env.folder("elsewhere");
    link(&env, &project.join("link"), &elsewhere);
    fs::write(elsewhere.join("a"), "1").unwrap();
    sync(&env, &project);
    assert_eq!(changes(&project), ["Created: link"]);
    assert_eq!(entries_of(&project, "created")[0]["entry"], "symlink");

    let linked = env.folder("linked");
    link(&env, &linked.join(".context"), &elsewhere);
    for args in [&["init"][..], &["start"], &["log", "x"], &["status"]] {
        env.ctx(&linked, args).fails(1).warns("symbolic link").hints("remove the link");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
}
