//! The tray and the notices of the real agent, seen and clicked over a bus that the test starts itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::bus::{Bus, Host, Notifications, wait, wait_within};

/// How soon the menu shows a new state.
const SOON: Duration = Duration::from_secs(1);

/// A user with a home folder, and an agent that nobody else shares.
struct Desktop {
    folder: TempDir,
    bus_address: String,
    agent: Option<Child>,
}

impl Desktop {
    fn on(bus: &Bus) -> Self {
        Self::at(bus.address().to_owned())
    }

    fn without_bus() -> Self {
        Self::at("unix:path=/nonexistent/context-tray-test-bus".to_owned())
    }

    fn at(bus_address: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder, bus_address, agent: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new project folder with one file in it.
    fn project(&self, name: &str) -> PathBuf {
        let project = self.path("home").join(name);
        fs::create_dir(&project).unwrap();
        fs::write(project.join("main.rs"), "fn main() {}\n").unwrap();
        project
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
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
    fn start_agent(&mut self) {
        let said = File::create(self.path("said")).unwrap();
        let agent = self.command(env!("CARGO_BIN_EXE_context-tray")).stdout(Stdio::null()).stderr(said).spawn();
        self.agent = Some(agent.unwrap());
    }

    /// What the agent wrote to stderr so far.
    fn said(&self) -> String {
        fs::read_to_string(self.path("said")).unwrap()
    }

    fn agent_status(&mut self) -> Option<ExitStatus> {
        self.agent.as_mut().unwrap().try_wait().unwrap()
    }

    /// Runs the companion, which must succeed.
    fn ctx(&self, args: &[&str]) -> String {
        let output = self.command(env!("CARGO_BIN_EXE_ctx")).args(args).output().unwrap();
        assert!(output.status.success(), "ctx {args:?} in {}: {output:#?}", self.path("home").display());
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&self, project: &Path) {
        self.ctx(&["start", project.to_str().unwrap()]);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.kill();
            let _ = agent.wait();
        }
        if std::thread::panicking() {
            eprintln!("the agent said: {:?}", fs::read_to_string(self.path("said")).unwrap_or_default());
        }
    }
}

/// The tracker's PID, while it records.
fn tracker(project: &Path) -> Option<u32> {
    let pid = fs::read_to_string(project.join(".context/session.pid")).ok()?.trim().parse().ok()?;
    is_alive(pid).then_some(pid)
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is dead.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn the_menu_stops_and_starts_a_session_and_follows_its_state() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);

    let icon = host.icon();
    assert_eq!(icon.id(), "context-tray");
    icon.wait_for(&["Recording 1 project"]);
    icon.wait_for(&["shop: recording", "Recording since"]);
    let recording = icon.picture();
    let first = tracker(&shop).expect("a tracker that lives");

    icon.click(&["shop", "Stop session"]);
    wait("the end of the tracker", || (!is_alive(first)).then_some(()));
    icon.wait_for_within(SOON, &["shop: not recording", "Start session"]);
    icon.wait_for_within(SOON, &["Not recording"]);
    assert_eq!(tracker(&shop), None);
    wait_within(SOON, "another icon", || (icon.picture() != recording).then_some(()));

    icon.click(&["shop", "Start session"]);
    let second = wait("another tracker", || tracker(&shop));
    assert_ne!(first, second);
    icon.wait_for_within(SOON, &["shop: recording", "Stop session"]);
    wait_within(SOON, "the first icon", || (icon.picture() == recording).then_some(()));
}

#[test]
fn stop_all_and_start_all_reach_every_project() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let projects = [desktop.project("shop & more"), desktop.project("snake_case")];
    desktop.start_agent();
    for project in &projects {
        desktop.start(project);
    }

    let icon = host.icon();
    icon.wait_for(&["Recording 2 projects"]);
    icon.wait_for(&["shop & more: recording"]);
    icon.wait_for(&["snake_case: recording"]);
    icon.click(&["Stop all"]);
    wait("the end of all trackers", || projects.iter().all(|project| tracker(project).is_none()).then_some(()));
    icon.wait_for_within(SOON, &["Not recording"]);
    assert!(!icon.menu().at(&["Stop all"]).unwrap().enabled);
    icon.click(&["Start all"]);
    icon.wait_for(&["Recording 2 projects"]);
    wait("both trackers", || projects.iter().all(|project| tracker(project).is_some()).then_some(()));
}

#[test]
fn a_removed_project_leaves_the_menu_and_the_other_stays_clickable() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let (api, shop) = (desktop.project("api"), desktop.project("shop"));
    desktop.start_agent();
    desktop.start(&api);
    desktop.start(&shop);

    let icon = host.icon();
    icon.wait_for(&["shop: recording"]);
    icon.click(&["api", "Remove from list"]);
    wait("a menu without api", || icon.menu().at(&["api"]).is_none().then_some(()));
    assert!(api.join(".context").exists());
    icon.click(&["shop", "Stop session"]);
    wait("the end of the tracker", || tracker(&shop).is_none().then_some(()));
}

