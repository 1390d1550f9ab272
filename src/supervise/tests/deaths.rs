//! What nobody asked for: trackers that die or hang, folders that go, and what the user is told of it.

use super::*;

#[test]
fn a_folder_that_comes_back_is_recorded_again() {
    let mut world = World::running("/a");
    world.missing.insert("/a".into());
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::BadProject, "the folder /a is gone");
    world.on(Input::Said(tracker, FromTracker::Failed { failure }));
    world.exit("/a", false);
    world.wait(SIGN_OF_LIFE * 3);
    assert_eq!((world.state("/a"), world.live.len()), (State::Missing, 0));
    assert_eq!(world.notices(), [NoticeKind::Missing], "told once");
    world.missing.clear();
    // It could not take its PID file along.
    world.stale.insert("/a".into(), 4711);
    world.wait(Duration::from_secs(5));
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running);
    assert_eq!(world.notices(), [NoticeKind::Missing], "nothing more is told");
    let key = NoticeKey { project: Some("/a".into()), kind: NoticeKind::Missing };
    assert!(world.done.contains(&Effect::Withdraw(key)));
}

#[test]
fn a_folder_that_is_gone_is_looked_for_soon_and_then_seldom_and_only_while_it_is_wanted() {
    let mut world = World::new();
    world.missing.insert("/a".into());
    world.on(Input::Registered("/a".into(), Wish::Recorded));
    let looks = |world: &World| world.done.iter().filter(|effect| matches!(effect, Effect::Probe(_))).count();
    world.wait(Duration::from_secs(2));
    assert_eq!(looks(&world), 3, "at once, after 0.5 s and after 1.5 s");
    let before = looks(&world);
    world.wait(Duration::from_secs(60));
    assert!((12..=16).contains(&(looks(&world) - before)), "{}", looks(&world));
    world.ask(stop("/a"));
    let before = looks(&world);
    world.wait(Duration::from_secs(600));
    assert!(looks(&world) <= before + 1);
}

#[test]
fn a_tracker_that_dies_is_started_again_ever_later_and_then_given_up() {
    let mut world = World::running("/a");
    let mut delays = Vec::new();
    for _ in 0..5 {
        world.exit("/a", true);
        assert_eq!(world.state("/a"), State::Backoff);
        let died = world.now;
        while world.tracker("/a").is_none() {
            world.wait(Duration::from_millis(100));
        }
        delays.push(world.now.instant.duration_since(died.instant).as_millis());
        world.ready("/a");
    }
    assert_eq!(delays, [500, 1000, 2000, 4000, 8000]);
    world.exit("/a", true);
    assert_eq!(world.state("/a"), State::Failed);
    world.wait(Duration::from_secs(3600));
    assert_eq!(world.live.len(), 0);
    assert_eq!(world.notices(), [NoticeKind::Crashed, NoticeKind::GivenUp]);
    world.ask(start("/a"));
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running, "the user may start it again");
}

#[test]
fn the_notice_of_a_death_is_taken_back_when_recording_has_gone_on_for_a_while() {
    let mut world = World::running("/a");
    world.exit("/a", true);
    world.wait(Duration::from_secs(1));
    world.ready("/a");
    let key = NoticeKey { project: Some("/a".into()), kind: NoticeKind::Crashed };
    let is_taken_back = |world: &World| world.done.contains(&Effect::Withdraw(key.clone()));
    for _ in 0..6 {
        assert!(!is_taken_back(&world));
        world.answer_questions();
        world.wait(Duration::from_secs(50));
        world.answer_questions();
    }
    assert!(is_taken_back(&world));
    world.exit("/a", true);
    assert_eq!(world.notices(), [NoticeKind::Crashed], "and yet it is no news within ten minutes");
}

#[test]
fn deaths_that_lie_far_apart_are_forgiven() {
    let mut world = World::running("/a");
    for _ in 0..20 {
        world.exit("/a", true);
        world.wait(Duration::from_secs(1));
        world.ready("/a");
        assert_eq!(world.state("/a"), State::Running);
        // A tracker that answers its questions.
        for _ in 0..6 {
            world.wait(Duration::from_secs(61));
            let last = world.supervisor.next_question - 1;
            let tracker = world.tracker("/a").unwrap();
            world.on(Input::Said(tracker, FromTracker::Synced { request: last }));
            world.wait(Duration::from_secs(40));
            let last = world.supervisor.next_question - 1;
            world.on(Input::Said(tracker, FromTracker::Synced { request: last }));
        }
    }
}

