//! `.context/archive/`: where the files of the record go when they have grown large, and where readers find them again.
//!
//! A file is moved whole, so that nothing in it changes; its name carries the time (UTC) at which that was done. Times never
//! go back, whatever the clock does: the order of the names is the order of the entries.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};

use crate::platform::files;
use crate::project::ProjectRoot;

/// How a file's name says when it was archived.
const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";

/// One of the files that are archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Events,
}

impl Kind {
    fn path(self, root: &ProjectRoot) -> PathBuf {
        match self {
            Kind::Log => root.session_log(),
            Kind::Events => root.events(),
        }
    }

    fn name(self, time: NaiveDateTime) -> String {
        let time = time.format(TIME);
        match self {
            Kind::Log => format!("session-{time}.md"),
            Kind::Events => format!("events-{time}.jsonl"),
        }
    }

    fn time(self, name: &str) -> Option<NaiveDateTime> {
        let time = match self {
            Kind::Log => name.strip_prefix("session-")?.strip_suffix(".md")?,
            Kind::Events => name.strip_prefix("events-")?.strip_suffix(".jsonl")?,
        };
        NaiveDateTime::parse_from_str(time, TIME).ok()
    }
}

/// The archived files of a kind, the newest first.
///
/// # Errors
///
/// The folder is there and can't be listed.
pub(super) fn files(root: &ProjectRoot, kind: Kind) -> io::Result<Vec<PathBuf>> {
    Ok(dated(root, kind)?.into_iter().rev().map(|(_, path)| path).collect())
}

/// The same with their times, the oldest first.
fn dated(root: &ProjectRoot, kind: Kind) -> io::Result<Vec<(NaiveDateTime, PathBuf)>> {
    // A link is none of ours, whatever lies behind it.
    if fs::symlink_metadata(root.archive_dir()).is_ok_and(|metadata| !metadata.is_dir()) {
        return Ok(Vec::new());
    }
    let listing = match fs::read_dir(root.archive_dir()) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry?;
        if let Some(time) = entry.file_name().to_str().and_then(|name| kind.time(name)) {
            found.push((time, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Moves the file away if it is larger than `over` bytes; false when it is not. Call it under the journal's lock.
///
/// # Errors
///
/// The archive's folder is none of ours, or the file can't be moved.
pub(super) fn rotate(root: &ProjectRoot, kind: Kind, over: u64, now: DateTime<FixedOffset>) -> io::Result<bool> {
    let path = kind.path(root);
    if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > over) {
        return Ok(false);
    }
    let folder = root.archive_dir();
    make_folder(&folder)?;
    let newest = dated(root, kind)?.pop().map(|(time, _)| time + TimeDelta::milliseconds(1));
    let time = now.with_timezone(&Utc).naive_utc();
    fs::rename(&path, folder.join(kind.name(newest.map_or(time, |newest| time.max(newest)))))?;
    Ok(true)
}

/// A link or a file in its place, as a cloned repository may bring one, is refused.
fn make_folder(folder: &Path) -> io::Result<()> {
    files::make_private_dir(folder)?;
    if fs::symlink_metadata(folder)?.is_dir() { Ok(()) } else { Err(io::Error::other("it is not a folder")) }
}

/// Removes what was archived longer ago than `keep`.
///
/// # Errors
///
/// The folder can't be listed, or a file in it not be removed.
pub(super) fn prune(root: &ProjectRoot, keep: Duration, now: DateTime<FixedOffset>) -> io::Result<()> {
    let now = now.with_timezone(&Utc).naive_utc();
    let Some(oldest) = TimeDelta::from_std(keep).ok().and_then(|keep| now.checked_sub_signed(keep)) else {
        return Ok(());
    };
    for kind in [Kind::Log, Kind::Events] {
        for (_, path) in dated(root, kind)?.into_iter().filter(|(time, _)| *time < oldest) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
