//! `ctx explain`: would a change to a path be recorded, and which rule decides.

use std::path::Path;
use std::process::ExitCode;

use context_tray::entry::{EntryPath, PathText};
use context_tray::locate;
use context_tray::platform::files;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};
use context_tray::rules::{Origin, Rule};
use context_tray::scan;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::error::Error;
use crate::output::shown;

/// Whether a change to a path would be recorded, and why not.
#[derive(Serialize, JsonSchema)]
pub(super) struct Explanation {
    /// The path, relative to the project's root.
    path: PathText,
    /// Whether a change to it would be recorded.
    is_recorded: bool,
    /// The pattern that keeps it from being recorded, where it is one.
    pattern: Option<String>,
    /// The same in a sentence, with where the pattern comes from.
    pub(super) message: String,
}

pub(super) fn run(context: &Context<'_>, path: &Path) -> Result<ExitCode, Error> {
    context.output.data(&explain(context, path)?.message)?;
    Ok(ExitCode::SUCCESS)
}

/// Which rule decides.
pub(super) fn explain(context: &Context<'_>, path: &Path) -> Result<Explanation, Error> {
    // The path itself may be a link, or not exist; the folder above it is resolved as the root was.
    let absolute = context.folder.join(path);
    let above = absolute.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(&context.folder);
    // A path outside may be in a folder that the project that we are in has watched beside it.
    let root = locate::find(above).map_err(Error::from).or_else(|_| context.project(None))?;
    let rest = absolute.strip_prefix(above).unwrap_or(path);
    let resolved = files::resolve(above).map_or_else(|_| absolute.clone(), |above| above.join(rest));
    let Some(relative) = root.relative(&resolved) else {
        let message = format!("{} does not lie in {}", shown(path), shown(root.path()));
        return Err(Failure::new(FailureCode::BadProject, message).with_hint("name a path in the project").into());
    };
    let (config, _) = locate::load_config(&context.directories, Some(&root))?;
    let rule = scan::explain(&root, &config.watch, &relative);
    let message = match &rule {
        None => format!("{} is recorded: no rule ignores it.", shown(&relative)),
        Some(rule) => format!("{} is not recorded: {}.", shown(&relative), reason(context, &root, rule)),
    };
    let path = EntryPath::new(&relative).text;
    let is_recorded = rule.is_none();
    let pattern = rule.map(|rule| rule.pattern).filter(|pattern| !pattern.is_empty());
    Ok(Explanation { path, is_recorded, pattern, message })
}

fn reason(context: &Context<'_>, root: &ProjectRoot, rule: &Rule) -> String {
    let pattern = &rule.pattern;
    match &rule.origin {
        Origin::BuiltIn => format!("the built-in rule {pattern}"),
        Origin::Configuration => match locate::configured_pattern(&context.directories, root, pattern) {
            Some((file, line)) => format!("{}:{line} says {pattern} in watch.ignore", shown(&file)),
            None => format!("the pattern {pattern} of watch.ignore in the configuration"),
        },
        Origin::Outside => "it lies outside the project, and in none of the folders of watch.directories".to_owned(),
        Origin::OwnProject => "the folder above has a .context of its own and is another project".to_owned(),
        Origin::File(file) => {
            let text = std::fs::read(root.at(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let is_it = |line: &&str| line.trim_end() == pattern.trim_end();
            let line = text.lines().collect::<Vec<_>>().iter().rposition(is_it).map(|at| at + 1);
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("{}{line} says {pattern}", shown(file))
        }
    }
}