#[test]
fn a_tracker_that_hangs_is_killed() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.wait(SIGN_OF_LIFE + ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)));
}

#[test]
fn a_tracker_that_works_on_is_waited_for() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.wait(SIGN_OF_LIFE);
    for _ in 0..10 {
        world.wait(ANSWER / 2);
        world.on(Input::Said(tracker, FromTracker::Busy));
    }
    assert_eq!(world.live.len(), 1);
    world.wait(ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)), "not for ever, when it has fallen silent");
}

#[test]
fn a_tracker_that_hangs_while_it_starts_is_killed_and_told_of() {
    let mut world = World::new();
    let client = world.ask(start("/a"));
    let tracker = world.tracker("/a").unwrap();
    world.wait(BEGINNING / 2);
    world.on(Input::Said(tracker, FromTracker::Busy));
    world.wait(BEGINNING / 2);
    assert_eq!((world.state("/a"), world.live.len()), (State::Starting, 1), "it was at work in between");
    world.wait(BEGINNING / 2);
    assert!(world.done.contains(&Effect::Kill(tracker)));
    world.exit("/a", true);
    assert_eq!((world.state("/a"), world.notices()), (State::Backoff, vec![NoticeKind::Crashed]));
    world.wait(Duration::from_secs(1));
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running);
    assert!(world.answers[&client].is_ok(), "who asked for it is told when it records");
}

#[test]
fn what_a_tracker_was_asked_while_it_started_has_its_time_from_then_on() {
    let mut world = World::new();
    world.ask(start("/a"));
    let tracker = world.tracker("/a").unwrap();
    world.ask(Request::Sync { project: "/a".into() });
    world.wait(ANSWER * 2);
    world.ready("/a");
    world.wait(ANSWER / 2);
    assert!(!world.done.contains(&Effect::Kill(tracker)), "it has just begun to read it");
    world.wait(ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)));
}

#[test]
fn a_mistake_in_the_file_of_all_projects_is_told_once() {
    let mut world = World::running("/a");
    world.ask(start("/b"));
    world.ready("/b");
    let say = |world: &mut World, project: &str, problem: Option<&str>| {
        let status = ProjectStatus {
            config_problem: problem.map(str::to_owned),
            ..ProjectStatus::unknown(Path::new(project), State::Running)
        };
        let tracker = world.tracker(project).unwrap();
        world.on(Input::Said(tracker, FromTracker::Status { status: Box::new(status) }));
    };
    for project in ["/a", "/b"] {
        say(&mut world, project, Some("/home/me/config.toml:2: no"));
    }
    assert_eq!(world.notices(), [NoticeKind::Config]);
    say(&mut world, "/a", None);
    let key = NoticeKey { project: None, kind: NoticeKind::Config };
    assert!(!world.done.contains(&Effect::Withdraw(key.clone())));
    say(&mut world, "/b", None);
    assert!(world.done.contains(&Effect::Withdraw(key)));
    say(&mut world, "/a", Some("/a/.context/config.toml:2: no"));
    let last = world.done.iter().rev().find_map(|effect| match effect {
        Effect::Notify(notice) => Some(notice.key.project.clone()),
        _ => None,
    });
    assert_eq!(last, Some(Some("/a".into())), "a project's own is told as its own");
}

#[test]
fn a_stale_pid_is_told_once_and_taken_back() {
    let mut world = World::new();
    world.stale.insert("/a".into(), 4711);
    world.on(Input::Registered("/a".into(), Wish::Stopped));
    assert_eq!(world.state("/a"), State::Stale);
    world.on(Input::Registered("/a".into(), Wish::Stopped));
    assert_eq!(world.notices(), [NoticeKind::StalePid]);
    let Some(Effect::Notify(notice)) = world.done.iter().find(|effect| matches!(effect, Effect::Notify(_))) else {
        panic!()
    };
    assert!(notice.title.contains("4711") && notice.title.contains('a'), "{notice:?}");
    let client = world.ask(Request::CleanUp { project: "/a".into() });
    assert_eq!(world.answers[&client], Ok(Response::Stopped { pid: None, stale_pid: Some(4711) }));
    assert_eq!(world.state("/a"), State::Stopped);
    let key = NoticeKey { project: Some("/a".into()), kind: NoticeKind::StalePid };
    assert!(world.done.contains(&Effect::Withdraw(key)));
}
