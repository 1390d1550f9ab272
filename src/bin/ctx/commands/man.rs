//! `ctx man`: the manual pages of both programs.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use context_tray::platform::files::cannot;

use super::Context;
use crate::agent_args;
use crate::args::Args;
use crate::error::Error;
use crate::output::{count, shown};

const SOURCE: &str = concat!("Context Tray ", env!("CARGO_PKG_VERSION"));

/// What the page of `ctx` itself says beside what `--help` does.
const MORE: [(&str, &str); 3] = [
    (
        "EXIT STATUS",
        "0 done, 1 failed, 2 usage, 3 not running, 5 agent unreachable, 7 ctx check says no. ctx run passes the code of its
command, 128 and the number of the signal that ended it.",
    ),
    (
        "ENVIRONMENT",
        "CONTEXT_TRAY_CONFIG_DIR, CONTEXT_TRAY_STATE_DIR and CONTEXT_TRAY_RUNTIME_DIR name the folders of the configuration,
of the state and of the agent's endpoint as a whole. CONTEXT_TRAY_DISABLE=1 silences the hook of a shell. CONTEXT_TRAY_LOG
filters what the agent says of itself. NO_COLOR is honoured, VISUAL and EDITOR are what ctx config edit opens.",
    ),
    (
        "FILES",
        "The record is in the folder .context of each project: session.md for people, events.jsonl for programs. The
configuration is in ~/.config/context-tray/config.toml, and in .context/config.toml of a project.",
    ),
];

pub(super) fn run(context: &Context<'_>, folder: Option<&Path>) -> Result<ExitCode, Error> {
    let mut args = Args::command();
    args.build();
    let Some(folder) = folder else {
        context.output.data(page(&args)?.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    let folder = context.folder.join(folder);
    let mut pages = vec![agent_args::Args::command()];
    collect(&args, &mut pages);
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    for command in &pages {
        let path = folder.join(format!("{}.1", name(command)));
        fs::write(&path, page(command)?).map_err(|error| cannot("write", &path, &error))?;
    }
    let pages = count(pages.len() as u64, "page");
    context.output.done(&format!("Wrote {pages} to {}.", shown(&folder)))?;
    Ok(ExitCode::SUCCESS)
}

/// The command and all below it that are not hidden.
fn collect(command: &Command, pages: &mut Vec<Command>) {
    pages.push(command.clone());
    command.get_subcommands().filter(|verb| !verb.is_hide_set()).for_each(|verb| collect(verb, pages));
}

fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone()).source(SOURCE).manual("Context Tray");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    let mut more = Roff::new();
    if let Some(after) = command.get_after_help() {
        after_help(&mut more, &after.to_string());
    }
    if name(command) == "ctx" {
        for (title, text) in MORE {
            section(&mut more, title);
            more.text([roman(text.replace('\n', " "))]);
        }
    }
    section(&mut more, "SEE ALSO");
    let others = ["ctx", "context-tray"].into_iter().filter(|other| *other != name(command));
    more.text([roman(others.map(|other| format!("{other}(1)")).collect::<Vec<_>>().join(", "))]);
    more.to_writer(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// What stands below the options, with its examples as they are.
fn after_help(roff: &mut Roff, text: &str) {
    let (notes, examples) = text.split_once("Examples:\n").unwrap_or((text, ""));
    if !notes.trim().is_empty() {
        section(roff, "NOTES");
        roff.text([roman(notes.trim().replace('\n', " "))]);
    }
    if !examples.is_empty() {
        section(roff, "EXAMPLES");
        roff.control("nf", []);
        for line in examples.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
}

fn section(roff: &mut Roff, title: &str) {
    roff.control("SH", [title]);
}
