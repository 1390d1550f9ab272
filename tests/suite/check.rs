//! `ctx check`: claims held against a record that real trackers wrote.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use serde_json::Value;

use crate::env::{TRUE, TestEnv, entries, recorded};

const TESTED: [&str; 4] = ["check", "--ran", "make test", "--after-last-edit"];

#[test]
fn a_claim_is_answered_with_its_reason() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let check = ["check", "--ran", "make test"];
    env.ctx(&project, check).code(7).says("No command").hints("ctx run");
    env.ctx(&project, ["log", "make test", "--exit-code", "2"]).ok();
    env.ctx(&project, check).code(7).says("Failed (exit 2)").hints("run it again");
    env.ctx(&project, ["log", "make test --all"]).ok();
    let outcome = env.ctx(&project, check).ok().says("`make test --all` succeeded");
    assert!(outcome.stderr.is_empty(), "{}", outcome.stderr);
    env.ctx(&project, ["check", "--ran", "make test", "--within", "1h"]).ok();
    env.ctx(&project, ["check", "--ran", "make test", "--within", "0s"]).code(7).says("longer ago");
    env.ctx(&project, ["check", "--ran", "x", "--paths", "src"]).code(2).warns("--after-last-edit");
    env.ctx(&project, ["check", "--ran", "x", "--after-last-edit", "--paths", "a["]).fails(2).warns("gitignore");
    let opposite = ["log", "make test", "Failed (3 tests)", "--exit-code", "0"];
    env.ctx(&project, opposite).fails(2).warns("contradict each other").hints("one of them");
    env.ctx(&project, ["log", "make test", "Success", "--exit-code", "3"]).fails(2);
    assert_eq!(entries(&project).len(), 2);
    env.ctx(&project, TESTED).code(7).says("is not in the record").hints("ctx start");
}

#[cfg(unix)]
#[test]
fn an_edit_before_while_and_after_a_command_are_told_apart() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let run = |script: &str| env.ctx(&project, ["run", "sh", "-c", &format!("{script} # make test")]).ok();
    fs::write(project.join("main.c"), "1").unwrap();
    run("true");
    env.ctx(&project, TESTED).ok().says("no file that matters changed");
    fs::write(project.join("main.c"), "22").unwrap();
    env.ctx(&project, TESTED).code(7).says("Edited: main.c").hints("--paths");
    run("true");
    env.ctx(&project, TESTED).ok();
    run("sleep 0.05; echo > out.txt");
    env.ctx(&project, TESTED).code(7).says("Created: out.txt");
    env.ctx(&project, [&TESTED[..], &["--paths", "*.c"]].concat()).ok();
    fs::remove_file(project.join("out.txt")).unwrap();
    run("true");
    env.ctx(&project, TESTED).ok();
    fs::rename(project.join("main.c"), project.join("start.c")).unwrap();
    let outcome = env.ctx(&project, [&TESTED[..], &["--paths", "*.c", "--json"]].concat()).code(7);
    let verdict: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&verdict["holds"], &verdict["reason"]), (&false.into(), &"edited".into()));
    assert_eq!(verdict["change"]["to"], "start.c");
    assert_eq!(verdict["command"]["exit_code"], 0);
}

#[test]
fn a_span_without_a_session_is_evidence_only_of_what_was_found_behind_it() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::write(project.join("main.c"), "1").unwrap();
    env.ctx(&project, [&["run", "--"], TRUE, &["make test"]].concat()).ok();
    env.ctx(&project, TESTED).ok();
    env.ctx(&project, ["stop"]).ok();
    env.ctx(&project, TESTED).code(7).says("is not in the record").hints("ctx start");
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, TESTED).ok();
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join("main.c"), "22").unwrap();
    env.ctx(&project, ["start"]).ok();
    env.ctx(&project, TESTED).code(7).says("Edited: main.c (found by scan)");
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join("main.c"), "333").unwrap();
    env.ctx(&project, [&["run", "--"], TRUE, &["make test"]].concat()).ok();
    env.ctx(&project, ["start"]).ok();
    // The edit is found after the command, and its date tells that it was made before.
    env.ctx(&project, TESTED).ok();
}

#[cfg(unix)]
/// The first indented block of the README that begins so.
fn example(first_line: &str) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = readme.lines().skip_while(|line| line.strip_prefix("    ") != Some(first_line));
    let lines: Vec<&str> = block.map_while(|line| line.strip_prefix("    ")).collect();
    assert!(lines.len() > 1, "the README has no block that begins with {first_line:?}");
    lines.join("\n") + "\n"
}

