//! Commands by their last result: each command line is told once.

use std::cmp::Reverse;
use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::command::{began_ns, failed};
use crate::entry::{Entry, Ran, What};

/// A command line with what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Command {
    /// How often it ran.
    pub runs: u64,
    /// How many of these runs failed.
    pub failed_runs: u64,
    /// The last run.
    pub last: Entry,
}

impl Command {
    /// The last run.
    pub(super) fn ran(&self) -> Option<&Ran> {
        if let What::Ran(ran) = &self.last.what { Some(ran) } else { None }
    }
}

/// The runs of one command line.
struct Runs<'e> {
    runs: u64,
    failed_runs: u64,
    last: &'e Entry,
    has_failed_last: bool,
}

#[derive(Default)]
pub(super) struct Commands<'e> {
    by_text: HashMap<&'e str, Runs<'e>>,
}

impl<'e> Commands<'e> {
    pub(super) fn add(&mut self, entry: &'e Entry, ran: &'e Ran) {
        let has_failed = failed(ran);
        let new = Runs { runs: 0, failed_runs: 0, last: entry, has_failed_last: has_failed };
        let command = self.by_text.entry(&ran.command).or_insert(new);
        command.runs += 1;
        command.failed_runs += u64::from(has_failed);
        // Hooks record beside the shell: what stands last may have begun before.
        let began =
            |entry: &Entry| if let What::Ran(ran) = &entry.what { began_ns(ran, &entry.time) } else { i64::MIN };
        if began(entry) >= began(command.last) {
            (command.last, command.has_failed_last) = (entry, has_failed);
        }
    }

    /// How many runs there were, and how many of them failed.
    pub(super) fn runs(&self) -> (u64, u64) {
        let sum = |count: fn(&Runs<'_>) -> u64| self.by_text.values().map(count).sum();
        (sum(|command| command.runs), sum(|command| command.failed_runs))
    }

    /// What failed last, then what failed at all, then the rest; of each the latest first.
    pub(super) fn by_weight(self) -> Vec<Command> {
        let mut commands: Vec<Runs<'_>> = self.by_text.into_values().collect();
        let text = |command: &Runs<'e>| if let What::Ran(ran) = &command.last.what { &ran.command } else { "" };
        commands.sort_by_key(|command| {
            (!command.has_failed_last, command.failed_runs == 0, Reverse(command.last.seq), text(command))
        });
        let told = |Runs { runs, failed_runs, last, .. }: Runs<'_>| Command { runs, failed_runs, last: last.clone() };
        commands.into_iter().map(told).collect()
    }
}
