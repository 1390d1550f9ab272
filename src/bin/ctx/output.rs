//! What is printed, and how: data on standard output, messages on standard error.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use context_tray::line::visible;
use context_tray::request::Failure;
use context_tray::status::{LastEvent, ProjectStatus, State, WatchMode};
use serde::Serialize;

use crate::args::{Color, Global};
use crate::progress::Progress;

const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const TROUBLE: Style = AnsiColor::Red.on_default();
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(crate) const REMARK: Style = AnsiColor::Magenta.on_default();
pub(crate) const ASIDE: Style = Style::new().dimmed();

/// Where everything that a verb says goes through.
#[derive(Debug)]
pub(crate) struct Output {
    quiet: bool,
    verbose: bool,
    /// What was warned of, where it is not printed.
    collected: Option<RefCell<Vec<String>>>,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Output {
        match global.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::AlwaysAnsi.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        Output { quiet: global.quiet, verbose: global.verbose, ..Output::plain() }
    }

    /// As nothing was said of it.
    pub(crate) fn plain() -> Output {
        Output { quiet: false, verbose: false, collected: None }
    }

    /// Prints no message, and hands out the warnings afterwards.
    pub(crate) fn collecting() -> Output {
        Output { quiet: true, verbose: false, collected: Some(RefCell::default()) }
    }

    /// What was warned of.
    pub(crate) fn collected(self) -> Vec<String> {
        self.collected.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Whether what explains the rest is wanted.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// What the verb was asked for.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// The same, for programs.
    pub(crate) fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.data(&serde_json::to_string_pretty(value)?)
    }

    /// What the verb has done.
    pub(crate) fn done(&self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.data(text) }
    }

    /// What went another way than usual.
    pub(crate) fn warn(&self, text: &str) {
        if let Some(collected) = &self.collected {
            collected.borrow_mut().push(text.to_owned());
        } else if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {}", visible(text));
        }
    }

    /// What is worth knowing about what was done, and what to do next.
    pub(crate) fn note(&self, text: &str, hint: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "note: {}\n{HINT}hint:{HINT:#} {}", visible(text), visible(hint));
        }
    }

    /// What goes on from now on, until the value is dropped.
    pub(crate) fn progress(&self, what: &'static str) -> Progress {
        Progress::new(what, !self.quiet)
    }

    /// What explains how it went.
    pub(crate) fn explain(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(anstream::stderr(), "{}", visible(text));
        }
    }

    /// Why it could not be done, and what to do.
    pub(crate) fn error(&self, failure: &Failure) {
        let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {}", visible(&failure.message));
        if let Some(hint) = &failure.hint {
            self.hint(hint);
        }
    }

    /// What to do.
    pub(crate) fn hint(&self, hint: &str) {
        let _ = writeln!(anstream::stderr(), "{HINT}hint:{HINT:#} {}", visible(hint));
    }
}

/// A path for people: nothing in it can end or disguise a line.
pub(crate) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

/// A project's state in a word, coloured.
pub(crate) fn state_word(state: State) -> String {
    let (word, style) = match state {
        State::Running => ("recording", GOOD),
        State::Starting => ("starting", GOOD),
        State::Stopped => ("stopped", Style::new()),
        State::Paused => ("paused", Style::new()),
        State::Stale => ("stale", TROUBLE),
        State::Backoff => ("restarting", TROUBLE),
        State::Failed => ("failed", TROUBLE),
        State::Missing => ("missing", TROUBLE),
    };
    format!("{style}{word}{style:#}")
}

/// A project's status in sentences.
pub(crate) fn status_text(status: &ProjectStatus) -> String {
    let mut lines = vec![format!("{}: {}.", visible(&status.name()), headline(status))];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<14}{value}"));
    fact("Folder:", shown(&status.project));
    if let Some(watched) = watched(status) {
        fact("Watching:", watched);
    }
    if let Some(reason) = &status.reason {
        fact("Reason:", visible(reason));
    }
    if let Some(degraded) = &status.degraded {
        fact("Degraded:", visible(degraded));
    }
    if let Some(problem) = &status.record_problem {
        fact("Not written:", visible(problem));
    }
    if let Some(problem) = &status.config_problem {
        fact("Config:", visible(problem));
    }
    if let Some(LastEvent { time, detail }) = &status.last_event {
        fact("Last event:", format!("{}  {}", clock(time), visible(detail)));
    }
    if let Some(last) = &status.last_command {
        let (command, result) = (visible(&last.command), visible(&last.status));
        fact("Last command:", format!("{}  {command} -> {result}", clock(&last.time)));
    }
    lines.join("\n")
}

fn headline(status: &ProjectStatus) -> String {
    let word = state_word(status.state);
    match (status.state, status.pid, status.stale_pid) {
        (State::Stale, _, Some(pid)) => {
            format!("{word}: PID {pid} was left behind by a tracker that is gone; `ctx stop` cleans up")
        }
        (State::Stale, ..) => format!("{word}: a PID file was left behind; `ctx stop` cleans up"),
        (State::Paused, ..) => match &status.paused_until {
            Some(until) => format!("{word} until {}", moment(until)),
            None => format!("{word} until `ctx resume`"),
        },
        (State::Missing, ..) => format!("{word}: the folder is gone, or can't be read"),
        (_, Some(pid), _) => match &status.started_at {
            Some(since) => format!("{word} (PID {pid}) since {}", moment(since)),
            None => format!("{word} (PID {pid})"),
        },
        _ => match &status.stopped_at {
            Some(since) => format!("{word} since {}", moment(since)),
            None => word,
        },
    }
}

/// What is watched and how, where something is.
pub(crate) fn watched(status: &ProjectStatus) -> Option<String> {
    let folders = count(status.directories_watched?, "folder");
    let files = status.files_indexed.map(|files| format!(", {}", count(files, "file"))).unwrap_or_default();
    let mode = if status.watch_mode == Some(WatchMode::Polling) { " (polling)" } else { "" };
    Some(format!("{folders}{files}{mode}"))
}

pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The day and the minute of an RFC 3339 time.
fn moment(time: &str) -> String {
    visible(&time.get(..16).unwrap_or(time).replace('T', " "))
}

/// The second of the day of an RFC 3339 time.
fn clock(time: &str) -> String {
    visible(time.get(11..19).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_who_and_since_when_and_nothing_that_it_does_not_know() {
        let mut status = ProjectStatus::unknown(Path::new("/home/me/shop"), State::Running);
        status.pid = Some(4711);
        status.started_at = Some("2026-11-22T10:00:00+01:00".into());
        status.directories_watched = Some(1);
        status.files_indexed = Some(340);
        status.last_event =
            Some(LastEvent { time: "2026-11-22T10:00:13.250+01:00".into(), detail: "Edited: a\u{1b}[2J".into() });
        let text = anstream::adapter::strip_str(&status_text(&status)).to_string();
        assert_eq!(
            text,
            "shop: recording (PID 4711) since 2026-11-22 10:00.\n\
             \x20 Folder:       /home/me/shop\n\
             \x20 Watching:     1 folder, 340 files\n\
             \x20 Last event:   10:00:13  Edited: a\\x1b[2J"
        );
    }
}
