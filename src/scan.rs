//! From the disk to observations.
//!
//! The only code that lists and stats the tracked tree. It goes level by level, and asks for a watch on a folder *before* it
//! lists it, so that nothing that happens meanwhile is missed. It never follows a symbolic link, and never enters a folder
//! that does not count.

mod walk;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::config::Watch;
use crate::entry::EntryKind;
use crate::git;
use crate::locate;
use crate::pace::Hint;
use crate::platform::files;
use crate::project::{CONTEXT_DIR, ProjectRoot};
use crate::rules::{FolderFacts, Rule, Rules};
use crate::tree::{FileId, Meta, Node, Observation, Tree};

pub use walk::walk;

/// A file of patterns beyond this many bytes is passed over.
const MAX_RULES_FILE: u64 = 1 << 20;

/// So many folders of one level are told of at once: a watch for each may take as long as a look at it.
const AT_ONCE: usize = 100;

/// What is known of a folder that only leads on to one outside the root.
const ABOVE: Meta = Meta { kind: EntryKind::Dir, size: 0, mtime_ns: 0, file: FileId::UNKNOWN };

/// What a look at the disk tells of on its way.
#[derive(Debug)]
pub enum Step<'a> {
    /// Folders of one level, relative to the root; they are listed when all of the level have been told of.
    Level(&'a [PathBuf]),
    /// One more place was looked at, which takes as long as the disk does.
    Place,
}

/// Called at each step.
pub type OnStep<'a> = &'a mut dyn FnMut(Step<'_>);

/// Everything below the root that counts. Of a folder that can't be read, what the index holds is taken for true.
fn whole(root: &ProjectRoot, tree: &Tree, rules: &mut Rules, on_step: OnStep<'_>) -> io::Result<Observation> {
    let top = files::literal(root.path());
    let meta = meta(&top, &fs::symlink_metadata(&top)?);
    fs::read_dir(&top)?;
    let node = list(root, PathBuf::new(), OsString::new(), meta, tree, rules, on_step);
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
    on_step: OnStep<'_>,
) -> io::Result<Vec<Observation>> {
    observe_as(root, hints, tree, rules, on_step, files::NAMES_AS_TYPED)
}

fn observe_as(
    root: &ProjectRoot,
    hints: &[Hint],
    tree: &Tree,
    rules: &mut Rules,
    on_step: OnStep<'_>,
    as_typed: bool,
) -> io::Result<Vec<Observation>> {
    if hints.iter().any(|hint| hint.recursive && hint.path.as_os_str().is_empty()) {
        return Ok(vec![whole(root, tree, rules, on_step)?]);
    }
    let mut seen = Vec::with_capacity(hints.len());
    // What lies in a folder comes right behind it.
    let mut listed: Option<&Path> = None;
    let mut hints: Vec<(usize, &Hint)> = hints.iter().enumerate().collect();
    hints.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    for &(order, hint) in &hints {
        on_step(Step::Place);
        let path = hint.path.as_path();
        if listed.is_some_and(|folder| path.starts_with(folder)) {
            continue;
        }
        // What was renamed to what is the same name to the system is gone from here, and is there.
        let other = files::other_name(&at(root, path)).map(|name| path.with_file_name(name));
        if let Some(other) = other {
            seen.push((order, Observation { path: path.to_path_buf(), found: None }));
            let is_hinted = hints.iter().any(|(_, hint)| hint.path == other);
            let hint = Hint { path: other, recursive: hint.recursive };
            let found = if is_hinted { None } else { look(root, &hint, tree, rules, on_step) };
            seen.extend(found.map(|found| (order, Observation { path: hint.path, found })));
            continue;
        }
        let Some(found) = look(root, hint, tree, rules, on_step) else { continue };
        if found.as_ref().is_some_and(Node::is_folder) {
            listed = Some(path);
        }
        // What was removed by another spelling of its name is told of by that.
        if as_typed && found.is_none() && tree.find(path).is_none() {
            for path in tree.namesakes(path) {
                let found = look(root, &Hint { path: path.clone(), recursive: false }, tree, rules, on_step);
                seen.extend(found.map(|found| (order, Observation { path, found })));
            }
        }
        seen.push((order, Observation { path: path.to_path_buf(), found }));
    }
    seen.sort_by_key(|(order, _)| *order);
    Ok(seen.into_iter().map(|(_, observation)| observation).collect())
}

/// Where a path, relative to the root, lies on disk.
fn at(root: &ProjectRoot, path: &Path) -> PathBuf {
    files::literal(&root.at(path))
}

/// The hints, but in place of what lies in a folder that is not the one of the index any more, that folder: a part of a
/// folder that was moved would look like something new.
pub fn widen(root: &ProjectRoot, hints: &[Hint], tree: &Tree) -> Vec<Hint> {
    let mut replaced = Replaced { root, tree, known: HashMap::new() };
    let widened = |hint: &Hint| {
        let path = replaced.topmost_above(&hint.path).unwrap_or_else(|| hint.path.clone());
        Hint { recursive: hint.recursive || path != hint.path, path }
    };
    hints.iter().map(widened).collect()
}

/// The folders that are not the ones of the index any more.
struct Replaced<'a> {
    root: &'a ProjectRoot,
    tree: &'a Tree,
    /// For a folder the topmost one, itself or above it.
    known: HashMap<PathBuf, Option<PathBuf>>,
}

