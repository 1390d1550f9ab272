//! The hook of Nushell, in the real one, on a real terminal. Its language is not that of the other shells, and neither are the
//! ways in which a hook can be in its way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::env::{TestEnv, entries_of, wait_for};
use crate::hooks::{is_installed, wait_for_commands};
use crate::terminal::Terminal;

/// Each prompt has a number, by a hook of the user's own, and tells the result as the user sees it.
const CONFIG: &str = r#"
$env.config.show_banner = false
$env.prompts = 0
$env.config.hooks.pre_prompt ++= [{|| $env.prompts += 1 }]
$env.PROMPT_COMMAND = {|| $"at-($env.prompts)-($env.LAST_EXIT_CODE)-" }
$env.PROMPT_COMMAND_RIGHT = ""
"#;

/// Nushell with its hook installed, and what is typed into it: each line at a prompt, for what is typed ahead it may drop.
struct Nushell<'e> {
    env: &'e TestEnv,
    terminal: Terminal,
    config: (PathBuf, String),
    prompts: usize,
}

impl Nushell<'_> {
    /// None where it is not installed.
    fn start<'e>(env: &'e TestEnv, project: &Path, config: &str) -> Option<Nushell<'e>> {
        Nushell::start_with(env, project, config, "", |hook| hook)
    }

    fn start_with<'e>(
        env: &'e TestEnv,
        project: &Path,
        config: &str,
        options: &str,
        changed: impl Fn(String) -> String,
    ) -> Option<Nushell<'e>> {
        if !is_installed("nu") {
            return None;
        }
        let path = env.folder(".config/nushell").join("config.nu");
        let config = format!("{CONFIG}{config}");
        fs::write(&path, &config).unwrap();
        env.ctx(&env.home(), ["hook", "install", "nu"]).ok().says("+ ");
        fs::write(&path, changed(fs::read_to_string(&path).unwrap())).unwrap();
        let terminal = Terminal::new(env, project, &format!("export TERM=dumb; exec nu {options}"));
        // Where there is no room it can't show a table.
        terminal.resize(24, 120);
        terminal.wait_for("at-1-0-");
        Some(Nushell { env, terminal, config: (path, config), prompts: 1 })
    }

    fn type_in(&mut self, keys: &str) {
        self.terminal.type_in(keys.as_bytes());
    }

    /// Types what leads to the next prompt.
    fn keys(&mut self, keys: &str) {
        self.prompts += 1;
        self.type_in(keys);
        self.terminal.wait_for(&format!("at-{}-", self.prompts));
    }

    fn line(&mut self, line: &str, code: i32) {
        self.keys(&format!("{line}\r"));
        self.terminal.wait_for(&format!("at-{}-{code}-", self.prompts));
    }

    /// Leaves the shell, which waits for nothing, and takes the hook out.
    fn end(mut self) {
        self.type_in(" exit 0\r");
        assert_eq!(self.terminal.end(), Some(0));
        let screen = self.terminal.screen();
        for trace in ["background jobs", "hook record", "__ctx"] {
            assert!(!screen.contains(trace), "{trace:?} in {screen}");
        }
        let (path, config) = &self.config;
        self.env.ctx(&self.env.home(), ["hook", "uninstall", "nu"]).ok().says("- ");
        assert_eq!(&fs::read_to_string(path).unwrap(), config);
    }
}

/// A script in the place of the companion, that tells what it was called with and goes on when the test says so.
struct Held {
    script: PathBuf,
    seen: PathBuf,
    gate: PathBuf,
}

impl Held {
    fn new(env: &TestEnv, does: &str) -> Held {
        let held = Held { script: env.path("held"), seen: env.path("seen"), gate: env.path("gate") };
        assert!(std::process::Command::new("mkfifo").arg(&held.gate).status().unwrap().success());
        let (seen, gate) = (held.seen.display(), held.gate.display());
        let script = format!("#!/bin/sh\nSEEN='{seen}' GATE='{gate}'\n{does}\n");
        fs::write(&held.script, script).unwrap();
        fs::set_permissions(&held.script, fs::Permissions::from_mode(0o755)).unwrap();
        held
    }

    fn replaces(&self, hook: &str) -> String {
        hook.replace(env!("CARGO_BIN_EXE_ctx"), self.script.to_str().unwrap())
    }

