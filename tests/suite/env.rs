//! A user of the tests' own: a home, an agent, projects. Nothing of the real user's is seen or touched.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use context_tray::platform::{Directories, Endpoint, files, process};
use serde_json::Value;
use shared_child::SharedChild;

/// Longer than anything takes on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The companion as cargo built it.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ctx");

/// A command that ends well and does nothing else.
pub(crate) const TRUE: &[&str] = if cfg!(windows) { &["cmd", "/c", "exit"] } else { &["true"] };

/// A shell, up to the script.
pub(crate) const SHELL: &[&str] = if cfg!(windows) { &["cmd", "/c"] } else { &["sh", "-c"] };

/// Whether the system shows icons whatever the environment says.
const HAS_DESKTOP: bool = cfg!(any(windows, target_os = "macos"));

/// The user.
pub(crate) struct TestEnv {
    folder: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Outcome {
    command: String,
    folder: PathBuf,
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestEnv {
    pub(crate) fn new() -> TestEnv {
        let env = TestEnv { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(env.home()).unwrap();
        if HAS_DESKTOP {
            fs::create_dir(env.path("bin")).unwrap();
            fs::hard_link(PROGRAM, env.companion()).or_else(|_| fs::copy(PROGRAM, env.companion()).map(drop)).unwrap();
        }
        env
    }

    /// The companion. Windows and macOS have a desktop wherever tests run, and the agent is to be the one without a tray: there it
    /// lies apart from `context-tray`.
    pub(crate) fn companion(&self) -> PathBuf {
        let name = format!("ctx{}", std::env::consts::EXE_SUFFIX);
        if HAS_DESKTOP { self.path("bin").join(name) } else { PROGRAM.into() }
    }

    /// The absolute path of something of this user's, without links.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        name.split('/').fold(files::resolve(self.folder.path()).unwrap(), |path, part| path.join(part))
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// Where this user's agent listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let directories = Directories { config: self.path("config"), state: self.state(), runtime: self.path("run") };
        directories.endpoint().unwrap()
    }

    /// A new folder in the home folder.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(&format!("home/{name}"));
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// A new folder with a `.context`.
    pub(crate) fn project(&self, name: &str) -> PathBuf {
        let path = self.folder(name);
        self.ctx(&path, ["init"]).ok();
        path
    }

    /// A program in this user's environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("TZ", "UTC").envs(system_variables());
        command.env("HOME", self.home()).env("USERPROFILE", self.home());
        command.env("CONTEXT_TRAY_CONFIG_DIR", self.path("config"));
        command.env("CONTEXT_TRAY_STATE_DIR", self.state());
        command.env("CONTEXT_TRAY_RUNTIME_DIR", self.path("run"));
        command
    }

    /// The companion, not started yet.
    pub(crate) fn ctx_command<A: AsRef<OsStr>>(&self, folder: &Path, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(self.companion(), folder);
        command.args(args);
        command
    }

    /// Runs the companion to its end.
    #[must_use = "a command that went wrong unseen makes what follows a riddle"]
    pub(crate) fn ctx<A: AsRef<OsStr>>(&self, folder: &Path, args: impl IntoIterator<Item = A>) -> Outcome {
        self.run(self.ctx_command(folder, args))
    }

    /// Runs a command to its end. Its streams are files: a process that it leaves behind can't hold us up.
    #[must_use = "a command that went wrong unseen makes what follows a riddle"]
    pub(crate) fn run(&self, mut command: Command) -> Outcome {
        let streams = tempfile::tempdir().unwrap();
        let stream = |name| streams.path().join(name);
        command.stdout(File::create(stream("out")).unwrap()).stderr(File::create(stream("err")).unwrap());
        let child = SharedChild::spawn(&mut command).unwrap();
        let status = child.wait_timeout(PATIENCE * 2).unwrap();
        if status.is_none() {
            child.kill().unwrap();
        }
        let read = |name| String::from_utf8_lossy(&fs::read(stream(name)).unwrap()).into_owned();
        let outcome = Outcome {
            command: format!("{command:?}"),
            folder: command.get_current_dir().unwrap().to_path_buf(),
            code: status.map(context_tray::platform::exit_code),
            stdout: read("out"),
            stderr: read("err"),
        };
        assert!(status.is_some(), "did not end: {}", outcome.shown());
        outcome
    }

    /// The status of a project, as `--json` tells it.
    pub(crate) fn status(&self, project: &Path) -> Value {
        let outcome = self.ctx(project, ["status", "--json"]);
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {}", outcome.shown()))
    }

    /// The number of the agent, if one runs.
    pub(crate) fn agent_pid(&self) -> Option<u32> {
        let outcome = self.ctx(&self.home(), ["agent", "status", "--json"]);
        let info: Value = serde_json::from_str(&outcome.stdout).ok()?;
        u32::try_from(info["pid"].as_u64()?).ok()
    }
}

/// Takes the agent along, and with it the trackers.
impl Drop for TestEnv {
    fn drop(&mut self) {
        if let Some(pid) = self.agent_pid() {
            let _ = self.ctx(&self.home(), ["agent", "stop"]);
            kill(pid);
        }
    }
}

impl Outcome {
    fn shown(&self) -> String {
        let Outcome { command, folder, code, stdout, stderr } = self;
        format!("{command}\nin {}\nexit {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}", folder.display())
    }

    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.shown());
        self
    }

    /// It did what it was asked for.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.code(0)
    }

    /// It did not, and says why and what to do.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        let outcome = self.code(code);
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.shown());
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.shown());
        outcome
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {}", self.shown());
        self
    }

    #[track_caller]
    pub(crate) fn warns(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {}", self.shown());
        self
    }

    #[track_caller]
    pub(crate) fn hints(self, text: &str) -> Self {
        let hint = self.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
        assert!(hint.contains(text), "no hint {text:?} in {}", self.shown());
        self
    }

    #[track_caller]
    pub(crate) fn says_nothing(self) -> Self {
        assert!(self.stdout.is_empty() && self.stderr.is_empty(), "{}", self.shown());
        self
    }
}

