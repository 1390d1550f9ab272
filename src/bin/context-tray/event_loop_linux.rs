//! The main thread on Linux: blocks on one channel, and follows whether the desktop has a place for the icon.
//!
//! The tray needs no native event loop here, only the session bus. An icon that was built is not yet one that is seen:
//! without a host it waits on the bus and appears when a host does. So the bus is asked for the host's name, and the
//! user is told once when there is none. Neither a missing bus nor a missing host ends the agent.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use context_tray::agent::Agent;
use context_tray::notice::ToDesktop;
use zbus::blocking::{Connection, fdo::DBusProxy};
use zbus::names::BusName;

use crate::front::{Flow, Front};
use crate::say;
use crate::tray::{self, Click};

/// The name that a tray host owns, or the service before it.
const HOST: &str = "org.kde.StatusNotifierWatcher";

/// Everything that can wake the main thread.
enum Event {
    Agent(ToDesktop),
    Click(Click),
    Host(Host),
}

/// The place for the icon.
enum Host {
    /// There is no session bus (any more).
    NoBus(String),
    /// Nobody shows icons.
    Absent,
    /// Somebody does.
    Present,
}

/// The main thread's loop.
pub(crate) struct EventLoop {
    sender: Sender<Event>,
    events: Receiver<Event>,
}

impl EventLoop {
    pub(crate) fn new() -> Self {
        let (sender, events) = mpsc::channel();
        Self { sender, events }
    }

    /// What the agent calls to reach the loop.
    pub(crate) fn forwarder(&self) -> Box<dyn Fn(ToDesktop) + Send> {
        let sender = self.sender.clone();
        Box::new(move |message| drop(sender.send(Event::Agent(message))))
    }

    /// Runs until the agent has ended.
    pub(crate) fn run(self, agent: Agent) -> ExitCode {
        let Self { sender, events } = self;
        let clicks = sender.clone();
        tray::on_click(move |click| drop(clicks.send(Event::Click(click))));
        if let Err(error) = thread::Builder::new().name("tray-host".to_owned()).spawn(move || follow_host(&sender)) {
            tracing::warn!(%error, "can't follow the tray host");
        }
        let mut front = Front::new(agent.sender());
        let mut told = false;
        for event in events {
            let shown = match event {
                Event::Agent(message) => front.take(message),
                Event::Click(click) => {
                    front.click(&click);
                    Ok(Flow::Continue)
                }
                Event::Host(Host::Present) => front.retry().map(|()| Flow::Continue),
                Event::Host(absent) => {
                    if !told {
                        tell(&absent);
                        told = true;
                    }
                    Ok(Flow::Continue)
                }
            };
            match shown {
                Ok(Flow::Continue) => {}
                Ok(Flow::Exit) => break,
                // The host's follower says it to the user.
                Err(error) => tracing::info!(%error, "the tray does not show the status"),
            }
        }
        drop(front);
        agent.join()
    }
}

/// Says why there is no icon, and how to get one.
fn tell(host: &Host) {
    let (what, hint) = match host {
        Host::NoBus(error) => (
            format!("no tray icon: there is no session bus ({error})"),
            "start context-tray from within a desktop session; until then, ctx reaches the agent just as well",
        ),
        Host::Absent => (
            "no tray icon yet: no system tray runs in this session; the icon appears as soon as one does".to_owned(),
            "on GNOME, install the extension AppIndicator (package gnome-shell-extension-appindicator); \
             on Sway, Hyprland and others, run a bar with a tray, such as waybar; \
             elsewhere, add the panel's \"Status Tray\"; until then, ctx reaches the agent just as well",
        ),
        Host::Present => return,
    };
    tracing::info!(hint, "{what}");
    say(io::stderr(), format_args!("context-tray: {what}\nhint: {hint}"));
}

/// Reports whether there is a host, now and at every change, until the bus or the loop ends.
fn follow_host(events: &Sender<Event>) {
    if let Err(error) = report_host(|host| events.send(Event::Host(host)).is_ok()) {
        let _ = events.send(Event::Host(Host::NoBus(error.to_string())));
    }
}

fn report_host(report: impl Fn(Host) -> bool) -> zbus::Result<()> {
    let bus = DBusProxy::new(&Connection::session()?)?;
    // First follow, then ask: no change falls between the two.
    let changes = bus.receive_name_owner_changed_with_args(&[(0, HOST)])?;
    let present = |present| if present { Host::Present } else { Host::Absent };
    let mut listening = report(present(bus.name_has_owner(BusName::from_static_str(HOST)?)?));
    for change in changes {
        if !listening {
            break;
        }
        listening = report(present(change.args()?.new_owner().is_some()));
    }
    Ok(())
}
