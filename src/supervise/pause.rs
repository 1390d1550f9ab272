//! A project's pause: what of it is shown, and when it ends.
//!
//! A pause is a wish and no state of a tracker: while it lasts there is none. It ends by the clock on the wall. The other clock
//! stands still while the machine sleeps, so a planned end may come late; the agent looks once a minute, too.

use chrono::SecondsFormat;

use super::project::Project;
use super::worker::Worker;
use super::{Effect, Moment};
use crate::status::{Mark, Pause, ProjectStatus, State, Wish};

impl Project {
    /// The pause that the user wants, if any.
    fn pause(&self) -> Option<Pause> {
        match self.wish {
            Wish::Paused(pause) => Some(pause),
            Wish::Stopped | Wish::Recorded => None,
        }
    }

    /// Whether there is a session to interrupt, or a pause to change.
    pub(super) fn can_pause(&self) -> bool {
        let is_recorded = self.is_wanted() && (self.worker.is_live() || matches!(self.worker, Worker::Backoff { .. }));
        is_recorded || self.pause().is_some()
    }

    /// Whether it waits for a time of the day, which a sleep of the machine may skip.
    pub(super) fn awaits_time(&self) -> bool {
        self.resume_at.is_some()
    }

    /// Plans the end of the pause: by the clock on the wall, since the other stands still while the machine sleeps.
    pub(super) fn plan_resume(&mut self, now: Moment) {
        let left = self.pause().and_then(|pause| pause.until).map(|until| until - now.wall);
        // What is over already has a negative length.
        self.resume_at = left.and_then(|left| now.instant.checked_add(left.to_std().unwrap_or_default()));
    }

    /// Makes the status, here and in the project, say of the pause what the user wants; `on_disk` is what it says there.
    pub(super) fn show_pause(&mut self, on_disk: &ProjectStatus, effects: &mut Vec<Effect>) {
        let told = (on_disk.state, on_disk.paused_until.clone());
        let state = match (self.wish, self.status.state) {
            (Wish::Paused(_), State::Stopped | State::Paused | State::Backoff | State::Failed) => State::Paused,
            // What only the agent knows is as the agent knows it.
            (Wish::Stopped, State::Paused | State::Backoff | State::Failed) => State::Stopped,
            (Wish::Paused(_) | Wish::Stopped | Wish::Recorded, _) => return,
        };
        let until = self.pause().and_then(|pause| pause.until);
        self.status.state = state;
        self.status.reason = None;
        self.status.paused_until = until.map(|until| until.to_rfc3339_opts(SecondsFormat::Secs, false));
        let mark = Mark { state, reason: None, paused_until: self.status.paused_until.clone() };
        if told != (mark.state, mark.paused_until.clone()) {
            effects.push(Effect::Mark(self.status.project.clone(), mark));
        }
    }

    /// A pause whose time has come ends by itself.
    pub(super) fn end_pause_in_time(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.pause().and_then(|pause| pause.until).is_none_or(|until| until > now.wall) {
            // The clock on the wall may have been set.
            return self.plan_resume(now);
        }
        (self.wish, self.resume_at) = (Wish::Recorded, None);
        self.save_wish(effects);
        if !self.worker.is_live() {
            effects.push(Effect::Probe(self.status.project.clone()));
        }
    }
}
