//! What the user asks for: starts, stops, ends, and who is answered when.

use super::*;

#[test]
fn a_start_is_answered_when_the_tracker_records() {
    let mut world = World::new();
    let client = world.ask(start("/a"));
    assert_eq!(world.state("/a"), State::Starting);
    assert!(world.unanswered.contains(&client));
    world.ready("/a");
    let Ok(Response::Session { status, already: false }) = &world.answers[&client] else { panic!() };
    assert_eq!((status.state, status.agent), (State::Running, Reach::Running));
    let again = world.ask(start("/a"));
    assert!(world.unanswered.contains(&again), "only the tracker knows whether it still records");
    world.answer_questions();
    assert!(matches!(&world.answers[&again], Ok(Response::Session { already: true, .. })));
    assert!(world.done.contains(&Effect::SaveWish("/a".into(), Wish::Recorded)));
}

#[test]
fn a_stop_is_answered_when_the_tracker_has_ended() {
    let mut world = World::running("/a");
    let client = world.ask(stop("/a"));
    assert!(world.unanswered.contains(&client));
    world.exit("/a", false);
    assert!(matches!(world.answers[&client], Ok(Response::Stopped { pid: Some(_), stale_pid: None })));
    assert_eq!(world.state("/a"), State::Stopped);
    world.wait(Duration::from_secs(3600));
    assert_eq!(world.live.len(), 0, "what was stopped stays stopped");
    assert_eq!(world.notices(), []);
}

#[test]
fn a_tracker_that_does_not_end_is_killed() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    let client = world.ask(stop("/a"));
    world.wait(ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)));
    world.exit("/a", true);
    assert!(world.answers[&client].is_ok());
    assert_eq!((world.state("/a"), world.stale.len()), (State::Stopped, 0), "nothing is left behind");
    assert_eq!(world.notices(), []);
}

#[test]
fn a_stop_that_could_not_write_says_so() {
    let mut world = World::running("/a");
    let client = world.ask(stop("/a"));
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::Io, "the disk is full");
    world.on(Input::Said(tracker, FromTracker::Failed { failure: failure.clone() }));
    world.exit("/a", false);
    assert_eq!(world.answers[&client], Err(failure));
    assert_eq!((world.state("/a"), world.notices()), (State::Stopped, vec![]));
}

#[test]
fn what_can_be_no_project_is_not_remembered() {
    let mut world = World::new();
    world.missing.insert("/gone".into());
    for path in ["relative", "/", "/gone"] {
        let client = world.ask(start(path));
        assert!(world.answers[&client].is_err(), "{path}");
    }
    assert_eq!(world.supervisor.status().projects, []);
    assert!(!world.done.iter().any(|effect| matches!(effect, Effect::SaveWish(..))));
}

#[test]
fn a_signal_is_the_users_wish_only_when_the_agent_outlives_it() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Signalled));
    world.exit("/a", false);
    assert!(!world.done.contains(&Effect::SaveWish("/a".into(), Wish::Stopped)));
    world.wait(WISH_DELAY);
    assert!(world.done.contains(&Effect::SaveWish("/a".into(), Wish::Stopped)));
    assert_eq!(world.live.len(), 0);

    let mut logout = World::running("/a");
    let tracker = logout.tracker("/a").unwrap();
    logout.on(Input::Said(tracker, FromTracker::Signalled));
    logout.on(Input::Terminate);
    logout.exit("/a", false);
    assert!(logout.has_exited);
    assert!(!logout.done.contains(&Effect::SaveWish("/a".into(), Wish::Stopped)));
}

#[test]
fn a_restart_while_it_stops_follows_the_stop() {
    let mut world = World::running("/a");
    let stopped = world.ask(stop("/a"));
    let started = world.ask(start("/a"));
    world.exit("/a", false);
    assert!(world.answers[&stopped].is_ok());
    world.ready("/a");
    assert!(world.answers[&started].is_ok());
    assert_eq!(world.state("/a"), State::Running);
}

