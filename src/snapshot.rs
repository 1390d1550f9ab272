//! A project's status as the disk tells it: what `ctx status` says without an agent, and without changing a thing.
//!
//! Three things are read: the tracker's lock, the state file and the PID file; the log never is. The lock is the truth
//! about life. The lock is looked at *before* the files: once it is free, nobody writes them, and what they
//! say is final; while it is held, files that say otherwise are those of a tracker that is just beginning or ending,
//! and are read again for a moment.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Days, Local, NaiveTime, SecondsFormat, TimeZone as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::platform::{files, process};
use crate::project::ProjectRoot;
use crate::redact::Redactor;
use crate::status::{LastCommand, LastEvent, ProjectStatus, State};

/// How long files may contradict the lock: a tracker takes the one and writes the others within it.
const SETTLE: Duration = Duration::from_millis(500);

/// How long a writer may be waited for; it takes a moment.
const WRITER: Duration = Duration::from_millis(100);

/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A state file longer than this is none of ours.
const MAX_STATE: u64 = 1024 * 1024;

/// The word in the command line of Context Engine's own tracker.
const CONTEXT_ENGINE: &str = "context_engine";

/// The project, as it is now. That no agent answers is for the caller to correct.
pub fn read(root: &ProjectRoot) -> ProjectStatus {
    if fs::read_dir(root.path()).is_err() {
        return ProjectStatus::unknown(root.path(), State::Missing);
    }
    let deadline = Instant::now() + SETTLE;
    await_writer(root);
    loop {
        let held = is_tracked(root);
        let files = Files::read(root);
        if files.agree(held, root) || Instant::now() >= deadline {
            return files.status(root, held);
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Waits for a writer that is just at it: what it has answered for stands in the files when it is done.
fn await_writer(root: &ProjectRoot) {
    let mut options = OpenOptions::new();
    let Ok(file) = files::open_no_follow(options.read(true)).open(root.journal_lock()) else { return };
    let deadline = Instant::now() + WRITER;
    while matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) && Instant::now() < deadline {
        thread::sleep(LOOK_AGAIN / 10);
    }
}

/// Whether a tracker of ours is alive. Never makes the lock's file.
pub fn is_tracked(root: &ProjectRoot) -> bool {
    let mut options = OpenOptions::new();
    let Ok(file) = files::open_no_follow(options.read(true)).open(root.tracker_lock()) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The live tracker of Context Engine itself that `session.pid` names.
pub fn context_engine(root: &ProjectRoot) -> Option<u32> {
    Files::read(root).context_engine()
}

/// Who the live tracker is, as it wrote itself down: for a signal that must reach nobody else.
pub fn tracker(root: &ProjectRoot) -> Option<(u32, String)> {
    let files = Files::read(root);
    Some((files.tracker("pid")?, files.tracker("identity")?))
}

/// What the two files say, as far as they can be understood.
struct Files {
    state: Value,
    written: Option<SystemTime>,
    /// There may be a file without a number.
    pid: Option<PidFile>,
}

struct PidFile {
    number: Option<u64>,
}

impl Files {
    fn read(root: &ProjectRoot) -> Files {
        let state = read_small(&root.state());
        let written = state.as_ref().and_then(|(_, written)| *written);
        let state = state.and_then(|(text, _)| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let pid = read_small(&root.pid()).map(|(text, _)| {
            let number = String::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
            PidFile { number }
        });
        Files { state, written, pid }
    }

    fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.state.get(key)?).ok()
    }

    /// A value of the `tracker` table.
    fn tracker<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.state.get("tracker")?.get(key)?).ok()
    }

    fn number(&self) -> Option<u64> {
        self.pid.as_ref().and_then(|file| file.number)
    }

    /// Whether the files are those of a tracker that is alive, or of none.
    fn agree(&self, held: bool, root: &ProjectRoot) -> bool {
        match held {
            true => {
                let live = self.tracker("state").is_some_and(State::is_live);
                live && self.tracker::<u64>("pid") == self.number() && self.number().is_some()
            }
            // A tracker may have begun between the two looks.
            false => self.pid.is_none() || !is_tracked(root),
        }
    }

    fn context_engine(&self) -> Option<u32> {
        let pid = u32::try_from(self.number()?).ok()?;
        let command = process::command_line(pid)?;
        command.iter().any(|part| part.contains(CONTEXT_ENGINE)).then_some(pid)
    }

    fn state(&self, held: bool) -> State {
        let told = self.tracker("state");
        match (held, told) {
            (true, Some(State::Running)) => State::Running,
            (true, _) => State::Starting,
            (false, _) if self.pid.is_some() => State::Stale,
            (false, Some(State::Backoff | State::Failed | State::Paused)) => told.unwrap_or(State::Stopped),
            (false, _) => State::Stopped,
        }
    }

    fn status(&self, root: &ProjectRoot, held: bool) -> ProjectStatus {
        let state = self.state(held);
        let mut status = ProjectStatus {
            started_at: self.tracker("started_at"),
            stopped_at: self.tracker("stopped_at"),
            last_event: self.last_event(),
            last_command: self.last_command(),
            paused_until: self.tracker("paused_until").filter(|_| state == State::Paused),
            reason: self.tracker("reason").filter(|_| matches!(state, State::Backoff | State::Failed)),
            ..ProjectStatus::unknown(root.path(), state)
        };
        if held {
            status.pid = self.tracker("pid").or_else(|| u32::try_from(self.number()?).ok());
            status.watching = self.get("watching").unwrap_or_else(|| vec![root.path().to_path_buf()]);
            status.watch_mode = self.tracker("watch_mode");
            status.degraded = self.tracker("degraded");
            status.config_problem = self.tracker("config_problem");
            status.record_problem = record_problem(root);
            status.directories_watched = self.tracker("directories_watched");
            status.files_indexed = self.tracker("files_indexed");
        } else if let Some(pid) = self.context_engine() {
            status.state = State::Running;
            status.pid = Some(pid);
            status.watching = self.get::<Vec<PathBuf>>("watching").unwrap_or_default();
            status.degraded = Some("Context Engine's own tracker records this project.".into());
        } else if state == State::Stale {
            status.stale_pid = self.number();
        }
        status
    }

    fn last_event(&self) -> Option<LastEvent> {
        self.tracker("last_event").or_else(|| {
            let event = self.state.get("last_event")?;
            Some(LastEvent { time: self.dated(event)?, detail: text(event, "detail")? })
        })
    }

    /// Ours, unless Context Engine has written another one since: it knows the top-level key only.
    fn last_command(&self) -> Option<LastCommand> {
        let ours: Option<LastCommand> = self.tracker("last_command");
        let theirs = || {
            let command = self.state.get("last_command")?;
            let same = ours.as_ref().is_some_and(|ours| {
                text(command, "command").as_deref() == Some(&ours.command)
                    && text(command, "status").as_deref() == Some(&ours.status)
                    && text(command, "timestamp").is_some_and(|time| ours.time.contains(&time))
            });
            if same {
                return None;
            }
            let (mut command, status, time) =
                (text(command, "command")?, text(command, "status")?, self.dated(command)?);
            // Nobody else has taken its secrets out.
            Redactor::default().in_place(&mut command, Redactor::command);
            Some(LastCommand { time, command, status })
        };
        theirs().or_else(|| ours.clone())
    }

    /// The moment of a `timestamp` without a date: the last such before the file was written.
    fn dated(&self, value: &Value) -> Option<String> {
        let time = NaiveTime::parse_from_str(&text(value, "timestamp")?, "%H:%M:%S").ok()?;
        let written: DateTime<Local> = self.written?.into();
        let today = written.date_naive();
        let day = if time <= written.time() { today } else { today.checked_sub_days(Days::new(1))? };
        let moment = Local.from_local_datetime(&day.and_time(time)).earliest()?;
        Some(moment.to_rfc3339_opts(SecondsFormat::Secs, false))
    }
}

