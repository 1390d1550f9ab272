//! What the shells' hooks must neither break nor miss, each in the real shells on a real terminal.

use std::fs;
use std::path::PathBuf;

use crate::env::{TestEnv, entries_of};
use crate::hooks::{Typed, is_installed, recorded, wait_for_commands};

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

fn in_each(shells: &[&'static str], what: impl Fn(&TestEnv, PathBuf, &'static str)) {
    for shell in shells.iter().copied().filter(|shell| is_installed(shell)) {
        let env = TestEnv::new();
        let project = env.project("shop");
        what(&env, project, shell);
    }
}

#[test]
fn a_shell_that_ends_at_errors_lives_on_with_the_hook() {
    in_each(&["bash", "zsh"], |env, project, shell| {
        let (rc, prompt) = if shell == "zsh" { (".zshrc", "%?") } else { (".bashrc", "$?") };
        fs::write(env.home().join(rc), format!("PS1='at-{prompt}>'\n")).unwrap();
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("set -e", 0);
        for line in ["false && true", "! true"] {
            typed.terminal.type_in(format!("{line}\n").as_bytes());
        }
        // Ctrl-C where nothing is typed; it would drop what is typed ahead.
        wait_for_commands(&project, 3);
        typed.terminal.type_in(b"\x03");
        typed.terminal.wait_for("at-130>");
        typed.line("echo alive", 0);
        let ran = wait_for_commands(&project, 4);
        typed.end();
        assert!(ran.contains(&"false && true: Failed (exit 1)".to_owned()), "{ran:?}");
    });
}

#[test]
fn a_trap_for_failures_hears_of_each_once() {
    let (plain, inherited) = ("trap 'echo heard-$?' ERR", "set -E; trap 'echo heard-$?' ERR");
    for (shell, trap) in [("bash", plain), ("bash", inherited), ("zsh", "TRAPZERR() { echo heard-$? }")] {
        in_each(&[shell], |env, project, shell| {
            let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
            typed.line(trap, 0);
            typed.terminal.type_in(b"(exit 43)\n\n\n");
            typed.line("(exit 44)", 44);
            let ran = wait_for_commands(&project, 3);
            let screen = typed.terminal.screen();
            typed.end();
            assert_eq!(ran[1..3], ["(exit 43): Failed (exit 43)", "(exit 44): Failed (exit 44)"]);
            for heard in ["heard-43", "heard-44"] {
                assert_eq!(screen.matches(heard).count(), 1, "{heard} in {screen}");
            }
        });
    }
}

#[test]
fn what_follows_in_the_prompt_of_bash_sees_the_result() {
    in_each(&["bash"], |env, project, shell| {
        let rc = "their() { seen=$?; }\nPROMPT_COMMAND=(their)\nPS1='<$?>'\n";
        fs::write(env.home().join(".bashrc"), rc).unwrap();
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.terminal.type_in(b"(exit 43)\n echo saw:$seen\n");
        typed.terminal.wait_for("saw:43\n");
        typed.terminal.wait_for("<43>");
        typed.line("set -x; false", 1);
        typed.line("set +x", 0);
        let screen = typed.terminal.screen();
        typed.end();
        assert!(screen.contains("+ false") && !screen.contains("+ :"), "{screen}");
    });
}

#[test]
fn every_run_counts_where_the_history_of_bash_keeps_no_line_twice() {
    for control in ["erasedups", "ignoreboth:erasedups"] {
        in_each(&["bash"], |env, project, shell| {
            let mut typed = Typed::new(env, &project, shell, &format!("export HISTCONTROL={control};"));
            let mut last = 0;
            for code in [0, 3, 4, 0] {
                typed.line(&format!("(exit {code})"), code);
                typed.line("(exit $((1 + 1)))", 2);
                last = code;
            }
            typed.line("true", 0);
            let ran = wait_for_commands(&project, 2 * 4 + 1);
            typed.end();
            let ours: Vec<&String> = ran.iter().filter(|line| !line.contains("line")).collect();
            assert_eq!(ours.len(), 9, "{ran:?}");
            assert_eq!((ours[0], ours[6]), (&"(exit 0): Success".to_owned(), &format!("(exit {last}): Success")));
            assert_eq!(ran.iter().filter(|line| line.starts_with("(exit $(")).count(), 4, "{ran:?}");
        });
    }
}

