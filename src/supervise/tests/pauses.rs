//! Pauses: what is recorded again, and when.

use super::*;

fn pause(project: &str, span: Span) -> Request {
    Request::Pause { project: project.into(), span }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_pause_ends_the_session_and_itself_in_time() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    let client = world.ask(pause("/a", Span::Seconds(3600)));
    assert!(world.done.contains(&Effect::Send(tracker, ToTracker::Pause)));
    assert!(world.unanswered.contains(&client), "answered when the tracker has ended");
    world.exit("/a", false);
    assert!(matches!(world.answers[&client], Ok(Response::Stopped { pid: Some(_), .. })));
    assert_eq!(world.state("/a"), State::Paused);
    let mark = Mark { state: State::Paused, reason: None, paused_until: Some("1970-01-01T01:00:00+00:00".into()) };
    assert_eq!(world.marks[Path::new("/a")], mark);
    world.wait(HOUR - Duration::from_secs(1));
    assert_eq!((world.state("/a"), world.live.len()), (State::Paused, 0));
    world.wait(Duration::from_secs(1));
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running);
    assert_eq!(world.notices(), []);
}

#[test]
fn a_pause_without_an_end_lasts_and_wakes_nobody() {
    let mut world = World::running("/a");
    world.ask(pause("/a", Span::UntilResumed));
    world.exit("/a", false);
    assert_eq!(world.supervisor.deadline(), None);
    world.wait(HOUR * 1000);
    assert_eq!(world.state("/a"), State::Paused);
    let resumed = world.ask(start("/a"));
    world.ready("/a");
    assert!(matches!(world.answers[&resumed], Ok(Response::Session { already: false, .. })));
    assert_eq!(world.supervisor.status().projects[0].paused_until, None);
}

#[test]
fn a_machine_that_slept_through_the_end_of_a_pause_is_noticed_within_a_minute() {
    let mut world = World::running("/a");
    world.ask(pause("/a", Span::Seconds(3600)));
    world.exit("/a", false);
    world.wait(HOUR / 2);
    world.suspend(HOUR * 8);
    assert_eq!(world.live.len(), 0);
    world.wait(SIGN_OF_LIFE);
    assert_eq!(world.state("/a"), State::Starting);
}

#[test]
fn a_pause_outlives_the_agent() {
    for (until, expected) in [(5, State::Paused), (-5, State::Starting)] {
        let mut world = World::new();
        let until = world.now.wall + chrono::TimeDelta::minutes(until);
        world.on(Input::Registered("/a".into(), Wish::Paused(Pause { until: Some(until) })));
        world.wait(Duration::ZERO);
        assert_eq!(world.state("/a"), expected);
        world.wait(HOUR);
        assert_eq!(world.live.len(), 1);
    }
}

#[test]
fn a_pause_can_be_changed_stopped_and_forgotten() {
    let mut world = World::running("/a");
    world.ask(pause("/a", Span::Seconds(60)));
    world.exit("/a", false);
    let changed = world.ask(pause("/a", Span::Seconds(3600)));
    assert!(world.answers[&changed].is_ok());
    world.wait(Duration::from_secs(120));
    assert_eq!(world.state("/a"), State::Paused);
    let stopped = world.ask(stop("/a"));
    assert_eq!(world.answers[&stopped], Ok(Response::Done), "something has ended");
    world.wait(HOUR * 2);
    assert_eq!((world.state("/a"), world.live.len()), (State::Stopped, 0));
    assert_eq!(world.marks[Path::new("/a")].state, State::Stopped);
    let again = world.ask(stop("/a"));
    assert_eq!(world.answers[&again], Ok(Response::Stopped { pid: None, stale_pid: None }));
}

#[test]
fn only_what_is_recorded_can_be_paused() {
    let mut world = World::new();
    let unknown = world.ask(pause("/a", Span::UntilResumed));
    assert!(matches!(&world.answers[&unknown], Err(failure) if failure.code == FailureCode::NotRunning));
    let mut world = World::running("/a");
    world.ask(stop("/a"));
    let ending = world.ask(pause("/a", Span::UntilResumed));
    assert!(world.answers[&ending].is_err(), "a stop is not weakened to a pause");
    world.exit("/a", false);
    assert_eq!(world.state("/a"), State::Stopped);
}

#[test]
fn a_tracker_that_waits_for_its_next_try_can_be_paused_too() {
    let mut world = World::running("/a");
    world.exit("/a", true);
    assert_eq!(world.state("/a"), State::Backoff);
    let client = world.ask(pause("/a", Span::UntilResumed));
    assert!(world.answers[&client].is_ok());
    world.wait(HOUR);
    assert_eq!((world.state("/a"), world.live.len(), world.stale.len()), (State::Paused, 0, 0));
}
