//! A module uses only modules above it in `lib.rs`: the direction of the dependencies, which the crate doc promises.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// The modules in their order.
fn modules() -> Vec<String> {
    let text = fs::read_to_string(source().join("lib.rs")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// The files of a module: its own, and those in its folder.
fn files(module: &str) -> Vec<PathBuf> {
    let mut files = vec![source().join(format!("{module}.rs"))];
    let mut folders = vec![source().join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs") && file.is_file());
    files
}

/// The modules that a file names after `crate::`, also in braces.
fn used(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let name = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut used = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            None => used.push(name(rest)),
            Some(group) => {
                let group = &group[..group.find(';').unwrap_or(group.len())];
                let mut depth = 0;
                for part in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        used.push(name(part.trim_start()));
                    }
                    depth += part.matches('{').count();
                    depth = depth.saturating_sub(part.matches('}').count());
                }
            }
        }
    }
    used
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let modules = modules();
    assert!(modules.len() > 10, "{modules:?}");
    let place: BTreeMap<&str, usize> = modules.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    for (own, module) in modules.iter().enumerate() {
        for file in files(module) {
            for other in used(&fs::read_to_string(&file).unwrap()) {
                let other_place = place.get(other.as_str()).copied().unwrap_or_default();
                assert!(other_place <= own, "{} uses {other}, which stands below {module}", file.display());
            }
        }
    }
}

#[test]
fn every_file_belongs_to_a_module() {
    let mut known: Vec<PathBuf> = modules().iter().flat_map(|module| files(module)).collect();
    known.push(source().join("lib.rs"));
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.is_dir() || known.contains(&path), "{} belongs to no module of lib.rs", path.display());
    }
}

#[test]
fn what_differs_between_systems_lies_in_one_place() {
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path == source().join("platform") || is_front_end_of_a_system(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let shell = text.split("#[cfg(test)]").next().unwrap();
            assert!(!shell.contains("target_os"), "{} asks for the system", path.display());
            assert!(!shell.contains("unsafe {"), "{} has unsafe code", path.display());
        }
    }
}

/// The tray's event loops are the only files that name their system's libraries.
fn is_front_end_of_a_system(path: &Path) -> bool {
    path.starts_with(source().join("bin/context-tray"))
}
