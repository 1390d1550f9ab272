//! `ctx config`: what is configured, and how to change it.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use context_tray::config::{KEYS, Key, Kind};
use context_tray::locate;
use context_tray::platform::process;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};
use context_tray::settings::{self, Editable};

use super::Context;
use crate::args::Config;
use crate::error::{Error, USAGE};
use crate::output::shown;

pub(super) fn run(context: &Context<'_>, command: Config) -> Result<ExitCode, Error> {
    match command {
        Config::Path { project_file } => context.output.data(&file(context, project_file)?.path().to_string_lossy())?,
        Config::Get { key } => get(context, key)?,
        Config::Set { key, default: true, project_file, .. } => unset(context, &key, &file(context, project_file)?)?,
        Config::Set { key, values, project_file, .. } => set(context, &key, values, &file(context, project_file)?)?,
        Config::Edit { project_file } => edit(context, &file(context, project_file)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn file<'c>(context: &'c Context<'_>, is_projects: bool) -> Result<Editable<'c>, Error> {
    if !is_projects {
        return Ok(Editable::of_user(&context.directories));
    }
    Ok(Editable::of_project(&context.directories, &context.project_to_write(None)?))
}

fn get(context: &Context<'_>, key: Option<Key>) -> Result<(), Error> {
    // Outside projects only the user's own file counts.
    let root = context.project_to_write(None).ok();
    let (config, warnings) = locate::load_config(&context.directories, root.as_ref())?;
    warnings.iter().for_each(|warning| context.output.warn(warning));
    let line = |key: &Key, value: String| match context.output.is_verbose() {
        true => Ok(format!("{value}  # {}", origin(context, root.as_ref(), key)?)),
        false => Ok::<_, Failure>(value),
    };
    let text = match key {
        Some(key) => line(&key, key.value(&config).to_string())?,
        None => {
            let lines = KEYS.iter().map(|key| line(key, format!("{} = {}", key.name(), key.value(&config))));
            lines.collect::<Result<Vec<_>, _>>()?.join("\n")
        }
    };
    Ok(context.output.data(&text)?)
}

/// Where a value is said.
fn origin(context: &Context<'_>, root: Option<&ProjectRoot>, key: &Key) -> Result<String, Failure> {
    let origins = settings::origins(&context.directories, root, key)?;
    let places: Vec<String> = origins.iter().map(|origin| format!("{}:{}", shown(&origin.path), origin.line)).collect();
    Ok(if places.is_empty() { "default".to_owned() } else { places.join(", ") })
}

fn set(context: &Context<'_>, key: &Key, values: Vec<String>, file: &Editable<'_>) -> Result<(), Error> {
    file.set(key, |_| values).map_err(|failure| match failure.code {
        FailureCode::BadRequest => Error::Failed(failure, USAGE),
        _ => failure.into(),
    })?;
    context.output.done(&format!("Set {} in {}.", key.name(), shown(file.path())))?;
    // A list is added to, anything else is said last by the project.
    let root = context.project_to_write(None).ok();
    match settings::origins(&context.directories, root.as_ref(), key)?.last() {
        Some(origin) if key.kind() != Kind::List && origin.path != file.path() => {
            let place = format!("{}:{}", shown(&origin.path), origin.line);
            context.output.note(&format!("in this project {place} counts"), "add --project-file to change that one");
        }
        _ => {}
    }
    Ok(())
}

fn unset(context: &Context<'_>, key: &Key, file: &Editable<'_>) -> Result<(), Error> {
    let line = match file.unset(key)? {
        true => format!("Took {} out of {}.", key.name(), shown(file.path())),
        false => format!("There is no {} in {}.", key.name(), shown(file.path())),
    };
    Ok(context.output.done(&line)?)
}

fn edit(context: &Context<'_>, file: &Editable<'_>) -> Result<(), Error> {
    file.make()?;
    let named = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| process::USUAL_EDITOR.into());
    let shown_editor = editor.to_string_lossy().into_owned();
    let mut command = process::command_of_line(&editor);
    let ended = process::run_in_terminal(command.arg(file.path()).current_dir(&context.folder)).map_err(|error| {
        Failure::new(FailureCode::Io, format!("cannot run the editor `{shown_editor}`: {error}"))
            .with_hint("name your editor in VISUAL or EDITOR")
    })?;
    if !ended.status.success() {
        let code = process::exit_code(ended.status);
        return Err(Failure::new(FailureCode::Io, format!("the editor `{shown_editor}` ended with {code}"))
            .with_hint("name your editor in VISUAL or EDITOR")
            .into());
    }
    let problems = file.check().map_err(|failure| {
        failure.with_hint("until it is corrected, what was in force before stays so: `ctx config edit` again")
    })?;
    problems.iter().for_each(|problem| context.output.warn(problem));
    Ok(())
}
