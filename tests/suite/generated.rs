//! Completions, manual pages and help texts are those of the definitions: what is checked in equals what is generated, and
//! what is generated works. With `UPDATE_GOLDEN=1` it is written anew, to be read before it is checked in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::env::{TestEnv, assert_golden};

const COMPLETIONS: [(&str, &str); 6] = [
    ("bash", "ctx.bash"),
    ("zsh", "_ctx"),
    ("fish", "ctx.fish"),
    ("powershell", "_ctx.ps1"),
    ("elvish", "ctx.elv"),
    ("nushell", "ctx.nu"),
];

fn checked_in(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn completions_are_those_of_the_definitions() {
    let env = TestEnv::new();
    let folder = checked_in("packaging/completions");
    for (shell, file) in COMPLETIONS {
        let script = env.ctx(&env.home(), ["completions", shell]).ok().stdout;
        assert_golden(&folder.join(file), &script);
        for hidden in ["Record one project for the agent", "--auto"] {
            assert!(!script.contains(hidden), "{file} offers {hidden:?}");
        }
    }
    assert_eq!(names(&folder), COMPLETIONS.iter().map(|(_, file)| file.to_string()).collect());
}

#[test]
fn manual_pages_are_those_of_the_definitions() {
    let env = TestEnv::new();
    let (folder, made) = (checked_in("packaging/man"), env.path("man/man1"));
    env.ctx(&env.home(), ["man".as_ref(), made.as_os_str()]).ok().says("pages to ");
    for name in names(&made) {
        assert_golden(&folder.join(&name), &fs::read_to_string(made.join(&name)).unwrap());
    }
    assert_eq!(names(&folder), names(&made));
    let page = env.ctx(&env.home(), ["man"]).ok().stdout;
    assert_eq!(page, fs::read_to_string(made.join("ctx.1")).unwrap());
    let text = |name: &str| fs::read_to_string(made.join(name)).unwrap();
    assert!(text("context-tray.1").contains("system tray"));
    assert!(text("ctx-start.1").contains("\n  ctx start \\-\\-foreground    Without an agent"));
    assert!(!made.join("ctx-tracker.1").exists());
}

/// The verbs that have a page, as they are typed.
fn verbs() -> Vec<Vec<String>> {
    let pages = names(&checked_in("packaging/man"));
    let words = |page: &String| Some(page.strip_suffix(".1")?.split('-').skip(1).map(str::to_owned).collect());
    pages.iter().filter(|page| page.starts_with("ctx")).filter_map(words).collect()
}

fn help(env: &TestEnv, verb: &[String], columns: &str) -> String {
    let mut command = env.ctx_command(&env.home(), verb);
    command.arg("--help").env("COLUMNS", columns);
    // Windows has it by its whole name.
    env.run(command).ok().stdout.replace("ctx.exe", "ctx")
}

#[test]
fn help_is_as_it_was_read() {
    let env = TestEnv::new();
    let verbs = verbs();
    assert!(verbs.len() > 30, "{verbs:?}");
    let page = |verb: &Vec<String>| format!("$ ctx {} --help\n{}\n", verb.join(" "), help(&env, verb, "100"));
    let text: String = verbs.iter().map(page).collect();
    assert_golden(&checked_in("tests/golden/help.txt"), &text.replace("ctx  --help", "ctx --help"));
}

#[test]
fn help_fits_the_columns_that_there_are() {
    let env = TestEnv::new();
    for verb in verbs() {
        let text = help(&env, &verb, "60");
        // What can't be broken: an example, and the usage.
        let (body, _examples) = text.split_once("Examples:").unwrap_or((&text, ""));
        for line in body.lines().filter(|line| !line.starts_with("Usage:")) {
            assert!(line.chars().count() <= 60, "{}: {line:?}", verb.join(" "));
        }
    }
}

#[cfg(unix)]
mod in_shells {
    use std::process::Command;

    use super::*;

    /// What the shell prints; nothing where it is not installed.
    fn said(shell: &str, args: &[&str]) -> Option<String> {
        let Ok(output) = Command::new(shell).args(args).env("CTX", checked_in("packaging/completions")).output() else {
            eprintln!("{shell} is not installed: its completions are not tested here");
            return None;
        };
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && err.is_empty(), "{shell}: {out}{err}");
        Some(out)
    }

    #[test]
    fn bash_completes() {
        let script = "source \"$CTX/ctx.bash\"; complete -p ctx
            complete_it() { COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _ctx ctx \"${!#}\" \"${@: -2:1}\"; echo \"${COMPREPLY[*]}\"; }
            complete_it ctx st; complete_it ctx tr; complete_it ctx hook rec; complete_it ctx config set record.q";
        let Some(out) = said("bash", &["--norc", "-c", script]) else { return };
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].contains("-F _ctx"), "{out}");
        assert_eq!(lines[1..], ["start start-session stop stop-session status", "", "record", "record.quiet_ms"]);
    }

    #[test]
    fn zsh_completes() {
        let script = "autoload -Uz compinit; fpath=($CTX $fpath); compinit -D; print -r -- $_comps[ctx]
            autoload +X _ctx && zcompile -t =(:) 2>/dev/null; print -r -- ${+functions[_ctx]}";
        let Some(out) = said("zsh", &["-fc", script]) else { return };
        assert_eq!(out, "_ctx\n1\n");
    }

    #[test]
    fn fish_completes() {
        let script = "source \"$CTX/ctx.fish\"
            for line in 'ctx st' 'ctx tracke' 'ctx hook recor' 'ctx tail --kind c' 'ctx -q resu' 'ctx config set record.q' 'ctx completions ny' 'ctx hook init ny'; complete -C $line | cut -f 1; end";
        let Some(out) = said("fish", &["--no-config", "-c", script]) else { return };
        assert_eq!(out, "start\nstart-session\nstatus\nstop\nstop-session\nrecord\ncreated\nresume\nrecord.quiet_ms\n");
    }

    #[test]
    fn nushell_completes() {
        let file = checked_in("packaging/completions/ctx.nu");
        let script = format!(
            "source '{}'; for name in ['ctx tail' 'ctx hook install' 'ctx tracker'] {{
                print (scope externs | where name == $name | length) }}",
            file.display()
        );
        let Some(out) = said("nu", &["-n", "-c", &script]) else { return };
        assert_eq!(out, "1\n1\n0\n");
    }

    #[test]
    fn manual_pages_are_valid() {
        for name in names(&checked_in("packaging/man")) {
            let page = checked_in("packaging/man").join(&name);
            let args = ["--warnings=all", "-E", "UTF-8", "-P", "cat", "-l", page.to_str().unwrap()];
            let Some(out) = said("man", &args) else { return };
            assert!(out.contains("NAME") && out.contains("SEE ALSO"), "{name}: {out}");
        }
    }
}

/// What the packages and the programs call themselves to the system: a notification or a launch agent of another name would be
/// nobody's.
#[test]
fn the_programs_go_by_the_identity_of_the_packages() {
    let text = |file: &str| fs::read_to_string(checked_in(file)).unwrap();
    let identity = text("packaging/identity");
    let is_said = |key: &str, file: &str| {
        let value = identity.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
        text(file).contains(&format!("\"{value}\";"))
    };
    for (key, file) in [
        ("app_id", "src/platform/macos/autostart.rs"),
        ("app_id", "src/bin/context-tray/event_loop_tao.rs"),
        ("app_user_model_id", "src/bin/context-tray/event_loop_tao.rs"),
    ] {
        assert!(is_said(key, file), "{file} does not go by {key}");
    }
}