/// Why the record can't be written, as far as a look tells: the state file could not say so. The tracker, which tries, knows more.
fn record_problem(root: &ProjectRoot) -> Option<String> {
    let folder = root.context_dir();
    let of_folder = files::obstacle_in(&folder).map(|error| (folder, error));
    let files = [root.events(), root.session_log(), root.state()].into_iter();
    let of_file = || files.filter_map(|path| files::obstacle(&path).map(|error| (path, error))).next();
    let (path, error) = of_folder.or_else(of_file)?;
    let remedy = files::remedy(&error).map(|remedy| format!("; {remedy}")).unwrap_or_default();
    Some(format!("cannot write {}: {error}{remedy}", path.display()))
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// The bytes of a small file and when it was written; none where there is no file of that kind.
fn read_small(path: &Path) -> Option<(Vec<u8>, Option<SystemTime>)> {
    let mut options = OpenOptions::new();
    let file: fs::File = files::open_no_follow(options.read(true)).open(path).ok()?;
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    file.take(MAX_STATE).read_to_end(&mut bytes).ok()?;
    Some((bytes, metadata.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Project {
        root: ProjectRoot,
        _folder: tempfile::TempDir,
    }

    impl Project {
        fn new() -> Project {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join(".context")).unwrap();
            let root = ProjectRoot::try_from(files::resolve(folder.path()).unwrap()).unwrap();
            Project { root, _folder: folder }
        }

        fn write(&self, state: &str, pid: Option<&str>) -> ProjectStatus {
            fs::write(self.root.state(), state).unwrap();
            match pid {
                Some(pid) => fs::write(self.root.pid(), pid).unwrap(),
                None => drop(fs::remove_file(self.root.pid())),
            }
            read(&self.root)
        }
    }

    fn running(pid: u64) -> String {
        json!({
            "status": "running", "watching": ["/p"],
            "last_command": {"timestamp": "10:00:20", "command": "make", "status": "Success"},
            "tracker": {
                "pid": pid, "identity": "x", "state": "running", "started_at": "2026-11-22T10:00:00+01:00",
                "watch_mode": "native", "directories_watched": 3, "files_indexed": 9,
                "last_event": {"time": "2026-11-22T10:00:13+01:00", "detail": "Edited: a"},
                "last_command": {"time": "2026-11-22T10:00:20.250+01:00", "command": "make", "status": "Success"},
            },
        })
        .to_string()
    }

    #[test]
    fn files_that_make_no_sense_are_a_stopped_project() {
        let project = Project::new();
        for state in ["", "[]", "null", "{", "{\"tracker\":7}", "{\"tracker\":{\"pid\":\"x\"},\"watching\":3}", "\u{0}"]
        {
            let status = project.write(state, None);
            assert_eq!(status, ProjectStatus::unknown(project.root.path(), State::Stopped), "{state}");
        }
        fs::remove_file(project.root.state()).unwrap();
        assert_eq!(read(&project.root).state, State::Stopped);
        assert!(!project.root.tracker_lock().exists(), "a look makes nothing");
    }

    #[test]
    fn a_pid_file_without_a_lock_is_stale_whatever_it_holds() {
        let project = Project::new();
        // Our own number is that of a live process, which has nothing to do with the project.
        let mine = std::process::id().to_string();
        for pid in ["", "x", "99999999999999999999", "-1", "4194999\n", &mine] {
            let status = project.write(&running(1), Some(pid));
            assert_eq!((status.state, status.pid), (State::Stale, None), "{pid}");
            assert_eq!(status.stale_pid, pid.trim().parse().ok());
        }
    }

    #[test]
    fn a_held_lock_is_a_live_tracker() {
        let project = Project::new();
        let lock = fs::File::create(project.root.tracker_lock()).unwrap();
        lock.try_lock().unwrap();
        let status = project.write(&running(42), Some("42"));
        assert_eq!((status.state, status.pid, status.files_indexed), (State::Running, Some(42), Some(9)));
        assert_eq!(status.last_command.unwrap().time, "2026-11-22T10:00:20.250+01:00");
        // Nothing is written yet, or what is written is the last one's.
        assert_eq!(project.write("{}", None).state, State::Starting);
        assert_eq!(project.write(&running(42), Some("43")).state, State::Running);
        drop(lock);
        assert_eq!(project.write(&running(42), Some("42")).stale_pid, Some(42));
    }

    #[test]
    fn what_the_agent_knows_is_read_from_the_state() {
        let project = Project::new();
        let state = json!({"tracker": {"state": "failed", "reason": "It died."}}).to_string();
        let status = project.write(&state, None);
        assert_eq!((status.state, status.reason.as_deref()), (State::Failed, Some("It died.")));
    }

    #[test]
    fn a_command_that_context_engine_wrote_is_the_last() {
        let project = Project::new();
        let state = running(1).replace(
            "\"command\":\"make\",\"status\":\"Success\",\"timestamp\":\"10:00:20\"",
            "\"command\":\"npm test\",\"status\":\"Failed\",\"timestamp\":\"00:00:00\"",
        );
        let command = project.write(&state, None).last_command.unwrap();
        assert_eq!((command.command.as_str(), command.status.as_str()), ("npm test", "Failed"));
        assert!(DateTime::parse_from_rfc3339(&command.time).unwrap() <= Local::now());
    }

    #[test]
    fn a_project_that_is_gone_is_missing() {
        let root = ProjectRoot::try_from(std::env::temp_dir().join("nowhere/at/all")).unwrap();
        assert_eq!(read(&root).state, State::Missing);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn context_engines_own_tracker_is_neither_stale_nor_ours() {
        let project = Project::new();
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "read x # context_engine"]).stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A child that has just been started has no arguments for a moment.
        while process::command_line(child.id()).is_none() {
            thread::yield_now();
        }
        let status = project.write("{}", Some(&child.id().to_string()));
        assert_eq!((status.state, status.pid), (State::Running, Some(child.id())));
        assert!(status.degraded.unwrap().contains("Context Engine"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(read(&project.root).state, State::Stale);
    }
}
