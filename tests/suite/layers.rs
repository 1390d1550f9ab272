//! The order of the modules in `lib.rs` is the direction of the dependencies: a module uses only modules above it.

use std::fs;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the order in which `lib.rs` declares them.
fn modules() -> Vec<String> {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let name = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    lib.lines().filter_map(name).collect()
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| files(&entry.unwrap().path(), found));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_path_buf());
    }
}

/// The files of one module: `name.rs` and everything in `name/`.
fn files_of(module: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let file = source().join(format!("{module}.rs"));
    if file.exists() {
        found.push(file);
    }
    let folder = source().join(module);
    if folder.exists() {
        files(&folder, &mut found);
    }
    found
}

/// The modules that a file names after `crate::`, also in a group.
fn used(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find("};").unwrap_or(group.len())];
                used.extend(group.split(',').map(|name| name.trim().split("::").next().unwrap().to_owned()));
            }
            None => used.push(rest.chars().take_while(|c| is_name(*c)).collect()),
        }
    }
    used
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let modules = modules();
    assert!(modules.len() > 20, "{modules:?}");
    let mut wrong = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        for file in files_of(module) {
            let text = fs::read_to_string(&file).unwrap();
            for name in used(&text) {
                if modules.iter().position(|other| *other == name).is_some_and(|other| other > place) {
                    wrong.push(format!("{} uses {name}, which stands below {module}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_belongs_to_a_module() {
    let modules = modules();
    let mut all = Vec::new();
    files(&source(), &mut all);
    let owned: Vec<PathBuf> = modules.iter().flat_map(|module| files_of(module)).collect();
    let is_front_end = |file: &Path| file.starts_with(source().join("bin")) || file.ends_with("lib.rs");
    let stray: Vec<_> = all.iter().filter(|file| !owned.contains(file) && !is_front_end(file)).collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[test]
fn unsafe_code_stays_in_platform() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    let platform = source().join("platform");
    for file in all.iter().filter(|file| !file.starts_with(&platform)) {
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("unsafe "), "{}", file.display());
    }
}

#[test]
fn only_the_tray_front_end_names_the_tray() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    let front_end = source().join("bin/context-tray");
    for file in all.iter().filter(|file| !file.starts_with(&front_end)) {
        let text = fs::read_to_string(file).unwrap();
        for name in ["tao::", "tray_icon::", "notify_rust::"] {
            assert!(!text.contains(name), "{} names {name}", file.display());
        }
    }
}

/// What asks which system this is, or takes it for granted.
const SYSTEM: [&str; 6] = ["target_os", "target_family", "cfg(unix", "(windows", "not(unix", "std::os::"];

/// The lines of a file that ask for the system, without its tests.
fn asking(text: &str) -> Vec<&str> {
    let end = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|tests| text.find(tests)).min();
    let lines = text[..end.unwrap_or(text.len())].lines();
    lines.filter(|line| SYSTEM.iter().any(|asks| line.contains(asks))).collect()
}

#[test]
fn only_the_platform_knows_the_system() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    let is_place = |file: &Path| {
        let name = file.file_name().unwrap().to_str().unwrap();
        let event_loop = file.starts_with(source().join("bin/context-tray")) && name.starts_with("event_loop_");
        file.starts_with(source().join("platform")) || file.starts_with(source().join("ipc")) || event_loop
    };
    let is_test = |file: &Path| file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"));
    let mut wrong = Vec::new();
    for file in all.iter().filter(|file| !is_place(file) && !is_test(file.strip_prefix(source()).unwrap())) {
        let text = fs::read_to_string(file).unwrap();
        // The one choice that is left: which event loop, and that the desktop's program has no console.
        let is_choice = |line: &str| line.contains("event_loop_") || line.contains("windows_subsystem");
        let is_main = file.ends_with("context-tray/main.rs");
        wrong.extend(
            asking(&text)
                .into_iter()
                .filter(|line| !(is_main && is_choice(line)))
                .map(|line| format!("{}: {line}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_system_has_the_same_functions() {
    let name = |line: &str| {
        Some(line.trim().strip_prefix("os::")?.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned())
    };
    let mut all = Vec::new();
    files(&source(), &mut all);
    let platform = source().join("platform");
    let mut called = std::collections::BTreeSet::new();
    for file in all.iter().filter(|file| file.parent() == Some(&platform)) {
        let text = fs::read_to_string(file).unwrap();
        called.extend(
            text.match_indices("os::")
                .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == ':'))
                .filter_map(|(at, _)| name(&text[at..])),
        );
    }
    assert!(called.len() > 40, "{called:?}");
    for files in [
        &["linux.rs", "linux", "unix.rs", "unix"][..],
        &["macos.rs", "macos", "unix.rs", "unix", "not_linux.rs"],
        &["windows.rs", "windows", "not_linux.rs"],
    ] {
        let mut own = Vec::new();
        files.iter().for_each(|file| self::files(&platform.join(file), &mut own));
        let text: String = own.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let has = |name: &String| {
            ["fn ", "const ", "struct ", "type ", "{", ", "].iter().any(|before| {
                ["(", ":", ",", "}", " "].iter().any(|after| text.contains(&format!("{before}{name}{after}")))
            })
        };
        let missing: Vec<_> = called.iter().filter(|name| !has(name)).collect();
        assert!(missing.is_empty(), "{files:?}: {missing:?}");
    }
}