    fn seen(&self) -> Vec<String> {
        fs::read_to_string(&self.seen).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Lets this many go on; waits until there is one.
    fn open(&self, count: usize) {
        fs::write(&self.gate, "on\n".repeat(count)).unwrap();
    }
}

/// What was recorded, as `command: status`, in the order of the record.
fn written(project: &Path) -> Vec<String> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    entries_of(project, "ran").iter().map(|e| format!("{}: {}", text(e, "command"), text(e, "status"))).collect()
}

#[test]
fn nushell_records_what_is_typed() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.folder("elsewhere");
    let key = "$env.config.keybindings ++= [{name: it, modifier: control, keycode: char_t, mode: emacs,
        event: {send: executehostcommand, cmd: 'print by-key'}}]\n";
    let twice = env.ctx(&env.home(), ["hook", "init", "nu"]).ok().stdout;
    let Some(mut nu) = Nushell::start(&env, &project, &format!("{key}{twice}")) else { return };
    nu.line("^sh -c 'exit 7'", 7);
    nu.line(" ^sh -c 'exit 5'", 5);
    nu.line("ls /no/such", 1);
    nu.line("let x =", 1);
    nu.line("error make {msg: boo}", 1);
    nu.line("^sh -c 'kill -15 $$'", -15);
    nu.line("cd ../elsewhere", 0);
    nu.line("print outside", 0);
    nu.line("cd ../shop", 0);
    nu.line(&format!("^{} run -- true", env!("CARGO_BIN_EXE_ctx")), 0);
    nu.line("--help", 0);
    nu.line("if true {\r'two \"lines\" of ünï'\r}", 0);
    nu.keys("\x03");
    nu.keys("dropped\x03");
    nu.keys("\x14");
    nu.line(" $'hooks-($env.config.hooks.pre_execution | length)'", 0);
    nu.line("^env | lines | where $it =~ '(?i)__c.x' | length | $'leaked-($in)'", 0);
    nu.line("'a; b' | ^cat; sleep 200ms", 0);
    let screen = nu.terminal.screen();
    assert!(screen.contains("leaked-0\n") && screen.contains("hooks-1\n"), "{screen}");
    // The last is recorded although the shell ends at once.
    nu.end();
    wait_for_commands(&project, 11);
    let expected = [
        "^sh -c 'exit 7': Failed (exit 7)",
        "ls /no/such: Failed (exit 1)",
        "let x =: Failed (exit 1)",
        "error make {msg: boo}: Failed (exit 1)",
        "^sh -c 'kill -15 $$': Failed (exit 143)",
        "cd ../elsewhere: Success",
        "true: Success",
        "--help: Success",
        "if true {\n'two \"lines\" of ünï'\n}: Success",
        "^env | lines | where $it =~ '(?i)__c.x' | length | $'leaked-($in)': Success",
        "'a; b' | ^cat; sleep 200ms: Success",
    ];
    assert_eq!(written(&project), expected);
    let slow = entries_of(&project, "ran").pop().unwrap();
    assert!(slow["duration_ms"].as_u64().unwrap() >= 200, "{slow}");
    assert_eq!((&slow["source"], slow["cwd"].as_str()), (&Value::from("hook"), project.to_str()));
}

#[test]
fn the_prompt_and_the_end_of_nushell_wait_for_nothing() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let held = Held::new(&env, "echo \"$$ $*\" >> \"$SEEN\"; read line < \"$GATE\"");
    let Some(mut nu) = Nushell::start_with(&env, &project, "", "", |hook| held.replaces(&hook)) else { return };
    nu.line("^sh -c 'exit 7'", 7);
    nu.line(&format!("\x1b[200~'{}'\x1b[201~", "x".repeat(70_000)), 0);
    nu.line("$'jobs-(job list | length)'", 0);
    wait_for("all to hang", || held.seen().len() == 3);
    assert!(nu.terminal.screen().contains("jobs-0\n"));
    nu.end();
    held.open(3);
    // Each waits for the one before, so that they stand in their order.
    for pair in held.seen().windows(2) {
        let before = pair[0].split(' ').next().unwrap();
        assert!(pair[1].ends_with(&format!(" --after={before}")), "{pair:?}");
    }
}

