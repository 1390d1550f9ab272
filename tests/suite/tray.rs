//! The tray and the notices of the real agent, seen and clicked over a bus that the test starts itself.

use crate::bus::{Bus, Host, Notifications, wait};
use crate::desktop::{Desktop, is_alive, signal, tracker};

#[test]
fn the_menu_stops_and_starts_a_session_and_follows_its_state() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let (_desktop, shop) = Desktop::recording(&bus);

    let icon = host.icon();
    assert_eq!(icon.id(), "context-tray");
    icon.wait_for(&["Recording 1 project"]);
    icon.wait_for(&["shop: recording", "Recording since"]);
    let recording = icon.picture();
    let first = tracker(&shop).expect("a tracker that lives");

    icon.click(&["shop", "Stop session"]);
    wait("the end of the tracker", || (!is_alive(first)).then_some(()));
    icon.wait_for(&["shop: not recording", "Start session"]);
    icon.wait_for(&["Not recording"]);
    assert_eq!(tracker(&shop), None);
    wait("another icon", || (icon.picture() != recording).then_some(()));

    icon.click(&["shop", "Start session"]);
    let second = wait("another tracker", || tracker(&shop));
    assert_ne!(first, second);
    icon.wait_for(&["shop: recording", "Stop session"]);
    wait("the first icon", || (icon.picture() == recording).then_some(()));
}

#[test]
fn the_menu_pauses_and_resumes() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let (_desktop, shop) = Desktop::recording(&bus);

    let icon = host.icon();
    icon.click(&["shop", "Pause", "For 1 hour"]);
    icon.wait_for(&["shop: paused until ", "Resume"]);
    assert_eq!(tracker(&shop), None);
    icon.click(&["shop", "Resume"]);
    icon.wait_for(&["shop: recording", "Stop session"]);
    wait("a tracker", || tracker(&shop));
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
    icon.wait_for(&["Not recording"]);
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
    let (desktop, _) = Desktop::recording(&bus);
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
    let (_desktop, shop) = Desktop::recording(&bus);
    host.icon().wait_for(&["shop: recording"]);
    host.stop();

    let host = Host::start(&bus);
    let icon = host.icon();
    icon.click(&["shop", "Stop session"]);
    wait("the end of the tracker", || tracker(&shop).is_none().then_some(()));
    icon.wait_for(&["shop: not recording"]);
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
    let (mut desktop, shop) = Desktop::recording(&bus);

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
    let (mut desktop, shop) = Desktop::recording(&bus);
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
    let (mut desktop, _) = Desktop::recording(&bus);

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
    let (desktop, shop) = Desktop::recording(&bus);

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
    let (_desktop, shop) = Desktop::recording(&bus);

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
