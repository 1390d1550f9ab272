//! The main thread on Windows and macOS: both need a native event loop there, which is tao's.
//!
//! It sleeps until the system or a proxy wakes it. The icon is made when the agent's first status arrives, which is
//! after the loop has begun: macOS takes it no earlier. How notifications are shown here stands below, for the same reason.

use std::process::ExitCode;

use context_tray::agent::Agent;
use context_tray::notice::ToDesktop;
pub(crate) use context_tray::platform::desktop::pick_folder;
use context_tray::request::{Request, ShutdownReason};
use context_tray::status::{Desktop, TrayPlace};
use tao::event::Event as NativeEvent;
use tao::event_loop::{ControlFlow, EventLoopBuilder};
use tao::platform::run_return::EventLoopExtRunReturn;
use tray_icon::menu::CheckMenuItem;
use tray_icon::{Icon, TrayIcon, TrayIconBuilder};

use crate::front::{Flow, Front};
use crate::tray::{self, Click};

/// A click on the icon opens its menu where that is the custom of the system; elsewhere it means the icon itself.
pub(crate) const MENU_ON_LEFT_CLICK: bool = cfg!(target_os = "macos");

/// macOS would write it into the menu bar, beside the icon.
pub(crate) const TITLE: Option<&str> = None;

/// What wakes the loop beside the system.
enum Event {
    Agent(ToDesktop),
    Click(Click),
}

/// The main thread's loop.
pub(crate) struct EventLoop(tao::event_loop::EventLoop<Event>);

impl EventLoop {
    pub(crate) fn new() -> Self {
        let event_loop = EventLoopBuilder::with_user_event().build();
        #[cfg(target_os = "macos")]
        let event_loop = without_dock_icon(event_loop);
        notifications::prepare();
        Self(event_loop)
    }

    /// What the agent calls to reach the loop.
    pub(crate) fn forwarder(&self) -> Box<dyn Fn(ToDesktop) + Send> {
        let proxy = self.0.create_proxy();
        Box::new(move |message| drop(proxy.send_event(Event::Agent(message))))
    }

    /// Runs until the agent has ended.
    pub(crate) fn run(mut self, agent: Agent) -> ExitCode {
        let proxy = self.0.create_proxy();
        tray::on_click(move |click| drop(proxy.send_event(Event::Click(click))));
        let mut front = Front::new(agent.sender());
        if let Err(error) = front.place() {
            tracing::warn!(%error, "the tray shows nothing");
        }
        front.on_desktop(Desktop { tray: TrayPlace::Present, notifications: true });
        let mut front = Some(front);
        let mut agent = Some(agent);
        let mut code = ExitCode::SUCCESS;
        self.0.run_return(|event, _, control_flow| {
            let mut flow = Flow::Continue;
            match event {
                NativeEvent::UserEvent(Event::Agent(message)) => {
                    flow = front.as_mut().map_or(Flow::Exit, |front| front.take(message));
                }
                NativeEvent::UserEvent(Event::Click(click)) => {
                    if let Some(front) = &front {
                        front.click(&click);
                    }
                }
                // The agent has ended; or the system ends the program (logout, Cmd+Q), and does so for good as soon as
                // this returns. To an agent that has ended, the request is nothing.
                NativeEvent::LoopDestroyed => {
                    front.iter_mut().for_each(Front::no_place);
                    front = None;
                    if let Some(agent) = agent.take() {
                        agent.sender().send(Request::Shutdown { reason: ShutdownReason::Quit });
                        code = agent.join();
                    }
                }
                _ => {}
            }
            if let Some(Err(error)) = front.as_mut().map(Front::draw) {
                tracing::warn!(%error, "the tray does not show the status");
            }
            // An end that was begun stays one.
            if *control_flow != ControlFlow::Exit {
                let deadline = front.as_ref().and_then(Front::deadline);
                *control_flow = match flow {
                    Flow::Exit => ControlFlow::Exit,
                    Flow::Continue => deadline.map_or(ControlFlow::Wait, ControlFlow::WaitUntil),
                };
            }
        });
        code
    }
}

/// The form alone counts, which the system draws in the colour of the menu bar.
#[cfg(target_os = "macos")]
pub(crate) fn with_picture(builder: TrayIconBuilder, picture: Icon) -> TrayIconBuilder {
    builder.with_icon_templated(picture)
}

#[cfg(windows)]
pub(crate) fn with_picture(builder: TrayIconBuilder, picture: Icon) -> TrayIconBuilder {
    builder.with_icon(picture)
}

#[cfg(target_os = "macos")]
pub(crate) fn set_picture(icon: &TrayIcon, picture: Icon) -> tray_icon::Result<()> {
    icon.set_icon_templated(Some(picture))
}

#[cfg(windows)]
pub(crate) fn set_picture(icon: &TrayIcon, picture: Icon) -> tray_icon::Result<()> {
    icon.set_icon(Some(picture))
}

/// A line that is on or off.
pub(crate) type CheckLine = CheckMenuItem;

pub(crate) fn check_line(text: &str, checked: bool) -> CheckLine {
    CheckMenuItem::new(text, true, checked, None)
}

pub(crate) fn set_check(line: &CheckLine, text: &str, checked: bool) {
    if line.text() != text {
        line.set_text(text);
    }
    // A click has turned it over already, and may have come to nothing.
    if line.is_checked() != checked {
        line.set_checked(checked);
    }
}

/// A program of the menu bar has neither a place in the Dock nor the focus.
#[cfg(target_os = "macos")]
fn without_dock_icon(mut event_loop: tao::event_loop::EventLoop<Event>) -> tao::event_loop::EventLoop<Event> {
    use tao::platform::macos::{ActivationPolicy, EventLoopExtMacOS};
    event_loop.set_activation_policy(ActivationPolicy::Accessory);
    event_loop.set_activate_ignoring_other_apps(false);
    event_loop
}

/// Toasts and banners of the system, which it closes itself.
pub(crate) mod notifications {
    use std::sync::atomic::{AtomicU32, Ordering};

    use context_tray::notice::Notice;
    use notify_rust::NotificationHandle;

    use crate::notices::{Shown, notification};

    /// A click beside the buttons is told as such.
    pub(crate) const NAMES_DEFAULT: bool = false;

    /// On macOS each lies in the Notification Center until the user clears it, and is looked for there twice a second.
    pub(crate) const MOST_AWAITED: usize = if cfg!(target_os = "macos") { 4 } else { 64 };

    /// As whose they appear; the system knows it from the bundle.
    #[cfg(target_os = "macos")]
    const APPLICATION: &str = "invalid.contexttray.ContextTray";

    /// As whose they appear. The installer has registered it: without that, a toast carries another program's name.
    #[cfg(windows)]
    const APPLICATION: &str = "ContextTray.ContextTray";

    /// To be called once, before the first is shown.
    #[cfg(target_os = "macos")]
    pub(super) fn prepare() {
        if let Err(error) = notify_rust::set_application(APPLICATION) {
            tracing::info!(%error, "notifications appear as another program's");
        }
    }

    #[cfg(windows)]
    pub(super) fn prepare() {}

    pub(crate) fn show(notice: &Notice) -> notify_rust::error::Result<(Shown, NotificationHandle)> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let notification = notification(notice, &notice.body, true);
        #[cfg(windows)]
        let notification = notification.clone().app_id(APPLICATION).finalize();
        let handle = notification.show()?;
        Ok((Shown(NEXT.fetch_add(1, Ordering::Relaxed)), handle))
    }

    pub(crate) fn close(_: Shown) -> notify_rust::error::Result<()> {
        Ok(())
    }
}
