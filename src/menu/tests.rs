use super::*;
use crate::config::Notify;
use crate::status::{LastEvent, Reach, Settings};

fn project(path: &str, state: State) -> ProjectStatus {
    ProjectStatus { agent: Reach::Running, ..ProjectStatus::unknown(Path::new(path), state) }
}

fn agent(projects: impl IntoIterator<Item = ProjectStatus>) -> AgentStatus {
    AgentStatus {
        pid: 1,
        version: "0.1.0".into(),
        tray: true,
        started_at: "2026-11-22T09:00:00+01:00".into(),
        projects: projects.into_iter().collect(),
        settings: Settings::default(),
    }
}

/// The menu as people see it: `-` before what can't be clicked, two spaces a level.
fn drawn(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .flat_map(|item| match item {
            Item::Command { label, enabled: true, .. } => vec![label.clone()],
            Item::Check { label, checked, .. } => vec![format!("[{}] {label}", if *checked { "x" } else { " " })],
            Item::Command { label, enabled: false, .. } | Item::Label(label) => vec![format!("- {label}")],
            Item::Separator => vec!["---".to_owned()],
            Item::Submenu { label, items } => {
                [label.clone()].into_iter().chain(drawn(items).iter().map(|line| format!("  {line}"))).collect()
            }
        })
        .collect()
}

fn submenus(status: &AgentStatus) -> Vec<String> {
    let label = |item| match item {
        Item::Submenu { label, .. } => Some(label),
        _ => None,
    };
    menu(status).into_iter().filter_map(label).collect()
}

fn request_of(items: &[Item], wanted: &str) -> Option<Request> {
    items.iter().find_map(|item| match item {
        Item::Command { label, request, .. } | Item::Check { label, request, .. } if label == wanted => {
            Some(request.clone())
        }
        Item::Submenu { items, .. } => request_of(items, wanted),
        _ => None,
    })
}

#[test]
fn a_recorded_project_says_since_when_and_what_happened_last() {
    let shop = ProjectStatus {
        pid: Some(4711),
        started_at: Some("2026-11-22T10:00:00+01:00".into()),
        last_event: Some(LastEvent { time: "2026-11-22T10:03:12+01:00".into(), detail: "Edited: src/main.rs".into() }),
        ..project("/home/me/shop", State::Running)
    };
    let expected = [
        "- Recording 1 project",
        "---",
        "shop: recording",
        "  - Recording since 22 Nov 10:00",
        "  - 22 Nov 10:03  Edited: src/main.rs",
        "  ---",
        "  Stop session",
        "  Pause",
        "    For 15 minutes",
        "    For 1 hour",
        "    Until tomorrow",
        "    Until I resume it",
        "  ---",
        "  Open session log",
        "  Open folder",
        "  Copy brief",
        "  ---",
        "  [ ] Mute notifications",
        "  Remove from list",
        "---",
        "Add project...",
        "- Start all",
        "Stop all",
        "---",
        "[x] Show notifications",
        "[ ] Launch at login",
        "Open configuration",
        "---",
        "Why isn't it recording?",
        "Open diagnostics",
        "About Context Tray",
        "---",
        "Quit (sessions resume at the next launch)",
    ];
    assert_eq!(drawn(&menu(&agent([shop]))), expected);
}

#[test]
fn without_projects_it_says_how_to_get_one() {
    let expected = [
        "- No projects yet, run \"ctx start\" in one",
        "---",
        "Add project...",
        "- Start all",
        "- Stop all",
        "---",
        "[x] Show notifications",
        "[ ] Launch at login",
        "Open configuration",
        "---",
        "Why isn't it recording?",
        "Open diagnostics",
        "About Context Tray",
        "---",
        "Quit",
    ];
    assert_eq!(drawn(&menu(&agent([]))), expected);
}

#[test]
fn a_stale_pid_can_be_cleaned_up_or_started_over() {
    let stale = ProjectStatus { stale_pid: Some(4711), ..project("/p/shop", State::Stale) };
    let items = menu(&agent([stale]));
    assert_eq!(request_of(&items, "Clean up stale PID 4711"), Some(Request::CleanUp { project: "/p/shop".into() }));
    assert_eq!(request_of(&items, "Start session"), Some(Request::Start { project: "/p/shop".into(), force: false }));
    assert_eq!(request_of(&items, "Stop session"), None);
}

