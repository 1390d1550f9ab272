//! What the menu offers beyond sessions, each item clicked in the real agent's menu.

use std::fs;

use crate::bus::{Bus, Host, Notifications, Portal, wait};
use crate::desktop::{Desktop, signal, tracker};

#[test]
fn a_folder_that_is_chosen_is_recorded() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("my shop");
    let _portal = Portal::start(&bus, Some(&shop));
    desktop.start_agent();

    let icon = host.icon();
    icon.click(&["Add project"]);
    icon.wait_for(&["my shop: recording"]);
    wait("a tracker", || tracker(&shop));
}

#[test]
fn a_choice_that_is_none_changes_nothing() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let _portal = Portal::start(&bus, None);
    desktop.program("zenity", "echo asked >> \"$HOME/asked\"; exit 1");
    let shop = desktop.project("shop");
    desktop.start_agent();
    let icon = host.icon();
    icon.click(&["Add project"]);
    desktop.start(&shop);
    icon.wait_for(&["Recording 1 project"]);
    assert!(!desktop.path("home/asked").exists(), "the user is not asked twice");
}

#[test]
fn without_a_portal_another_program_asks_and_what_is_refused_is_told() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.program("zenity", &format!("echo '{}'", shop.display()));
    desktop.start_agent();
    let icon = host.icon();
    icon.click(&["Add project"]);
    icon.wait_for(&["shop: recording"]);

    // The home folder is refused here as on the command line.
    desktop.program("zenity", &format!("echo '{}'", desktop.path("home").display()));
    icon.click(&["Add project"]);
    notifications.wait_for(&["could not be done", "your home folder"]);
}

#[test]
fn a_muted_project_is_silent_and_the_file_keeps_its_comments() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    fs::create_dir(desktop.path("config")).unwrap();
    fs::write(desktop.path("config/config.toml"), "# mine\n[notify]\nenabled = true # loud\n").unwrap();
    let (noisy, shop) = (desktop.project("noisy"), desktop.project("shop"));
    desktop.start_agent();
    desktop.start(&noisy);
    desktop.start(&shop);

    let icon = host.icon();
    assert!(!icon.wait_for(&["noisy", "Mute"]).checked);
    icon.click(&["noisy", "Mute"]);
    let configuration = || fs::read_to_string(desktop.path("config/config.toml")).unwrap();
    wait("the change", || configuration().contains("noisy").then_some(()));
    wait("a check mark", || icon.wait_for(&["noisy", "Mute"]).checked.then_some(()));
    let text = configuration();
    assert!(text.starts_with("# mine\n") && text.contains("# loud") && text.contains("noisy"), "{text}");

    signal("KILL", wait("a tracker", || tracker(&noisy)));
    icon.wait_for(&["noisy: recording"]);
    signal("KILL", wait("a tracker", || tracker(&shop)));
    notifications.wait_for(&["shop"]);
    assert!(!notifications.shown().iter().any(|it| it.names(&["noisy"])), "{:#?}", notifications.shown());
}

#[test]
fn notifications_can_be_switched_off_for_all() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let (desktop, shop) = Desktop::recording(&bus);
    let icon = host.icon();
    icon.click(&["Show notifications"]);
    wait("the file", || desktop.path("config/config.toml").exists().then_some(()));
    wait("no check mark", || (!icon.wait_for(&["Show notifications"]).checked).then_some(()));
    let pid = wait("a tracker", || tracker(&shop));
    signal("KILL", pid);
    wait("another tracker", || tracker(&shop).filter(|other| *other != pid));
    // What the user asks for is shown all the same, and behind whatever came before.
    icon.click(&["About"]);
    notifications.wait_for(&[env!("CARGO_PKG_VERSION")]);
    assert_eq!(notifications.shown().len(), 1, "{:#?}", notifications.shown());
}

#[test]
fn what_can_be_opened_is_opened() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.notes_what_is_opened();
    desktop.start_agent();
    desktop.start(&shop);
    let icon = host.icon();
    icon.click(&["shop", "Open session log"]);
    desktop.wait_for_opened("shop/.context/session.md");
    icon.click(&["shop", "Open folder"]);
    desktop.wait_for_opened("home/shop");
    icon.click(&["Open diagnostics"]);
    desktop.wait_for_opened("state/diagnostics");
    icon.click(&["Open configuration"]);
    let configuration = desktop.wait_for_opened("config/config.toml");
    assert!(fs::read_to_string(configuration).unwrap().contains("# quiet_ms = 150"));
    assert_eq!(desktop.agent_status(), None);
}

