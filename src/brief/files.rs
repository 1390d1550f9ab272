//! Files by the weight of their change, each under the name that it has now.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::Serialize;

use crate::entry::{Entry, EntryKind, EntryPath, Move, What};
use crate::line::{cut, escape_bytes};

/// How many folders are named of files that are left out.
const FOLDERS: usize = 3;

/// The most characters of such a folder's name.
const FOLDER_CHARS: usize = 24;

/// A file that is not as it was, or a folder that was moved.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct File {
    /// Where it is, or was.
    #[serde(flatten)]
    pub path: EntryPath,
    /// What became of it.
    pub became: Became,
    /// Where it was before, if elsewhere.
    pub was: Option<EntryPath>,
    /// Whether it is a folder: the files in it moved with it.
    pub is_folder: bool,
    /// How many changes of it were recorded.
    pub changes: u64,
    /// The number of the last of them.
    pub last_seq: u64,
    /// When the last of them was recorded.
    #[serde(serialize_with = "crate::entry::time_to_wire")]
    pub last: DateTime<FixedOffset>,
}

/// What became of a file, from the first entry to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It is new.
    Created,
    /// It was there before, and still is.
    Edited,
    /// It was there before, under another name.
    Moved,
    /// It was there before.
    Deleted,
}

/// How many files a folder holds of those that are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FolderCount {
    /// The folder's name with a slash, escaped and cut.
    pub folder: String,
    /// How many files.
    pub files: u64,
}

/// A path's bytes, as `EntryPath::exact` gives them.
type Name<'e> = Cow<'e, [u8]>;

struct History<'e> {
    /// Its name before the first entry; none when it was not there.
    origin: Option<Name<'e>>,
    is_folder: bool,
    /// Those of a switch of HEAD do not count.
    changes: u64,
    last: &'e Entry,
}

#[derive(Default)]
pub(super) struct Files<'e> {
    /// By the name that it has.
    there: HashMap<Name<'e>, History<'e>>,
    /// By the name that it had last.
    gone: HashMap<Name<'e>, History<'e>>,
}

impl<'e> History<'e> {
    /// Of something that was there before.
    fn since(origin: Name<'e>, is_folder: bool, first: &'e Entry) -> Self {
        Self { origin: Some(origin), is_folder, changes: 0, last: first }
    }

    fn count(&mut self, entry: &'e Entry, is_of_switch: bool) {
        if !is_of_switch {
            (self.changes, self.last) = (self.changes + 1, entry);
        }
    }
}

impl<'e> Files<'e> {
    pub(super) fn add(&mut self, entry: &'e Entry, change: &'e What, is_of_switch: bool) {
        let history = match change {
            What::Moved(moved) => self.follow(entry, moved),
            What::Created(change) if change.entry != EntryKind::Dir => {
                let name = name(&change.path);
                // What comes back was never gone.
                let known = self.gone.remove(&name);
                let new = History { origin: None, is_folder: false, changes: 0, last: entry };
                self.there.entry(name).or_insert_with(|| known.unwrap_or(new))
            }
            What::Edited(change) => {
                let name = name(&change.path);
                let new = History::since(name.clone(), false, entry);
                self.there.entry(name).or_insert(new)
            }
            What::Deleted(change) => {
                let name = name(&change.path);
                let known = self.there.remove(&name);
                if known.is_none() && change.entry == EntryKind::Dir {
                    return;
                }
                let history = known.unwrap_or_else(|| History::since(name.clone(), false, entry));
                put(&mut self.gone, name, history)
            }
            _ => return,
        };
        history.count(entry, is_of_switch);
    }