#[test]
fn a_command_that_has_not_ended_has_no_result() {
    in_each(&SHELLS, |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("true", 0);
        typed.terminal.type_in(b"sh -c 'echo has-$((40 + 2)); exec sleep 60'\n");
        typed.terminal.wait_for("has-42");
        typed.terminal.type_in(b"\x1a");
        wait_for_commands(&project, 2);
        typed.line("sh -c 'exec sleep 60' &", 0);
        typed.line("sh -c 'exit 9'", 9);
        let ran = wait_for_commands(&project, 4);
        let kill =
            if shell == "fish" { " kill (jobs -p); kill -CONT (jobs -p)\n" } else { " kill %1 %2; kill -CONT %1\n" };
        typed.terminal.type_in(kill.as_bytes());
        drop(typed);
        assert_eq!(ran[0], "true: Success", "{shell}");
        assert_eq!(ran[1], "sh -c 'echo has-$((40 + 2)); exec sleep 60': Unknown", "{shell}");
        assert_eq!(ran[2], "sh -c 'exec sleep 60' &: Unknown", "{shell}");
        assert_eq!(ran[3], "sh -c 'exit 9': Failed (exit 9)", "{shell}");
    });
}

#[test]
fn a_line_longer_than_an_argument_is_recorded() {
    in_each(&SHELLS, |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        let line = format!(": '{}'", format!("{}\n", "x".repeat(999)).repeat(140));
        // As one paste for fish, whose own editor takes it letter by letter otherwise.
        let keys = if shell == "fish" { format!("\x1b[200~{line}\x1b[201~\n") } else { format!("{line}\n") };
        typed.terminal.type_in(keys.as_bytes());
        typed.line("true", 0);
        wait_for_commands(&project, 2);
        typed.end();
        let lengths: Vec<usize> =
            entries_of(&project, "ran").iter().map(|entry| entry["command"].as_str().unwrap().len()).collect();
        assert_eq!(lengths, [line.len(), "true".len()], "{shell}");
    });
}

#[test]
fn a_command_in_a_folder_that_is_gone_is_recorded() {
    in_each(&SHELLS, |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("mkdir zz && cd zz", 0);
        typed.line("rmdir ../zz", 0);
        typed.line("sh -c 'exit 7' 2>/dev/null", 7);
        let ran = wait_for_commands(&project, 3);
        typed.end();
        assert_eq!(ran[2], "sh -c 'exit 7' 2>/dev/null: Failed (exit 7)", "{shell}");
        let entry = entries_of(&project, "ran").pop().unwrap();
        assert_eq!(entry["cwd"].as_str(), project.join("zz").to_str());
    });
}

#[test]
fn lines_that_come_at_once_stand_in_their_order() {
    in_each(&SHELLS, |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        let lines: Vec<String> = (0..20).map(|number| format!("test {number} -ge 0")).collect();
        typed.terminal.type_in(format!("{}\n", lines.join("\n")).as_bytes());
        wait_for_commands(&project, lines.len());
        typed.end();
        let written: Vec<String> =
            entries_of(&project, "ran").iter().map(|entry| entry["command"].as_str().unwrap().to_owned()).collect();
        assert_eq!(written, lines, "{shell}");
    });
}

#[test]
fn of_lines_that_are_pasted_at_once_each_is_a_command_in_bash() {
    in_each(&["bash"], |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("bind 'set enable-bracketed-paste on'", 0);
        typed.terminal.type_in(b"\x1b[200~(exit 3)\nfor i in 1 2; do\ntest $i = 1\ndone\ntrue\x1b[201~\n");
        wait_for_commands(&project, 4);
        // What is hidden among them hides whose result is whose.
        typed.terminal.type_in(b"\x1b[200~(exit 4)\n true\n(exit 5)\x1b[201~\n");
        wait_for_commands(&project, 5);
        typed.end();
        // Which of them that was, and so when it began, is not known.
        let (unknown, known) = ("(exit 5): Unknown", "for i in 1 2; do test $i = 1; done: Failed (exit 1)");
        let bind = "bind 'set enable-bracketed-paste on': Success";
        assert_eq!(recorded(&project), [unknown, bind, "(exit 3): Failed (exit 3)", known, "true: Success"]);
    });
}

#[test]
fn a_file_that_the_shell_holds_is_not_held_by_the_recorder() {
    in_each(&["bash", "zsh"], |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        for _ in 0..5 {
            typed.terminal.type_in(b"exec 9>lk; flock 9\n exec 9>&-; flock -n lk true; echo \"free:\"$?-\n");
        }
        typed.terminal.wait_for("free:0-");
        wait_for_commands(&project, 5);
        let screen = typed.terminal.screen();
        typed.end();
        assert!(!screen.contains("free:1-"), "{screen}");
    });
}

#[test]
fn a_history_that_is_turned_off_tells_nothing() {
    in_each(&["bash"], |env, project, shell| {
        let mut typed = Typed::new(env, &project, shell, "export HISTCONTROL=ignorespace;");
        typed.line("true", 0);
        for line in ["set +o history", "(exit 3)", "set -o history", "(exit 4)"] {
            typed.terminal.type_in(format!("{line}\n").as_bytes());
        }
        wait_for_commands(&project, 2);
        typed.end();
        assert_eq!(recorded(&project), ["true: Success", "(exit 4): Failed (exit 4)"]);
    });
}
