//! The files that matter to a claim, as patterns in the syntax of gitignore.

use std::path::{Component, Path, PathBuf, is_separator};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::entry::{EntryKind, What};

/// The pattern that every file matches.
const EVERYTHING: &str = "*";

/// Which files matter; all of them where no pattern is given.
#[derive(Clone, Debug)]
pub struct Paths {
    globs: Vec<String>,
    matcher: Gitignore,
}

/// One pattern by itself, for whether there is anything that it can match.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is read, from the project's root.
    pub glob: String,
    matcher: Gitignore,
}

/// A pattern that is none.
#[derive(Debug, thiserror::Error)]
pub enum BadGlob {
    /// It can't be read, or leaves nothing that could matter.
    #[error("{0:?} names no file in the syntax of gitignore")]
    NoPattern(String),
    /// It leads out of the project.
    #[error("{0:?} leads out of the project")]
    Outside(String),
}

impl Paths {
    /// Of patterns relative to the project's root; a folder's name stands for all below it.
    ///
    /// # Errors
    ///
    /// A pattern can't be read.
    pub fn new(globs: &[String]) -> Result<Self, BadGlob> {
        let matcher = matcher(globs)?;
        // Nothing would matter then, and every claim would hold.
        let is_void = matcher.num_ignores() == 0 && !globs.is_empty();
        if is_void { Err(BadGlob::NoPattern(globs.join(" "))) } else { Ok(Self { globs: globs.to_vec(), matcher }) }
    }

    /// The patterns that have to match something: else a word with a letter too few would let nothing matter.
    pub fn patterns(&self) -> Vec<Pattern> {
        let has_to = |glob: &&String| !glob.starts_with('!') && glob.as_str() != EVERYTHING;
        let alone = |glob: &String| {
            let matcher = matcher(std::slice::from_ref(glob)).ok()?;
            Some(Pattern { glob: glob.clone(), matcher })
        };
        self.globs.iter().filter(has_to).filter_map(alone).collect()
    }

    /// Whether a change is one of files that matter.
    pub fn concern(&self, what: &What) -> bool {
        match what {
            What::Created(change) | What::Edited(change) | What::Deleted(change) => self.hold(&change.path.text.0),
            What::Moved(moved) if moved.entry == EntryKind::Dir => {
                self.may_reach(&moved.from.0) || self.may_reach(&moved.to.0)
            }
            What::Moved(moved) => self.hold(&moved.from.0) || self.hold(&moved.to.0),
            _ => false,
        }
    }

    pub(super) fn hold(&self, path: &str) -> bool {
        self.globs.is_empty() || matches(&self.matcher, Path::new(path), false)
    }

    /// Whether a file below a folder may matter: what a moved folder holds is not told.
    fn may_reach(&self, folder: &str) -> bool {
        let reaches = |glob: &String| {
            let glob = glob.trim_start_matches("./");
            let is_anchored = glob.trim_end_matches('/').contains('/');
            let literal = glob.trim_start_matches('/').split(['*', '?', '[', '\\']).next().unwrap_or_default();
            !is_anchored || literal.starts_with(folder) || folder.starts_with(literal.trim_end_matches('/'))
        };
        self.globs.is_empty() || self.globs.iter().any(reaches)
    }
}

impl Pattern {
    /// Whether it matches a path, relative to the root.
    pub fn names(&self, path: &Path, is_dir: bool) -> bool {
        matches(&self.matcher, path, is_dir)
    }

    /// Whether it matches what a change left behind or took away.
    pub(super) fn is_of(&self, what: &What) -> bool {
        let names = |path: &str, kind: EntryKind| self.names(Path::new(path), kind == EntryKind::Dir);
        match what {
            What::Created(change) | What::Edited(change) | What::Deleted(change) => {
                names(&change.path.text.0, change.entry)
            }
            What::Moved(moved) => names(&moved.from.0, moved.entry) || names(&moved.to.0, moved.entry),
            _ => false,
        }
    }
}

/// A pattern as it is typed in a folder, `here` relative to the root: from the root. As in a `.gitignore` of that folder it is
/// meant for what lies there, but for a leading `/`, which is the root; and it may be a path such as `.` or `../src`. `beside` are
/// the folders outside the root that are recorded with it, relative to the root.
///
/// # Errors
///
/// It leads out of the project, and of them.
pub fn typed(glob: &str, here: &Path, beside: &[PathBuf]) -> Result<String, BadGlob> {
    let (exception, path) = glob.strip_prefix('!').map_or(("", glob), |path| ("!", path));
    if path.is_empty() || path.starts_with(['#', '/']) {
        return Ok(glob.to_owned());
    }
    // There a backslash parts folders.
    let typed = if is_separator('\\') { path.replace('\\', "/") } else { path.to_owned() };
    let here: Vec<String> = here.components().map(|part| escaped(&part.as_os_str().to_string_lossy())).collect();
    let is_name = !typed.trim_end_matches('/').contains('/') && !matches!(typed.trim_end_matches('/'), "." | "..");
    if is_name && here.is_empty() {
        return Ok(format!("{exception}{typed}"));
    }
    if is_name {
        return Ok(format!("{exception}/{}/**/{typed}", here.join("/")));
    }
    let mut parts = here;
    for part in typed.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| last != "..") => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    let path: PathBuf = parts.iter().collect();
    if path.starts_with("..") && !beside.iter().any(|folder| path.starts_with(folder)) {
        return Err(BadGlob::Outside(glob.to_owned()));
    }
    Ok(format!("{exception}{}", anchored(&parts, typed.ends_with('/'))))
}

/// The pattern of a path that is recorded, relative to the root.
pub fn from_root(path: &Path) -> String {
    let parts: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    anchored(&parts, false)
}

fn anchored(parts: &[String], is_folder: bool) -> String {
    match parts {
        [] => EVERYTHING.to_owned(),
        parts => format!("/{}{}", parts.join("/"), if is_folder { "/" } else { "" }),
    }
}

/// A name that is no pattern, as one.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for char in name.chars() {
        if matches!(char, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern
}

fn matcher(globs: &[String]) -> Result<Gitignore, BadGlob> {
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for glob in globs {
        let path = glob.strip_prefix("./").unwrap_or(glob);
        builder.add_line(None, path).map_err(|_| BadGlob::NoPattern(glob.clone()))?;
    }
    builder.build().map_err(|_| BadGlob::NoPattern(globs.join(" ")))
}

fn matches(matcher: &Gitignore, path: &Path, is_dir: bool) -> bool {
    // The matcher takes no absolute path; no project writes one, but a record may hold anything.
    let named = |part: Component<'_>| if let Component::Normal(name) = part { Some(name.to_owned()) } else { None };
    let path: PathBuf = if path.has_root() { path.components().filter_map(named).collect() } else { path.into() };
    matcher.matched_path_or_any_parents(path, is_dir).is_ignore()
}
