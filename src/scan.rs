//! From the disk to observations.
//!
//! The only code that lists and stats the tracked tree. It goes level by level, and asks for a watch on a folder *before* it
//! lists it, so that nothing that happens meanwhile is missed. It never follows a symbolic link, and never enters a folder
//! that does not count.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Watch;
use crate::entry::EntryKind;
use crate::pace::Hint;
use crate::platform::files;
use crate::project::{CONTEXT_DIR, ProjectRoot};
use crate::rules::{FolderFacts, Rule, Rules};
use crate::tree::{Meta, Node, Observation, Tree};

/// A `.gitignore` beyond this many bytes is passed over.
const MAX_RULES_FILE: u64 = 1 << 20;

/// Called with the folders of one level, relative to the root, before they are listed.
pub type WatchFirst<'a> = &'a mut dyn FnMut(&[PathBuf]);

/// Everything below the root that counts.
///
/// # Errors
///
/// The root itself can't be listed; a folder below that can't be counts as empty.
pub fn whole(root: &ProjectRoot, rules: &mut Rules, watch: WatchFirst<'_>) -> io::Result<Observation> {
    let metadata = fs::symlink_metadata(root.path())?;
    fs::read_dir(root.path())?;
    let node = list(root, PathBuf::new(), OsString::new(), &metadata, rules, watch);
    Ok(Observation { path: PathBuf::new(), found: node })
}

/// What is at the hinted places now. A folder that the index does not hold as it is now is seen with all below it; one
/// that it does hold is not listed again, unless the hint is recursive: its children have hints of their own.
///
/// # Errors
///
/// The root itself can't be listed.
pub fn observe(
    root: &ProjectRoot,
    hints: &[Hint],
    tree: &Tree,
    rules: &mut Rules,
    watch: WatchFirst<'_>,
) -> io::Result<Vec<Observation>> {
    if hints.iter().any(|hint| hint.recursive && hint.path.as_os_str().is_empty()) {
        return Ok(vec![whole(root, rules, watch)?]);
    }
    let mut seen = Vec::with_capacity(hints.len());
    let mut listed: HashSet<&Path> = HashSet::new();
    let mut hints: Vec<(usize, &Hint)> = hints.iter().enumerate().collect();
    hints.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    for (order, hint) in hints {
        let path = hint.path.as_path();
        if path.ancestors().any(|above| listed.contains(above)) {
            continue;
        }
        let Some(found) = look(root, hint, tree, rules, watch) else { continue };
        if found.as_ref().is_some_and(Node::is_folder) {
            listed.insert(path);
        }
        seen.push((order, Observation { path: path.to_path_buf(), found }));
    }
    seen.sort_by_key(|(order, _)| *order);
    Ok(seen.into_iter().map(|(_, observation)| observation).collect())
}

/// The hints, but in place of what lies in a folder that is not the one of the index any more, that folder: a part of a
/// folder that was moved would look like something new.
pub fn widen(root: &ProjectRoot, hints: &[Hint], tree: &Tree) -> Vec<Hint> {
    let mut replaced = Replaced { root, tree, known: HashMap::new() };
    let widened = |hint: &Hint| {
        let path = replaced.topmost(&hint.path);
        Hint { recursive: hint.recursive || path != hint.path, path }
    };
    hints.iter().map(widened).collect()
}

struct Replaced<'a> {
    root: &'a ProjectRoot,
    tree: &'a Tree,
    known: HashMap<PathBuf, bool>,
}

impl Replaced<'_> {
    /// The topmost such folder above a path, else the path itself.
    fn topmost(&mut self, path: &Path) -> PathBuf {
        let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
        above.reverse();
        above.into_iter().find(|folder| self.is_replaced(folder)).unwrap_or(path).to_path_buf()
    }

    fn is_replaced(&mut self, folder: &Path) -> bool {
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let node = self.tree.find(folder);
        let metadata = fs::symlink_metadata(self.root.path().join(folder));
        let is_replaced = match (node, metadata) {
            (Some(node), Ok(metadata)) => !node.meta().agrees_with(&meta(&metadata)),
            _ => false,
        };
        self.known.insert(folder.to_path_buf(), is_replaced);
        is_replaced
    }
}

/// What is at one place; none where it need not be compared.
fn look(
    root: &ProjectRoot,
    hint: &Hint,
    tree: &Tree,
    rules: &mut Rules,
    watch: WatchFirst<'_>,
) -> Option<Option<Node>> {
    let path = hint.path.as_path();
    let name = path.file_name()?;
    let Ok(metadata) = fs::symlink_metadata(root.path().join(path)) else { return Some(None) };
    if rules.ignores(path, metadata.is_dir()) {
        // A path that counted before and is of an ignored kind now (a file `build` become a folder) is gone.
        return tree.find(path).map(|_| None);
    }
    if !metadata.is_dir() {
        return Some(Some(Node::leaf(name, meta(&metadata))));
    }
    let is_known = tree.find(path).is_some_and(|node| node.meta().agrees_with(&meta(&metadata)));
    if is_known && !hint.recursive {
        return None;
    }
    Some(list(root, path.to_path_buf(), name.to_owned(), &metadata, rules, watch))
}

/// A folder that is being listed, until all below it is known.
struct Listed {
    name: OsString,
    meta: Meta,
    children: Vec<Node>,
    folders: Vec<PathBuf>,
}