    /// A moved folder takes the histories of its files along.
    fn follow(&mut self, entry: &'e Entry, moved: &'e Move) -> &mut History<'e> {
        let (from, to) = moved.exact();
        let is_folder = moved.entry == EntryKind::Dir;
        if is_folder {
            let below = [&from[..], b"/"].concat();
            let names: Vec<Name<'e>> = self.there.keys().filter(|name| name.starts_with(&below)).cloned().collect();
            for name in names {
                if let Some(history) = self.there.remove(&name) {
                    self.there.insert([&to[..], b"/", &name[below.len()..]].concat().into(), history);
                }
            }
        }
        let known = self.there.remove(&from[..]);
        let history = known.unwrap_or_else(|| History::since(from.into(), is_folder, entry));
        put(&mut self.there, to.into(), history)
    }

    /// What is not as it was, by the weight of its change: the first `most` of all in their order.
    pub(super) fn rank(self, most: usize) -> Ranked<'e> {
        let there = self.there.into_iter().map(|(name, history)| Changed { name, history, is_there: true });
        let gone = self.gone.into_iter().map(|(name, history)| Changed { name, history, is_there: false });
        let changed = there.chain(gone).filter(|changed| changed.history.changes > 0);
        let (mut files, passing): (Vec<_>, Vec<_>) = changed.partition(Changed::is_something_else);
        if most < files.len() {
            files.select_nth_unstable_by(most, Changed::by_weight);
        }
        let sorted = most.min(files.len());
        files[..sorted].sort_unstable_by(Changed::by_weight);
        Ranked { files, passing: passing.len() as u64 }
    }
}

/// A file with what became of it.
struct Changed<'e> {
    name: Name<'e>,
    history: History<'e>,
    is_there: bool,
}

impl Changed<'_> {
    /// Whether it did not just come and go.
    fn is_something_else(&self) -> bool {
        self.is_there || self.history.origin.is_some()
    }

    /// The most often changed first, then the latest.
    fn by_weight(&self, other: &Self) -> Ordering {
        let weight = |of: &Self| (of.history.changes, of.history.last.seq);
        weight(other).cmp(&weight(self)).then_with(|| self.name.cmp(&other.name))
    }

    fn told(&self) -> File {
        let Changed { name, history, is_there } = self;
        let was = history.origin.as_ref().filter(|origin| *origin != name).map(|origin| EntryPath::from_exact(origin));
        let became = match (is_there, &history.origin, &was) {
            (false, ..) => Became::Deleted,
            (true, None, _) => Became::Created,
            (true, Some(_), Some(_)) => Became::Moved,
            (true, Some(_), None) => Became::Edited,
        };
        File {
            path: EntryPath::from_exact(name),
            became,
            was,
            is_folder: history.is_folder,
            changes: history.changes,
            last_seq: history.last.seq,
            last: history.last.time,
        }
    }
}

/// Files by the weight of their change.
pub(super) struct Ranked<'e> {
    files: Vec<Changed<'e>>,
    /// How many came and went.
    pub(super) passing: u64,
}

impl Ranked<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// Those of most weight.
    pub(super) fn first(&self, most: usize) -> Vec<File> {
        self.files.iter().take(most).map(Changed::told).collect()
    }

    /// The folders of the root that hold most of those behind the first, with their number.
    pub(super) fn folders_behind(&self, first: usize) -> Vec<FolderCount> {
        let mut counts: HashMap<&[u8], u64> = HashMap::new();
        for Changed { name, .. } in self.files.iter().skip(first) {
            if let Some(end) = name.iter().position(|byte| *byte == b'/') {
                *counts.entry(&name[..end]).or_default() += 1;
            }
        }
        let mut counts: Vec<(&[u8], u64)> = counts.into_iter().collect();
        counts.sort_by(|(name, count), (other, more)| more.cmp(count).then_with(|| name.cmp(other)));
        let told = |(name, files): (&[u8], u64)| FolderCount {
            folder: format!("{}/", cut(&escape_bytes(name), FOLDER_CHARS)),
            files,
        };
        counts.into_iter().take(FOLDERS).map(told).collect()
    }
}

/// In place of what may be there under this name.
fn put<'m, 'e>(names: &'m mut HashMap<Name<'e>, History<'e>>, name: Name<'e>, new: History<'e>) -> &'m mut History<'e> {
    names.remove(&name);
    names.entry(name).or_insert(new)
}

fn name(path: &EntryPath) -> Name<'_> {
    match path.bytes {
        None => Cow::Borrowed(path.text.0.as_bytes()),
        Some(_) => Cow::Owned(path.exact()),
    }
}