#[test]
fn every_state_offers_what_changes_it() {
    for (state, start, stop) in [
        (State::Running, false, true),
        (State::Starting, false, true),
        (State::Stopped, true, false),
        (State::Paused, false, true),
        (State::Stale, true, false),
        (State::Backoff, true, true),
        (State::Failed, true, false),
    ] {
        let lines = drawn(&menu(&agent([project("/p/shop", state)])));
        assert_eq!(lines.contains(&"  Start session".to_owned()), start, "{state:?}");
        assert_eq!(lines.contains(&"  Stop session".to_owned()), stop, "{state:?}");
        assert_eq!(lines.contains(&"  Resume".to_owned()), state == State::Paused, "{state:?}");
        assert_eq!(lines.contains(&"  Pause".to_owned()), stop, "{state:?}");
        assert_eq!(lines.contains(&"Start all".to_owned()), start || state == State::Paused, "{state:?}");
        assert_eq!(lines.contains(&"Stop all".to_owned()), stop, "{state:?}");
    }
}

#[test]
fn a_project_without_its_folder_can_only_be_removed() {
    let lines = drawn(&menu(&agent([project("/p/shop", State::Missing)])));
    for line in [
        "  - Start session",
        "  - Open session log",
        "  - Open folder",
        "  - Copy brief",
        "  Remove from list",
        "- Start all",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line} in {lines:#?}");
    }
}

#[test]
fn trouble_stands_first_then_what_is_recorded_then_the_name() {
    let status = agent([
        project("/p/alpha", State::Stopped),
        project("/p/Beta", State::Running),
        project("/p/aardvark", State::Running),
        project("/p/zulu", State::Failed),
    ]);
    assert_eq!(submenus(&status), ["zulu: failed", "aardvark: recording", "Beta: recording", "alpha: not recording"]);
}

#[test]
fn projects_of_one_name_are_told_apart() {
    let status = agent([
        project("/home/me/api", State::Running),
        project("/srv/code/api", State::Running),
        project("/old/code/api", State::Running),
        project("/srv/code/web", State::Running),
    ]);
    assert_eq!(
        submenus(&status),
        ["api (me): recording", "/old/code/api: recording", "/srv/code/api: recording", "web: recording"]
    );
}

#[test]
fn long_names_lose_their_middle_by_characters() {
    let name = "ü".repeat(30) + &"日".repeat(30);
    let [label] = &submenus(&agent([project(&format!("/p/{name}"), State::Running)]))[..] else { panic!() };
    assert_eq!(label.chars().count(), NAME_CHARS + ": recording".len());
    assert_eq!(*label, "ü".repeat(20) + "…" + &"日".repeat(19) + ": recording");
    assert_eq!(elided("exactly", 7), "exactly");
    assert_eq!(elided("exactly!", 7), "exa…ly!");
}

#[test]
fn names_that_differ_only_in_what_is_elided_are_told_apart() {
    let long = |middle: &str| format!("/p/{}{middle}{}", "a".repeat(30), "z".repeat(30));
    let labels = submenus(&agent([project(&long("1"), State::Running), project(&long("2"), State::Running)]));
    assert_ne!(labels[0], labels[1]);
}

#[test]
fn a_name_can_not_disguise_the_menu() {
    let name = "/p/shop\n\u{202e}gnidrocer\u{1b}[31m\u{200b}";
    assert_eq!(submenus(&agent([project(name, State::Stopped)])), ["shop��gnidrocer�[31m�: not recording"]);
    let event = LastEvent { time: "whenever".into(), detail: "Edited: a\r\u{2066}b & c_d".into() };
    let lines = drawn(&menu(&agent([ProjectStatus { last_event: Some(event), ..project("/p/x", State::Running) }])));
    assert!(lines.contains(&"  - Edited: a��b & c_d".to_owned()), "{lines:#?}");
}

#[test]
fn the_icon_shows_the_worst() {
    let of = |states: &[State]| icon(&agent(states.iter().map(|state| project("/p/x", *state))));
    assert_eq!(of(&[]), IconState::Idle);
    assert_eq!(of(&[State::Stopped]), IconState::Idle);
    assert_eq!(of(&[State::Stopped, State::Paused]), IconState::Paused);
    assert_eq!(of(&[State::Running, State::Paused]), IconState::Recording);
    assert_eq!(of(&[State::Stopped, State::Starting]), IconState::Recording);
    assert_eq!(of(&[State::Running, State::Stale]), IconState::Trouble);
}