#[test]
fn a_command_of_nushell_that_has_not_ended_has_no_result() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let Some(mut nu) = Nushell::start(&env, &project, "") else { return };
    nu.type_in("^sh -c 'echo has-$((40 + 2)); exec sleep 60'\r");
    nu.terminal.wait_for("has-42");
    nu.keys("\x1a");
    nu.line("job spawn { sleep 60sec }", 0);
    nu.line("^sh -c 'exit 9'", 9);
    nu.line(" job list | each {|job| job kill $job.id }", 0);
    nu.end();
    wait_for_commands(&project, 3);
    let expected = [
        "^sh -c 'echo has-$((40 + 2)); exec sleep 60': Unknown",
        "job spawn { sleep 60sec }: Unknown",
        "^sh -c 'exit 9': Failed (exit 9)",
    ];
    assert_eq!(written(&project), expected);
}

#[test]
fn a_line_of_nushell_longer_than_an_argument_runs_and_is_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let Some(mut nu) = Nushell::start(&env, &project, "") else { return };
    let line = format!("'{}' | ^wc -c", format!("{}\n", "x".repeat(999)).repeat(140));
    nu.line(&format!("\x1b[200~{line}\x1b[201~"), 0);
    nu.line("true", 0);
    nu.end();
    wait_for_commands(&project, 2);
    let lengths: Vec<usize> =
        entries_of(&project, "ran").iter().map(|entry| entry["command"].as_str().unwrap().len()).collect();
    assert_eq!(lengths, [line.len(), "true".len()]);
}

#[test]
fn a_command_of_nushell_in_a_folder_that_is_gone_is_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let Some(mut nu) = Nushell::start(&env, &project, "") else { return };
    nu.line("mkdir zz; cd zz", 0);
    // It has nothing but complaints there, and of all hooks it calls the first.
    for (line, count) in [("^rmdir ../zz", 2), ("print there", 3)] {
        nu.type_in(&format!("{line}\r"));
        wait_for_commands(&project, count);
    }
    nu.line(&format!("cd {}", project.display()), 0);
    nu.end();
    wait_for_commands(&project, 4);
    let ran = entries_of(&project, "ran");
    let cwds: Vec<&str> = ran.iter().map(|entry| entry["cwd"].as_str().unwrap()).collect();
    let (there, gone) = (project.to_str().unwrap(), project.join("zz"));
    assert_eq!(cwds, [there, gone.to_str().unwrap(), gone.to_str().unwrap(), gone.to_str().unwrap()]);
    assert_eq!(ran[2]["command"], "print there");
}

#[test]
fn what_is_silenced_in_nushell_is_not_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let Some(mut nu) = Nushell::start(&env, &project, "") else { return };
    nu.line("$env.CONTEXT_TRAY_DISABLE = 1", 0);
    nu.line("print silent", 0);
    nu.line(" hide-env CONTEXT_TRAY_DISABLE", 0);
    nu.line("print loud", 0);
    nu.end();
    wait_for_commands(&project, 1);
    assert_eq!(written(&project), ["print loud: Success"]);
}

#[test]
fn nushell_that_keeps_no_history_tells_nothing() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let Some(mut nu) = Nushell::start_with(&env, &project, "", "--no-history", |hook| hook) else { return };
    nu.line("print secret", 0);
    nu.line("$'hooks-($env.config.hooks.pre_prompt | length)'", 0);
    assert!(nu.terminal.screen().contains("hooks-1\n"));
    nu.end();
}

#[test]
fn a_job_of_nushell_records_where_no_shell_can_be_in_between() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let program = env!("CARGO_BIN_EXE_ctx");
    let does =
        format!("echo begin >> \"$SEEN\"; read line < \"$GATE\"; echo end >> \"$SEEN\"; exec '{program}' \"$@\"");
    let held = Held::new(&env, &does);
    let as_on_windows = |hook: String| held.replaces(&hook).replace("== \"windows\"", "== \"linux\"");
    let Some(mut nu) = Nushell::start_with(&env, &project, "", "", as_on_windows) else { return };
    nu.line("^sh -c 'exit 7'", 7);
    nu.line("print 'ü'", 0);
    held.open(1);
    wait_for("the second", || held.seen().len() == 3);
    held.open(1);
    wait_for_commands(&project, 2);
    wait_for("the end of the jobs", || {
        nu.line(" $'jobs-(job list | length)'", 0);
        nu.terminal.screen().contains("jobs-0\n")
    });
    nu.end();
    assert_eq!(held.seen(), ["begin", "end", "begin", "end"]);
    assert_eq!(written(&project), ["^sh -c 'exit 7': Failed (exit 7)", "print 'ü': Success"]);
}
