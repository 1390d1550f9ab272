//! Claims about a command, held against the record: did it run, did it succeed, was that after the last edit?
//!
//! A claim holds where the record is evidence for it, and only there. What was not observed is never taken for unchanged: a
//! span that nothing could be compared with afterwards, and the time since a session ended, speak against "after the last
//! edit".

mod paths;

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::command::{TICK, began_ns, changed_ns, nanoseconds, succeeded};
use crate::entry::{Entry, FoundBy, Ran, What};
use crate::line::{cut, detail, escape};

pub use paths::{BadGlob, Paths, Pattern, from_root, typed};

/// The most characters of a command in a sentence.
const COMMAND_CHARS: usize = 80;

/// What is claimed.
#[derive(Debug)]
pub struct Claim {
    /// A part of the command line.
    pub pattern: String,
    /// No file that matters changed since the command began.
    pub after_last_edit: bool,
    /// The files that matter.
    pub paths: Paths,
    /// Of their patterns those that match nothing on the disk.
    pub unnamed: Vec<Pattern>,
    /// The command ended within this span before `now`.
    pub within: Option<Duration>,
    /// When the claim is made.
    pub now: DateTime<FixedOffset>,
}

/// Whether a claim holds, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// For programs.
    pub reason: Reason,
    /// For people, in a sentence.
    pub message: String,
    /// What to do, where it does not hold.
    pub hint: Option<String>,
    /// The command that decides, as it was recorded.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub command: Option<Entry>,
    /// The change that speaks against it, as it was recorded.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub change: Option<Entry>,
}

/// Why a claim holds, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// All that was claimed is in the record.
    Holds,
    /// No such command is in the record.
    NotRun,
    /// The last such command ended longer ago than was asked for.
    TooOld,
    /// The last such command failed.
    Failed,
    /// A pattern of files that matter matches no file.
    NoSuchFile,
    /// A file changed after the command began.
    Edited,
    /// What changed after the command began is not known.
    NotObserved,
}

/// A walk through the record, from its end back to where the claim is decided.
#[derive(Debug)]
pub struct Search<'c> {
    claim: &'c Claim,
    /// What matters of what was seen, the newest first.
    seen: Vec<Entry>,
    /// When the earliest command that may decide began.
    back_to: Option<i64>,
}

impl<'c> Search<'c> {
    /// For one claim.
    pub fn new(claim: &'c Claim) -> Self {
        Self { claim, seen: Vec::new(), back_to: None }
    }

    /// Takes the next entry, from the newest back; false when no other is needed.
    pub fn take(&mut self, entry: Entry) -> bool {
        let is_late = entry.what.is_late();
        if self.back_to.is_some_and(|begin| nanoseconds(&entry.time) < begin) && !is_late {
            return false;
        }
        let found = self.matching(&entry).map(|ran| began_ns(ran, &entry.time));
        // One that had to wait elsewhere stands behind others, of which one may be the newest.
        self.back_to = match found {
            Some(begin) if self.back_to.is_some() || !is_late => Some(self.back_to.map_or(begin, |at| at.min(begin))),
            _ => self.back_to,
        };
        if found.is_some() || entry.what.is_file_change() || matches!(entry.what, What::Started(_) | What::Gap(_)) {
            self.seen.push(entry);
        }
        // Hooks record beside the shell: of two commands, the one that began later may stand first.
        true
    }

