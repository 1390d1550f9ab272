//! What of a project's status is worth a notice, and when one is taken back.

use super::project::Project;
use super::{Effect, notices};
use crate::notice::{Notice, NoticeKind};
use crate::status::State;

/// What the disk says of a project without a tracker.
pub(super) fn about_disk(project: &mut Project, effects: &mut Vec<Effect>) {
    match project.status.state {
        // That it died and is started again was said already.
        State::Stale if project.was_told(NoticeKind::Crashed) => {}
        // Nor is it news that a session has ended whose folder was gone: it could not take its PID file along.
        State::Stale if project.was_told(NoticeKind::Missing) => {}
        State::Stale => {
            let stale = notices::stale(&project.status, project.is_wanted());
            project.tell(NoticeKind::StalePid, stale, effects);
        }
        State::Missing if project.is_wanted() => {
            let missing = notices::missing(&project.status);
            project.tell(NoticeKind::Missing, missing, effects);
        }
        _ => {
            project.withdraw(NoticeKind::StalePid, effects);
            project.withdraw(NoticeKind::Missing, effects);
        }
    }
}

/// What a live tracker says of its watch.
pub(super) fn about_watch(project: &mut Project, effects: &mut Vec<Effect>) {
    for kind in [NoticeKind::StalePid, NoticeKind::Missing, NoticeKind::GivenUp] {
        project.withdraw(kind, effects);
    }
    let status = &project.status;
    let own_config = status.config_problem.as_ref().filter(|_| status.config_problem_of_user().is_none());
    let degraded = status.degraded.as_ref().map(|why| notices::degraded(status, why));
    let unwritable = status.record_problem.as_ref().map(|why| notices::unwritable(status, why));
    let own_config = own_config.map(|problem| notices::own_config(status, problem));
    let mut say = |kind, notice: Option<Notice>| match notice {
        Some(notice) => project.tell(kind, notice, effects),
        None => project.withdraw(kind, effects),
    };
    say(NoticeKind::Degraded, degraded);
    say(NoticeKind::Record, unwritable);
    say(NoticeKind::Config, own_config);
}
