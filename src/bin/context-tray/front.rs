//! What the desktop shows, whatever event loop drives it: the tray and the notices, fed by the agent, answered by clicks.

use std::sync::Arc;

use context_tray::agent::AgentSender;
use context_tray::notice::ToDesktop;
use context_tray::status::AgentStatus;

use crate::notices::Notices;
use crate::tray::{Click, Tray, TrayError};

/// The visible side of the agent.
pub(crate) struct Front {
    agent: AgentSender,
    notices: Notices,
    status: Option<Arc<AgentStatus>>,
    place: bool,
    tray: Option<Tray>,
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
        Self { notices: Notices::new(agent.clone()), agent, status: None, place: false, tray: None }
    }

    /// From now on the desktop has a place for the icon. It is made as soon as there is a status to show.
    ///
    /// An error means that the tray does not show the status; the rest goes on.
    pub(crate) fn place(&mut self) -> Result<(), TrayError> {
        self.place = true;
        if let (None, Some(status)) = (&self.tray, &self.status) {
            self.tray = Some(Tray::new(status)?);
        }
        Ok(())
    }

    /// The desktop has no place for the icon any more. One that stays behind might not be found by the next host.
    #[cfg(target_os = "linux")]
    pub(crate) fn no_place(&mut self) {
        self.place = false;
        self.tray = None;
    }

    /// Takes a message from the agent; an error means the same as for [`Front::place`].
    pub(crate) fn take(&mut self, message: ToDesktop) -> Result<Flow, TrayError> {
        match message {
            ToDesktop::Status(status) => {
                let first = self.status.replace(Arc::clone(&status)).is_none();
                match &mut self.tray {
                    Some(tray) => tray.update(&status)?,
                    None if first && self.place => self.tray = Some(Tray::new(&status)?),
                    None => {}
                }
            }
            ToDesktop::Notify(notice) => self.notices.show(notice),
            ToDesktop::Withdraw(key) => self.notices.withdraw(key),
            ToDesktop::Exit => return Ok(Flow::Exit),
        }
        Ok(Flow::Continue)
    }

    /// Sends what a click means.
    pub(crate) fn click(&self, click: &Click) {
        if let Some(request) = self.tray.as_ref().and_then(|tray| tray.request(click)) {
            self.agent.send(request.clone());
        }
    }
}