/// A project that is being recorded.
pub(crate) fn recorded(env: &TestEnv, name: &str) -> PathBuf {
    let project = env.folder(name);
    env.ctx(&project, ["start"]).ok().says("Recording ");
    project
}

/// The entries of a project, as they are on the disk.
#[track_caller]
pub(crate) fn entries(project: &Path) -> Vec<Value> {
    let text = fs::read_to_string(project.join(".context/events.jsonl")).unwrap_or_default();
    // The last line may be on its way.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))).collect()
}

/// The entries of a kind.
#[track_caller]
pub(crate) fn entries_of(project: &Path, kind: &str) -> Vec<Value> {
    entries(project).into_iter().filter(|entry| entry["kind"] == kind).collect()
}

/// The log for people, without its header.
pub(crate) fn log_lines(project: &Path) -> Vec<String> {
    let text = fs::read_to_string(project.join(".context/session.md")).unwrap_or_default();
    text.lines().filter(|line| line.starts_with('[')).map(str::to_owned).collect()
}

/// Waits for a condition.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "still not: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is alive.
pub(crate) fn is_alive(pid: u32) -> bool {
    process::identity(pid).is_some()
}

/// As `kill -9`.
pub(crate) fn kill(pid: u32) {
    if let Some(identity) = process::identity(pid) {
        let _ = process::kill(pid, &identity);
    }
}

/// As `kill`.
pub(crate) fn terminate(pid: u32) {
    assert!(process::terminate(pid, &process::identity(pid).unwrap()).unwrap());
}

/// A process that has nothing to do with ours. It ends with its input.
pub(crate) fn stranger() -> Child {
    let mut command = if cfg!(windows) { Command::new("cmd") } else { Command::new("cat") };
    if cfg!(windows) {
        command.args(["/c", "set /p answer="]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// Without these, programs of Windows do not find their own folders.
fn system_variables() -> impl Iterator<Item = (OsString, OsString)> {
    const KEPT: [&str; 6] = ["SystemRoot", "SystemDrive", "ComSpec", "TEMP", "PATHEXT", "windir"];
    let is_kept = |name: &OsString| KEPT.iter().any(|kept| cfg!(windows) && name.eq_ignore_ascii_case(kept));
    std::env::vars_os().filter(move |(name, _)| is_kept(name))
}

#[cfg(unix)]
pub(crate) fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status().unwrap();
}

/// Compares with what is checked in; with `UPDATE_GOLDEN=1` writes it, to be read before it is checked in.
#[track_caller]
pub(crate) fn assert_golden(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, text).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    let differing = text.lines().zip(expected.lines()).find(|(now, then)| now != then);
    assert!(text == expected, "{} is not what is said now: see UPDATE_GOLDEN. {differing:?}", path.display());
}
