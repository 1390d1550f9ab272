//! Stands in for the agent until it is merged: every folder in the home folder is a project that is recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use shared_child::SharedChild;

use crate::notice::{Action, Notice, NoticeKey, NoticeKind, ToDesktop};
use crate::project::ProjectRoot;
use crate::request::{AgentInfo, Failure, Request};
use crate::status::{AgentStatus, LastEvent, ProjectStatus, Reach, State};

/// How to run.
pub struct Options {
    /// Whether there is a tray.
    pub tray: bool,
}

/// The running agent.
pub struct Agent {
    sender: AgentSender,
    thread: JoinHandle<()>,
}

/// Why it does not run.
pub enum LaunchError {
    /// There is one.
    AlreadyRunning(AgentInfo),
    /// Something went wrong.
    Failed(Failure),
}

/// Starts the agent's own threads.
///
/// # Errors
///
/// There is one already, or it can't start.
pub fn launch(options: Options, desktop: Box<dyn Fn(ToDesktop) + Send>) -> Result<Agent, LaunchError> {
    let lock = PathBuf::from(std::env::var_os("CONTEXT_TRAY_STATE_DIR").unwrap_or_default()).join("stand-in.pid");
    let other = std::fs::read_to_string(&lock).ok().and_then(|text| text.parse().ok());
    if let Some(pid) = other.filter(|pid: &u32| std::path::Path::new(&format!("/proc/{pid}")).exists()) {
        return Err(LaunchError::AlreadyRunning(AgentInfo {
            pid,
            version: env!("CARGO_PKG_VERSION").into(),
            tray: true,
            started_at: String::new(),
            projects: 0,
            running: 0,
        }));
    }
    let _ = lock.parent().map(std::fs::create_dir_all);
    let _ = std::fs::write(lock, std::process::id().to_string());
    let (sender, requests) = mpsc::channel();
    let own = sender.clone();
    let signalled = sender.clone();
    thread::spawn(move || {
        let Ok(mut signals) =
            signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM, signal_hook::consts::SIGUSR1])
        else {
            return;
        };
        for signal in signals.forever() {
            if signal == signal_hook::consts::SIGUSR1 {
                let _ = signalled.send(Request::StartAll);
                continue;
            }
            let _ = signalled.send(Request::Shutdown { reason: crate::request::ShutdownReason::Quit });
        }
    });
    let thread = thread::spawn(move || run(options.tray, &requests, &own, &*desktop));
    Ok(Agent { sender: AgentSender(sender), thread })
}

impl Agent {
    /// Where requests go.
    pub fn sender(&self) -> AgentSender {
        self.sender.clone()
    }

    /// Waits for its end.
    pub fn join(self) -> ExitCode {
        let _ = self.thread.join();
        ExitCode::SUCCESS
    }
}

/// Sends requests to the agent.
#[derive(Clone)]
pub struct AgentSender(mpsc::Sender<Request>);

impl AgentSender {
    /// Fire and forget.
    pub fn send(&self, request: Request) {
        let _ = self.0.send(request);
    }
}

