//! A user at a desktop of the tests' own, with the real agent; the bus and what is on it are the test's.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::bus::{Bus, wait};

/// A user with a home folder, and an agent that nobody else shares.
pub(crate) struct Desktop {
    folder: TempDir,
    bus_address: String,
    pub(crate) agent: Option<Child>,
}

impl Desktop {
    pub(crate) fn on(bus: &Bus) -> Self {
        Self::at(bus.address().to_owned())
    }

    /// One whose agent records a project, which is called `shop`.
    pub(crate) fn recording(bus: &Bus) -> (Self, PathBuf) {
        let mut desktop = Self::on(bus);
        let shop = desktop.project("shop");
        desktop.start_agent();
        desktop.start(&shop);
        (desktop, shop)
    }

    /// One whose bus is away, and where it would be.
    pub(crate) fn before_bus() -> (Self, String) {
        let mut desktop = Self::without_bus();
        desktop.bus_address = format!("unix:path={}", desktop.path("bus").display());
        let address = desktop.bus_address.clone();
        (desktop, address)
    }

    pub(crate) fn without_bus() -> Self {
        Self::at("unix:path=/nonexistent/context-tray-test-bus".to_owned())
    }

    pub(crate) fn at(bus_address: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder, bus_address, agent: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new project folder with one file in it.
    pub(crate) fn project(&self, name: &str) -> PathBuf {
        let project = self.path("home").join(name);
        fs::create_dir(&project).unwrap();
        fs::write(project.join("main.rs"), "fn main() {}\n").unwrap();
        project
    }

    /// Where programs are found: first those that the test puts in the place of others.
    fn search_path(&self) -> OsString {
        let system = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.path("programs")).chain(std::env::split_paths(&system));
        std::env::join_paths(folders).unwrap()
    }

    /// Puts a shell script in the place of a program of the desktop.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let folder = self.path("programs");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Has the desktop tell what it is asked to open.
    pub(crate) fn notes_what_is_opened(&self) {
        self.program("xdg-open", &format!("echo \"$1\" >> '{}'", self.path("opened").display()));
    }

    /// Waits until the desktop was asked to open something whose path ends so.
    pub(crate) fn wait_for_opened(&self, end: &str) -> PathBuf {
        wait(&format!("something opened that ends in {end}"), || {
            let opened = fs::read_to_string(self.path("opened")).unwrap_or_default();
            opened.lines().find(|line| line.ends_with(end)).map(PathBuf::from)
        })
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", self.path("home"))
            .env("CONTEXT_TRAY_CONFIG_DIR", self.path("config"))
            .env("CONTEXT_TRAY_STATE_DIR", self.path("state"))
            .env("CONTEXT_TRAY_RUNTIME_DIR", self.path("runtime"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .current_dir(self.path("home"))
            .stdin(Stdio::null());
        command
    }

    /// Starts the agent; it is killed with the test.
    pub(crate) fn start_agent(&mut self) {
        self.start_agent_with([]);
    }

    /// The same with more in its environment.
    pub(crate) fn start_agent_with<const N: usize>(&mut self, variables: [(&str, &str); N]) {
        let said = File::create(self.path("said")).unwrap();
        let mut command = self.command(env!("CARGO_BIN_EXE_context-tray"));
        let agent = command.envs(variables).stdout(Stdio::null()).stderr(said).spawn();
        self.agent = Some(agent.unwrap());
    }

    /// What the agent wrote to stderr so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.path("said")).unwrap()
    }

    pub(crate) fn agent_status(&mut self) -> Option<ExitStatus> {
        self.agent.as_mut().unwrap().try_wait().unwrap()
    }

    fn agent_pid(&self) -> Option<u64> {
        let output = self.command(env!("CARGO_BIN_EXE_ctx")).args(["agent", "status", "--json"]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).ok()?["pid"].as_u64()
    }

    /// Runs the companion, which must succeed.
    pub(crate) fn ctx(&self, args: &[&str]) -> String {
        let output = self.command(env!("CARGO_BIN_EXE_ctx")).args(args).output().unwrap();
        assert!(output.status.success(), "ctx {args:?} in {}: {output:#?}", self.path("home").display());
        String::from_utf8(output.stdout).unwrap()
    }

    /// By the agent that was started here: one that is not ready yet would be overtaken by one that the companion launches.
    pub(crate) fn start(&self, project: &Path) {
        if let Some(agent) = self.agent.as_ref().map(Child::id) {
            wait("the agent", || (!is_alive(agent) || self.agent_pid() == Some(agent.into())).then_some(()));
        }
        self.ctx(&["start", project.to_str().unwrap()]);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the agent said: {}", fs::read_to_string(self.path("said")).unwrap_or_default());
            eprintln!("and has ended: {:?}", self.agent.as_mut().map(|agent| agent.try_wait()));
            for log in fs::read_dir(self.path("state/diagnostics")).into_iter().flatten().flatten() {
                eprintln!("{:?}:\n{}", log.file_name(), fs::read_to_string(log.path()).unwrap_or_default());
            }
        }
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

/// The tracker's PID, while it records.
pub(crate) fn tracker(project: &Path) -> Option<u32> {
    let pid = fs::read_to_string(project.join(".context/session.pid")).ok()?.trim().parse().ok()?;
    is_alive(pid).then_some(pid)
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is dead.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}
