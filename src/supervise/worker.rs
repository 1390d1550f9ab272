//! A project's tracker as the supervisor knows it: what it does, what it was asked, and until when it may take its time.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{ANSWER, BEGINNING, Client, TrackerId};

/// What a project's tracker does, with all that is true of it only then.
#[derive(Debug)]
pub(super) enum Worker {
    /// There is none.
    None,
    /// It reads the tree; killed when it falls silent over that.
    Starting { live: Live, until: Instant },
    /// It records.
    Running { live: Live },
    /// It was told to end; killed when it does not.
    Stopping { live: Live, until: Instant },
    /// It died, and is started again.
    Backoff { until: Instant },
    /// What stands in the way may be about to end: another program's recording, or a folder's absence.
    Blocked { look_at: Instant },
    /// It could not be started, or died too often.
    Failed,
}

/// A process that has not exited.
#[derive(Debug)]
pub(super) struct Live {
    tracker: TrackerId,
    /// The questions that it has not answered.
    asked: BTreeMap<u64, Question>,
    /// The question whose answer says that it records, for those who asked for that.
    confirms: Option<u64>,
    is_killed: bool,
}

#[derive(Debug)]
struct Question {
    client: Client,
    until: Instant,
}

impl Worker {
    pub(super) fn starting(tracker: TrackerId, now: Instant) -> Self {
        let live = Live { tracker, asked: BTreeMap::new(), confirms: None, is_killed: false };
        Worker::Starting { live, until: now + BEGINNING }
    }

    fn live(&self) -> Option<&Live> {
        match self {
            Worker::Starting { live, .. } | Worker::Running { live } | Worker::Stopping { live, .. } => Some(live),
            Worker::None | Worker::Backoff { .. } | Worker::Blocked { .. } | Worker::Failed => None,
        }
    }

    fn live_mut(&mut self) -> Option<&mut Live> {
        match self {
            Worker::Starting { live, .. } | Worker::Running { live } | Worker::Stopping { live, .. } => Some(live),
            Worker::None | Worker::Backoff { .. } | Worker::Blocked { .. } | Worker::Failed => None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.live().is_some()
    }

    fn is_killed(&self) -> bool {
        self.live().is_some_and(|live| live.is_killed)
    }

    pub(super) fn tracker(&self) -> Option<TrackerId> {
        self.live().map(|live| live.tracker)
    }

    /// It has read the tree, and turns to what it was asked meanwhile.
    pub(super) fn ready(&mut self, now: Instant) {
        self.is_at_work(now);
        *self = match std::mem::replace(self, Worker::None) {
            Worker::Starting { live, .. } => Worker::Running { live },
            other => other,
        };
    }

    /// Begins to end the tracker; whom to tell, unless it was told before.
    pub(super) fn stop(&mut self, now: Instant) -> Option<TrackerId> {
        let (worker, told) = match std::mem::replace(self, Worker::None) {
            Worker::Starting { live, .. } | Worker::Running { live } => {
                let tracker = live.tracker;
                (Worker::Stopping { live, until: now + ANSWER }, Some(tracker))
            }
            other => (other, None),
        };
        *self = worker;
        told
    }

    /// The tracker to ask, if there is one.
    pub(super) fn ask(&mut self, question: u64, client: Client, now: Instant) -> Option<TrackerId> {
        if matches!(self, Worker::Stopping { .. }) {
            return None;
        }
        let live = self.live_mut()?;
        live.asked.insert(question, Question { client, until: now + ANSWER });
        Some(live.tracker)
    }

    /// Who asked what is answered now.
    pub(super) fn answered(&mut self, question: u64) -> Client {
        self.live_mut()?.asked.remove(&question)?.client
    }

    /// All who wait for an answer.
    pub(super) fn into_asking(self) -> impl Iterator<Item = Client> {
        let live = match self {
            Worker::Starting { live, .. } | Worker::Running { live } | Worker::Stopping { live, .. } => Some(live),
            Worker::None | Worker::Backoff { .. } | Worker::Blocked { .. } | Worker::Failed => None,
        };
        live.into_iter().flat_map(|live| live.asked.into_values()).map(|question| question.client)
    }

    /// It has not forgotten what it was asked.
    pub(super) fn is_at_work(&mut self, now: Instant) {
        if let Worker::Starting { until, .. } = self {
            *until = now + BEGINNING;
        }
        let asked = self.live_mut().into_iter().flat_map(|live| live.asked.values_mut());
        asked.for_each(|question| question.until = now + ANSWER);
    }

    /// The answer to this question is for those who asked for it to be recorded.
    pub(super) fn confirm_with(&mut self, question: u64) {
        if let Some(live) = self.live_mut() {
            live.confirms = Some(question);
        }
    }

    /// Whether this question was asked for them.
    pub(super) fn is_confirmed_by(&self, question: u64) -> bool {
        self.live().is_some_and(|live| live.confirms == Some(question))
    }

    /// When to end it by force, or to look whether it can begin.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            _ if self.is_killed() => None,
            Worker::Backoff { until } | Worker::Starting { until, .. } | Worker::Stopping { until, .. } => Some(*until),
            Worker::Blocked { look_at } => Some(*look_at),
            Worker::Running { live } => live.asked.values().map(|question| question.until).min(),
            Worker::None | Worker::Failed => None,
        }
    }

    /// Ends it by force; whom.
    pub(super) fn kill(&mut self) -> Option<TrackerId> {
        let live = self.live_mut()?;
        live.is_killed = true;
        Some(live.tracker)
    }
}
