//! Takes the secrets out of what is about to be written: `--password hunter2` becomes `--password [REDACTED:password]`.
//!
//! Pure: text in, text out. Four kinds of rule look at a text, and each only says where a secret lies: `tokens` knows
//! secrets by their form, `values` by the name before them, `phrases` by what they stand in, `commands` by what a program
//! makes of its words. They are tables that are scanned by hand in linear time, so that a command costs nothing to look
//! at. The user's own patterns come on top.
//!
//! What is no secret stays to the byte: the name of the option, the user of the URL, a reference such as `$TOKEN`.
//! Redacting what is redacted changes nothing.

mod commands;
mod names;
mod open;
mod phrases;
mod programs;
mod tokens;
mod values;
mod words;

use std::borrow::Cow;

use crate::config;
use crate::entry::{Git, Note, Ran, Record, What};
use crate::line::{self, Said};

/// What a secret is replaced by, up to its kind.
const MARKER: &str = "[REDACTED:";

/// The kind of what a pattern of the user's matches.
const PATTERN: &str = "pattern";

/// What is taken out may show more. Each look finds less; two are what it takes.
const MOST_LOOKS: usize = 8;

/// Where a secret lies, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    kind: &'static str,
}

/// Knows what to take out: the built-in rules, and the user's patterns.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    patterns: Vec<config::Pattern>,
}

/// A text without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted<'t> {
    /// The text; the same where there was none.
    pub text: Cow<'t, str>,
    /// How many there were.
    pub count: u64,
}

/// A way to redact a text: as a command, as any other.
pub type Way = for<'t> fn(&Redactor, &'t str) -> Redacted<'t>;

/// One of the kinds of rule, for a whole text.
type Find = fn(&str, &mut Vec<Span>);

impl Redactor {
    /// With these patterns of the user's.
    pub fn new(config: &config::Redact) -> Self {
        Self { patterns: config.patterns.clone() }
    }