#[test]
fn a_host_that_comes_late_gets_the_icon_and_the_user_is_told_once_until_then() {
    let bus = Bus::start();
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);
    wait("how to get an icon", || desktop.said().contains("hint: on GNOME").then_some(()));

    let host = Host::start(&bus);
    host.icon().wait_for(&["shop: recording"]);
    host.stop();
    let host = Host::start(&bus);
    host.icon().wait_for(&["shop: recording"]);
    assert_eq!(desktop.said().matches("hint:").count(), 1, "{}", desktop.said());
}

#[test]
fn a_host_that_restarts_gets_the_icon_again() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);
    host.icon().wait_for(&["shop: recording"]);
    host.stop();

    let host = Host::start(&bus);
    let icon = host.icon();
    icon.click(&["shop", "Stop session"]);
    wait("the end of the tracker", || tracker(&shop).is_none().then_some(()));
    icon.wait_for_within(SOON, &["shop: not recording"]);
}

#[test]
fn without_a_bus_the_agent_runs_on_and_says_how_to_get_the_icon() {
    let mut desktop = Desktop::without_bus();
    let shop = desktop.project("shop");
    desktop.start_agent();
    wait("the reason", || desktop.said().contains("there is no session bus").then_some(()));
    wait("the remedy", || desktop.said().contains("hint: start context-tray from within").then_some(()));

    desktop.start(&shop);
    wait("a tracker", || tracker(&shop));
    desktop.ctx(&["agent", "status"]);
    assert_eq!(desktop.agent_status(), None);
    assert_eq!(desktop.said().matches("hint:").count(), 1, "{}", desktop.said());
}

#[test]
fn quit_ends_the_agent_and_its_trackers() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);

    let icon = host.icon();
    icon.wait_for(&["shop: recording"]);
    let pid = tracker(&shop).expect("a tracker that lives");
    icon.click(&["Quit"]);
    let status = wait("the end of the agent", || desktop.agent_status());
    assert!(status.success(), "{status}: {}", desktop.said());
    wait("the end of the tracker", || (!is_alive(pid)).then_some(()));
}

#[test]
fn a_host_that_hangs_does_not_keep_the_agent_from_ending() {
    let bus = Bus::start();
    let host = Host::start_hung(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);
    wait("a tracker", || tracker(&shop));
    let _icon = host.icon();

    signal("TERM", desktop.agent.as_ref().unwrap().id());
    let status = wait("the end of the agent", || desktop.agent_status());
    assert!(status.success(), "{status}: {}", desktop.said());
}

#[test]
fn a_click_on_the_icon_itself_does_no_harm() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);

    let icon = host.icon();
    icon.wait_for(&["shop: recording"]);
    // There is nothing here that could open a file.
    icon.activate();
    icon.click(&["shop", "Stop session"]);
    icon.wait_for(&["shop: not recording"]);
    assert_eq!(desktop.agent_status(), None);
}

#[test]
fn a_tracker_that_was_killed_is_told_once_with_its_pid_and_what_to_do() {
    let bus = Bus::start();
    let _host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);

    let pid = wait("a tracker", || tracker(&shop));
    signal("KILL", pid);
    let words = ["shop", &pid.to_string()];
    let notification = notifications.wait_for(&words);
    let (default, buttons): (Vec<_>, Vec<_>) = notification.actions.iter().partition(|(key, _)| key == "default");
    assert_eq!(default.len(), 1, "{notification:#?}");
    assert!(!buttons.is_empty(), "{notification:#?}");
    assert!(!notification.body.contains('<'), "{notification:#?}");

    // The first clicks may come before the agent listens for one.
    let again = wait("another tracker", || {
        notifications.click(notification.id, "default");
        tracker(&shop)
    });
    assert_ne!(again, pid);
    desktop.ctx(&["status", shop.to_str().unwrap()]);
    assert_eq!(notifications.shown().iter().filter(|it| it.names(&words)).count(), 1);
}

#[test]
fn a_notice_goes_when_its_cause_is_gone() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);

    let pid = wait("a tracker", || tracker(&shop));
    signal("KILL", pid);
    let words = ["shop", &pid.to_string()];
    notifications.wait_for(&words);
    // The menu may be about to get more lines, and a click that is under way then is lost.
    let icon = host.icon();
    wait("the notification is closed", || {
        icon.try_click(&["shop", "Remove from list"]);
        notifications.wait_for(&words).closed.then_some(())
    });
}

#[test]
fn a_second_launch_says_that_one_runs_and_where() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    desktop.start_agent();
    host.icon().wait_for(&["No projects yet"]);

    let second = desktop.command(env!("CARGO_BIN_EXE_context-tray")).output().unwrap();
    let said = String::from_utf8_lossy(&second.stdout);
    assert!(second.status.success(), "{second:#?}");
    let pid = desktop.agent.as_ref().unwrap().id();
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        format!("Context Tray is already running (PID {pid}, version {version}).\nIts icon is in the system tray.\n");
    assert_eq!(said, expected, "{second:#?}");
}
