//! How the agent comes and goes: at login, under a service manager, with the bus and without, by signals.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixDatagram, UnixListener};

use crate::bus::{Bus, BusProcess, Host, wait};
use crate::desktop::{Desktop, is_alive, signal, tracker};
use crate::env::{TestEnv, log_lines};

#[test]
fn launch_at_login_is_switched_on_and_off_and_leaves_nothing() {
    let env = TestEnv::new();
    let home = env.home();
    let file = home.join(".config/autostart/context-tray.desktop");
    env.ctx(&home, ["autostart", "status"]).ok().says("not launched");
    env.ctx(&home, ["autostart", "enable"]).ok().says("launched at login from now on");
    env.ctx(&home, ["autostart", "status"]).ok().says("is launched");
    let text = fs::read_to_string(&file).unwrap();
    let program = env!("CARGO_BIN_EXE_context-tray");
    assert!(text.contains(&format!("\nExec=\"{program}\"\nTryExec={program}\n")), "{text}");

    fs::write(&file, format!("{text}Hidden=true\n")).unwrap();
    env.ctx(&home, ["autostart", "status"]).ok().says("not launched");
    env.ctx(&home, ["autostart", "enable"]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "it is wanted again");
    env.ctx(&home, ["autostart", "disable"]).ok();
    assert!(!file.exists());
    env.ctx(&home, ["autostart", "disable"]).ok();
}

#[test]
fn what_the_system_launches_is_taken_back_by_a_file_of_the_users() {
    let env = TestEnv::new();
    let home = env.home();
    let xdg = env.path("xdg");
    fs::create_dir_all(xdg.join("autostart")).unwrap();
    fs::write(xdg.join("autostart/context-tray.desktop"), "[Desktop Entry]\nExec=context-tray\n").unwrap();
    let ctx = |verb: &str| {
        let mut command = env.ctx_command(&home, ["autostart", verb]);
        command.env("XDG_CONFIG_DIRS", &xdg).env("XDG_CONFIG_HOME", env.path("mine"));
        env.run(command)
    };
    ctx("status").ok().says("is launched");
    ctx("disable").ok();
    ctx("status").ok().says("not launched");
    assert!(env.path("mine/autostart/context-tray.desktop").exists());
}

#[test]
fn the_menu_switches_launch_at_login() {
    let bus = Bus::start();
    let host = Host::start(&bus);
    let mut desktop = Desktop::on(&bus);
    desktop.start_agent();
    let icon = host.icon();
    assert!(!icon.wait_for(&["Launch at login"]).checked);
    let file = desktop.path("home/.config/autostart/context-tray.desktop");
    icon.click(&["Launch at login"]);
    wait("the file", || file.exists().then_some(()));
    wait("a check mark", || icon.wait_for(&["Launch at login"]).checked.then_some(()));
    assert!(desktop.ctx(&["autostart", "status"]).contains("is launched"));
    icon.click(&["Launch at login"]);
    wait("no file", || (!file.exists()).then_some(()));
    wait("no check mark", || (!icon.wait_for(&["Launch at login"]).checked).then_some(()));
}

#[test]
fn a_service_manager_hears_that_we_are_ready_well_and_ending_and_trackers_know_nothing_of_it() {
    let bus = Bus::start();
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    let socket = desktop.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(crate::bus::PATIENCE)).unwrap();
    let hear = || {
        let mut buffer = [0; 100];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    desktop.start_agent_with([("NOTIFY_SOCKET", socket.to_str().unwrap()), ("WATCHDOG_USEC", "200000")]);
    assert_eq!(hear(), "READY=1");
    desktop.start(&shop);
    assert_eq!([hear(), hear(), hear()], ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);

    let pid = wait("a tracker", || tracker(&shop));
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(!environment.contains("NOTIFY_SOCKET") && !environment.contains("WATCHDOG"), "{environment}");
    signal("TERM", desktop.agent.as_ref().unwrap().id());
    wait("the last word", || (hear() == "STOPPING=1").then_some(()));
}

#[test]
fn a_bus_that_comes_late_gets_the_icon() {
    let (mut desktop, address) = Desktop::before_bus();
    let shop = desktop.project("shop");
    desktop.start_agent();
    desktop.start(&shop);
    wait("the reason", || desktop.said().contains("there is no session bus").then_some(()));

    let bus = Bus::start_at(&address);
    let host = Host::start(&bus);
    host.icon().wait_for(&["shop: recording"]);
    assert_eq!(desktop.said().matches("hint:").count(), 1, "{}", desktop.said());
}

