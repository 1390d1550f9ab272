//! What is known of a project and of the agent, at one moment.
//!
//! Published whole: the companion prints it, the tray draws it, the wire carries it.

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Notify;

/// One project, as `ctx status --json` prints it. Times are RFC 3339 with the local offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectStatus {
    /// The absolute path of the root.
    pub project: PathBuf,
    /// What the tracker does.
    pub state: State,
    /// The live tracker's.
    pub pid: Option<u32>,
    /// The number that a dead tracker left behind, with the state `stale`.
    pub stale_pid: Option<u64>,
    /// When the running or the last session began.
    pub started_at: Option<String>,
    /// When the last session ended.
    pub stopped_at: Option<String>,
    /// The folders that are watched, absolute.
    pub watching: Vec<PathBuf>,
    /// When the pause ends; none when it does so only by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<String>,
    /// How changes are learnt of, while running.
    pub watch_mode: Option<WatchMode>,
    /// Why the record may come late or with gaps, in a sentence; none while all is well.
    pub degraded: Option<String>,
    /// What is wrong with the configuration, in a sentence; the last good one is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_problem: Option<String>,
    /// Why the record can't be written, and what mends it; what happens meanwhile waits in the tracker's memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_problem: Option<String>,
    /// How many folders have a watch.
    pub directories_watched: Option<u64>,
    /// How many files the index holds.
    pub files_indexed: Option<u64>,
    /// The last change, session or gap.
    pub last_event: Option<LastEvent>,
    /// The last command.
    pub last_command: Option<LastCommand>,
    /// Why the state is `failed` or `backoff`, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the agent answers.
    pub agent: Reach,
}

impl ProjectStatus {
    /// A project of which nothing is known yet.
    pub fn unknown(project: &Path, state: State) -> Self {
        Self {
            project: project.to_path_buf(),
            state,
            pid: None,
            stale_pid: None,
            started_at: None,
            stopped_at: None,
            paused_until: None,
            watching: Vec::new(),
            watch_mode: None,
            degraded: None,
            config_problem: None,
            record_problem: None,
            directories_watched: None,
            files_indexed: None,
            last_event: None,
            last_command: None,
            reason: None,
            agent: Reach::Unreachable,
        }
    }

    /// What is wrong with the configuration, if it is the one that all of the user's projects share: the project's own lies in
    /// its folder, and is named first where it is at fault.
    pub fn config_problem_of_user(&self) -> Option<&str> {
        let problem = self.config_problem.as_deref()?;
        (!problem.starts_with(&*self.project.to_string_lossy())).then_some(problem)
    }

    /// The last component of the path, for people.
    pub fn name(&self) -> String {
        self.project.file_name().unwrap_or(self.project.as_os_str()).to_string_lossy().into_owned()
    }
}

/// What the user wants of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Stopped,
    /// That it is recorded.
    Recorded,
    /// That it is recorded again at this time, or when the user says so.
    Paused(Pause),
}

/// A pause that the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends; none when it does so only by hand.
    pub until: Option<DateTime<FixedOffset>>,
}

/// What only the agent knows of a project without a tracker, as the state file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What is so.
    pub state: State,
    /// Why, in a sentence, where it is trouble.
    pub reason: Option<String>,
    /// When the pause ends; RFC 3339 with the local offset.
    pub paused_until: Option<String>,
}

/// What a project's tracker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It records.
    Running,
    /// It reads the tree and will record soon.
    Starting,
    /// There is none, by the user's wish.
    Stopped,
    /// There is none for a while, by the user's wish.
    Paused,
    /// There is none, though a PID file says otherwise.
    Stale,
    /// It died, and is started again in a moment.
    Backoff,
    /// It could not be started, or died too often.
    Failed,
    /// The project's folder is gone.
    Missing,
}

impl State {
    /// Whether the user should look at it.
    pub fn is_trouble(self) -> bool {
        matches!(self, State::Stale | State::Backoff | State::Failed | State::Missing)
    }

    /// Whether a tracker is alive.
    pub fn is_live(self) -> bool {
        matches!(self, State::Running | State::Starting)
    }
}

/// How changes are learnt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WatchMode {
    /// The file system says so.
    Native,
    /// A look at regular times, for all or a part of the tree.
    Polling,
}

/// Whether the agent answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// It does.
    Running,
    /// It does not.
    Unreachable,
}

/// The last change, session or gap, as its line says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastEvent {
    /// RFC 3339 with the local offset.
    pub time: String,
    /// The line without its time.
    pub detail: String,
}

/// The last command.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastCommand {
    /// RFC 3339 with the local offset.
    pub time: String,
    /// The command line.
    pub command: String,
    /// Its result.
    pub status: String,
}

/// Without its text, which may hold a secret and has no place in our own log.
impl fmt::Debug for LastCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LastCommand({})", self.time)
    }
}

/// The agent and all that it looks after.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentStatus {
    /// The agent's.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Whether it was started to show a tray icon.
    pub tray: bool,
    /// RFC 3339 with the local offset.
    pub started_at: String,
    /// Every registered project, in the order of their paths.
    pub projects: Vec<ProjectStatus>,
    /// What the user has set and the menu shows.
    pub settings: Settings,
}

/// What the desktop has for the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desktop {
    /// For its icon.
    pub tray: TrayPlace,
    /// Whether notifications are shown by anything.
    pub notifications: bool,
}

/// A place for the icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrayPlace {
    /// There is one.
    Present,
    /// Nothing shows icons.
    NoHost,
    /// There is no session bus.
    NoBus,
}

impl TrayPlace {
    /// How to get one; none where there is one.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            TrayPlace::Present => None,
            TrayPlace::NoHost => Some(
                "on GNOME, install the extension AppIndicator (package gnome-shell-extension-appindicator); \
                 on Sway, Hyprland and others, run a bar with a tray, such as waybar; \
                 elsewhere, add the panel's \"Status Tray\"; until then, ctx reaches the agent just as well",
            ),
            TrayPlace::NoBus => {
                Some("start context-tray from within a desktop session; until then, ctx reaches the agent just as well")
            }
        }
    }
}

/// What the user has set and the menu shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which notices are shown.
    pub notify: Notify,
    /// Whether the agent is launched at login.
    pub at_login: bool,
}