/// A folder with everything below it that counts; none where the folder turns out not to count itself.
fn list(
    root: &ProjectRoot,
    top: PathBuf,
    name: OsString,
    metadata: &Metadata,
    rules: &mut Rules,
    watch: WatchFirst<'_>,
) -> Option<Node> {
    let mut listed: BTreeMap<PathBuf, Listed> = BTreeMap::new();
    let mut level = vec![(top.clone(), name, meta(metadata))];
    while !level.is_empty() {
        let paths: Vec<PathBuf> = level.iter().map(|(path, _, _)| path.clone()).collect();
        watch(&paths);
        let mut next = Vec::new();
        for (path, name, meta) in level {
            if let Some((children, folders)) = list_one(root, &path, rules) {
                let below = folders.iter().map(|(name, _)| path.join(name)).collect();
                next.extend(folders.into_iter().map(|(name, meta)| (path.join(&name), name, meta)));
                listed.insert(path, Listed { name, meta, children, folders: below });
            }
        }
        level = next;
    }
    assemble(&mut listed, &top)
}

/// Puts the folders into each other, from the leaves up.
fn assemble(listed: &mut BTreeMap<PathBuf, Listed>, path: &Path) -> Option<Node> {
    let Listed { name, meta, mut children, folders } = listed.remove(path)?;
    children.extend(folders.iter().filter_map(|folder| assemble(listed, folder)));
    Some(Node::folder(&name, meta, children))
}

type Listing = (Vec<Node>, Vec<(OsString, Meta)>);

/// The files and the folders of one folder that count; none where the folder is a project of its own.
fn list_one(root: &ProjectRoot, folder: &Path, rules: &mut Rules) -> Option<Listing> {
    let absolute = root.path().join(folder);
    let mut found: Vec<(OsString, Metadata)> = Vec::new();
    for entry in fs::read_dir(&absolute).into_iter().flatten().flatten() {
        // What vanished since it was listed is not there; its own hint says the rest.
        if let Ok(metadata) = entry.metadata() {
            found.push((entry.file_name(), metadata));
        }
    }
    let has = |name: &str| found.iter().find(|(found, _)| found == name).map(|(_, metadata)| metadata);
    let facts = FolderFacts {
        gitignore: has(".gitignore").and_then(|metadata| rules_text(&absolute, metadata)),
        has_cargo_manifest: has("Cargo.toml").is_some(),
        has_context: has(CONTEXT_DIR).is_some_and(Metadata::is_dir),
    };
    rules.learn(folder, facts);
    if !folder.as_os_str().is_empty() && rules.ignores(folder, true) {
        return None;
    }
    let (mut leaves, mut folders) = (Vec::new(), Vec::new());
    for (name, metadata) in found {
        if rules.ignores(&folder.join(&name), metadata.is_dir()) {
            continue;
        }
        match metadata.is_dir() {
            true => folders.push((name, meta(&metadata))),
            false => leaves.push(Node::leaf(&name, meta(&metadata))),
        }
    }
    Some((leaves, folders))
}

fn rules_text(folder: &Path, metadata: &Metadata) -> Option<String> {
    if !metadata.is_file() || metadata.len() > MAX_RULES_FILE {
        return None;
    }
    let bytes = fs::read(folder.join(".gitignore")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rule that keeps a path, relative to the root, from being recorded; none where it counts.
pub fn explain(root: &ProjectRoot, config: &Watch, path: &Path) -> Option<Rule> {
    let mut rules = Rules::new(config, shared_rules(root));
    let is_dir = fs::symlink_metadata(root.path().join(path)).is_ok_and(|metadata| metadata.is_dir());
    for folder in path.ancestors().skip(1).chain(is_dir.then_some(path)) {
        rules.learn(folder, facts(&root.path().join(folder)));
    }
    rules.explain(path, is_dir)
}

/// What a folder says about rules, without listing it.
fn facts(folder: &Path) -> FolderFacts {
    let at = |name: &str| fs::symlink_metadata(folder.join(name)).ok();
    FolderFacts {
        gitignore: at(".gitignore").and_then(|metadata| rules_text(folder, &metadata)),
        has_cargo_manifest: at("Cargo.toml").is_some(),
        has_context: at(CONTEXT_DIR).is_some_and(|metadata| metadata.is_dir()),
    }
}

/// The files of patterns that count for the whole tree: the repository's own and the user's.
pub fn shared_rules(root: &ProjectRoot) -> Vec<(PathBuf, String)> {
    let exclude = root.path().join(".git/info/exclude");
    let global = ignore::gitignore::gitconfig_excludes_path();
    let read = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
        Some((path, text))
    };
    [Some(exclude), global].into_iter().flatten().filter_map(read).collect()
}

fn meta(metadata: &Metadata) -> Meta {
    let kind = kind(metadata);
    let is_dir = kind == EntryKind::Dir;
    Meta {
        kind,
        size: if is_dir { 0 } else { metadata.len() },
        mtime_ns: if is_dir { 0 } else { files::mtime_ns(metadata) },
        file_id: files::id(metadata),
        birth_ns: files::birth_ns(metadata),
    }
}

fn kind(metadata: &Metadata) -> EntryKind {
    let kind = metadata.file_type();
    if kind.is_dir() {
        EntryKind::Dir
    } else if kind.is_symlink() {
        EntryKind::Symlink
    } else {
        EntryKind::File
    }
}

/// Whether this is the folder that the index holds.
pub fn is_same_folder(metadata: &Metadata, known: &Meta) -> bool {
    known.agrees_with(&meta(metadata))
}