impl Replaced<'_> {
    fn topmost_above(&mut self, path: &Path) -> Option<PathBuf> {
        let mut climbed = Vec::new();
        let mut topmost = None;
        for folder in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            if let Some(known) = self.known.get(folder) {
                topmost.clone_from(known);
                break;
            }
            climbed.push(folder);
        }
        for folder in climbed.into_iter().rev() {
            if topmost.is_none() && self.is_replaced(folder) {
                topmost = Some(folder.to_path_buf());
            }
            self.known.insert(folder.to_path_buf(), topmost.clone());
        }
        topmost
    }

    fn is_replaced(&self, folder: &Path) -> bool {
        let path = at(self.root, folder);
        match (self.tree.find(folder), fs::symlink_metadata(&path)) {
            (Some(node), Ok(metadata)) => !node.meta().agrees_with(&meta(&path, &metadata)),
            _ => false,
        }
    }
}

/// What is at one place; none where it need not be compared.
fn look(root: &ProjectRoot, hint: &Hint, tree: &Tree, rules: &mut Rules, on_step: OnStep<'_>) -> Option<Option<Node>> {
    let path = hint.path.as_path();
    let name = path.file_name()?;
    let absolute = at(root, path);
    let metadata = match fs::symlink_metadata(&absolute) {
        Ok(metadata) => metadata,
        // What may not be looked at is not gone.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return None,
        Err(_) if is_out_of_reach(root, path, rules) => return None,
        Err(_) => return Some(None),
    };
    // What lies below a folder that does not count does not either, and gets no watch.
    if path.parent().is_some_and(|above| tree.find(above).is_none()) {
        return None;
    }
    // That a project of its own was there says nothing of what is there now: it is seen when it is listed.
    rules.forget_own_project(path);
    if rules.ignores(path, metadata.is_dir()) {
        // A path that counted before and is of an ignored kind now (a file `build` become a folder) is gone.
        return tree.find(path).map(|_| None);
    }
    let meta = meta(&absolute, &metadata);
    if !metadata.is_dir() {
        return Some(Some(Node::leaf(name, meta)));
    }
    let is_known = tree.find(path).is_some_and(|node| node.meta().agrees_with(&meta));
    if is_known && !hint.recursive {
        return None;
    }
    Some(list(root, path.to_path_buf(), name.to_owned(), meta, tree, rules, on_step))
}

