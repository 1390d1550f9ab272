//! What happened, in few words: a digest of entries within a budget, for an assistant or a colleague who comes late.
//!
//! Pure and without a clock: the same entries give the same bytes. What does not fit is dropped by its worth: of each
//! section the first lines say most, and every further one says less than the one before; what was dropped is said. Whatever
//! comes from the disk is escaped as in `session.md`, and the text begins by saying that it is data.

mod budget;
mod commands;
mod files;
mod text;

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, GitAction, Reason, What};
use budget::Section;
use commands::Commands;
use files::{Files, Ranked};

pub use commands::Command;
pub use files::{Became, File, FolderCount};

/// The version of the format, in `v`.
pub const FORMAT_VERSION: u32 = 1;

/// Unless it is said otherwise.
pub const DEFAULT_TOKENS: u64 = 2000;

/// There is no brief shorter than this.
pub const MIN_TOKENS: u64 = 300;

/// How many bytes of text are taken for a token. It is an estimate: what English and code come to in the usual
/// vocabularies; other scripts need more.
pub const TOKEN_BYTES: u64 = 4;

/// A digest of entries. Its `Display` is the text form.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Brief {
    /// The version of the format.
    pub v: u32,
    /// The project's name.
    pub project: String,
    /// The first entry that it tells of; none when there was nothing to tell.
    pub from: Option<Place>,
    /// The last one.
    pub to: Option<Place>,
    /// How much there was, shown or not.
    pub totals: Totals,
    /// Remarks, in their order.
    pub notes: Vec<Entry>,
    /// Commands: those whose last run failed, then those of which a run failed, then the others; of each the latest first.
    pub commands: Vec<Command>,
    /// What git did, in its order.
    pub git: Vec<GitMove>,
    /// Files, the most often changed first.
    pub files: Vec<File>,
    /// Spans in which nothing could be observed, in their order.
    pub gaps: Vec<Entry>,
    /// Sessions, in their order.
    pub sessions: Vec<Session>,
    /// The size that the text form had to fit.
    pub max_tokens: u64,
    /// What did not fit.
    pub left_out: LeftOut,
}

/// An entry's place in the project's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its number.
    pub seq: u64,
    /// When it was recorded.
    #[serde(serialize_with = "crate::entry::time_to_wire")]
    pub time: DateTime<FixedOffset>,
}

impl Place {
    /// Of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self { seq: entry.seq, time: entry.time }
    }
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Totals {
    /// Entries of every kind.
    pub entries: u64,
    /// Runs of commands.
    pub runs: u64,
    /// Runs that failed.
    pub failed_runs: u64,
    /// Files that are not as they were, but for those that git changed in a switch.
    pub files: u64,
    /// Files that came and went again.
    pub passing_files: u64,
    /// Secrets that were taken out of commands.
    pub redactions: u64,
}

/// Something that git did.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GitMove {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// How many files a switch changed.
    pub files_changed: u64,
}

/// A session, as far as the entries tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its first entry.
    pub from: Place,
    /// Its last entry.
    pub to: Place,
    /// Why it ended; none where no end is recorded.
    pub ended: Option<Reason>,
}

/// How many items did not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Remarks, the oldest.
    pub notes: u64,
    /// Commands.
    pub commands: u64,
    /// What git did, the oldest.
    pub git: u64,
    /// Files, the least often changed.
    pub files: u64,
    /// The folders of the root that hold most of these files, with their number.
    pub folders: Vec<FolderCount>,
    /// Gaps, the oldest.
    pub gaps: u64,
    /// Sessions, the oldest.
    pub sessions: u64,
}

impl Brief {
    /// Of entries in their order, the text of which takes at most so many tokens, but for [`MIN_TOKENS`].
    pub fn of(project: &str, entries: &[Entry], max_tokens: u64) -> Brief {
        let (mut brief, files) = Brief::whole(project, entries, max_tokens.max(MIN_TOKENS));
        brief.shorten(&files);
        for told in [&mut brief.notes, &mut brief.gaps] {
            told.reverse();
        }
        brief.git.reverse();
        brief.sessions.reverse();
        brief
    }

