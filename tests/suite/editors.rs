//! One save is one entry, whatever the editor does to the disk: what real programs did, recorded in `tests/golden/editors`, is
//! done again in a tracked project.

#![cfg(unix)]

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::env::{TestEnv, entries};
use crate::replay::sync;

/// One recorded save.
struct Save {
    name: String,
    before: Vec<String>,
    operations: Vec<String>,
    tells: Vec<String>,
}

fn saves() -> Vec<Save> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/editors");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().map(|path| save(path)).collect()
}

fn save(path: &Path) -> Save {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut save = Save { name, before: Vec::new(), operations: Vec::new(), tells: Vec::new() };
    for line in fs::read_to_string(path).unwrap().lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ').unwrap() {
            ("before", path) => save.before.push(path.to_owned()),
            ("tells", told) => save.tells.push(told.to_owned()),
            _ => save.operations.push(line.to_owned()),
        }
    }
    assert!(!save.operations.is_empty() && !save.tells.is_empty(), "{}", save.name);
    save
}

/// Does one operation in a folder; `open` holds the files that are open, by their numbers.
fn run(folder: &Path, operation: &str, open: &mut HashMap<String, File>) -> std::io::Result<()> {
    let words: Vec<&str> = operation.split(' ').collect();
    let at = |index: usize| folder.join(words[index]);
    let has = |flag| words[3..].contains(&flag);
    match words[0] {
        "open" => {
            let mut options = OpenOptions::new();
            options.write(true).create(has("create")).truncate(has("truncate")).create_new(has("exclusive"));
            open.insert(words[1].to_owned(), options.open(at(2))?);
        }
        "write" => open.get_mut(words[1]).unwrap().write_all(&vec![b'x'; words[2].parse().unwrap()])?,
        "truncate" => open[words[1]].set_len(words[2].parse().unwrap())?,
        "close" => drop(open.remove(words[1]).unwrap()),
        "rename" => fs::rename(at(1), at(2))?,
        "link" => fs::hard_link(at(1), at(2))?,
        "symlink" => symlink("me@here.4711", at(1))?,
        "unlink" => fs::remove_file(at(1))?,
        "mkdir" => fs::create_dir(at(1))?,
        "rmdir" => fs::remove_dir(at(1))?,
        "chmod" => fs::set_permissions(at(1), Permissions::from_mode(0o644))?,
        "times" => OpenOptions::new().write(true).open(at(1))?.set_modified(SystemTime::UNIX_EPOCH)?,
        other => panic!("no such operation: {other}"),
    }
    Ok(())
}

#[test]
fn one_save_is_one_entry_whatever_the_editor_does() {
    let env = TestEnv::new();
    let project = env.project("shop");
    // However slow the machine is, a save is looked at when it is over.
    fs::write(project.join(".context/config.toml"), "[record]\nquiet_ms = 10000\nmax_hold_ms = 60000\n").unwrap();
    let saves = saves();
    for save in &saves {
        let folder = project.join(&save.name);
        fs::create_dir(&folder).unwrap();
        save.before.iter().for_each(|path| fs::write(folder.join(path), "one\ntwo\n").unwrap());
    }
    env.ctx(&project, ["start"]).ok();
    for save in &saves {
        let seen = entries(&project).len();
        let folder = project.join(&save.name);
        let mut open = HashMap::new();
        for operation in &save.operations {
            run(&folder, operation, &mut open).unwrap_or_else(|error| panic!("{}: {operation}: {error}", save.name));
        }
        drop(open);
        sync(&env, &project);
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let tell = |entry: &serde_json::Value| {
            let path = word(&entry["path"]);
            format!("{} {}", word(&entry["kind"]), path.strip_prefix(&format!("{}/", save.name)).unwrap_or(&path))
        };
        let told: Vec<String> = entries(&project)[seen..].iter().map(tell).collect();
        assert_eq!(told, save.tells, "{}", save.name);
    }
}
