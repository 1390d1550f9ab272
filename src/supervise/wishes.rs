//! What the user wants of a project, and what is done about it at once.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::project::Project;
use super::worker::Worker;
use super::{Client, Effect, Moment, Supervisor, answer, not_running};
use crate::request::{Failure, FailureCode, Response, Span, ToTracker};
use crate::status::{Pause, State, Wish};

impl Supervisor {
    pub(super) fn start(&mut self, path: PathBuf, client: Client, at: Moment, effects: &mut Vec<Effect>) {
        let project = self.projects.entry(path.clone()).or_insert_with(|| Project::new(&path, Wish::Stopped));
        project.wish = Wish::Recorded;
        project.plan_resume(at);
        project.forget = false;
        (project.was_signalled, project.unwish_at) = (false, None);
        project.starting.extend(client);
        match project.worker {
            Worker::None | Worker::Backoff { .. } | Worker::Blocked { .. } | Worker::Failed => {
                project.forgive();
                effects.push(Effect::Probe(path));
            }
            Worker::Running { .. } => self.confirm(&path, at.instant, effects),
            Worker::Starting { .. } | Worker::Stopping { .. } => {}
        }
    }

    /// A tracker that was recording may have died just now: only its own answer says that it still is.
    fn confirm(&mut self, path: &Path, now: Instant, effects: &mut Vec<Effect>) {
        let question = self.ask(path, None, now, effects, |request| ToTracker::Ping { request });
        if let (Some(project), Some(question)) = (self.projects.get_mut(path), question) {
            project.worker.confirm_with(question);
        }
    }

    pub(super) fn stop(&mut self, path: &Path, client: Client, at: Moment, effects: &mut Vec<Effect>) {
        let Some(project) = self.projects.get_mut(path) else {
            return effects.push(Effect::CleanUp(client, path.to_path_buf()));
        };
        let was_paused = project.status.state == State::Paused;
        project.wish = Wish::Stopped;
        project.plan_resume(at);
        project.unwish_at = None;
        project.save_wish(effects);
        project.refuse_starting(effects);
        if let Some(tracker) = project.worker.stop(at.instant) {
            effects.push(Effect::Send(tracker, ToTracker::Stop));
        }
        if project.worker.is_live() {
            return project.stopping.extend(client);
        }
        project.withdraw_notices(effects);
        project.show_pause(&project.status.clone(), effects);
        if was_paused {
            // There is nothing to clean up, and yet something has ended.
            return answer(client, Ok(Response::Done), effects);
        }
        project.worker = Worker::None;
        effects.push(Effect::CleanUp(client, path.to_path_buf()));
    }

    /// Ends the session for a while.
    pub(super) fn pause(&mut self, path: &Path, client: Client, span: Span, at: Moment, effects: &mut Vec<Effect>) {
        let Some(project) = self.projects.get_mut(path).filter(|project| project.can_pause()) else {
            return answer(client, Err(not_running(path)), effects);
        };
        project.wish = Wish::Paused(Pause { until: span.end(at.wall) });
        project.plan_resume(at);
        project.unwish_at = None;
        project.save_wish(effects);
        project.refuse_starting(effects);
        if let Some(tracker) = project.worker.stop(at.instant) {
            effects.push(Effect::Send(tracker, ToTracker::Pause));
        }
        if project.worker.is_live() {
            return project.stopping.extend(client);
        }
        project.withdraw_notices(effects);
        project.worker = Worker::None;
        project.show_pause(&project.status.clone(), effects);
        effects.push(Effect::CleanUp(client, path.to_path_buf()));
    }

    pub(super) fn forget(&mut self, path: &Path, client: Client, at: Moment, effects: &mut Vec<Effect>) {
        let Some(project) = self.projects.get_mut(path) else {
            let message = format!("{} is not on the list", path.display());
            let failure = Failure::new(FailureCode::BadProject, message).with_hint("`ctx list` shows what is");
            return answer(client, Err(failure), effects);
        };
        project.wish = Wish::Stopped;
        project.plan_resume(at);
        project.forget = true;
        project.saved_wish = None;
        project.refuse_starting(effects);
        effects.push(Effect::Unregister(path.to_path_buf()));
        match project.worker.stop(at.instant) {
            Some(tracker) => effects.push(Effect::Send(tracker, ToTracker::Stop)),
            None if !project.worker.is_live() => {
                project.show_pause(&project.status.clone(), effects);
                project.withdraw_notices(effects);
                self.projects.remove(path);
                return answer(client, Ok(Response::Done), effects);
            }
            None => {}
        }
        project.stopping.extend(client);
    }
}

/// Refuses what can't be a project's root. That it is a folder, and not the home folder, is seen by others.
pub(super) fn check_root(project: &Path, force: bool) -> Result<(), Failure> {
    let message = match (project.is_absolute(), project.parent()) {
        (true, Some(_)) => return Ok(()),
        (true, None) if force => return Ok(()),
        (true, None) => format!("{} is the root of the disk: all below it would be recorded", project.display()),
        (false, _) => format!("{} is not an absolute path", project.display()),
    };
    Err(Failure::new(FailureCode::BadProject, message).with_hint("name a project's folder"))
}
