//! The shell hooks, in the real shells, on a real terminal.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::env::{TestEnv, entries_of, stranger, wait_for};
use crate::terminal::Terminal;

/// A shell with its hook installed, and what is typed into it; each line has told its result before the next is typed.
pub(crate) struct Typed<'e> {
    env: &'e TestEnv,
    pub(crate) terminal: Terminal,
    /// What holds the result of the last command.
    result: &'static str,
    lines: usize,
}

pub(crate) fn is_installed(shell: &str) -> bool {
    let found = std::process::Command::new(shell).arg("--version").output().is_ok();
    if !found {
        eprintln!("{shell} is not installed: its hook is not tested here");
    }
    found
}

impl Typed<'_> {
    pub(crate) fn new<'e>(env: &'e TestEnv, project: &Path, shell: &'static str, before: &str) -> Typed<'e> {
        env.ctx(&env.home(), ["hook", "install", shell]).ok().says("+ ");
        Typed::start(env, project, shell, before)
    }

    fn start<'e>(env: &'e TestEnv, project: &Path, shell: &'static str, before: &str) -> Typed<'e> {
        let script = format!("export TERM=dumb; {before} exec {shell} -i");
        let result = if shell == "fish" { "$status" } else { "$?" };
        Typed { env, terminal: Terminal::new(env, project, &script), result, lines: 0 }
    }

    /// Types a line, and then a hidden one that tells its result.
    pub(crate) fn line(&mut self, line: &str, code: i32) {
        self.lines += 1;
        let (number, result) = (self.lines, self.result);
        self.terminal.type_in(format!("{line}\n").as_bytes());
        self.terminal.type_in(format!(" echo \"line\"-{number}-{result}-\n").as_bytes());
        self.terminal.wait_for(&format!("line-{number}-{code}-"));
    }

    /// Leaves the shell, whose screen then holds nothing of a job.
    pub(crate) fn end(mut self) {
        self.terminal.type_in(b" exit 0\n");
        assert_eq!(self.terminal.end(), Some(0));
        let screen = self.terminal.screen();
        for trace in ["hook record", "[1]", "Done", "__ctx", "not found"] {
            assert!(!screen.contains(trace), "{trace:?} in {screen}");
        }
        assert!(self.env.home().is_dir());
    }
}

/// What was recorded, as `command: status`, in the order of the beginnings.
pub(crate) fn recorded(project: &Path) -> Vec<String> {
    let mut ran: Vec<Value> = entries_of(project, "ran");
    ran.sort_by_key(|entry| entry["began_ns"].as_i64());
    ran.iter().map(|e| format!("{}: {}", e["command"].as_str().unwrap(), e["status"].as_str().unwrap())).collect()
}

#[track_caller]
pub(crate) fn wait_for_commands(project: &Path, count: usize) -> Vec<String> {
    wait_for("the commands", || entries_of(project, "ran").len() >= count);
    recorded(project)
}

/// What holds for every shell.
fn records_what_is_typed(shell: &'static str, before: &str) {
    records_what_is_typed_by(TestEnv::new(), shell, before);
}

fn records_what_is_typed_by(env: TestEnv, shell: &'static str, before: &str) {
    if !is_installed(shell) {
        return;
    }
    let project = env.project("shop");
    env.folder("elsewhere");
    let ctx = env!("CARGO_BIN_EXE_ctx");
    let mut typed = Typed::new(&env, &project, shell, before);
    typed.line("sh -c 'exit 7'", 7);
    typed.line(" sh -c 'echo hidden; exit 5'", 5);
    typed.line("cd ../elsewhere", 0);
    typed.line("echo outside", 0);
    typed.line("cd ../shop", 0);
    typed.line(&format!("{ctx} run -- true"), 0);
    typed.line("echo \"a; b\" | cat && sleep 0.2", 0);
    let ran = wait_for_commands(&project, 4);
    typed.end();
    let expected = [
        "sh -c 'exit 7': Failed (exit 7)",
        "cd ../elsewhere: Success",
        "true: Success",
        "echo \"a; b\" | cat && sleep 0.2: Success",
    ];
    assert_eq!(ran, expected);
    let piped =
        entries_of(&project, "ran").into_iter().find(|e| e["command"].as_str().unwrap().contains("sleep")).unwrap();
    assert!(piped["duration_ms"].as_u64().unwrap() >= 200, "{piped}");
    assert_eq!((&piped["source"], piped["cwd"].as_str()), (&Value::from("hook"), project.to_str()));
    assert_eq!(recorded(&project).len(), 4);
}