fn run(tray: bool, requests: &mpsc::Receiver<Request>, own: &mpsc::Sender<Request>, desktop: &dyn Fn(ToDesktop)) {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let mut children: BTreeMap<PathBuf, Arc<SharedChild>> = BTreeMap::new();
    let mut status = AgentStatus {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").into(),
        tray,
        started_at: String::new(),
        projects: Vec::new(),
    };
    for entry in std::fs::read_dir(home).into_iter().flatten().flatten() {
        if entry.path().is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            let mut project = ProjectStatus::unknown(&entry.path(), State::Stopped);
            project.agent = Reach::Running;
            project.last_event =
                Some(LastEvent { time: "2026-11-22T10:03:12+01:00".into(), detail: "Edited: src/main.rs".into() });
            let pid_file = entry.path().join(".context/session.pid");
            if let Some(pid) = std::fs::read_to_string(pid_file).ok().and_then(|text| text.trim().parse().ok()) {
                project.state = State::Stale;
                project.stale_pid = Some(pid);
                desktop(ToDesktop::Notify(stale(&project, pid)));
            } else {
                start(&mut project, &mut children, own);
            }
            status.projects.push(project);
        }
    }
    desktop(ToDesktop::Status(Arc::new(status.clone())));
    for request in requests {
        eprintln!("stand-in: {request:?}");
        match &request {
            Request::Shutdown { .. } => break,
            Request::Forget { project } => {
                status.projects.retain(|it| it.project != *project);
                let key = NoticeKey { project: Some(project.clone()), kind: NoticeKind::StalePid };
                desktop(ToDesktop::Withdraw(key));
            }
            _ => {}
        }
        for project in &mut status.projects {
            match &request {
                Request::Start { project: root } if *root == project.project => start(project, &mut children, own),
                Request::StartAll => start(project, &mut children, own),
                Request::Stop { project: root } if *root == project.project => stop(project, &mut children),
                Request::Sync { project: root } if *root == project.project && project.state == State::Running => {
                    let pid = u64::from(project.pid.unwrap_or_default());
                    project.state = State::Stale;
                    project.stale_pid = Some(pid);
                    desktop(ToDesktop::Notify(stale(project, pid)));
                }
                Request::StopAll => stop(project, &mut children),
                Request::CleanUp { project: root } if *root == project.project => {
                    stop(project, &mut children);
                    let key = NoticeKey { project: Some(root.clone()), kind: NoticeKind::StalePid };
                    desktop(ToDesktop::Withdraw(key));
                }
                _ => {}
            }
        }
        desktop(ToDesktop::Status(Arc::new(status.clone())));
    }
    for project in &mut status.projects {
        stop(project, &mut children);
    }
    desktop(ToDesktop::Exit);
}

fn stale(project: &ProjectStatus, pid: u64) -> Notice {
    let root = project.project.clone();
    Notice {
        key: NoticeKey { project: Some(root.clone()), kind: NoticeKind::StalePid },
        title: format!("{}: stale PID {pid}", project.name()),
        body: format!("The tracker of {} (PID {pid}) is gone <b>&</b> its PID file is still there.", project.name()),
        actions: vec![
            Action { label: "Start session".into(), request: Request::Start { project: root.clone() } },
            Action { label: "Clean up".into(), request: Request::CleanUp { project: root } },
        ],
    }
}

fn start(project: &mut ProjectStatus, children: &mut BTreeMap<PathBuf, Arc<SharedChild>>, own: &mpsc::Sender<Request>) {
    if project.state == State::Running {
        return;
    }
    let Ok(child) = SharedChild::spawn(Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null())) else {
        return;
    };
    let child = Arc::new(child);
    let (died, waiting, own) = (Request::Sync { project: project.project.clone() }, Arc::clone(&child), own.clone());
    thread::spawn(move || {
        let _ = waiting.wait();
        let _ = own.send(died);
    });
    project.state = State::Running;
    project.stale_pid = None;
    project.pid = Some(child.id());
    project.started_at = Some("2026-11-22T10:00:00+01:00".into());
    if let Ok(root) = ProjectRoot::try_from(project.project.clone()) {
        let _ = std::fs::create_dir_all(root.context_dir());
        let _ = std::fs::write(root.pid(), child.id().to_string());
    }
    children.insert(project.project.clone(), child);
}

fn stop(project: &mut ProjectStatus, children: &mut BTreeMap<PathBuf, Arc<SharedChild>>) {
    if let Some(child) = children.remove(&project.project) {
        let _ = child.kill();
        let _ = child.wait();
    }
    project.state = State::Stopped;
    project.pid = None;
    project.stale_pid = None;
    project.stopped_at = Some("2026-11-22T11:00:00+01:00".into());
    let _ = std::fs::remove_file(project.project.join(".context/session.pid"));
}
