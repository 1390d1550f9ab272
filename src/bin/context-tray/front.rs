//! What the desktop shows, whatever event loop drives it: the tray and the notices, fed by the agent, answered by clicks.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use context_tray::agent::AgentSender;
use context_tray::locate;
use context_tray::notice::ToDesktop;
use context_tray::request::{Failure, FailureCode, Request};
use context_tray::status::{AgentStatus, Desktop};

use crate::event_loop;
use crate::notices::Notices;
use crate::tray::{Click, Tray, TrayError};

/// The visible side of the agent.
pub(crate) struct Front {
    agent: AgentSender,
    notices: Notices,
    status: Option<Arc<AgentStatus>>,
    place: bool,
    tray: Option<Tray>,
    rhythm: Rhythm,
}

/// When to draw: at once after a rest, and never twice within it, so that nothing flickers and a burst costs one drawing.
#[derive(Debug, Default)]
struct Rhythm {
    drawn_at: Option<Instant>,
    due_at: Option<Instant>,
}

impl Rhythm {
    /// Between two drawings.
    const REST: Duration = Duration::from_secs(1);

    /// There is something to draw.
    fn ask(&mut self, now: Instant) {
        let rested_at = self.drawn_at.map_or(now, |drawn_at| drawn_at + Self::REST);
        self.due_at.get_or_insert(rested_at.max(now));
    }

    /// Whether to draw now; then it counts as done.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.due_at.is_some_and(|at| at <= now);
        if is_due {
            (self.drawn_at, self.due_at) = (Some(now), None);
        }
        is_due
    }
}

/// Whether the event loop goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It does.
    Continue,
    /// The agent has ended.
    Exit,
}

impl Front {
    pub(crate) fn new(agent: AgentSender) -> Self {
        Self {
            notices: Notices::new(agent.clone()),
            agent,
            status: None,
            place: false,
            tray: None,
            rhythm: Rhythm::default(),
        }
    }

    /// From now on the desktop has a place for the icon. It is made as soon as there is a status to show.
    ///
    /// An error means that the tray does not show the status; the rest goes on.
    pub(crate) fn place(&mut self) -> Result<(), TrayError> {
        self.place = true;
        self.place_if_known()
    }

    fn place_if_known(&mut self) -> Result<(), TrayError> {
        if let (true, None, Some(status)) = (self.place, &self.tray, &self.status) {
            self.tray = Some(Tray::new(status)?);
        }
        Ok(())
    }

    /// The desktop has this for us now.
    pub(crate) fn on_desktop(&self, desktop: Desktop) {
        self.agent.desktop(desktop);
    }

    /// The desktop has no place for the icon any more. One that stays behind might not be found by the next host.
    pub(crate) fn no_place(&mut self) {
        self.place = false;
        self.tray = None;
    }

    /// Takes a message from the agent.
    pub(crate) fn take(&mut self, message: ToDesktop) -> Flow {
        match message {
            ToDesktop::Status(status) => {
                self.status = Some(status);
                self.rhythm.ask(Instant::now());
            }
            ToDesktop::Notify(notice) => self.notices.show(notice),
            ToDesktop::Withdraw(key) => self.notices.withdraw(key),
            ToDesktop::PickFolder => self.pick_folder(),
            ToDesktop::Exit => return Flow::Exit,
        }
        Flow::Continue
    }

    /// When to call [`Front::draw`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.rhythm.due_at
    }

    /// Draws the status if it is time to; an error means the same as for [`Front::place`].
    pub(crate) fn draw(&mut self) -> Result<(), TrayError> {
        let Some(status) = self.status.clone().filter(|_| self.rhythm.is_due(Instant::now())) else { return Ok(()) };
        match &mut self.tray {
            Some(tray) => tray.update(&status),
            None => self.place_if_known(),
        }
    }

    /// Lets the user choose a project on a thread of its own, for as long as they think about it.
    fn pick_folder(&self) {
        let agent = self.agent.clone();
        let picking = thread::Builder::new().name("folder".to_owned()).spawn(move || {
            match pick_folder("Choose a project to record").and_then(|path| path.map(project_of).transpose()) {
                Ok(Some(project)) => agent.send(Request::Start { project, force: false }),
                Ok(None) => {}
                Err(failure) => agent.refuse(failure),
            }
        });
        if let Err(error) = picking {
            tracing::warn!(%error, "can't ask for a folder");
        }
    }

    /// Sends what a click means.
    pub(crate) fn click(&self, click: &Click) {
        if let Some(request) = self.tray.as_ref().and_then(|tray| tray.request(click)) {
            self.agent.send(request.clone());
        }
    }
}

fn pick_folder(title: &str) -> Result<Option<PathBuf>, Failure> {
    event_loop::pick_folder(title).map_err(|error| {
        Failure::new(FailureCode::Io, format!("no folder can be chosen here: {error}"))
            .with_hint("run `ctx start` in the project's folder")
    })
}

/// The same refusals as on the command line.
fn project_of(path: PathBuf) -> Result<PathBuf, Failure> {
    locate::for_start(Some(&path), &path, false).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_drawn_at_once_and_a_burst_a_second_later() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rhythm = Rhythm::default();
        assert!(!rhythm.is_due(start), "there is nothing to draw");
        rhythm.ask(start);
        assert!(rhythm.is_due(start));
        for ms in [10, 20, 500] {
            rhythm.ask(at(ms));
            assert!(!rhythm.is_due(at(ms)));
        }
        assert_eq!(rhythm.due_at, Some(at(1000)));
        assert!(rhythm.is_due(at(1000)) && !rhythm.is_due(at(1001)));
        rhythm.ask(at(5000));
        assert!(rhythm.is_due(at(5000)));
    }
}