#[test]
fn the_tooltip_counts() {
    let of = |states: &[State]| tooltip(&agent(states.iter().map(|state| project("/p/x", *state))));
    assert_eq!(of(&[]), "Context Tray: no projects yet, run \"ctx start\" in one");
    assert_eq!(of(&[State::Stopped]), "Context Tray: not recording");
    assert_eq!(of(&[State::Stopped, State::Paused]), "Context Tray: paused");
    assert_eq!(of(&[State::Running]), "Context Tray: recording 1 project");
    assert_eq!(of(&[State::Running, State::Starting]), "Context Tray: recording 2 projects");
    assert_eq!(of(&[State::Running, State::Stopped]), "Context Tray: recording 1 of 2 projects");
    assert_eq!(of(&[State::Running, State::Stale]), "Context Tray: recording 1 of 2 projects, 1 needs a look");
    assert_eq!(of(&[State::Failed, State::Stale]), "Context Tray: not recording, 2 need a look");
}

#[test]
fn a_click_on_the_icon_opens_the_log_where_something_happened_last() {
    let at = |path: &str, time: &str| ProjectStatus {
        last_event: Some(LastEvent { time: time.into(), detail: "Edited: a".into() }),
        ..project(path, State::Running)
    };
    let log = |path: &str| Request::Open { what: Openable::SessionLog { project: path.into() } };
    // The later of the two in time is the earlier one in text.
    let status = agent([at("/p/a", "2026-11-22T10:30:00+02:00"), at("/p/b", "2026-11-22T10:00:00+01:00")]);
    assert_eq!(primary(&status), log("/p/b"));
    assert_eq!(primary(&agent([project("/p/a", State::Stopped), project("/p/b", State::Stopped)])), log("/p/a"));
    assert_eq!(primary(&agent([project("/p/a", State::Missing)])), Request::Open { what: Openable::Diagnostics });
}

#[test]
fn a_pause_says_when_it_ends_and_can_be_ended() {
    let paused =
        ProjectStatus { paused_until: Some("2026-11-22T15:30:00+01:00".into()), ..project("/p/shop", State::Paused) };
    let items = menu(&agent([paused]));
    assert!(drawn(&items).contains(&"shop: paused until 22 Nov 15:30".to_owned()), "{:#?}", drawn(&items));
    assert_eq!(request_of(&items, "Resume"), Some(Request::Start { project: "/p/shop".into(), force: false }));
    let hour = Request::Pause { project: "/p/shop".into(), span: Span::Seconds(3600) };
    assert_eq!(request_of(&items, "For 1 hour"), Some(hour));
}

#[test]
fn what_is_muted_is_checked_and_a_click_turns_it_over() {
    let mut status = agent([project("/p/shop", State::Running), project("/p/web", State::Running)]);
    status.settings.notify = Notify { enabled: false, mute: vec!["/p/web".into()] };
    let lines = drawn(&menu(&status));
    let muted: Vec<_> = lines.iter().filter(|line| line.contains("notifications")).collect();
    assert_eq!(muted, ["  [ ] Mute notifications", "  [x] Mute notifications", "[ ] Show notifications"]);
    let items = menu(&status);
    assert_eq!(request_of(&items, "Show notifications"), Some(Request::Mute { project: None, muted: false }));
    let mute = Request::Mute { project: Some("/p/shop".into()), muted: true };
    assert_eq!(request_of(&items, "Mute notifications"), Some(mute));
}

#[test]
fn of_many_projects_those_that_matter_most_stand_in_the_menu_itself() {
    let of = |index: usize| if index == 99 { State::Failed } else { State::Stopped };
    let status = agent((0..100).map(|index| project(&format!("/p/{index:03}"), of(index))));
    let labels = submenus(&status);
    assert_eq!(labels.len(), PROJECTS + 1);
    assert_eq!((labels[0].as_str(), labels[1].as_str()), ("099: failed", "000: not recording"));
    assert_eq!(labels[PROJECTS], "More (85)");
    assert_eq!(
        request_of(&menu(&status), "Start session"),
        Some(Request::Start { project: "/p/099".into(), force: false })
    );
}

#[test]
fn a_name_that_reads_from_the_right_turns_nothing_beside_it() {
    let labels = submenus(&agent([project("/p/\u{5d7}\u{5e0}\u{5d5}\u{5ea}", State::Running)]));
    assert_eq!(labels, ["\u{2068}\u{5d7}\u{5e0}\u{5d5}\u{5ea}\u{2069}: recording"]);
    let emoji = submenus(&agent([project("/p/\u{1f469}\u{200d}\u{1f4bb} R&D", State::Running)]));
    assert_eq!(emoji, ["\u{1f469}\u{200d}\u{1f4bb} R&D: recording"]);
}
