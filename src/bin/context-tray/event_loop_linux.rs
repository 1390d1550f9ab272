//! The desktop on Linux: one thread that blocks on one channel, while the main thread waits for the agent's end.
//!
//! The tray needs no native event loop here, only the session bus. Who shows it, the tray host, may be away, come late or
//! restart: the bus is asked for its name, the icon comes and goes with it, and the user is told once how to get it when
//! there is no host. Neither a missing bus nor a host that hangs ends the agent, or keeps it from ending.

#[path = "portal.rs"]
mod portal;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use context_tray::agent::Agent;
use context_tray::notice::ToDesktop;
use context_tray::platform::desktop;
use context_tray::status::{Desktop, TrayPlace};
use tray_icon::menu::MenuItem;
use tray_icon::{Icon, TrayIcon, TrayIconBuilder};
use zbus::MatchRule;
use zbus::blocking::{Connection, MessageIterator, fdo::DBusProxy};
use zbus::message::Type;
use zbus::names::BusName;

use crate::front::{Flow, Front};
use crate::say;
use crate::tray::{self, Click};

/// Who clicks means the icon, not its menu, which another button opens.
pub(crate) const MENU_ON_LEFT_CLICK: bool = false;

/// The name in the panel's settings.
pub(crate) const TITLE: Option<&str> = Some("Context Tray");

/// The name that a tray host owns, or the service before it.
const HOST: &str = "org.kde.StatusNotifierWatcher";

/// The name of what shows notifications.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// What there is without one.
const NO_BUS: Desktop = Desktop { tray: TrayPlace::NoBus, notifications: false };

/// How long after a look for the bus that found none the next one is ...
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// ... and, doubled each time, at the latest.
const LAST_LOOK: Duration = Duration::from_secs(60);

