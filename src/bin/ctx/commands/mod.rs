//! One file for each verb.

mod agent;
mod autostart;
mod doctor;
mod brief;
mod check;
mod completions;
mod config;
mod explain;
mod forget;
mod hook;
mod init;
mod list;
mod log;
mod man;
mod mcp;
mod moment;
mod note;
mod pause;
mod record;
mod redact;
mod run;
mod start;
mod status;
mod stop;
mod sync;
mod tail;
mod tracker;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use context_tray::locate;
use context_tray::platform::{Directories, files};
use context_tray::project::ProjectRoot;
use context_tray::registry::Registry;
use context_tray::request::{Failure, FailureCode};
use context_tray::snapshot;

use crate::args::{Args, Command, Session};
use crate::error::Error;
use crate::output::{Output, shown};

/// What every verb works with.
struct Context<'o> {
    directories: Directories,
    /// The folder that `-C` names, else the current one.
    folder: PathBuf,
    output: &'o Output,
}

/// Does what was asked for.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, Error> {
    let directories = Directories::find()?;
    let context = Context { directories, folder: folder(args.global.project)?, output };
    match args.command {
        Command::Init { path, force } => init::run(&context, path.as_deref(), force),
        Command::Start(start) => start::run(&context, &start),
        Command::Stop { all: true, .. } => stop::run_all(&context),
        Command::Stop { path, .. } => stop::run(&context, path.as_deref()),
        Command::Status(status) | Command::Session { command: Session::Status(status) } => {
            status::run(&context, &status)
        }
        Command::Pause { path, span } => pause::pause(&context, path, span),
        Command::Resume { path } => pause::resume(&context, path.as_deref()),
        Command::List { json } => list::run(&context, json),
        Command::Forget { path } => forget::run(&context, &path),
        Command::Log(log) => log::run(&context, log),
        Command::Note { text } => note::run(&context, text),
        Command::Run { command } => run::run(&context, &command),
        Command::Tail(tail) => tail::run(&context, &tail),
        Command::Brief(brief) => brief::run(&context, &brief),
        Command::Session { command: Session::Save { note } } => brief::save_session(&context, note),
        Command::Check(check) => check::run(&context, check),
        Command::Sync { timeout } => sync::run(&context, timeout),
        Command::Redact { dry_run } => redact::run(&context, dry_run),
        Command::Explain { path } => explain::run(&context, &path),
        Command::Mcp => mcp::run(&context),
        Command::Hook { command } => hook::run(&context, command),
        Command::Agent { command } => agent::run(&context, command),
        Command::Doctor { json } => doctor::run(&context, json),
        Command::Autostart { command } => autostart::run(&context, command),
        Command::Config { command } => config::run(&context, command),
        Command::Completions { shell } => completions::run(&context, shell),
        Command::Man { folder } => man::run(&context, folder.as_deref()),
        Command::Tracker => tracker::run(&context),
    }
}

fn folder(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match given {
        Some(path) if path.is_absolute() => Ok(path),
        given => {
            let current = env::current_dir().map_err(|error| {
                Failure::new(FailureCode::Io, format!("the current folder can't be told: {error}"))
                    .with_hint("change to a folder that exists, or name one with `-C DIR`")
            })?;
            Ok(given.map_or_else(|| current.clone(), |path| current.join(path)))
        }
    }
}

/// Why nobody did what a project's tracker was to do. One that no agent looks after may be at work all the same.
fn refused(root: &ProjectRoot, error: impl Into<Error>) -> Error {
    match error.into() {
        Error::Failed(failure, code) if failure.code == FailureCode::NotRunning && snapshot::is_tracked(root) => {
            let name = shown(root.path());
            let message = format!("{name} is recorded by a session in the foreground, which can't be asked");
            let told = Failure::new(FailureCode::NotRunning, message);
            Error::Failed(
                told.with_hint("end that one with `ctx stop`, and have the agent record it with `ctx start`"),
                code,
            )
        }
        error => error,
    }
}

impl Context<'_> {
    /// The project that `path`, or else our folder, lies in.
    fn project(&self, path: Option<&Path>) -> Result<ProjectRoot, Error> {
        let from = path.map_or_else(|| self.folder.clone(), |path| self.folder.join(path));
        let found = locate::find(&from).and_then(|root| locate::check_context(&root).map(|()| root));
        found.or_else(|failure| self.registered(&from).ok_or(failure)).map_err(Error::from)
    }

    /// The same, where something is to be written: also one that is known only by its path has to be as it should.
    fn project_to_write(&self, path: Option<&Path>) -> Result<ProjectRoot, Error> {
        let root = self.project(path)?;
        locate::check_context(&root)?;
        Ok(root)
    }

    /// A project whose folder or `.context` is gone is still known by its path.
    fn registered(&self, path: &Path) -> Option<ProjectRoot> {
        // The folder above may still be there, and is registered without links and `..`.
        let above = path.parent().and_then(|above| files::resolve(above).ok());
        let path = match (above, path.file_name()) {
            (Some(above), Some(name)) => above.join(name),
            _ => std::path::absolute(path).ok()?,
        };
        let (registry, _) = Registry::load(&self.directories);
        registry.get(&path).and_then(|registered| ProjectRoot::try_from(registered.project.clone()).ok())
    }

    /// All registered projects.
    fn registry(&self) -> Registry {
        let (registry, warning) = Registry::load(&self.directories);
        if let Some(warning) = warning {
            self.output.warn(&warning);
        }
        registry
    }
}
