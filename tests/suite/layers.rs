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
