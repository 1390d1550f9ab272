//! `ctx doctor`: looks at everything that recording needs, and says of each thing that is wrong what mends it.
//!
//! It changes nothing, and asks the agent only who it is and what its desktop has for it.

mod checks;

use std::process::ExitCode;

use anstyle::Style;
use context_tray::line::visible;
use serde::Serialize;

use super::Context;
use crate::error::{Error, FAILED};
use crate::output::{GOOD, HINT, TROUBLE, WARNING, count};

/// The longest word for a level.
const WIDTH: usize = "problem".len();

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    level: Level,
    message: String,
    /// What to do, where something is to be done.
    remedy: Option<String>,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// Something does not work.
    Problem,
}

#[derive(Serialize)]
struct Report {
    well: bool,
    findings: Vec<Finding>,
}

impl Finding {
    fn fine(check: &'static str, message: impl Into<String>) -> Finding {
        Finding { check, level: Level::Fine, message: message.into(), remedy: None }
    }

    fn note(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { check, level: Level::Note, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn problem(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { check, level: Level::Problem, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn text(&self) -> String {
        let (word, style) = match self.level {
            Level::Fine => ("ok", GOOD),
            Level::Note => ("note", WARNING),
            Level::Problem => ("problem", TROUBLE),
        };
        let gap = " ".repeat(WIDTH - word.len());
        let indent = " ".repeat(WIDTH);
        let said = format!("{style}{word}{style:#}{gap}  {}: {}", self.check, sentence(&self.message));
        match &self.remedy {
            Some(remedy) => format!("{said}\n{indent}  {HINT}hint:{HINT:#} {}", visible(remedy)),
            None => said,
        }
    }
}

pub(super) fn run(context: &Context<'_>, json: bool) -> Result<ExitCode, Error> {
    let findings = checks::all(context);
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    if json {
        context.output.json(&Report { well: problems == 0, findings })?;
    } else {
        for finding in &findings {
            context.output.data(&finding.text())?;
        }
        let (text, style) = match problems {
            0 => ("All is well.".to_owned(), Style::new()),
            some => (format!("{}.", count(some as u64, "problem")), TROUBLE),
        };
        context.output.data(&format!("{style}{text}{style:#}"))?;
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The text as a sentence that can't disguise a line.
fn sentence(text: &str) -> String {
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{end}", visible(text))
}
