//! One project as the supervisor sees it: what the user wants, and what its tracker does.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use super::worker::Worker;
use super::{Effect, Moment, TrackerId, WISH_DELAY, answer, notices};
use crate::notice::{NoticeKey, NoticeKind};
use crate::request::{Failure, FailureCode, Response};
use crate::status::{Mark, ProjectStatus, Reach, State, Wish};

/// The delay before the first restart; each further one doubles it ...
const FIRST_DELAY: Duration = Duration::from_millis(500);

/// ... up to this.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// So many deaths in a row ...
const MAX_DEATHS: usize = 5;

/// ... within this time are restarted; then it is given up.
const DEATHS_WITHIN: Duration = Duration::from_secs(600);

/// When nothing more has happened for so long after a death, its notice is taken back: recording goes on, and whoever sat at the
/// machine has had the time to read it. What was missed stands in the record for whoever did not.
const CALM: Duration = Duration::from_secs(300);

/// A folder that is gone, of a project that the user wants recorded, is looked for after this time, then after twice as long ...
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// ... up to this. Nothing tells of a mount, or of a name that is back; only while one is awaited does the agent wake for it.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Project {
    pub(super) wish: Wish,
    /// What the list of projects says; none while the project is not on it.
    pub(super) saved_wish: Option<Wish>,
    pub(super) status: ProjectStatus,
    pub(super) worker: Worker,
    /// Who waits for it to record.
    pub(super) starting: Vec<u64>,
    /// Who waits for its tracker to end.
    pub(super) stopping: Vec<u64>,
    pub(super) forget: bool,
    /// The tracker was signalled before it ended.
    pub(super) was_signalled: bool,
    /// When a signal becomes the user's wish.
    pub(super) unwish_at: Option<Instant>,
    /// When to look whether the pause is over.
    pub(super) resume_at: Option<Instant>,
    /// How long to wait for a folder that is gone before the next look; it doubles.
    patience: Duration,
    failure: Option<Failure>,
    deaths: VecDeque<Instant>,
    /// When to take the notice of the last death back.
    calm_at: Option<Instant>,
    /// What the user was told and was not taken back.
    told: Vec<NoticeKind>,
}

impl Project {
    pub(super) fn new(path: &Path, wish: Wish) -> Self {
        Self {
            wish,
            saved_wish: None,
            status: ProjectStatus { agent: Reach::Running, ..ProjectStatus::unknown(path, State::Stopped) },
            worker: Worker::None,
            starting: Vec::new(),
            stopping: Vec::new(),
            forget: false,
            was_signalled: false,
            unwish_at: None,
            resume_at: None,
            patience: FIRST_LOOK,
            failure: None,
            deaths: VecDeque::new(),
            calm_at: None,
            told: Vec::new(),
        }
    }

    /// Brings the list of projects up to what the user wants.
    pub(super) fn save_wish(&mut self, effects: &mut Vec<Effect>) {
        if self.saved_wish != Some(self.wish) {
            self.saved_wish = Some(self.wish);
            effects.push(Effect::SaveWish(self.status.project.clone(), self.wish));
        }
    }

    /// Whether it should be recorded now.
    pub(super) fn is_wanted(&self) -> bool {
        self.wish == Wish::Recorded
    }

    /// Whether it would be recorded if its folder came back, or if the other program that records it ended.
    pub(super) fn is_awaited(&self) -> bool {
        let stands_in_the_way = self.status.state == State::Missing || self.status.state.is_live();
        self.is_wanted() && stands_in_the_way && matches!(self.worker, Worker::None)
    }

    pub(super) fn spawned(&mut self, tracker: TrackerId, now: Instant) {
        self.worker = Worker::starting(tracker, now);
        self.status.state = State::Starting;
        (self.was_signalled, self.failure, self.patience) = (false, None, FIRST_LOOK);
    }

    /// Takes over what the disk or the tracker says.
    pub(super) fn take_status(&mut self, status: ProjectStatus) {
        let state = match self.worker {
            Worker::Backoff { .. } => State::Backoff,
            Worker::Failed => State::Failed,
            _ => status.state,
        };
        let reason = self.status.reason.take().or(status.reason).filter(|_| state.is_trouble());
        self.status = ProjectStatus { agent: Reach::Running, state, reason, ..status };
    }

