//! The desktop on Linux: one thread that blocks on one channel, while the main thread waits for the agent's end.
//!
//! The tray needs no native event loop here, only the session bus. Who shows it, the tray host, may be away, come late or
//! restart: the bus is asked for its name, the icon comes and goes with it, and the user is told once how to get it when
//! there is no host. Neither a missing bus nor a host that hangs ends the agent, or keeps it from ending.

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

/// Everything that can wake the desktop thread.
enum Event {
    Agent(ToDesktop),
    Click(Click),
    Host(Host),
}

/// The place for the icon.
enum Host {
    /// There is no session bus.
    NoBus(String),
    /// Nobody shows icons.
    Absent,
    /// Somebody does.
    Present,
}

/// The desktop thread's loop.
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
        let requests = agent.sender();
        let clicks = sender.clone();
        tray::on_click(move |click| drop(clicks.send(Event::Click(click))));
        start("tray-host", move || follow_host(&sender));
        start("desktop", move || show(Front::new(requests), &events));
        agent.join()
    }
}

/// Without one of its threads the agent has no icon, and is still an agent.
fn start(name: &str, run: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(run) {
        tracing::warn!(%error, "can't start the thread {name}");
    }
}

/// Shows what the agent says and takes clicks back, until the agent has ended.
fn show(mut front: Front, events: &Receiver<Event>) {
    let mut told = false;
    for event in events {
        let shown = match event {
            Event::Agent(message) => front.take(message),
            Event::Click(click) => {
                front.click(&click);
                Ok(Flow::Continue)
            }
            Event::Host(Host::Present) => front.place().map(|()| Flow::Continue),
            Event::Host(absent) => {
                front.no_place();
                if !told {
                    tell(&absent);
                    told = true;
                }
                Ok(Flow::Continue)
            }
        };
        match shown {
            Ok(Flow::Continue) => {}
            Ok(Flow::Exit) => return,
            Err(error) => tracing::warn!(%error, "the tray does not show the status"),
        }
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
