//! The program's own log: one file for each kind of process and the one before it, neither much larger than a megabyte.
//!
//! Levels by meaning: an error is always a defect of ours, a warning is something that the user may want to mend, info is
//! what happens once in a while, debug is for whoever looks for a defect. `CONTEXT_TRAY_LOG` is the filter, such as `debug`
//! or `context_tray::watch=trace`. Whatever the level, the text of commands and notes is no part of it, and what looks like a
//! secret is taken out.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::ChronoLocal;
use tracing_subscriber::prelude::*;

use crate::platform::{Directories, files};
use crate::redact::Redactor;

/// How long another process may take to move a file away.
const MOVING: Duration = Duration::from_secs(1);

/// The size in bytes at which a file gives way to a new one.
const MOST: u64 = 1 << 20;

/// Writes what this process logs into the diagnostics folder from now on; `name` begins the files' names. Without a place
/// to write, nothing is logged: a log is no reason not to run.
pub fn start(directories: &Directories, name: &str) {
    let folder = directories.diagnostics_dir();
    if files::make_private_dir(&folder).is_err() {
        return;
    }
    let filter = env::var("CONTEXT_TRAY_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = filter.and_then(|filter| Targets::from_str(&filter).ok());
    let filter = filter.unwrap_or_else(|| {
        Targets::new().with_default(LevelFilter::WARN).with_target("context_tray", LevelFilter::INFO)
    });
    let log = Log::new(&folder, name);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_timer(ChronoLocal::rfc_3339())
        .with_writer(log)
        .with_filter(filter);
    // A second call in one process is a test's.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

/// A file that several processes write, opened for every line: lines are few, and so none goes into a file that another
/// process has moved away.
struct Log {
    path: PathBuf,
    before: PathBuf,
    /// Held while the file is moved away. Not the file itself: nobody could write into it on Windows.
    lock: PathBuf,
}

/// One line on its way.
enum Line {
    To(File),
    Nowhere,
}

impl Log {
    fn new(folder: &Path, name: &str) -> Self {
        let [path, before, lock] = ["log", "before.log", "lock"].map(|end| folder.join(format!("{name}.{end}")));
        Self { path, before, lock }
    }

    fn open(&self) -> io::Result<File> {
        let file = appendable(&self.path)?;
        if file.metadata()?.len() < MOST {
            return Ok(file);
        }
        // Whoever gets the lock while the file is still at its path, and nobody else, moves it away.
        let lock = files::open_lock(&self.lock)?;
        if files::lock_by(&lock, Instant::now() + MOVING)? && files::is_at(&file, &self.path) {
            fs::rename(&self.path, &self.before)?;
        }
        appendable(&self.path)
    }
}

fn appendable(path: &Path) -> io::Result<File> {
    files::create_private(OpenOptions::new().create(true).append(true)).open(path)
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        self.open().map_or(Line::Nowhere, Line::To)
    }
}

impl Write for Line {
    /// Gets a whole line at a time, and takes the secrets out of it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Line::To(file) = self {
            let text = String::from_utf8_lossy(line);
            file.write_all(Redactor::default().text(&text).text.as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_many_writers_is_bounded_and_its_last_lines_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let line = [b"x".repeat(4095), b"\n".to_vec()].concat();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let log = Log::new(folder.path(), "a");
                    (0..300).for_each(|_| log.make_writer().write_all(&line).unwrap());
                });
            }
        });
        let log = Log::new(folder.path(), "a");
        log.make_writer().write_all(b"the last\n").unwrap();
        let (now, before) = (fs::read(path("a.log")).unwrap(), fs::read(path("a.before.log")).unwrap());
        assert!(now.ends_with(b"the last\n"));
        // Each of the writers may be at a line when the file is full.
        let bound = MOST + 4 * 4096;
        assert!(before.len() as u64 >= MOST && before.len() as u64 <= bound && now.len() as u64 <= bound);
        assert_eq!(before.iter().filter(|byte| **byte == b'\n').count() * 4096, before.len(), "whole lines");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "the two and the lock");
    }
}