    /// Tells those who asked for it that it is recorded.
    pub(super) fn started(&mut self, already: bool, effects: &mut Vec<Effect>) {
        for client in std::mem::take(&mut self.starting) {
            let status = Box::new(self.status.clone());
            effects.push(Effect::Reply(client, Ok(Response::Session { status, already })));
        }
    }

    pub(super) fn said_failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Starts with a clean slate, as the user asked.
    pub(super) fn forgive(&mut self) {
        self.deaths.clear();
        self.worker = Worker::None;
        self.status.reason = None;
    }

    /// The tracker's process has ended.
    pub(super) fn exited(&mut self, how: &str, now: Instant, is_ending: bool, effects: &mut Vec<Effect>) {
        let pid = self.status.pid.take();
        let worker = std::mem::replace(&mut self.worker, Worker::None);
        let was_ready = !matches!(worker, Worker::Starting { .. });
        let was_stopping = matches!(worker, Worker::Stopping { .. });
        for client in worker.into_asking() {
            let failure = Failure::new(FailureCode::NotRunning, "the tracker ended before it answered");
            answer(client, Err(failure), effects);
        }
        self.status.state = State::Stopped;
        (self.status.directories_watched, self.status.files_indexed) = (None, None);
        (self.status.watch_mode, self.status.degraded, self.status.record_problem) = (None, None, None);
        let outcome = match &self.failure {
            // What it could not write is worth knowing for whoever stopped it.
            Some(failure) if was_stopping => Err(failure.clone()),
            _ => Ok(Response::Stopped { pid, stale_pid: None }),
        };
        if was_stopping {
            // It may have died before it could, and not only by us.
            effects.push(Effect::CleanUp(None, self.status.project.clone()));
            self.show_pause(&self.status.clone(), effects);
        }
        let stopped = |client| Effect::Reply(client, outcome.clone());
        effects.extend(std::mem::take(&mut self.stopping).into_iter().map(stopped));
        match self.failure.take() {
            Some(_) if was_stopping && !self.is_wanted() => self.withdraw_notices(effects),
            Some(failure) => self.could_not_go_on(failure, was_ready, effects),
            None if was_stopping && self.was_signalled && self.is_wanted() && !is_ending => {
                // Until it is clear that this is no logout, it is left alone.
                self.wish = Wish::Stopped;
                self.unwish_at = Some(now + WISH_DELAY);
                self.refuse_starting(effects);
            }
            None if was_stopping => self.withdraw_notices(effects),
            None => self.died(pid, how, now, effects),
        }
    }

    /// The tracker said why it ends.
    fn could_not_go_on(&mut self, failure: Failure, was_ready: bool, effects: &mut Vec<Effect>) {
        self.status.reason = Some(failure.message.clone());
        if failure.code == FailureCode::BadProject && was_ready {
            // The folder may be back: the next look at it decides what becomes of it, and of those who wait.
            self.status.state = State::Missing;
            return;
        }
        let is_told = !self.starting.is_empty();
        self.fail_starting(&failure, effects);
        self.worker = Worker::Failed;
        self.status.state = State::Failed;
        effects.push(trouble(&self.status.project, State::Failed, failure.message.clone()));
        if !is_told {
            let notice = notices::given_up(&self.status, &failure);
            self.tell(NoticeKind::GivenUp, notice, effects);
        }
    }

    /// The tracker is dead and did not say why.
    fn died(&mut self, pid: Option<u32>, how: &str, now: Instant, effects: &mut Vec<Effect>) {
        self.deaths.retain(|death| now.saturating_duration_since(*death) < DEATHS_WITHIN);
        if self.deaths.is_empty() {
            // The last time is so long ago that this is news.
            self.told.retain(|kind| *kind != NoticeKind::Crashed);
        }
        self.deaths.push_back(now);
        self.calm_at = Some(now + CALM);
        let project = self.status.project.clone();
        let reason = format!("the tracker died: {how}");
        if !self.is_wanted() {
            return;
        }
        self.status.reason = Some(reason.clone());
        if self.deaths.len() > MAX_DEATHS {
            self.worker = Worker::Failed;
            self.status.state = State::Failed;
            let message = format!("the tracker died {} times in ten minutes, at last: {how}", self.deaths.len());
            let failure = Failure::new(FailureCode::Internal, message.clone());
            self.status.reason = Some(message.clone());
            self.fail_starting(&failure, effects);
            self.withdraw(NoticeKind::Crashed, effects);
            let notice = notices::given_up(&self.status, &failure);
            self.tell(NoticeKind::GivenUp, notice, effects);
            effects.push(Effect::CleanUp(None, project.clone()));
            effects.push(trouble(&project, State::Failed, message));
            return;
        }
        let delay = FIRST_DELAY.saturating_mul(1 << (self.deaths.len() - 1)).min(LONGEST_DELAY);
        self.worker = Worker::Backoff { until: now + delay };
        self.status.state = State::Backoff;
        self.status.stale_pid = pid.map(u64::from);
        let notice = notices::crashed(&self.status, pid, how);
        self.tell(NoticeKind::Crashed, notice, effects);
        effects.push(trouble(&project, State::Backoff, reason));
    }