/// Everything that can wake the desktop thread.
enum Event {
    Agent(ToDesktop),
    Click(Click),
    Bus(Result<Desktop, String>),
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
        start("bus", move || follow_bus(&sender));
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
    loop {
        let event = match front.deadline() {
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        let placed = match event {
            Ok(Event::Agent(message)) => match front.take(message) {
                Flow::Continue => Ok(()),
                Flow::Exit => return,
            },
            Ok(Event::Click(click)) => {
                front.click(&click);
                Ok(())
            }
            Ok(Event::Bus(found)) => {
                let desktop = found.as_ref().map_or(NO_BUS, |desktop| *desktop);
                front.on_desktop(desktop);
                if desktop.tray == TrayPlace::Present {
                    front.place()
                } else {
                    front.no_place();
                    if !told {
                        tell(desktop.tray, found.err().as_deref());
                        told = true;
                    }
                    Ok(())
                }
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Err(error) = placed.and_then(|()| front.draw()) {
            tracing::warn!(%error, "the tray does not show the status");
        }
    }
}

pub(crate) fn with_picture(builder: TrayIconBuilder, picture: Icon) -> TrayIconBuilder {
    builder.with_icon(picture)
}

pub(crate) fn set_picture(icon: &TrayIcon, picture: Icon) -> tray_icon::Result<()> {
    icon.set_icon(Some(picture))
}

/// A line that is on or off, which its text says. muda 0.21.2 has lines with a mark, too, but without GTK it lets the tray's thread
/// count in their `Rc` at once with ours (`UnsafeSend` in its snapshot.rs): in the end, such a line would be freed twice.
pub(crate) type CheckLine = MenuItem;

pub(crate) fn check_line(text: &str, checked: bool) -> CheckLine {
    MenuItem::new(marked(text, checked), true, None)
}

pub(crate) fn set_check(line: &CheckLine, text: &str, checked: bool) {
    let text = marked(text, checked);
    if line.text() != text {
        line.set_text(text);
    }
}

/// The mark comes last: the lines begin below each other, and with the letter by which the keyboard finds them.
fn marked(text: &str, checked: bool) -> String {
    if checked { format!("{text}  ✓") } else { text.to_owned() }
}

/// By the desktop's own dialog; where there is none, by a program that has one.
pub(crate) fn pick_folder(title: &str) -> io::Result<Option<PathBuf>> {
    portal::pick_folder(title).or_else(|error| {
        tracing::info!(%error, "no folder chooser of the desktop");
        desktop::pick_folder(title)
    })
}

/// Says why there is no icon, and how to get one.
fn tell(place: TrayPlace, error: Option<&str>) {
    let Some(hint) = place.remedy() else { return };
    let what = match error {
        Some(error) => format!("no tray icon: there is no session bus ({error})"),
        None => {
            "no tray icon yet: no system tray runs in this session; the icon appears as soon as one does".to_owned()
        }
    };
    tracing::info!(hint, "{what}");
    say(io::stderr(), format_args!("context-tray: {what}\nhint: {hint}"));
}

/// Reports what is on the bus, now and at every change, until the loop ends. A bus that is away may come, or come back: it is
/// looked for ever less often, and nothing else runs while it is.
fn follow_bus(events: &Sender<Event>) {
    let mut pause = FIRST_LOOK;
    loop {
        let mut was_there = false;
        let lost = report_desktop(|desktop| {
            was_there = true;
            events.send(Event::Bus(Ok(desktop))).is_ok()
        });
        let why = lost.map_or_else(|error| error.to_string(), |()| "it has gone".to_owned());
        if events.send(Event::Bus(Err(why))).is_err() {
            return;
        }
        if was_there {
            pause = FIRST_LOOK;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// Returns when the bus has gone, or `report` has nobody to tell.
fn report_desktop(mut report: impl FnMut(Desktop) -> bool) -> zbus::Result<()> {
    let connection = Connection::session()?;
    let bus = DBusProxy::new(&connection)?;
    // First follow, then ask: no change falls between the two.
    let messages = MessageIterator::from(&connection);
    for name in [HOST, NOTIFICATIONS] {
        let changes = MatchRule::builder().msg_type(Type::Signal).sender("org.freedesktop.DBus")?;
        let changes = changes.interface("org.freedesktop.DBus")?.member("NameOwnerChanged")?.add_arg(name)?;
        bus.add_match_rule(changes.build())?;
    }
    let mut listening = report(look(&bus)?);
    for message in messages {
        let message = message?;
        if !listening {
            break;
        }
        if message.header().member().is_some_and(|member| member == "NameOwnerChanged") {
            listening = report(look(&bus)?);
        }
    }
    Ok(())
}

fn look(bus: &DBusProxy<'_>) -> zbus::Result<Desktop> {
    let has_owner = |name: &'static str| Ok::<_, zbus::Error>(bus.name_has_owner(BusName::from_static_str(name)?)?);
    let tray = if has_owner(HOST)? { TrayPlace::Present } else { TrayPlace::NoHost };
    // What shows notifications may start with the first.
    let starts =
        || Ok::<_, zbus::Error>(bus.list_activatable_names()?.iter().any(|name| name.as_str() == NOTIFICATIONS));
    Ok(Desktop { tray, notifications: has_owner(NOTIFICATIONS)? || starts()? })
}

/// The freedesktop notification server on the session bus.
pub(crate) mod notifications {
    use context_tray::notice::Notice;
    use notify_rust::NotificationHandle;

    use super::NOTIFICATIONS;
    use crate::notices::{Shown, notification};

    /// A click beside the buttons is an action of this name.
    pub(crate) const NAMES_DEFAULT: bool = true;

    /// Those that were closed just now may still be among them.
    pub(crate) const MOST_AWAITED: usize = 64;

    const PATH: &str = "/org/freedesktop/Notifications";

    pub(crate) fn show(notice: &Notice) -> notify_rust::error::Result<(Shown, NotificationHandle)> {
        let capabilities = notify_rust::get_capabilities()?;
        let can = |capability: &str| capabilities.iter().any(|it| it == capability);
        let body = if can("body-markup") { escaped(&notice.body) } else { notice.body.clone() };
        let handle = notification(notice, &body, can("actions")).icon("context-tray").show()?;
        Ok((Shown(handle.id()), handle))
    }

    /// The thread that waits for it learns of it from the server.
    pub(crate) fn close(Shown(id): Shown) -> zbus::Result<()> {
        let bus = zbus::blocking::Connection::session()?;
        bus.call_method(Some(NOTIFICATIONS), PATH, Some(NOTIFICATIONS), "CloseNotification", &id)?;
        Ok(())
    }

    fn escaped(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}
