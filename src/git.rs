//! What a git work tree's HEAD does: a switch of the branch, a commit. Read from git's own files; git is never run.
//!
//! The log of HEAD (`logs/HEAD`) gets one line for each move: old and new commit, who and when, a tab, and what it was, such as
//! `checkout: moving from main to feat/x` or `commit: message`
//! (<https://git-scm.com/docs/git-reflog>, <https://git-scm.com/docs/gitrepository-layout>).

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::entry::{Git, GitAction};
use crate::platform::files;
use crate::project::ProjectRoot;

/// A lock older than this was left behind.
const LOCK_LIFE: Duration = Duration::from_secs(10);

/// What is read at most of new lines.
const MAX_NEW: u64 = 1 << 20;

/// No `.git` file is longer: it holds one path.
const MAX_DOT_GIT: u64 = 64 * 1024;

/// How long a commit's name is for people.
const SHORT: usize = 7;

/// The folder of git that belongs to a work tree.
#[derive(Debug)]
pub struct Repository {
    folder: PathBuf,
    /// How much of the log of HEAD is known.
    read_to: u64,
}

impl Repository {
    /// The repository whose work tree's root this is; what its HEAD did before is not told.
    pub fn of(root: &ProjectRoot) -> Option<Self> {
        let folder = git_folder(&root.path().join(".git"))?;
        let read_to = fs::metadata(log(&folder)).map_or(0, |metadata| metadata.len());
        Some(Self { folder, read_to })
    }

    /// The folder to watch, without those below it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether git is just changing the work tree or its index.
    pub fn is_busy(&self) -> bool {
        let modified = fs::metadata(self.folder.join("index.lock")).and_then(|metadata| metadata.modified());
        modified.is_ok_and(|at| SystemTime::now().duration_since(at).unwrap_or_default() < LOCK_LIFE)
    }

    /// What HEAD did since it was asked last, each with whether the work tree may have followed: not to the same commit.
    pub fn news(&mut self) -> Vec<(Git, bool)> {
        let log = log(&self.folder);
        // A pipe in its place would make us wait.
        let Some(metadata) = fs::metadata(&log).ok().filter(fs::Metadata::is_file) else { return Vec::new() };
        let Ok(mut file) = fs::File::open(log) else { return Vec::new() };
        let size = metadata.len();
        // A log that was cut (`git reflog expire`) is taken as read.
        let from = std::mem::replace(&mut self.read_to, size);
        let mut text = Vec::new();
        if from < size && file.seek(SeekFrom::Start(from)).is_ok() {
            let _ = file.take(MAX_NEW).read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).lines().filter_map(read_line).collect()
    }
}

/// `.git` itself, or the folder that a work tree's or a submodule's `.git` file names.
fn git_folder(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        return Some(dot_git.to_path_buf());
    }
    let text = String::from_utf8(files::read_small(dot_git, MAX_DOT_GIT)?).ok()?;
    let named = Path::new(text.strip_prefix("gitdir:")?.trim());
    files::resolve(&dot_git.parent()?.join(named)).ok()
}

/// Where the repository keeps the patterns that nobody shares, if this is the root of a work tree: linked work trees have
/// one file together.
pub fn exclude_file(root: &ProjectRoot) -> Option<PathBuf> {
    let folder = git_folder(&root.path().join(".git"))?;
    let named = fs::read_to_string(folder.join("commondir")).ok();
    let common = named.and_then(|named| folder.join(named.trim_end()).canonicalize().ok());
    Some(common.unwrap_or(folder).join("info/exclude"))
}

fn log(folder: &Path) -> PathBuf {
    folder.join("logs/HEAD")
}

fn read_line(line: &str) -> Option<(Git, bool)> {
    let (head, what) = line.split_once('\t')?;
    let mut commits = head.split(' ');
    let (old, new) = (commits.next()?, commits.next()?);
    Some((read_move(old, new, what)?, old != new))
}

fn read_move(old: &str, new: &str, what: &str) -> Option<Git> {
    if let Some(moved) = what.strip_prefix("checkout: moving from ") {
        let (from, to) = moved.split_once(" to ")?;
        return (from != to).then(|| switch(name(from), name(to)));
    }
    let (action, subject) = what.split_once(": ").unwrap_or((what, ""));
    if action == "commit" || action.starts_with("commit (") {
        let (commit, subject) = (Some(short(new)), Some(subject.to_owned()));
        return Some(Git { action: GitAction::Commit, from: None, to: None, commit, subject });
    }
    (old != new).then(|| switch(short(old), short(new)))
}

fn switch(from: String, to: String) -> Git {
    Git { action: GitAction::Switch, from: Some(from), to: Some(to), commit: None, subject: None }
}

/// A branch as it is, a commit shortened.
fn name(text: &str) -> String {
    let is_commit = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { short(text) } else { text.to_owned() }
}

fn short(commit: &str) -> String {
    commit.chars().take(SHORT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(what: &str) -> Option<String> {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let (git, _) = read_line(&format!("{old} {new} Me <me@example.org> 1795353160 +0100\t{what}"))?;
        Some(match git.action {
            GitAction::Switch => format!("{} -> {}", git.from?, git.to?),
            GitAction::Commit => format!("{} {}", git.commit?, git.subject?),
        })
    }

    #[test]
    fn moves_of_head_are_read() {
        assert_eq!(read("checkout: moving from main to feat/x").unwrap(), "main -> feat/x");
        assert_eq!(read(&format!("checkout: moving from {} to main", "c".repeat(40))).unwrap(), "ccccccc -> main");
        assert_eq!(read("checkout: moving from main to main"), None);
        assert_eq!(read("commit: Say: more").unwrap(), "bbbbbbb Say: more");
        assert_eq!(read("commit (initial): first").unwrap(), "bbbbbbb first");
        assert_eq!(read("reset: moving to HEAD~1").unwrap(), "aaaaaaa -> bbbbbbb");
        assert_eq!(read("pull: Fast-forward").unwrap(), "aaaaaaa -> bbbbbbb");
        assert_eq!(read_line("garbage"), None);
        let same = "a".repeat(40);
        let line = format!("{same} {same} Me <me@example.org> 1795353160 +0100\tcheckout: moving from main to feat");
        assert!(!read_line(&line).unwrap().1, "a new branch at the same commit moves no files");
    }
}