    /// Everything, with the items of each section in the order of their worth; of the files as many as could fit.
    fn whole<'e>(project: &str, entries: &'e [Entry], max_tokens: u64) -> (Brief, Ranked<'e>) {
        let mut files = Files::default();
        let mut commands = Commands::default();
        let (mut notes, mut gaps, mut redactions) = (Vec::new(), Vec::new(), 0);
        let (mut git, mut sessions): (Vec<GitMove>, Vec<Session>) = (Vec::new(), Vec::new());
        for entry in entries {
            follow_session(&mut sessions, entry);
            match &entry.what {
                What::Note(_) => notes.push(entry.clone()),
                What::Gap(_) => gaps.push(entry.clone()),
                What::Git(_) => git.push(GitMove { entry: entry.clone(), files_changed: 0 }),
                What::Ran(ran) => {
                    redactions += u64::from(ran.redactions);
                    commands.add(entry, ran);
                }
                What::Started(_) | What::Stopped(_) => {}
                change => {
                    // What a switch did was recorded with it in one batch, which has one time.
                    let switch = git.last_mut().filter(|last| last.is_switch() && last.entry.time == entry.time);
                    files.add(entry, change, switch.is_some());
                    if let Some(switch) = switch {
                        switch.files_changed += u64::from(change.is_of_file());
                    }
                }
            }
        }
        notes.reverse();
        gaps.reverse();
        git.reverse();
        sessions.reverse();
        let most = room(max_tokens) / text::SHORTEST_FILE + 1;
        let files = files.rank(most);
        let (runs, failed_runs) = commands.runs();
        let (changed, passing_files) = (files.count() as u64, files.passing);
        let entries_in_all = entries.len() as u64;
        let totals = Totals { entries: entries_in_all, runs, failed_runs, files: changed, passing_files, redactions };
        let brief = Brief {
            v: FORMAT_VERSION,
            project: project.to_owned(),
            from: entries.first().map(Place::of),
            to: entries.last().map(Place::of),
            totals,
            notes,
            commands: commands.by_weight(),
            git,
            files: files.first(most),
            gaps,
            sessions,
            max_tokens,
            left_out: LeftOut::default(),
        };
        (brief, files)
    }

    /// Drops what does not fit.
    fn shorten(&mut self, all_files: &Ranked<'_>) {
        let clock = self.clock();
        // There is no file that could fit behind those that we have.
        let file = |at: usize| self.files.get(at).map(|file| clock.file(file)).unwrap_or_default();
        let section = |worth, heading, count, line| Section { worth, heading, count, line };
        let kept = budget::fit(
            &[
                section(16, text::NOTES, self.notes.len(), &|at| clock.entry(&self.notes[at])),
                section(12, text::COMMANDS, self.commands.len(), &|at| clock.command(&self.commands[at])),
                section(6, text::GIT, self.git.len(), &|at| clock.git(&self.git[at])),
                section(12, text::FILES, all_files.count(), &file),
                section(4, text::GAPS, self.gaps.len(), &|at| clock.entry(&self.gaps[at])),
                section(4, text::SESSIONS, self.sessions.len(), &|at| clock.session(&self.sessions[at])),
            ],
            room(self.max_tokens).saturating_sub(self.head().len()),
            &|kept| text::left_out(&self.left_out_behind(kept, all_files), self.max_tokens).len(),
        );
        self.left_out = self.left_out_behind(kept, all_files);
        let [notes, commands, git, files, gaps, sessions] = kept;
        self.notes.truncate(notes);
        self.commands.truncate(commands);
        self.git.truncate(git);
        self.files.truncate(files);
        self.gaps.truncate(gaps);
        self.sessions.truncate(sessions);
    }

    /// What does not fit when of each section so many items do.
    fn left_out_behind(&self, kept: [usize; 6], all_files: &Ranked<'_>) -> LeftOut {
        let [notes, commands, git, files, gaps, sessions] = kept;
        LeftOut {
            notes: (self.notes.len() - notes) as u64,
            commands: (self.commands.len() - commands) as u64,
            git: (self.git.len() - git) as u64,
            files: (all_files.count() - files) as u64,
            folders: all_files.folders_behind(files),
            gaps: (self.gaps.len() - gaps) as u64,
            sessions: (self.sessions.len() - sessions) as u64,
        }
    }
}

impl GitMove {
    fn is_switch(&self) -> bool {
        matches!(&self.entry.what, What::Git(git) if git.action == GitAction::Switch)
    }
}

/// How many bytes the text may have.
fn room(max_tokens: u64) -> usize {
    usize::try_from(max_tokens.saturating_mul(TOKEN_BYTES)).unwrap_or(usize::MAX)
}

fn follow_session(sessions: &mut Vec<Session>, entry: &Entry) {
    let Some(id) = &entry.session else { return };
    let place = Place::of(entry);
    let session = match sessions.iter_mut().next_back().filter(|last| last.id == *id) {
        Some(session) => session,
        None => {
            sessions.push(Session { id: id.clone(), from: place, to: place, ended: None });
            let Some(session) = sessions.last_mut() else { return };
            session
        }
    };
    session.to = place;
    if let What::Stopped(end) = &entry.what {
        session.ended = Some(end.reason);
    }
}

#[cfg(test)]
mod schemas;
#[cfg(test)]
mod tests;