    /// Takes the secrets out of a command line.
    pub fn command<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.redact(text, &[tokens::find, values::find, phrases::find, commands::find])
    }

    /// The same for a text of any other kind.
    pub fn text<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.redact(text, &[tokens::find, values::find, phrases::find])
    }

    /// Takes the secrets out of all that a record has of free text. The names of files are left alone: they are what
    /// the record is about.
    pub fn what(&self, what: &mut What) -> u64 {
        match what {
            What::Ran(ran) => self.ran(ran),
            What::Note(note) => self.note(note),
            What::Git(Git { subject: Some(subject), .. }) => self.in_place(subject, Redactor::text),
            _ => 0,
        }
    }

    /// The same for what a client sent.
    pub fn record(&self, record: &mut Record) {
        match record {
            Record::Ran(ran) => self.ran(ran),
            Record::Note(note) => self.note(note),
        };
    }

    fn ran(&self, ran: &mut Ran) -> u64 {
        let command = self.in_place(&mut ran.command, Redactor::command);
        let status = self.in_place(&mut ran.status, Redactor::text);
        let cwd = ran.cwd.as_mut().map_or(0, |cwd| self.in_place(cwd, Redactor::text));
        let count = command + status + cwd;
        ran.redactions = ran.redactions.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        count
    }

    fn note(&self, note: &mut Note) -> u64 {
        self.in_place(&mut note.text, Redactor::text)
    }

    /// Takes the secrets out of a text where it is; gives their number.
    pub fn in_place(&self, text: &mut String, way: Way) -> u64 {
        let redacted = way(self, text);
        let count = redacted.count;
        if let Cow::Owned(changed) = redacted.text {
            *text = changed;
        }
        count
    }

    /// The same for a line of `session.md`, as ours and those of others are.
    pub fn line<'t>(&self, text: &'t str) -> Redacted<'t> {
        let unchanged = Redacted { text: Cow::Borrowed(text), count: 0 };
        let Some(parsed) = line::parse(text) else {
            // A heading; else the rest of a command of several lines, which another program wrote.
            return if text.starts_with('#') { self.text(text) } else { self.command(text) };
        };
        match parsed.said {
            Said::Changed(..) | Said::Moved(..) => unchanged,
            Said::Other(_) => self.text(text),
            Said::Note(note) => self.escaped(text, "Note: ", line::escape_bytes, &note, Redactor::text),
            Said::Ran(command, _) => {
                let redacted = self.escaped(text, "Ran: ", line::operand, &command, Redactor::command);
                // The result stands behind the command, which holds no arrow of its own.
                let Some((said, result)) = redacted.text.split_once(" -> ") else { return redacted };
                let result = self.text(result);
                let count = redacted.count + result.count;
                if result.count == 0 {
                    return redacted;
                }
                Redacted { text: Cow::Owned(format!("{said} -> {}", result.text)), count }
            }
        }
    }

    /// A line with a part behind a word that was read without its escapes.
    fn escaped<'t>(
        &self,
        line: &'t str,
        word: &str,
        escape: fn(&[u8]) -> String,
        part: &str,
        way: Way,
    ) -> Redacted<'t> {
        let redacted = way(self, part);
        if redacted.count == 0 {
            return Redacted { text: Cow::Borrowed(line), count: 0 };
        }
        let (before, rest) = line.split_at(line.find(word).map_or(0, |at| at + word.len()));
        let (left, rest) = match rest.strip_prefix(&*escape(part.as_bytes())) {
            Some(rest) => (Redacted { text: Cow::Owned(escape(redacted.text.as_bytes())), ..redacted }, rest),
            // Another program's, which escapes in another way.
            None => (way(self, rest), ""),
        };
        Redacted { text: Cow::Owned(format!("{before}{}{rest}", left.text)), count: left.count }
    }

    fn redact<'t>(&self, text: &'t str, rules: &[Find]) -> Redacted<'t> {
        let mut redacted = Redacted { text: Cow::Borrowed(text), count: 0 };
        for _ in 0..MOST_LOOKS {
            let found = self.find(&redacted.text, rules);
            if found.is_empty() {
                break;
            }
            redacted.count += found.len() as u64;
            redacted.text = Cow::Owned(replaced(&redacted.text, &found));
        }
        redacted
    }

    /// Where the secrets lie, in order and apart from each other.
    fn find(&self, text: &str, rules: &[Find]) -> Vec<Span> {
        let mut found = Vec::new();
        rules.iter().for_each(|find| find(text, &mut found));
        for pattern in &self.patterns {
            let spans = pattern.regex().find_iter(text).map(|it| (it.start(), it.end()));
            found.extend(spans.map(|(start, end)| Span { start, end, kind: PATTERN }));
        }
        found.retain(|span| span.start < span.end);
        if found.is_empty() { found } else { joined(found, markers(text)) }
    }
}

/// What overlaps becomes one, of the kind of the longest. A marker is taken along whole; one that is all there is, is not
/// found again.
fn joined(mut found: Vec<Span>, markers: Vec<(usize, usize)>) -> Vec<Span> {
    let is_marked = |span: &Span| {
        let at = markers.partition_point(|(start, _)| *start <= span.start);
        at.checked_sub(1).is_some_and(|before| span.end <= markers[before].1)
    };
    found.retain(|span| !is_marked(span));
    let taken_along = markers.iter().map(|(start, end)| Span { start: *start, end: *end, kind: "" });
    found.extend(taken_along);
    // Stable: what is as long as what was found before it does not count.
    found.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut joined: Vec<(Span, usize)> = Vec::new();
    for span in found {
        let length = if span.kind.is_empty() { 0 } else { span.end - span.start };
        match joined.last_mut() {
            Some((last, longest)) if span.start < last.end => {
                last.end = last.end.max(span.end);
                if length > *longest {
                    (last.kind, *longest) = (span.kind, length);
                }
            }
            _ => joined.push((span, length)),
        }
    }
    joined.into_iter().map(|(span, _)| span).filter(|span| !span.kind.is_empty()).collect()
}

fn replaced(text: &str, found: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in found {
        out.push_str(&text[at..span.start]);
        out.push_str(MARKER);
        out.push_str(span.kind);
        out.push(']');
        at = span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The length of the marker that stands here.
fn marker_at(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix(MARKER)?;
    let kind =
        rest.bytes().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-').count();
    (kind > 0 && rest[kind..].starts_with(']')).then_some(MARKER.len() + kind + 1)
}

fn markers(text: &str) -> Vec<(usize, usize)> {
    let at = text.match_indices(MARKER).map(|(at, _)| at);
    at.filter_map(|at| Some((at, at + marker_at(text, at)?))).collect()
}

#[cfg(test)]
mod tests;