#[test]
fn a_bus_that_ends_takes_the_icon_and_nothing_else_and_the_next_one_brings_it_back() {
    let (mut desktop, address) = Desktop::before_bus();
    let shop = desktop.project("shop");
    let first = BusProcess::start(&address);
    let host = Host::start(&Bus::reach(&address));
    desktop.start_agent();
    desktop.start(&shop);
    host.icon().wait_for(&["shop: recording"]);
    let pid = wait("a tracker", || tracker(&shop));

    drop(first);
    wait("the loss", || desktop.said().contains("no session bus").then_some(()));
    assert_eq!((desktop.agent_status(), tracker(&shop)), (None, Some(pid)));

    let _second = BusProcess::start(&address);
    let host = Host::start(&Bus::reach(&address));
    host.icon().click(&["shop", "Stop session"]);
    wait("the end of the tracker", || (!is_alive(pid)).then_some(()));
}

#[test]
fn signals_end_the_agent_and_its_sessions_with_their_last_lines_and_keep_the_wishes() {
    for name in ["TERM", "HUP", "INT"] {
        let bus = Bus::start();
        let mut desktop = Desktop::on(&bus);
        let shop = desktop.project("shop");
        desktop.start_agent();
        desktop.start(&shop);
        fs::write(shop.join("late.txt"), "x").unwrap();
        signal(name, desktop.agent.as_ref().unwrap().id());
        let status = wait("the end of the agent", || desktop.agent_status());
        assert!(status.success(), "{name}: {status}");
        let lines = log_lines(&shop);
        assert!(lines[lines.len() - 2].ends_with("Created: late.txt"), "{name}: {lines:#?}");
        assert!(lines[lines.len() - 1].ends_with("Session tracker stopped"), "{name}: {lines:#?}");
        assert_eq!(tracker(&shop), None, "{name}");
        desktop.start_agent();
        wait("the session, resumed", || tracker(&shop));
    }
}

#[test]
fn an_agent_of_another_version_is_named_with_what_to_do() {
    let env = TestEnv::new();
    fs::create_dir(env.path("run")).unwrap();
    let listener = UnixListener::bind(env.path("run").join("agent.sock")).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut String::new()).is_ok_and(|length| length > 0) {
                let _ = writeln!(&stream, r#"{{"v":9,"id":1,"answer":"of another time"}}"#);
            }
        }
    });
    let outcome = env.ctx(&env.home(), ["agent", "status"]).fails(1).hints("ctx agent restart");
    outcome.warns("speaks version 9 of the protocol, and ctx 1");
}

#[test]
fn an_agent_that_dies_under_a_question_is_followed_by_another() {
    let env = TestEnv::new();
    fs::create_dir(env.path("run")).unwrap();
    let socket = env.path("run").join("agent.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let dying = std::thread::spawn(move || {
        // Once behind the question, once before it may have been written.
        for reads in [true, false] {
            let (stream, _) = listener.accept().unwrap();
            if reads {
                BufReader::new(&stream).read_line(&mut String::new()).unwrap();
            }
        }
    });
    env.ctx(&env.home(), ["agent", "start"]).ok().says("The agent runs: PID");
    dying.join().unwrap();
}

#[test]
fn nothing_of_what_is_recorded_gets_into_the_programs_own_log() {
    let bus = Bus::start();
    let mut desktop = Desktop::on(&bus);
    let shop = desktop.project("shop");
    desktop.start_agent_with([("CONTEXT_TRAY_LOG", "trace")]);
    desktop.start(&shop);
    let at = |args: &[&str]| desktop.ctx(&[&["-C", shop.to_str().unwrap()], args].concat());
    at(&["log", "login --password hunter2"]);
    at(&["note", "the word is hunter2"]);
    at(&["status"]);
    // Also what goes by the agent alone.
    at(&["stop"]);
    at(&["log", "login --password hunter2", "Failed (hunter2)"]);
    let read = |name: &str| fs::read_to_string(desktop.path("state/diagnostics").join(name)).unwrap();
    let logs = read("agent.log") + &read("tracker.log");
    assert!(logs.contains("Record") && logs.contains("DEBUG"), "{logs}");
    assert!(!logs.contains("hunter2"), "{logs}");
}