#[test]
fn bash_records_what_is_typed() {
    records_what_is_typed("bash", "export HISTCONTROL=ignoreboth;");
}

#[test]
fn zsh_records_what_is_typed() {
    records_what_is_typed("zsh", "");
}

#[test]
fn zsh_knows_a_hidden_line_also_where_blanks_are_reduced() {
    let env = TestEnv::new();
    fs::write(env.home().join(".zshrc"), "setopt hist_reduce_blanks\nHISTSIZE=100\n").unwrap();
    records_what_is_typed_by(env, "zsh", "");
}

#[test]
fn fish_records_what_is_typed() {
    records_what_is_typed("fish", "");
}

#[test]
fn prompts_of_others_traps_and_the_history_are_as_they_were() {
    let env = TestEnv::new();
    let project = env.project("shop");
    // A prompt that wants the result, as starship's does, and a trap on each command, as bash-preexec has one.
    let rc = "their_prompt() { seen=$?; }\nPROMPT_COMMAND=their_prompt\ntrap 'at_each=1' DEBUG\ntrap 'echo bye' EXIT\n";
    fs::write(env.home().join(".bashrc"), rc).unwrap();
    let mut typed = Typed::new(&env, &project, "bash", "export HISTCONTROL=ignorespace;");
    typed.line("sh -c 'exit 9'", 9);
    typed.line("sh -c 'exit 9'", 9);
    typed.line(" echo \"seen:\"$seen; trap; false | (exit 4)", 4);
    typed.line(" history | tail -n 3", 0);
    assert_eq!(wait_for_commands(&project, 2), ["sh -c 'exit 9': Failed (exit 9)"; 2]);
    let screen = typed.terminal.screen();
    for kept in ["seen:0", "trap -- 'at_each=1' DEBUG", "trap -- 'echo bye' EXIT"] {
        assert!(screen.contains(kept), "{kept:?} in {screen}");
    }
    typed.end();
    assert_eq!(fs::read_to_string(env.home().join(".bash_history")).unwrap(), "sh -c 'exit 9'\nsh -c 'exit 9'\n");
}