#[cfg(unix)]
fn git(env: &TestEnv, project: &Path, args: &[&str]) -> Command {
    let mut command = env.command("git", project);
    command
        .args(["-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "core.hooksPath=.git/hooks"])
        .args(args);
    let ours = env.companion().parent().unwrap().to_path_buf();
    let path = std::env::var_os("PATH").unwrap();
    let paths = std::iter::once(ours).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(paths).unwrap());
    command
}

#[cfg(unix)]
#[test]
fn the_hook_of_the_readme_lets_only_tested_commits_through() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    env.run(git(&env, &project, &["init", "-q"])).ok();
    let hook = project.join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, example("#!/bin/sh")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    for folder in ["src", "tests"] {
        fs::create_dir(project.join(folder)).unwrap();
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::write(project.join(file), "").unwrap();
    }
    env.ctx(&project, ["start"]).ok();
    let commit = |message: &str| {
        env.run(git(&env, &project, &["add", "--all"])).ok();
        env.run(git(&env, &project, &["commit", "-q", "-m", message]))
    };
    fs::write(project.join("src/main.rs"), "fn main() {}").unwrap();
    commit("untested").code(1).warns("No command that holds");
    env.ctx(&project, ["log", "cargo test --locked", "--exit-code", "101"]).ok();
    commit("broken").code(1).warns("Failed (exit 101)");
    env.ctx(&project, ["log", "cargo test --locked", "--exit-code", "0"]).ok();
    commit("tested").ok();
    fs::write(project.join("README.md"), "Nothing that a test could see").unwrap();
    commit("told").ok();
    fs::write(project.join("src/main.rs"), "fn main() { todo!() }").unwrap();
    commit("edited since").code(1).warns("Edited: src/main.rs").hints("run it again");
    let log = env.run(git(&env, &project, &["log", "--format=%s"])).ok();
    assert_eq!(log.stdout, "told\ntested\n");
}

#[test]
fn paths_are_taken_as_they_are_typed() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    fs::create_dir_all(project.join("src/deep")).unwrap();
    fs::create_dir(project.join("docs")).unwrap();
    for file in ["src/main.c", "src/deep/a.h", "docs/plan.md"] {
        fs::write(project.join(file), "1").unwrap();
    }
    fs::write(project.join(".gitignore"), "out\n").unwrap();
    fs::write(project.join("out"), "1").unwrap();
    env.ctx(&project, [&["run", "--"], TRUE, &["make test"]].concat()).ok();
    fs::write(project.join("src/main.c"), "22").unwrap();
    let (source, absolute) = (project.join("src"), project.join("src").display().to_string());
    let check = |folder: &Path, glob: &str| env.ctx(folder, [&TESTED[..], &["--paths", glob]].concat());
    let edited = |folder: &Path, glob: &str| drop(check(folder, glob).code(7).says("Edited: src/main.c"));
    [".", "./", "./src", "src", "src/main.c", "*.c", "/src", "docs/../src", &absolute]
        .iter()
        .for_each(|glob| edited(&project, glob));
    [".", "..", "../src", "main.c", "*.c", "/src", &absolute].iter().for_each(|glob| edited(&source, glob));
    ["docs", "*.h", "/docs/", "src/deep"].iter().for_each(|glob| drop(check(&project, glob).ok()));
    ["deep", "*.h", "../docs", "/docs"].iter().for_each(|glob| drop(check(&source, glob).ok()));
    // What is recorded beside the project counts as it is.
    fs::create_dir_all(env.path("config")).unwrap();
    fs::create_dir(env.path("home/shared")).unwrap();
    fs::write(env.path("config/config.toml"), "[watch]\ndirectories = [\"../shared\"]\n").unwrap();
    let shared = env.path("home/shared").display().to_string();
    ["../shared", &shared].iter().for_each(|glob| drop(check(&project, glob).ok()));
    // Where they lead out they are refused, and what names no file that is recorded proves nothing.
    let outside = env.home().display().to_string();
    for glob in ["..", "../shop2/src", &outside] {
        check(&project, glob).fails(2).warns("leads out of the project").hints("gitignore");
    }
    ["scr", "*.rs", "out", "/main.c"]
        .iter()
        .for_each(|glob| drop(check(&project, glob).code(7).says("No file").hints("leave out")));
    check(&source, "docs").code(7).says("/src/**/docs");
    env.ctx(&project, [&TESTED[..], &["--paths", "docs", "scr"]].concat()).code(7).says("\"scr\"");
    // What was deleted since was there.
    fs::remove_dir_all(project.join("docs")).unwrap();
    check(&project, "docs").code(7).says("Deleted: docs");
}
