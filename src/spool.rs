//! What could not be written into a project at its time: one line each in the user's state folder, until it can be.
//!
//! Whoever writes into a project next takes its lines over. A line leaves the spool after it was written, so that a
//! crash in between leaves it twice at most, and the journal drops an id that it has.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use crate::entry::Record;
use crate::platform::files::cannot;
use crate::platform::{Directories, files};
use crate::redact::Redactor;
use crate::request::Failure;

/// Whoever takes waits for the journal in between. Others give up by then: what they would take is being taken.
const TAKING_WAIT: Duration = Duration::from_secs(2);

/// The file is changed in a moment, but on a busy machine hundreds may wait for theirs, and what finds no place here has none.
const CHANGE_WAIT: Duration = Duration::from_secs(30);

/// A record that waits for its project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spooled {
    /// The absolute path of the root.
    pub project: PathBuf,
    /// When it should have been written.
    pub time: DateTime<FixedOffset>,
    /// What to write.
    pub record: Record,
}

/// Keeps a record, without its secrets.
///
/// # Errors
///
/// The state folder can't be written either.
pub fn append(directories: &Directories, redactor: &Redactor, mut spooled: Spooled) -> Result<(), Failure> {
    redactor.record(&mut spooled.record);
    let path = file(directories);
    let write = || {
        files::make_private_dir(&directories.spool_dir())?;
        let _changing = change(directories)?;
        let mut line = serde_json::to_vec(&spooled)?;
        line.push(b'\n');
        // A line that a full disk has cut must not take this one with it.
        if !ends_with_newline(&path) {
            line.insert(0, b'\n');
        }
        files::create_private(OpenOptions::new().create(true).append(true)).open(&path)?.write_all(&line)
    };
    write().map_err(|error| cannot("write", &path, &error))
}

/// Hands out the project's records, the oldest first, each marked as late, and drops those that `write` has written.
/// It stops at the first that can't be. Gives their number. Only one takes at a time; adding goes on meanwhile.
///
/// # Errors
///
/// That of `write`, or the spool can't be changed. What was not written is still there.
pub fn take(
    directories: &Directories,
    project: &Path,
    mut write: impl FnMut(Spooled) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let path = file(directories);
    // Those of other projects keep nobody waiting, nor does a folder that can't be written.
    if !holds_any(&path, project) {
        return Ok(0);
    }
    let _taking = lock(directories, "taking.lock", TAKING_WAIT).map_err(|error| cannot("lock", &path, &error))?;
    let text = match fs::read(&path) {
        // Another has taken them before us.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        read => read.map_err(|error| cannot("read", &path, &error))?,
    };
    let mut kept = Vec::new();
    let mut taken = 0;
    let mut outcome = Ok(());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Spooled>(line) {
            Ok(mut spooled) if spooled.project == project && outcome.is_ok() => {
                spooled.record = spooled.record.into_late();
                outcome = write(spooled);
                match outcome {
                    Ok(()) => taken += 1,
                    Err(_) => kept.extend_from_slice(line),
                }
            }
            _ => kept.extend_from_slice(line),
        }
    }
    if taken > 0 {
        let mut rewrite = || {
            let _changing = change(directories)?;
            // Behind what was read, others may have added theirs.
            kept.extend_from_slice(fs::read(&path)?.get(text.len()..).unwrap_or_default());
            if kept.is_empty() { fs::remove_file(&path) } else { files::replace(&path, &kept) }
        };
        rewrite().map_err(|error| cannot("rewrite", &path, &error))?;
    }
    outcome.map(|()| taken)
}

/// Whether a line may be the project's, without a look at what each says. What is no file is nobody's.
fn holds_any(path: &Path, project: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let (Ok(name), Ok(text)) = (serde_json::to_vec(project), fs::read(path)) else { return false };
    memchr::memmem::find(&text, &name).is_some()
}

fn file(directories: &Directories) -> PathBuf {
    directories.spool_dir().join("pending.jsonl")
}

fn change(directories: &Directories) -> io::Result<File> {
    lock(directories, "spool.lock", CHANGE_WAIT)
}

fn lock(directories: &Directories, name: &str, wait: Duration) -> io::Result<File> {
    let file = files::open_lock(&directories.spool_dir().join(name))?;
    match files::lock_by(&file, Instant::now() + wait)? {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds its lock")),
    }
}

