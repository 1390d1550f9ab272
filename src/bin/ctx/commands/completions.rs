//! `ctx completions`: what completes the command line in a shell.

use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_complete::{Generator, Shell};
use clap_complete_nushell::Nushell;

use super::Context;
use crate::args::{Args, CompletedShell};
use crate::error::Error;

pub(super) fn run(context: &Context<'_>, shell: CompletedShell) -> Result<ExitCode, Error> {
    let script = match shell {
        CompletedShell::Bash => script(Shell::Bash),
        CompletedShell::Zsh => script(Shell::Zsh),
        CompletedShell::Fish => script(Shell::Fish) + &fish_values(definition(), &mut Vec::new()),
        CompletedShell::Powershell => script(Shell::PowerShell),
        CompletedShell::Elvish => script(Shell::Elvish),
        CompletedShell::Nushell => script(Nushell),
    };
    context.output.data(script.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// The command line, whose names what is generated holds on to until the program ends.
fn definition() -> &'static Command {
    let mut args = Args::command();
    args.build();
    Box::leak(Box::new(args))
}

/// What the generator for fish leaves out: the values of arguments that have no option before them.
fn fish_values(command: &'static Command, path: &mut Vec<&'static str>) -> String {
    let mut script = String::new();
    let arguments = command.get_positionals().flat_map(|argument| argument.get_possible_values());
    let values: Vec<String> = arguments.map(|value| value.get_name().to_owned()).collect();
    if let ([verb, below @ ..], false) = (&path[..], values.is_empty()) {
        let below: String = below.iter().map(|verb| format!("; and __fish_seen_subcommand_from {verb}")).collect();
        let values = values.join(" ");
        script += &format!("complete -c ctx -n \"__fish_ctx_using_subcommand {verb}{below}\" -f -a \"{values}\"\n");
    }
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        path.push(verb.get_name());
        script += &fish_values(verb, path);
        path.pop();
    }
    script
}

fn script(shell: impl Generator) -> String {
    let mut visible = visible(definition());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible, "ctx", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// A command that was built, without what is hidden: the generators would offer it.
fn visible(command: &'static Command) -> Command {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let visible = Command::new(command.get_name())
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .visible_aliases(command.get_visible_aliases())
        .args(command.get_arguments().filter(|arg| !arg.is_hide_set()))
        .subcommands(verbs.map(visible));
    match command.get_about() {
        Some(about) => visible.about(about.clone()),
        None => visible,
    }
}