#[test]
fn the_brief_is_copied_by_the_first_program_that_can() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    for name in ["xclip", "xsel"] {
        desktop.program(name, "exit 1");
    }
    desktop.start_agent();
    desktop.start(&shop);
    let icon = host.icon();
    icon.click(&["shop", "Copy brief"]);
    notifications.wait_for(&["could not be done", "the brief of", "xsel", "install wl-clipboard"]);

    let clipboard = desktop.path("clipboard");
    desktop.program("xsel", &format!("cat > '{0}.new' && mv '{0}.new' '{0}'", clipboard.display()));
    fs::write(shop.join("just now.rs"), "x").unwrap();
    icon.click(&["shop", "Copy brief"]);
    let text = wait("a text on the clipboard", || fs::read_to_string(&clipboard).ok());
    assert!(text.contains("just now.rs"), "it is up to date: {text}");
    assert_eq!(text, desktop.ctx(&["-C", shop.to_str().unwrap(), "brief"]));
}

#[test]
fn a_click_that_can_not_be_done_is_told() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let (desktop, _) = Desktop::recording(&bus);
    let icon = host.icon();
    icon.wait_for(&["shop: recording"]);
    fs::create_dir(desktop.path("config")).ok();
    fs::write(desktop.path("config/config.toml"), "[notify\n").unwrap();
    icon.click(&["shop", "Mute"]);
    notifications.wait_for(&["could not be done", "config.toml:1"]);
    assert!(!icon.wait_for(&["shop", "Mute"]).checked, "no mark for what is not so");
}

#[test]
fn why_it_is_not_recording_is_told_in_a_file_and_the_doctor_knows_the_desktop() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.notes_what_is_opened();
    desktop.start_agent();
    desktop.start(&shop);
    let icon = host.icon();
    icon.click(&["Why isn't it recording?"]);
    let report = fs::read_to_string(desktop.wait_for_opened("diagnostics/report.txt")).unwrap();
    for line in ["shop is recorded", "the icon has its place", "notifications: they are shown", "All is well."] {
        assert!(report.contains(line), "{report}");
    }
    drop(notifications);
    wait("the loss of the notification server", || {
        desktop.ctx(&["doctor"]).contains("nothing in this session shows notifications").then_some(())
    });
    host.stop();
    wait("the loss of the tray", || {
        let output = desktop.command(env!("CARGO_BIN_EXE_ctx")).arg("doctor").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code() == Some(1) && said.contains("extension AppIndicator")).then_some(())
    });
}

#[test]
fn a_hundred_projects_leave_the_menu_usable() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let projects: Vec<_> = (0..100).map(|number| desktop.project(&format!("shop-{number:03}"))).collect();
    let registered = |project: &std::path::PathBuf| serde_json::json!({"project": project, "wanted": false, "added_at": "2026-11-22T10:00:00+01:00"});
    let registry = serde_json::json!({"v": 1, "projects": projects.iter().map(registered).collect::<Vec<_>>()});
    fs::create_dir(desktop.path("state")).unwrap();
    fs::write(desktop.path("state/registry.json"), registry.to_string()).unwrap();
    desktop.start_agent();
    let icon = host.icon();
    icon.click(&["More (85)", "shop-099", "Start session"]);
    // What is recorded comes up into the menu itself.
    icon.wait_for(&["shop-099: recording", "Stop session"]);
    wait("a tracker", || tracker(&projects[99]));
}

#[test]
fn a_notice_that_something_is_wrong_leads_to_what_mends_it() {
    let bus = Bus::start();
    let _host = Host::start(&bus);
    let notifications = Notifications::start(&bus);
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.notes_what_is_opened();
    desktop.start_agent();
    desktop.start(&shop);
    let configuration = shop.join(".context/config.toml");
    fs::write(&configuration, "[record]\nquiet_ms = 1\n").unwrap();
    let first = notifications.wait_for(&["shop", "config.toml:2"]);
    assert!(first.actions.iter().any(|(_, label)| label == "How to fix"), "{first:#?}");
    desktop.ctx(&["-C", shop.to_str().unwrap(), "log", "make"]);
    fs::remove_file(&configuration).unwrap();
    wait("its end", || notifications.wait_for(&["shop", "config.toml:2"]).closed.then_some(()));
    assert_eq!(notifications.shown().len(), 1, "the same is told once");

    // The first clicks may come before the agent listens for one.
    fs::write(&configuration, "[record]\n\nquiet_ms = 1\n").unwrap();
    let second = notifications.wait_for(&["shop", "config.toml:3"]);
    let report = wait("the report", || {
        notifications.click(second.id, "default");
        fs::read_to_string(desktop.path("opened")).is_ok().then(|| desktop.wait_for_opened("report.txt"))
    });
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains("config.toml:3") && report.contains("hint: correct the file"), "{report}");
}