/// Whether a path lies in a folder outside the root that is not there, as after a disk was unmounted.
fn is_out_of_reach(root: &ProjectRoot, path: &Path, rules: &Rules) -> bool {
    let folder = rules.directories().iter().find(|folder| path.starts_with(folder)).map(|folder| root.at(folder));
    folder.is_some_and(|folder| !folder.starts_with(root.path()) && !folder.is_dir())
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
    meta: Meta,
    tree: &Tree,
    rules: &mut Rules,
    on_step: OnStep<'_>,
) -> Option<Node> {
    let mut listed: BTreeMap<PathBuf, Listed> = BTreeMap::new();
    let mut level = vec![(top.clone(), name, meta)];
    while !level.is_empty() {
        let paths: Vec<PathBuf> =
            level.iter().map(|(path, _, _)| path.clone()).filter(|path| !is_above(path)).collect();
        paths.chunks(AT_ONCE).for_each(|paths| on_step(Step::Level(paths)));
        let mut next = Vec::new();
        for (path, name, meta) in level {
            let known = || tree.find(&path).map(|node| node.children().to_vec()).unwrap_or_default();
            let listing =
                if is_above(&path) { Some(Listing::default()) } else { list_one(root, &path, &known, rules, on_step) };
            if let Some((mut children, mut folders)) = listing {
                add_outside(root, &path, tree, rules, &mut children, &mut folders);
                let below = folders.iter().map(|(name, _)| path.join(name)).collect();
                next.extend(folders.into_iter().map(|(name, meta)| (path.join(&name), name, meta)));
                listed.insert(path, Listed { name, meta, children, folders: below });
            }
        }
        level = next;
    }
    assemble(&mut listed, &top)
}

/// Whether a path is only `..`, once or more: a folder above the root, of which nothing counts but what leads on.
fn is_above(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| part == Component::ParentDir)
}

/// What leads from a folder to those outside the root that are watched beside it. One that can't be reached stays as it is
/// known.
fn add_outside(
    root: &ProjectRoot,
    folder: &Path,
    tree: &Tree,
    rules: &Rules,
    children: &mut Vec<Node>,
    folders: &mut Vec<(OsString, Meta)>,
) {
    for name in rules.leading_on(folder) {
        let path = folder.join(name);
        if path.components().next() != Some(Component::ParentDir) {
            continue;
        }
        let absolute = at(root, &path);
        match fs::symlink_metadata(&absolute) {
            Ok(metadata) if metadata.is_dir() && !rules.leads_on(&path) => {
                folders.push((name.to_owned(), meta(&absolute, &metadata)))
            }
            _ if rules.leads_on(&path) => folders.push((name.to_owned(), ABOVE)),
            _ => children.extend(tree.find(&path).cloned()),
        }
    }
}

/// Puts the folders into each other, from the leaves up.
fn assemble(listed: &mut BTreeMap<PathBuf, Listed>, path: &Path) -> Option<Node> {
    let Listed { name, meta, mut children, folders } = listed.remove(path)?;
    children.extend(folders.iter().filter_map(|folder| assemble(listed, folder)));
    Some(Node::folder(&name, meta, children))
}

type Listing = (Vec<Node>, Vec<(OsString, Meta)>);

/// The files and the folders of one folder that count; none where the folder is a project of its own. What is known of a
/// folder that may not be read stays as it is.
fn list_one(
    root: &ProjectRoot,
    folder: &Path,
    known: &dyn Fn() -> Vec<Node>,
    rules: &mut Rules,
    on_step: OnStep<'_>,
) -> Option<Listing> {
    on_step(Step::Place);
    let absolute = at(root, folder);
    let mut found: Vec<(OsString, Metadata)> = Vec::new();
    let listing = match fs::read_dir(&absolute) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Some((known(), Vec::new())),
        listing => listing,
    };
    for entry in listing.into_iter().flatten().flatten() {
        on_step(Step::Place);
        match entry.metadata() {
            Ok(metadata) => found.push((entry.file_name(), metadata)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Some((known(), Vec::new())),
            // What vanished since it was listed is not there; its own hint says the rest.
            Err(_) => {}
        }
    }
    let has = |name: &str| found.iter().find(|(found, _)| found == name).map(|(_, metadata)| metadata);
    let facts = FolderFacts {
        gitignore: has(".gitignore").and_then(|metadata| rules_text(&absolute, metadata)),
        has_cargo_manifest: has("Cargo.toml").is_some(),
        has_context: has(CONTEXT_DIR).is_some_and(Metadata::is_dir),
    };
    rules.learn(folder, facts);
    if has(".gitignore").is_some_and(|metadata| metadata.is_file() && metadata.len() > MAX_RULES_FILE) {
        rules.pass_over(folder);
    }
    if !folder.as_os_str().is_empty() && rules.ignores(folder, true) {
        return None;
    }
    let (mut leaves, mut folders) = (Vec::new(), Vec::new());
    for (name, metadata) in found {
        let path = folder.join(&name);
        if metadata.is_dir() {
            // It is listed to see whether it still is one, and watched to see when it is one no more.
            rules.forget_own_project(&path);
        }
        if rules.ignores(&path, metadata.is_dir()) {
            continue;
        }
        let meta = meta(&absolute.join(&name), &metadata);
        match metadata.is_dir() {
            true => folders.push((name, meta)),
            false => leaves.push(Node::leaf(&name, meta)),
        }
    }
    Some((leaves, folders))
}