#[test]
fn a_prompt_waits_for_nothing() {
    for shell in ["bash", "zsh", "fish"] {
        if !is_installed(shell) {
            continue;
        }
        let env = TestEnv::new();
        let project = env.project("shop");
        // In the place of a companion whose agent hangs: it ends when the test says so.
        let (hung, gate, begun) = (env.path("hung"), env.path("gate"), env.path("begun"));
        assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
        let script = format!("#!/bin/sh\necho >> '{}'\nread line < '{}'\n", begun.display(), gate.display());
        fs::write(&hung, script).unwrap();
        fs::set_permissions(&hung, fs::Permissions::from_mode(0o755)).unwrap();
        let hook = env.ctx(&env.home(), ["hook", "init", shell]).ok().stdout;
        let rc = env.home().join(match shell {
            "fish" => ".config/fish/config.fish",
            "zsh" => ".zshrc",
            _ => ".bashrc",
        });
        fs::create_dir_all(rc.parent().unwrap()).unwrap();
        fs::write(&rc, hook.replace(env!("CARGO_BIN_EXE_ctx"), hung.to_str().unwrap())).unwrap();
        let mut typed = Typed::start(&env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("sh -c 'exit 7'", 7);
        typed.line("true", 0);
        let is_begun = || fs::read_to_string(&begun).unwrap_or_default().lines().count() == 2;
        wait_for("both to hang", is_begun);
        typed.end();
        fs::write(&gate, "on\non\n").unwrap();
    }
}

/// A library that calls functions before each command and each prompt, in the manner of bash-preexec, with tools that hang
/// themselves into it, in the manners of starship and atuin. Like the former it takes over the debug trap at the first prompt,
/// puts itself around what is in PROMPT_COMMAND, and hides lines itself.
const PREEXEC_LIBRARY: &str = r#"
__bp_imported=defined __bp_is_on= __bp_ignorespace=
__bp_return() { return "$1"; }
__bp_precmd() {
    local code=$? each
    for each in "${precmd_functions[@]}"; do __bp_return "$code"; "$each"; done
}
__bp_turn_on() { __bp_is_on=1; }
__bp_debug() {
    local each line
    [[ $__bp_is_on ]] || return
    __bp_is_on=
    [[ $'\n'${PROMPT_COMMAND//;/$'\n'}$'\n' != *$'\n'"$BASH_COMMAND"$'\n'* ]] || return
    line=$(HISTTIMEFORMAT= builtin history 1) line=${line#*[0-9][* ] }
    if [[ $__bp_ignorespace && $line == ' '* ]]; then history -d -1; fi
    for each in "${preexec_functions[@]}"; do "$each" "$line"; done
}
__bp_install() {
    trap __bp_debug DEBUG
    [[ $HISTCONTROL != *ignore@(space|both)* ]] || __bp_ignorespace=1
    HISTCONTROL=${HISTCONTROL/ignoreboth/ignoredups} HISTCONTROL=${HISTCONTROL/ignorespace}
    PROMPT_COMMAND=$'__bp_precmd\n'${PROMPT_COMMAND%$'\n'*}$'\n'__bp_turn_on
    __bp_turn_on
}
PROMPT_COMMAND=${PROMPT_COMMAND-:}$'\n'__bp_install

starship_seen= atuin_seen= atuin_began=0
starship_precmd() { starship_seen=$? PS1='> '; }
atuin_preexec() { atuin_began=$((atuin_began + 1)); }
atuin_precmd() { atuin_seen=$?; [[ -z no ]]; }
precmd_functions+=(starship_precmd atuin_precmd) preexec_functions+=(atuin_preexec)
"#;

/// Whoever comes first in the file: the hook or the library.
fn gets_along_with_the_library(is_hook_first: bool, ignore: &str) {
    let env = TestEnv::new();
    let project = env.project("shop");
    let rc = env.home().join(".bashrc");
    let library = format!("{PREEXEC_LIBRARY}\nHISTCONTROL={ignore}\n");
    if !is_hook_first {
        fs::write(&rc, &library).unwrap();
    }
    env.ctx(&env.home(), ["hook", "install", "bash"]).ok();
    if is_hook_first {
        fs::write(&rc, fs::read_to_string(&rc).unwrap() + &library).unwrap();
    }
    let mut typed = Typed::start(&env, &project, "bash", "");
    typed.line("sh -c 'exit 7'", 7);
    typed.line(" sh -c 'exit 5'", 5);
    typed.line("(exit 3)", 3);
    typed.line(" echo \"seen:\"$starship_seen,$atuin_seen; trap -p DEBUG", 0);
    typed.line("true", 0);
    let ran = wait_for_commands(&project, 3);
    typed.terminal.wait_for("__bp_debug");
    assert_eq!(ran, ["sh -c 'exit 7': Failed (exit 7)", "(exit 3): Failed (exit 3)", "true: Success"]);
    let screen = typed.terminal.screen();
    // The hidden line that tells each result has run in between.
    assert!(screen.contains("seen:0,0"), "{screen}");
    typed.end();
    assert_eq!(recorded(&project).len(), 3);
}

#[test]
fn tools_that_share_a_preexec_library_go_on_beside_the_hook() {
    for ignore in ["ignoreboth", "ignorespace"] {
        gets_along_with_the_library(false, ignore);
        gets_along_with_the_library(true, ignore);
    }
}

/// A prompt in the manner of starship's: it takes the place of PROMPT_COMMAND, runs what was there with the result that it had,
/// and takes the time in PS0.
const PROMPT_OF_ITS_OWN: &str = r#"
starship_return() { return "$1"; }
starship_precmd() {
    starship_seen=$?
    starship_return "$starship_seen"
    eval "${starship_before-}"
    PS1='> '
}
starship_before=${PROMPT_COMMAND-} PROMPT_COMMAND=starship_precmd starship_none=
PS0='${starship_none:$((starship_began=${EPOCHREALTIME/[.,]/},0)):0}'"${PS0-}"
"#;

#[test]
fn a_prompt_that_takes_the_place_of_others_goes_on_beside_the_hook() {
    for is_hook_first in [false, true] {
        let env = TestEnv::new();
        let project = env.project("shop");
        let rc = env.home().join(".bashrc");
        fs::write(&rc, if is_hook_first { "" } else { PROMPT_OF_ITS_OWN }).unwrap();
        env.ctx(&env.home(), ["hook", "install", "bash"]).ok();
        if is_hook_first {
            fs::write(&rc, fs::read_to_string(&rc).unwrap() + PROMPT_OF_ITS_OWN).unwrap();
        }
        let mut typed = Typed::start(&env, &project, "bash", "export HISTCONTROL=ignorespace;");
        typed.terminal.type_in(b"sh -c 'sleep 0.2; exit 7'\n echo \"saw:\"$starship_seen,$((starship_began > 0))\n");
        typed.terminal.wait_for("saw:7,1\n");
        typed.line("true", 0);
        let ran = wait_for_commands(&project, 2);
        typed.end();
        assert_eq!(ran, ["sh -c 'sleep 0.2; exit 7': Failed (exit 7)", "true: Success"]);
        let slow = &entries_of(&project, "ran")[0];
        assert!(slow["duration_ms"].as_u64().unwrap() >= 200, "{slow}");
    }
}

/// The functions of others around a prompt of zsh, in the manners of oh-my-zsh, starship and atuin.
const ZSH_PROMPTS: &str = r#"
setopt hist_ignore_space
HISTSIZE=100
omz_preexec() { omz_line=$1 }
omz_precmd() { omz_seen=$?; false }
starship_precmd() { starship_seen=$? starship_pipe=(${pipestatus[@]}) PS1='> ' }
atuin_preexec() { atuin_began=$EPOCHREALTIME }
atuin_precmd() { local code=$?; [[ -z $atuin_began ]] && return; atuin_seen=$code; return 9 }
typeset -ga precmd_functions preexec_functions
precmd_functions+=(omz_precmd starship_precmd)
preexec_functions+=(omz_preexec)
autoload -Uz add-zsh-hook
add-zsh-hook precmd atuin_precmd
add-zsh-hook preexec atuin_preexec
"#;

#[test]
fn zsh_functions_of_others_see_what_they_would_without_the_hook() {
    if !is_installed("zsh") {
        return;
    }
    for is_hook_first in [false, true] {
        let env = TestEnv::new();
        let project = env.project("shop");
        let rc = env.home().join(".zshrc");
        fs::write(&rc, if is_hook_first { "" } else { ZSH_PROMPTS }).unwrap();
        env.ctx(&env.home(), ["hook", "install", "zsh"]).ok();
        if is_hook_first {
            fs::write(&rc, fs::read_to_string(&rc).unwrap() + ZSH_PROMPTS).unwrap();
        }
        let mut typed = Typed::start(&env, &project, "zsh", "");
        typed.line("sh -c 'exit 7'", 7);
        // Told by the line itself, before another prompt comes.
        let seen = "echo \"omz:\"$omz_seen,$starship_seen,$atuin_seen,$starship_pipe";
        typed.terminal.type_in(format!("false | true | (exit 4)\n {seen}\n").as_bytes());
        typed.terminal.wait_for("omz:4,4,4,1 0 4\n");
        let ran = wait_for_commands(&project, 2);
        typed.end();
        assert_eq!(ran, ["sh -c 'exit 7': Failed (exit 7)", "false | true | (exit 4): Failed (exit 4)"]);
    }
}

#[test]
fn what_is_silenced_is_not_recorded() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut typed = Typed::new(&env, &project, "bash", "export HISTCONTROL=ignorespace CONTEXT_TRAY_DISABLE=1;");
    typed.line("echo silent", 0);
    typed.line("unset CONTEXT_TRAY_DISABLE", 0);
    typed.line("echo loud", 0);
    // Whether the line that takes the silence back belongs to it is nobody's concern.
    wait_for("the loud one", || recorded(&project).iter().any(|line| line.starts_with("echo loud")));
    typed.end();
    assert!(!recorded(&project).iter().any(|line| line.contains("silent")));
}

#[test]
fn a_hook_that_fails_says_nothing() {
    let env = TestEnv::new();
    let folder = env.folder("no-project");
    env.ctx(&folder, ["hook", "record", "--exit-code", "0", "--", "make"]).ok().says_nothing();
    for mistaken in [
        &["hook", "record"][..],
        &["hook", "record", "--", ""],
        &["hook", "record", "--no-such-option", "--", "make"],
        &["-C", "/no/such/folder", "hook", "record", "--", "make"],
    ] {
        env.ctx(&folder, mistaken).ok().says_nothing();
    }
    let project = env.project("shop");
    env.ctx(&project, ["-C", "", "hook", "record", "--exit-code", "99999999999", "--", "make", "all"])
        .ok()
        .says_nothing();
    let ran = &entries_of(&project, "ran")[0];
    assert_eq!((&ran["command"], &ran["status"]), (&"make all".into(), &"Unknown".into()));
}

#[test]
fn a_recorder_that_hangs_holds_up_the_next_but_loses_nothing_of_it() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let mut hangs = stranger();
    let before = hangs.id().to_string();
    env.ctx(&project, ["hook", "record", "--after", &before, "--exit-code", "0", "--", "make"]).ok().says_nothing();
    assert_eq!(recorded(&project), ["make: Success"]);
    hangs.kill().unwrap();
    hangs.wait().unwrap();
}

#[test]
fn a_result_that_the_hook_does_not_know_is_no_proof() {
    let env = TestEnv::new();
    let project = env.project("shop");
    env.ctx(&project, ["hook", "record", "--duration-ms", "5", "--", "make test"]).ok().says_nothing();
    let ran = &entries_of(&project, "ran")[0];
    assert_eq!((&ran["status"], &ran["exit_code"], &ran["duration_ms"]), (&"Unknown".into(), &Value::Null, &5.into()));
    env.ctx(&project, ["check", "--ran", "make test"]).code(7).says("Unknown");
}

#[test]
fn an_rc_file_is_restored_byte_for_byte_with_its_mode_and_its_link() {
    let env = TestEnv::new();
    let (home, dotfiles) = (env.home(), env.folder("dotfiles"));
    let (rc, real) = (home.join(".bashrc"), dotfiles.join("bashrc"));
    symlink(&real, &rc).unwrap();
    for text in [&b""[..], b"alias a=b\n", b"alias a=b", b"a\r\nb", b"# caf\xe9\n"] {
        fs::write(&real, text).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        env.ctx(&home, ["hook", "install", "bash"]).ok().says("hook init bash");
        let installed = fs::read(&real).unwrap();
        assert!(installed.starts_with(text) && installed != text);
        env.ctx(&home, ["hook", "install", "bash"]).ok().says("already");
        assert_eq!(fs::read(&real).unwrap(), installed);
        env.ctx(&home, ["hook", "uninstall", "bash"]).ok().says("- eval");
        assert_eq!(fs::read(&real).unwrap(), text);
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&rc).unwrap().is_symlink());
        env.ctx(&home, ["hook", "uninstall", "bash"]).ok().says("There is no hook");
    }
    env.ctx(&home, ["hook", "install", "fish"]).ok();
    assert!(home.join(".config/fish/config.fish").is_file());
    env.ctx(&home, ["hook", "uninstall", "fish"]).ok();
    assert!(!home.join(".config/fish/config.fish").exists());
}

#[test]
fn an_rc_file_that_can_not_be_edited_is_left_alone() {
    let env = TestEnv::new();
    let (home, rc) = (env.home(), env.home().join(".bashrc"));
    symlink("nowhere", &rc).unwrap();
    env.ctx(&home, ["hook", "install", "bash"]).fails(1).warns("leads nowhere").hints("remove the link");
    fs::remove_file(&rc).unwrap();
    fs::create_dir(&rc).unwrap();
    env.ctx(&home, ["hook", "install", "bash"]).fails(1).warns("not a file").hints("move it away");
}

#[test]
fn the_hooks_of_shells_that_are_not_here_are_as_they_were_reviewed() {
    let env = TestEnv::new();
    for (shell, file) in [("powershell", "hook.ps1"), ("nushell", "hook.nu")] {
        let script = env.ctx(&env.home(), ["hook", "init", shell]).ok().stdout;
        let reviewed = fs::read_to_string(format!("{}/src/bin/ctx/hooks/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let quote = if shell == "nushell" { '"' } else { '\'' };
        let program = format!("{quote}{}{quote}", env!("CARGO_BIN_EXE_ctx"));
        assert_eq!(script, reviewed.replace("@CTX@", &program));
    }
}
