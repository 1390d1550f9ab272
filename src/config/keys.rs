//! The keys that a file may hold: what each takes, what it is now, and where it stands in a file.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::{DeTable, DeValue};
use toml_edit::{Array, Value};

use super::{Config, DAY, MEGABYTE, Owner, Problem, line_of};

/// All keys, in the order of the template.
pub const KEYS: [Key; 11] = [
    Key { name: "watch.ignore", value: |config| list(config.watch.ignore.iter()) },
    Key { name: "watch.use_gitignore", value: |config| config.watch.use_gitignore.into() },
    Key { name: "watch.directories", value: |config| paths(&config.watch.directories) },
    Key { name: "record.quiet_ms", value: |config| milliseconds(config.record.quiet) },
    Key { name: "record.max_hold_ms", value: |config| milliseconds(config.record.max_hold) },
    Key { name: "record.summarise_over", value: |config| number(config.record.summarise_over as u128) },
    Key { name: "record.rotate_over_mb", value: |config| number((config.record.rotate_over / MEGABYTE).into()) },
    Key {
        name: "record.keep_days",
        value: |config| number(config.record.keep.as_secs() as u128 / DAY.as_secs() as u128),
    },
    Key { name: "redact.patterns", value: |config| list(config.redact.patterns.iter().map(|p| p.regex().as_str())) },
    Key { name: "notify.enabled", value: |config| config.notify.enabled.into() },
    Key { name: "notify.mute", value: |config| paths(&config.notify.mute) },
];

/// So many things without effect are told: a file may come with a project from anywhere.
pub(super) const MOST_PROBLEMS: usize = 20;

/// One thing that can be configured.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    name: &'static str,
    value: fn(&Config) -> Value,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A number from 0.
    Number,
    /// Texts; what several files say is added up.
    List,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Flag => "true or false",
            Kind::Number => "a whole number",
            Kind::List => "a list of texts",
        })
    }
}

impl Key {
    /// The key of this name, such as `record.quiet_ms`.
    pub fn named(name: &str) -> Option<Key> {
        KEYS.into_iter().find(|key| key.name == name)
    }

    /// Its name with that of its table.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The table that it stands in, and its name there.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or((self.name, ""))
    }

    /// What it takes.
    pub fn kind(&self) -> Kind {
        match self.value(&Config::default()) {
            Value::Boolean(_) => Kind::Flag,
            Value::Array(_) => Kind::List,
            _ => Kind::Number,
        }
    }

    /// Whether it means anything in a file of this owner's.
    pub fn counts_in(&self, owner: Owner) -> bool {
        owner == Owner::User || self.parts().0 != "notify"
    }

    /// Its value in this configuration, as a file would have it.
    pub fn value(&self, config: &Config) -> Value {
        (self.value)(config)
    }

    /// From 1, the line of a valid file that it stands on.
    pub fn line(&self, text: &str) -> Option<usize> {
        self.span(text).map(|span| line_of(text, span.start))
    }

    /// Where it stands in a valid file, with its value.
    pub fn span(&self, text: &str) -> Option<Range<usize>> {
        let mut found = None;
        for_each(text, |table, key, span| {
            if (table, key) == self.parts() {
                found = Some(span);
            }
        });
        found
    }
}

/// The key of ours whose value is at this place.
pub(super) fn at(text: &str, offset: usize) -> Option<Key> {
    KEYS.into_iter().find(|key| key.span(text).is_some_and(|span| span.contains(&offset)))
}

/// What a valid file says that means nothing to us, or nothing in this owner's file.
pub(super) fn without_effect(text: &str, owner: Owner) -> Vec<Problem> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let mut problems = Vec::new();
    let is_table = |name: &str| KEYS.iter().any(|key| key.parts().0 == name);
    for table in document.get_ref().keys().filter(|table| !is_table(table.get_ref())).take(MOST_PROBLEMS) {
        let message = format!("unknown table or key {:?}", table.get_ref());
        problems.push(Problem { line: line_of(text, table.span().start), message });
    }
    for_each(text, |table, name, span| {
        if problems.len() >= MOST_PROBLEMS {
            return;
        }
        let message = match KEYS.iter().find(|key| key.parts() == (table, name)) {
            None if is_table(table) => format!("unknown key {table}.{name}"),
            Some(key) if !key.counts_in(owner) => {
                format!("{} counts only in your own configuration", key.name())
            }
            _ => return,
        };
        problems.push(Problem { line: line_of(text, span.start), message });
    });
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// Hands out the keys of a valid file's tables, each with its table and its place.
fn for_each(text: &str, mut take: impl FnMut(&str, &str, Range<usize>)) {
    let Ok(document) = DeTable::parse(text) else { return };
    for (table, value) in document.get_ref() {
        let DeValue::Table(keys) = value.get_ref() else { continue };
        for (key, value) in keys {
            take(table.get_ref(), key.get_ref(), key.span().start..value.span().end);
        }
    }
}

fn milliseconds(time: Duration) -> Value {
    number(time.as_millis())
}

fn number(number: u128) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn list<T: Into<String>>(texts: impl Iterator<Item = T>) -> Value {
    Value::Array(texts.map(Into::into).collect::<Array>())
}

fn paths(paths: &[PathBuf]) -> Value {
    list(paths.iter().map(|path| path.to_string_lossy()))
}