    fn matching<'e>(&self, entry: &'e Entry) -> Option<&'e Ran> {
        match &entry.what {
            // A check that was recorded is no evidence of what it asked for.
            What::Ran(ran) if !ran.command.trim_start().starts_with("ctx check") => {
                ran.command.contains(&self.claim.pattern).then_some(ran)
            }
            _ => None,
        }
    }

    /// What the walk has shown. `is_current` says whether every change made on disk so far is in the record.
    pub fn verdict(mut self, is_current: bool) -> Verdict {
        self.seen.reverse();
        let commands = self.seen.iter().filter_map(|entry| Some((entry, self.matching(entry)?)));
        let Some((entry, ran)) = commands.max_by_key(|(entry, ran)| (began_ns(ran, &entry.time), entry.seq)) else {
            let message = format!("No command that holds {:?} is in the record.", escape(&self.claim.pattern));
            return no(Reason::NotRun, message, "run it with `ctx run -- COMMAND`, which records it");
        };
        let name = format!("`{}`", cut(&escape(&ran.command), COMMAND_CHARS));
        let against = self.age(&name, entry).or_else(|| failure(&name, entry, ran));
        let against = against
            .or_else(|| if self.claim.after_last_edit { self.edit(&name, entry, ran, is_current) } else { None });
        let edits = if self.claim.after_last_edit { ", and no file that matters changed since it began" } else { "" };
        let holds = || Verdict {
            holds: true,
            reason: Reason::Holds,
            message: format!("{name} succeeded at {}{edits}.", moment(&entry.time)),
            hint: None,
            command: None,
            change: None,
        };
        Verdict { command: Some(entry.clone()), ..against.unwrap_or_else(holds) }
    }

    fn age(&self, name: &str, entry: &Entry) -> Option<Verdict> {
        let age = self.claim.now.signed_duration_since(entry.time).to_std().unwrap_or_default();
        self.claim.within.filter(|within| age > *within)?;
        let message = format!("{name} ran last at {}, which is longer ago than asked for.", moment(&entry.time));
        Some(no(Reason::TooOld, message, "run it again with `ctx run`"))
    }

    /// What speaks against "after the last edit".
    fn edit(&self, name: &str, entry: &Entry, ran: &Ran, is_current: bool) -> Option<Verdict> {
        let is_named = |pattern: &&Pattern| self.seen.iter().any(|entry| pattern.is_of(&entry.what));
        if let Some(unnamed) = self.claim.unnamed.iter().find(|pattern| !is_named(pattern)) {
            let message = format!("No file that is recorded is named by {:?}.", escape(&unnamed.glob));
            let hint = "a pattern is taken from the folder that you are in, and one that begins with / from the project's root; \
                        leave out what is not there";
            return Some(no(Reason::NoSuchFile, message, hint));
        }
        let begin = began_ns(ran, &entry.time);
        let begin_text = moment(&DateTime::from_timestamp_nanos(begin).with_timezone(entry.time.offset()));
        let observed = self.observe(begin);
        if let Some(change) = observed.change {
            let (what, when) = (detail(&change.what), moment(&change.time));
            let message =
                format!("{name} began at {begin_text}, and files changed after that: {what}, recorded at {when}.");
            let hint = "run it again with `ctx run`, or say with --paths which files matter to it";
            return Some(Verdict { change: Some(change.clone()), ..no(Reason::Edited, message, hint) });
        }
        if let Some(until) = observed.unknown_until {
            let until = moment(&until.time);
            let message = format!("{name} began at {begin_text}; what changed between then and {until} is not known.");
            return Some(no(Reason::NotObserved, message, "run it again with `ctx run`"));
        }
        let message = || format!("{name} began at {begin_text}; what changed since then is not in the record.");
        let hint = "see `ctx status`; `ctx start` records the project and finds what changed meanwhile";
        (!is_current).then(|| no(Reason::NotObserved, message(), hint))
    }

    /// What the record knows of the time since a command began.
    fn observe(&self, begin: i64) -> Observed<'_> {
        let mut newest: Option<(i64, &Entry)> = None;
        let mut unknown_until = None;
        // The gap behind which a scan found changes, and a session of which no gap says what was before.
        let (mut unseen_since, mut unexplained) = (None, None);
        for entry in &self.seen {
            match &entry.what {
                What::Started(_) if nanoseconds(&entry.time) >= begin => unexplained = Some(entry),
                What::Gap(gap) => {
                    unseen_since = Some(&gap.from);
                    unexplained = unexplained.filter(|begin: &&Entry| begin.time < gap.from);
                    if gap.changes_found.is_none() && nanoseconds(&gap.to) >= begin {
                        unknown_until = Some(entry);
                    }
                }
                what => {
                    let since = begin.saturating_sub(doubt(entry, begin));
                    let after = changed_ns(entry, unseen_since).filter(|at| *at > since);
                    if let Some(at) = after.filter(|_| self.claim.paths.concern(what)) {
                        newest = newest.filter(|(other, _)| *other > at).or(Some((at, entry)));
                    }
                }
            }
        }
        Observed { change: newest.map(|(_, entry)| entry), unknown_until: unknown_until.or(unexplained) }
    }
}

/// The times of files run behind: how much older than the command's beginning a change may look, in nanoseconds, that was seen to
/// happen and recorded since.
fn doubt(entry: &Entry, begin: i64) -> i64 {
    match &entry.what {
        What::Created(change) | What::Edited(change)
            if change.found_by == FoundBy::Watch && nanoseconds(&entry.time) > begin =>
        {
            TICK
        }
        _ => 0,
    }
}

#[derive(Debug)]
struct Observed<'s> {
    /// The newest change of a file that matters.
    change: Option<&'s Entry>,
    /// The end of a span of which nobody knows what changed in it.
    unknown_until: Option<&'s Entry>,
}

fn failure(name: &str, entry: &Entry, ran: &Ran) -> Option<Verdict> {
    // The status may say something else.
    let code = ran.exit_code.filter(|code| *code != 0 && !ran.status.contains(&code.to_string()));
    let code = code.map(|code| format!(" and exit code {code}")).unwrap_or_default();
    let message = || format!("{name} ended with {:?}{code} at {}.", escape(&ran.status), moment(&entry.time));
    let hint = "mend it and run it again with `ctx run`";
    (!succeeded(ran)).then(|| no(Reason::Failed, message(), hint))
}

fn no(reason: Reason, message: String, hint: &str) -> Verdict {
    Verdict { holds: false, reason, message, hint: Some(hint.to_owned()), command: None, change: None }
}

fn moment(time: &DateTime<FixedOffset>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
