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
        CompletedShell::Fish => script(Shell::Fish),
        CompletedShell::Powershell => script(Shell::PowerShell),
        CompletedShell::Elvish => script(Shell::Elvish),
        CompletedShell::Nushell => script(Nushell),
    };
    context.output.data(script.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: impl Generator) -> String {
    let mut args = Args::command();
    args.build();
    // The names of the visible part are those of the whole, which is needed until the program ends.
    let mut visible = visible(Box::leak(Box::new(args)));
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