#[test]
fn ending_keeps_the_wishes() {
    let mut world = World::running("/a");
    let client = world.ask(Request::Shutdown { reason: ShutdownReason::Quit });
    let late = world.ask(start("/b"));
    assert!(world.answers[&late].is_err());
    world.exit("/a", false);
    assert!(world.has_exited && world.answers[&client].is_ok());
    assert!(!world.done.iter().any(|effect| matches!(effect, Effect::SaveWish(_, Wish::Stopped))));
}

#[test]
fn a_command_goes_to_the_tracker_or_else_to_the_journal() {
    let record = || Record::Note(crate::entry::Note { id: "1".into(), text: "x".into(), late: false });
    let mut world = World::running("/a");
    let client = world.ask(Request::Record { project: "/a".into(), record: record() });
    let question = world.supervisor.next_question - 1;
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Recorded { request: question, seq: 9 }));
    assert_eq!(world.answers[&client], Ok(Response::Recorded { seq: 9 }));
    world.ask(Request::Record { project: "/b".into(), record: record() });
    assert!(matches!(world.done.last(), Some(Effect::Append(Some(_), _, _))));
}

#[test]
fn a_start_of_what_died_just_now_is_no_session_that_was_there() {
    let mut world = World::running("/a");
    let client = world.ask(start("/a"));
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::BadProject, "the folder /a is gone");
    world.on(Input::Said(tracker, FromTracker::Failed { failure }));
    world.exit("/a", false);
    assert!(world.unanswered.contains(&client), "the folder is back, so that it can be recorded");
    world.ready("/a");
    assert!(matches!(&world.answers[&client], Ok(Response::Session { already: false, .. })));

    let again = world.ask(start("/a"));
    world.missing.insert("/a".into());
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::BadProject, "the folder /a is gone");
    world.on(Input::Said(tracker, FromTracker::Failed { failure }));
    world.exit("/a", false);
    assert!(world.answers[&again].is_err());
}

#[test]
fn a_start_after_a_signal_is_the_later_wish() {
    let mut world = World::new();
    let refused = world.ask(start("/a"));
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Signalled));
    world.exit("/a", false);
    assert!(world.answers[&refused].is_err());
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Signalled));
    let started = world.ask(start("/a"));
    world.exit("/a", false);
    world.ready("/a");
    assert!(world.answers[&started].is_ok());
    world.wait(WISH_DELAY);
    assert_eq!(world.state("/a"), State::Running);
}

#[test]
fn stop_all_waits_for_what_it_stops_and_for_nothing_else() {
    let mut world = World::running("/a");
    let client = world.ask(Request::StopAll);
    world.ask(start("/b"));
    world.ready("/b");
    assert!(world.unanswered.contains(&client));
    world.exit("/a", false);
    assert_eq!(world.answers[&client], Ok(Response::Done));
    assert_eq!(world.state("/b"), State::Running);
}

#[test]
fn the_tracker_of_an_agent_that_was_killed_is_waited_for() {
    let mut world = World::new();
    world.foreign.insert("/a".into());
    let client = world.ask(start("/a"));
    world.wait(ORPHANS_END / 2);
    assert!(world.unanswered.contains(&client));
    world.foreign.clear();
    world.wait(LOOK_AGAIN);
    world.ready("/a");
    assert!(world.answers[&client].is_ok());
}

#[test]
fn what_another_program_records_is_its_own_until_it_ends() {
    let mut world = World::new();
    world.foreign.insert("/a".into());
    world.on(Input::Registered("/a".into(), Wish::Recorded));
    world.foreign.insert("/b".into());
    let refused = world.ask(start("/b"));
    world.wait(ORPHANS_END + LOOK_AGAIN);
    assert!(world.answers[&refused].as_ref().is_err_and(|failure| failure.code == FailureCode::Busy));
    assert_eq!(world.supervisor.status().projects.len(), 1, "what was refused is not remembered");
    let at_once = world.ask(start("/b"));
    assert!(world.answers[&at_once].is_err());
    world.foreign.clear();
    world.wait(SIGN_OF_LIFE);
    assert_eq!((world.state("/a"), world.live.len()), (State::Starting, 1));
}