fn rules_text(folder: &Path, metadata: &Metadata) -> Option<String> {
    if !metadata.is_file() {
        return None;
    }
    patterns(&folder.join(".gitignore"))
}

fn patterns(path: &Path) -> Option<String> {
    let bytes = files::read_small(path, MAX_RULES_FILE)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rule that keeps a path, relative to the root, from being recorded; none where it counts.
pub fn explain(root: &ProjectRoot, config: &Watch, path: &Path) -> Option<Rule> {
    let mut rules = rules(root, config);
    let is_dir = fs::symlink_metadata(at(root, path)).is_ok_and(|metadata| metadata.is_dir());
    for folder in path.ancestors().skip(1).chain(is_dir.then_some(path)) {
        rules.learn(folder, facts(&at(root, folder)));
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

/// The rules of a configuration, before anything was listed.
pub fn rules(root: &ProjectRoot, config: &Watch) -> Rules {
    let (directories, _) = locate::directories(root, &config.directories);
    Rules::new(config, directories, shared_rules(root))
}

/// The files of patterns that count for the whole tree, there or not, the strongest first: the repository's own and the
/// user's.
pub fn shared_files(root: &ProjectRoot) -> Vec<PathBuf> {
    [git::exclude_file(root), ignore::gitignore::gitconfig_excludes_path()].into_iter().flatten().collect()
}

/// Those of them that are there, with their text.
pub fn shared_rules(root: &ProjectRoot) -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| patterns(&path).map(|text| (path, text));
    shared_files(root).into_iter().filter_map(read).collect()
}

/// A number of the folder that the root is: another one has another, and what is mounted there has its own; none where it
/// can't be told.
pub fn folder_of(root: &ProjectRoot) -> Option<u64> {
    let path = at(root, Path::new(""));
    let metadata = fs::symlink_metadata(&path).ok()?;
    Some(files::id_at(&path, &metadata)).filter(|id| *id != 0)
}

/// Which file lies at a path, relative to the root; none where nothing does.
pub fn file_at(root: &ProjectRoot, path: &Path) -> Option<FileId> {
    let path = at(root, path);
    fs::symlink_metadata(&path).ok().map(|metadata| meta(&path, &metadata).file)
}

fn meta(path: &Path, metadata: &Metadata) -> Meta {
    let kind = kind(metadata);
    let is_dir = kind == EntryKind::Dir;
    Meta {
        kind,
        size: if is_dir { 0 } else { metadata.len() },
        mtime_ns: if is_dir { 0 } else { files::mtime_ns(metadata) },
        file: FileId::new(files::id_at(path, metadata), files::birth_ns(metadata)),
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

/// Whether the folder at a path, relative to the root, is the one that the index holds.
pub fn is_same_folder(root: &ProjectRoot, path: &Path, known: &Meta) -> bool {
    let path = at(root, path);
    fs::symlink_metadata(&path).is_ok_and(|metadata| known.agrees_with(&meta(&path, &metadata)))
}

#[cfg(test)]
mod tests;
