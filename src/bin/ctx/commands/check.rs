//! `ctx check`: holds a claim about a command against the record.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use context_tray::check::{BadGlob, Claim, Paths, Pattern, Search, Verdict, from_root, typed};
use context_tray::config::Watch;
use context_tray::journal::{now, read};
use context_tray::locate;
use context_tray::platform::files;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};
use context_tray::scan;

use super::{Context, sync};
use crate::args::Check;
use crate::error::{Error, SAYS_NO};

pub(super) fn run(context: &Context<'_>, check: Check) -> Result<ExitCode, Error> {
    let json = check.json;
    let verdict = verdict(context, check)?;
    if json {
        context.output.json(&verdict)?;
    } else {
        context.output.data(&verdict.message)?;
        if let Some(hint) = &verdict.hint {
            context.output.hint(hint);
        }
    }
    Ok(if verdict.holds { ExitCode::SUCCESS } else { ExitCode::from(SAYS_NO) })
}

/// What the record, brought up to date, says of the claim.
pub(super) fn verdict(context: &Context<'_>, check: Check) -> Result<Verdict, Error> {
    let root = context.project_to_write(None)?;
    // One that can't be read is said elsewhere.
    let config = locate::load_config(&context.directories, Some(&root)).map(|(config, _)| config).unwrap_or_default();
    let paths = paths(context, &root, &config.watch, &check.paths).map_err(|error| {
        let hint = "patterns are as in a .gitignore of the folder that you are in; \".\" is all of it";
        Error::usage(error.to_string()).with_hint(hint)
    })?;
    let is_current = sync::bring_up_to_date(context, &root);
    let (after_last_edit, within) = (check.after_last_edit, check.within);
    let unnamed = if after_last_edit { unnamed(&root, &config.watch, &paths) } else { Vec::new() };
    let claim = Claim { pattern: check.ran, after_last_edit, paths, unnamed, within, now: now() };
    let mut search = Search::new(&claim);
    let _progress = context.output.progress("Reading the record");
    read::backwards(&root, &mut |entry| search.take(entry))
        .map_err(|error| Failure::new(FailureCode::Io, format!("cannot read {}: {error}", root.events().display())))?;
    Ok(search.verdict(is_current))
}

/// The patterns as they are typed in our folder, from the project's root.
fn paths(context: &Context<'_>, root: &ProjectRoot, watch: &Watch, globs: &[String]) -> Result<Paths, BadGlob> {
    let here = files::resolve(&context.folder).unwrap_or_else(|_| context.folder.clone());
    let here = here.strip_prefix(root.path()).unwrap_or(Path::new(""));
    let (beside, _) = locate::directories(root, &watch.directories);
    let read = |glob: &String| match absolute(root, &beside, glob)? {
        Some(glob) => Ok(glob),
        None => typed(glob, here, &beside),
    };
    Paths::new(&globs.iter().map(read).collect::<Result<Vec<_>, _>>()?)
}

/// The pattern of an absolute path; none for one of gitignore, of which a leading `/` is the project's root.
fn absolute(root: &ProjectRoot, beside: &[PathBuf], glob: &str) -> Result<Option<String>, BadGlob> {
    let path = Path::new(glob);
    if !path.is_absolute() {
        return Ok(None);
    }
    let relative = root.relative(&resolved(path));
    let is_recorded = |path: &PathBuf| !path.starts_with("..") || beside.iter().any(|folder| path.starts_with(folder));
    if let Some(path) = relative.filter(is_recorded) {
        return Ok(Some(from_root(&path)));
    }
    let is_of_root = glob.starts_with('/') && root.path().join(glob.trim_start_matches('/')).symlink_metadata().is_ok();
    let leads_out = !is_of_root && (!glob.starts_with('/') || path.symlink_metadata().is_ok());
    if leads_out { Err(BadGlob::Outside(glob.to_owned())) } else { Ok(None) }
}

/// A path of which the folders that are there are resolved.
fn resolved(path: &Path) -> PathBuf {
    let above = path.ancestors().skip(1).find_map(|folder| Some((folder, files::resolve(folder).ok()?)));
    let resolved = above.and_then(|(folder, resolved)| Some(resolved.join(path.strip_prefix(folder).ok()?)));
    resolved.unwrap_or_else(|| path.to_path_buf())
}

/// The patterns that match nothing on the disk that is recorded.
fn unnamed(root: &ProjectRoot, watch: &Watch, paths: &Paths) -> Vec<Pattern> {
    let mut unnamed = paths.patterns();
    if !unnamed.is_empty() {
        scan::walk(root, watch, &mut |path, is_dir| {
            unnamed.retain(|pattern| !pattern.names(path, is_dir));
            !unnamed.is_empty()
        });
    }
    unnamed
}