fn ends_with_newline(path: &Path) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    last().map_or(true, |byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::entry::Note;
    use crate::request::FailureCode;

    fn place() -> (tempfile::TempDir, Directories) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let directories = Directories { config: path.clone(), state: path.join("state"), runtime: path };
        (folder, directories)
    }

    fn note(project: &str, text: &str) -> Spooled {
        let record = Record::Note(Note { id: text.into(), text: text.into(), late: false });
        let time = DateTime::parse_from_rfc3339("2026-11-22T10:00:00.123+01:00").unwrap();
        Spooled { project: project.into(), time, record }
    }

    #[test]
    fn a_project_gets_its_own_in_order_and_once() {
        let (_keep, directories) = place();
        for (project, text) in [("/a", "1"), ("/b", "2"), ("/a", "3")] {
            append(&directories, &Redactor::default(), note(project, text)).unwrap();
        }
        let mut got = Vec::new();
        let taken = take(&directories, Path::new("/a"), |spooled| {
            got.push(spooled);
            Ok(())
        });
        assert_eq!(taken.unwrap(), 2);
        let ids: Vec<_> = got.iter().map(|spooled| spooled.record.id()).collect();
        assert_eq!(ids, ["1", "3"]);
        assert!(matches!(&got[0].record, Record::Note(note) if note.late));
        assert_eq!(take(&directories, Path::new("/a"), |_| Ok(())).unwrap(), 0);
        assert_eq!(take(&directories, Path::new("/b"), |_| Ok(())).unwrap(), 1);
        assert!(!file(&directories).exists());
    }

    #[test]
    fn what_can_not_be_written_stays_and_torn_lines_hurt_nobody() {
        let (_keep, directories) = place();
        append(&directories, &Redactor::default(), note("/a", "1")).unwrap();
        OpenOptions::new().append(true).open(file(&directories)).unwrap().write_all(b"{\"project\":").unwrap();
        append(&directories, &Redactor::default(), note("/a", "2")).unwrap();
        let refused = take(&directories, Path::new("/a"), |spooled| match spooled.record.id() {
            "1" => Ok(()),
            _ => Err(Failure::new(FailureCode::Io, "full")),
        });
        assert!(refused.is_err());
        assert_eq!(take(&directories, Path::new("/a"), |_| Ok(())).unwrap(), 1);
        assert_eq!(take(&directories, Path::new("/a"), |_| Ok(())).unwrap(), 0);
    }

    #[test]
    fn what_is_added_while_others_are_taken_waits_for_nobody_and_stays() {
        let (_keep, directories) = place();
        append(&directories, &Redactor::default(), note("/a", "1")).unwrap();
        let add = |_| append(&directories, &Redactor::default(), note("/a", "2"));
        assert_eq!(take(&directories, Path::new("/a"), add).unwrap(), 1);
        let mut left = Vec::new();
        let keep = |spooled: Spooled| {
            left.push(spooled.record.id().to_owned());
            Ok(())
        };
        take(&directories, Path::new("/a"), keep).unwrap();
        assert_eq!(left, ["2"]);
    }

    #[test]
    fn what_waits_for_others_keeps_nobody_waiting() {
        let (_keep, directories) = place();
        append(&directories, &Redactor::default(), note("/a/b", "1")).unwrap();
        let _taking = lock(&directories, "taking.lock", Duration::ZERO).unwrap();
        assert_eq!(take(&directories, Path::new("/a"), |_| Ok(())).unwrap(), 0);
        assert!(take(&directories, Path::new("/a/b"), |_| Ok(())).is_err());
    }

    #[test]
    fn of_many_who_take_at_once_each_record_goes_to_one() {
        const RECORDS: usize = 100;
        let (_keep, directories) = place();
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < RECORDS {
                        let count = take(&directories, Path::new("/a"), |_| Ok(())).unwrap();
                        taken.fetch_add(count, Ordering::SeqCst);
                    }
                });
            }
            for number in 0..RECORDS {
                append(&directories, &Redactor::default(), note("/a", &number.to_string())).unwrap();
            }
        });
        assert_eq!(taken.into_inner(), RECORDS);
    }
}
