//! `ctx tail`: the last entries of the record, and those that come.

use std::io;
use std::path::{Component, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, FixedOffset};
use context_tray::command::succeeded;
use context_tray::entry::{Entry, What};
use context_tray::journal::{Follow, read};
use context_tray::line::line;
use context_tray::platform::output;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};

use super::Context;
use super::moment::since;
use crate::args::{Kind, Tail};
use crate::error::Error;
use crate::output::{ASIDE, CHANGE, GOOD, HINT, REMARK, TROUBLE, WARNING};

/// How many entries are shown unless it is said otherwise.
const LINES: usize = 20;

pub(super) fn run(context: &Context<'_>, tail: &Tail) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    let filter = Filter::new(context, &root, tail)?;
    // Begun before the last entries are read, so that none falls in between, and none is shown twice.
    let follow = if tail.follow { Some(Follow::from_end(&root).map_err(unreadable(&root))?) } else { None };
    let newest = follow.as_ref().map_or(u64::MAX, Follow::last_seq);
    print(context, tail, &last(context, &root, tail, newest)?)?;
    let Some(mut follow) = follow else { return Ok(ExitCode::SUCCESS) };
    if let Err(error) = output::when_unread(follow.ender()) {
        context.output.explain(&format!("the end of whoever reads this is seen with the next line: {error}"));
    }
    while let Some(mut entries) = follow.wait().map_err(unreadable(&root))? {
        entries.retain(|entry| filter.keeps(entry));
        print(context, tail, &entries)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The last entries that are asked for, up to the one of this number, the oldest of them first.
pub(super) fn last(context: &Context<'_>, root: &ProjectRoot, tail: &Tail, newest: u64) -> Result<Vec<Entry>, Error> {
    let filter = Filter::new(context, root, tail)?;
    let lines = tail.lines.unwrap_or(if tail.since.is_some() { usize::MAX } else { LINES });
    let _progress = context.output.progress("Reading the record");
    Ok(read::last(root, lines, &|entry| entry.seq <= newest && filter.keeps(entry)).map_err(unreadable(root))?)
}

fn unreadable(root: &ProjectRoot) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(FailureCode::Io, format!("cannot read {}: {error}", root.events().display()))
}

fn print(context: &Context<'_>, tail: &Tail, entries: &[Entry]) -> Result<(), Error> {
    let text = |entry: &Entry| if tail.json { serde_json::to_string(entry) } else { Ok(coloured(entry)) };
    let texts = entries.iter().map(text).collect::<Result<Vec<_>, _>>().map_err(io::Error::from)?;
    Ok(if texts.is_empty() { Ok(()) } else { context.output.data(&texts.join("\n")) }?)
}

/// The line of an entry, with the word that says its kind in the colour of the kind.
fn coloured(entry: &Entry) -> String {
    let line = line(entry);
    let Some((time, what)) = line.split_once("] ") else { return line };
    let (word, rest) = what.split_at(what.find(": ").unwrap_or(what.len()));
    let style = match &entry.what {
        What::Created(_) => GOOD,
        What::Edited(_) | What::Moved(_) => CHANGE,
        What::Deleted(_) => TROUBLE,
        What::Ran(ran) if succeeded(ran) => GOOD.bold(),
        What::Ran(_) => TROUBLE.bold(),
        What::Note(_) => REMARK,
        What::Git(_) => HINT,
        What::Gap(_) => WARNING,
        What::Started(_) | What::Stopped(_) => ASIDE,
    };
    format!("{ASIDE}{time}]{ASIDE:#} {style}{word}{style:#}{rest}")
}

/// Which entries are shown: those that every given condition holds for.
struct Filter<'t> {
    kinds: &'t [Kind],
    since: Option<DateTime<FixedOffset>>,
    text: Option<&'t str>,
    /// Relative to the root, with `/`.
    path: Option<String>,
}

impl<'t> Filter<'t> {
    fn new(context: &Context<'_>, root: &ProjectRoot, tail: &'t Tail) -> Result<Self, Error> {
        let since = tail.since.as_deref().map(since).transpose()?;
        let path = tail.path.as_ref().map(|path| relative(&context.folder.join(path), root));
        Ok(Filter { kinds: &tail.kind, since, text: tail.grep.as_deref(), path })
    }

    fn keeps(&self, entry: &Entry) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind(&entry.what)))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.text.is_none_or(|text| line(entry).contains(text))
            && self.path.as_ref().is_none_or(|path| concerns(&entry.what, path))
    }
}

fn kind(what: &What) -> Kind {
    match what {
        What::Created(_) => Kind::Created,
        What::Edited(_) => Kind::Edited,
        What::Deleted(_) => Kind::Deleted,
        What::Moved(_) => Kind::Moved,
        What::Ran(_) => Kind::Ran,
        What::Note(_) => Kind::Note,
        What::Git(_) => Kind::Git,
        What::Started(_) => Kind::Started,
        What::Stopped(_) => Kind::Stopped,
        What::Gap(_) => Kind::Gap,
    }
}

/// Whether an entry is about the path or something below it.
fn concerns(what: &What, path: &str) -> bool {
    let is_at = |at: &str| path.is_empty() || at.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    match what {
        What::Created(change) | What::Edited(change) | What::Deleted(change) => is_at(&change.path.text.0),
        What::Moved(moved) => is_at(&moved.from.0) || is_at(&moved.to.0),
        _ => false,
    }
}

/// The path as entries have it. It need not exist any more.
fn relative(path: &std::path::Path, root: &ProjectRoot) -> String {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    let below = plain.strip_prefix(root.path()).map(PathBuf::from).unwrap_or(plain);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use context_tray::entry::{EntryKind, EntryPath, FileChange, FoundBy};

    use super::*;

    #[test]
    fn a_path_is_the_file_or_the_folder_and_not_its_namesake() {
        let change = |path: &str| {
            let path = EntryPath::new(Path::new(path));
            let found_by = FoundBy::Watch;
            What::Edited(FileChange { path, entry: EntryKind::File, size: None, mtime_ns: None, found_by })
        };
        assert!(concerns(&change("src/main.rs"), "src"));
        assert!(concerns(&change("src"), "src"));
        assert!(concerns(&change("src"), ""));
        assert!(!concerns(&change("srcs/main.rs"), "src"));
    }
}