    /// Shows a notice, unless the user was told the same and it still holds.
    pub(super) fn tell(&mut self, kind: NoticeKind, notice: crate::notice::Notice, effects: &mut Vec<Effect>) {
        if !self.told.contains(&kind) {
            self.told.push(kind);
            effects.push(Effect::Notify(notice));
        }
    }

    /// Whether the user was told this and it still holds.
    pub(super) fn was_told(&self, kind: NoticeKind) -> bool {
        self.told.contains(&kind)
    }

    /// Takes a notice back whose cause is gone.
    pub(super) fn withdraw(&mut self, kind: NoticeKind, effects: &mut Vec<Effect>) {
        if self.told.contains(&kind) {
            self.told.retain(|told| *told != kind);
            effects.push(Effect::Withdraw(NoticeKey { project: Some(self.status.project.clone()), kind }));
        }
    }

    pub(super) fn withdraw_notices(&mut self, effects: &mut Vec<Effect>) {
        for kind in self.told.clone() {
            self.withdraw(kind, effects);
        }
    }

    pub(super) fn fail_starting(&mut self, failure: &Failure, effects: &mut Vec<Effect>) {
        let waiting = std::mem::take(&mut self.starting);
        effects.extend(waiting.into_iter().map(|client| Effect::Reply(client, Err(failure.clone()))));
    }

    /// What was asked for can't be done: what the list of projects says holds on.
    pub(super) fn take_back_wish(&mut self, at: Moment) {
        self.wish = self.saved_wish.unwrap_or(Wish::Stopped);
        self.plan_resume(at);
    }

    /// Looks again soon whether its folder is back.
    pub(super) fn await_folder(&mut self, now: Instant) {
        self.worker = Worker::Blocked { look_at: now + self.patience };
        self.patience = (self.patience * 2).min(LONGEST_LOOK);
    }

    /// Somebody asked for the opposite before it was done.
    pub(super) fn refuse_starting(&mut self, effects: &mut Vec<Effect>) {
        let failure = Failure::new(FailureCode::NotRunning, "the session was stopped before it had begun");
        self.fail_starting(&failure, effects);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.worker.deadline(), self.unwish_at, self.resume_at, self.calm_at].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, at: Moment, effects: &mut Vec<Effect>) {
        let now = at.instant;
        self.end_pause_in_time(at, effects);
        if self.unwish_at.is_some_and(|at| at <= now) {
            self.unwish_at = None;
            self.save_wish(effects);
        }
        if self.calm_at.is_some_and(|at| at <= now) {
            self.calm_at = None;
            if self.was_told(NoticeKind::Crashed) && matches!(self.worker, Worker::Running { .. }) {
                // It stays told: one more death within the ten minutes is no news.
                let key = NoticeKey { project: Some(self.status.project.clone()), kind: NoticeKind::Crashed };
                effects.push(Effect::Withdraw(key));
            }
        }
        if self.worker.deadline().is_none_or(|at| at > now) {
            return;
        }
        match self.worker.kill() {
            Some(tracker) => effects.push(Effect::Kill(tracker)),
            None => {
                self.worker = Worker::None;
                effects.push(Effect::Probe(self.status.project.clone()));
            }
        }
    }
}

fn trouble(project: &Path, state: State, reason: String) -> Effect {
    Effect::Mark(project.to_path_buf(), Mark { state, reason: Some(reason), paused_until: None })
}
