//! Files by the weight of their change, each under the name that it has now.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

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
    /// Gone, too, with a name that another has had since: by the name before the first entry.
    lost: HashMap<Name<'e>, History<'e>>,
    /// Folders that are new: what they hold is told of.
    new_folders: HashSet<Name<'e>>,
    /// How many files came and went, whose name another has had since.
    passing: u64,
    /// Whether a folder was moved that was there before.
    has_moved_folders: bool,
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

    /// Whether it is a folder that is where it was.
    fn is_back(&self, name: &Name<'e>) -> bool {
        self.is_folder && self.origin.as_ref() == Some(name)
    }
}

impl<'e> Files<'e> {
    pub(super) fn add(&mut self, entry: &'e Entry, change: &'e What, is_of_switch: bool) {
        let history = match change {
            What::Moved(moved) => match self.follow(entry, moved, is_of_switch) {
                Some(history) => history,
                None => return,
            },
            What::Created(change) if change.entry == EntryKind::Dir => {
                self.new_folders.insert(name(&change.path));
                return;
            }
            What::Created(change) => {
                let name = name(&change.path);
                // What comes back was never gone.
                let known = self.gone_file(&name);
                let new = History { origin: None, is_folder: false, changes: 0, last: entry };
                self.there.entry(name).or_insert_with(|| known.unwrap_or(new))
            }
            What::Edited(change) => {
                let name = name(&change.path);
                // What the rules kept out may be let in again without a word.
                let known = self.gone_file(&name);
                let new = known.unwrap_or_else(|| History::since(self.before(&name), false, entry));
                self.there.entry(name).or_insert(new)
            }
            What::Deleted(change) => {
                let name = name(&change.path);
                let known = self.there.remove(&name);
                if known.is_none() && change.entry == EntryKind::Dir {
                    self.new_folders.remove(&name);
                    return;
                }
                let history = known.unwrap_or_else(|| History::since(self.before(&name), false, entry));
                if let Some(other) = self.gone.remove(&name) {
                    self.lose(other);
                }
                self.gone.entry(name).or_insert(history)
            }
            _ => return,
        };
        history.count(entry, is_of_switch);
    }

    /// The name that something had before the first entry of which none tells: that of a folder above leads there.
    fn before(&self, name: &Name<'e>) -> Name<'e> {
        if !self.has_moved_folders {
            return name.clone();
        }
        let ends = (0..name.len()).rev().filter(|end| name[*end] == b'/');
        let above = ends.filter_map(|end| Some((end, self.there.get(&name[..end])?.origin.as_ref()?))).next();
        above.map_or_else(|| name.clone(), |(end, origin)| [origin, &name[end..]].concat().into())
    }

    /// A moved folder takes the histories of its files along. None for a folder that is new.
    fn follow(&mut self, entry: &'e Entry, moved: &'e Move, is_of_switch: bool) -> Option<&mut History<'e>> {
        let (from, to) = moved.exact();
        let (from, to): (Name<'e>, Name<'e>) = (from.into(), to.into());
        let is_folder = moved.entry == EntryKind::Dir;
        let before = self.before(&from);
        let is_new = is_folder && self.new_folders.remove(&from);
        if is_folder {
            let renamed = |name: &Name<'e>| -> Option<Name<'e>> {
                let rest = name.strip_prefix(&from[..]).filter(|rest| rest.first() == Some(&b'/'))?;
                Some([&to[..], rest].concat().into())
            };
            let below: Vec<_> = self.there.keys().filter_map(|name| Some((name.clone(), renamed(name)?))).collect();
            for (name, renamed) in below {
                if let Some(history) = self.there.remove(&name) {
                    self.there.insert(renamed, history);
                }
            }
            self.new_folders = self.new_folders.drain().map(|name| renamed(&name).unwrap_or(name)).collect();
        }
        if is_new {
            self.new_folders.insert(to);
            return None;
        }
        // An empty one may have given way.
        self.new_folders.remove(&to);
        self.has_moved_folders |= is_folder;
        let mut history = self.there.remove(&from).unwrap_or_else(|| History::since(before, is_folder, entry));
        if !is_folder {
            // Of what it took the place of, nothing may have been told.
            let unknown = moved.replaced.then(|| History::since(self.before(&to), false, entry));
            match self.there.remove(&to).or_else(|| self.gone_file(&to)).or(unknown) {
                // What is written beside a file and moved over it is that file, changed.
                Some(other) if history.origin.is_none() => {
                    history.origin = other.origin;
                    history.changes += other.changes;
                }
                Some(mut other) => {
                    other.count(entry, is_of_switch);
                    self.lose(other);
                }
                None => {}
            }
        }
        Some(self.there.entry(to).insert_entry(history).into_mut())
    }

    /// Takes out the file that had a name last.
    fn gone_file(&mut self, name: &Name<'e>) -> Option<History<'e>> {
        let is_file = self.gone.get(name).is_some_and(|history| !history.is_folder);
        if is_file { self.gone.remove(name) } else { None }
    }

    /// What is gone, and has no name any more by which it could come back.
    fn lose(&mut self, history: History<'e>) {
        match history.origin.clone() {
            Some(origin) => drop(self.lost.insert(origin, history)),
            None => self.passing += u64::from(history.changes > 0),
        }
    }

    /// What is not as it was, by the weight of its change: the first `most` of all in their order.
    pub(super) fn rank(mut self, most: usize) -> Ranked<'e> {
        let mut gone: Vec<Changed<'e>> = Vec::with_capacity(self.gone.len() + self.lost.len());
        for (name, history) in self.gone.into_iter().chain(self.lost) {
            let Some(origin) = &history.origin else {
                gone.push(Changed { name, history, is_there: false });
                continue;
            };
            if history.is_folder && self.new_folders.contains(origin) {
                continue;
            }
            match self.there.get_mut(origin).filter(|other| other.is_folder == history.is_folder) {
                // Something is where it was before.
                Some(other) => other.origin = other.origin.take().or(history.origin),
                None => gone.push(Changed { name, history, is_there: false }),
            }
        }
        let there = self.there.into_iter().filter(|(name, history)| !history.is_back(name));
        let there = there.map(|(name, history)| Changed { name, history, is_there: true });
        let changed = there.chain(gone).filter(|changed| changed.history.changes > 0);
        let (mut files, passing): (Vec<_>, Vec<_>) = changed.partition(Changed::is_something_else);
        if most < files.len() {
            files.select_nth_unstable_by(most, Changed::by_weight);
        }
        let sorted = most.min(files.len());
        files[..sorted].sort_unstable_by(Changed::by_weight);
        Ranked { files, passing: self.passing + passing.len() as u64 }
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

    /// The most often changed first, then the latest. A file and a folder may have had one name.
    fn by_weight(&self, other: &Self) -> Ordering {
        let weight = |of: &Self| (of.history.changes, of.history.last.seq);
        let who = |of: &Self| (of.is_there, of.history.is_folder);
        weight(other)
            .cmp(&weight(self))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| who(self).cmp(&who(other)))
            .then_with(|| self.history.origin.cmp(&other.history.origin))
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

fn name(path: &EntryPath) -> Name<'_> {
    match path.bytes {
        None => Cow::Borrowed(path.text.0.as_bytes()),
        Some(_) => Cow::Owned(path.exact()),
    }
}
