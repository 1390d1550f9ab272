//! What counts and what does not: files of patterns, ignored folders, and folders that are recorded beside the project.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::env::{TestEnv, entries, entries_of, kill, log_lines, wait_for};
use crate::replay::sync;

#[test]
fn rules_that_change_are_no_change_of_the_files() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    for name in ["a.log", "b.txt", "c.tmp"] {
        fs::write(project.join(name), name).unwrap();
    }
    fs::write(project.join(".gitignore"), "*.tmp\n").unwrap();
    env.ctx(&project, ["start"]).ok();
    let told = |project: &Path| -> Vec<String> {
        let changes = entries(project).into_iter().filter(|entry| entry.get("path").is_some());
        changes
            .map(|entry| format!("{} {}", entry["kind"].as_str().unwrap(), entry["path"].as_str().unwrap()))
            .collect()
    };
    fs::write(project.join(".gitignore"), "*.log\n").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project), ["edited .gitignore"], "what rules let in or keep out is not a change");
    fs::write(project.join("a.log"), "more").unwrap();
    fs::write(project.join("c.tmp"), "more").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project)[1..], ["edited c.tmp"]);
    // The same across a stop.
    env.ctx(&project, ["stop"]).ok();
    fs::write(project.join(".gitignore"), "").unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(told(&project)[2..], ["edited .gitignore"]);
    fs::write(project.join("a.log"), "yet more").unwrap();
    sync(&env, &project);
    assert_eq!(told(&project)[3..], ["edited a.log"]);
    let indexed = env.status(&project)["files_indexed"].as_u64().unwrap();
    fs::remove_file(project.join(".gitignore")).unwrap();
    sync(&env, &project);
    assert_eq!(env.status(&project)["files_indexed"], indexed - 1);
}

#[test]
fn a_file_of_patterns_that_is_too_much_is_said_as_long_as_it_is() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir(project.join("src")).unwrap();
    fs::write(project.join("src/.gitignore"), format!("*.log\n{}", "#\n".repeat(600_000))).unwrap();
    env.ctx(&project, ["start"]).ok();
    let degraded = || env.status(&project)["degraded"].as_str().map(str::to_owned);
    assert!(degraded().is_some_and(|said| said.contains("src") && said.contains("shorten it")), "{:?}", degraded());
    fs::write(project.join("src/.gitignore"), "*.log\n").unwrap();
    sync(&env, &project);
    assert_eq!(degraded(), None);
}

#[test]
fn an_ignored_folder_has_no_watch() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir_all(project.join("node_modules/deep/down")).unwrap();
    fs::create_dir_all(project.join("src")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(env.status(&project)["directories_watched"], 2);
    fs::create_dir_all(project.join("venv/lib")).unwrap();
    fs::write(project.join("venv/lib/x"), "x").unwrap();
    sync(&env, &project);
    assert_eq!(env.status(&project)["directories_watched"], 2);
    assert_eq!(entries_of(&project, "created"), Vec::<Value>::new());
}

#[test]
fn a_project_of_its_own_has_one_watch_whatever_comes_in_it() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let inner = project.join("inner");
    fs::create_dir_all(inner.join(".context")).unwrap();
    env.ctx(&project, ["start"]).ok();
    // One, to see when it is one no more.
    assert_eq!(env.status(&project)["directories_watched"], 2);
    fs::create_dir_all(inner.join("deep/down")).unwrap();
    fs::write(inner.join("deep/down/x"), "x").unwrap();
    fs::write(project.join("a"), "a").unwrap();
    sync(&env, &project);
    assert_eq!(env.status(&project)["directories_watched"], 2);
}

#[test]
fn a_project_of_its_own_that_came_in_place_of_a_folder_ends_as_any_other() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let inner = project.join("inner");
    let other = env.folder("other");
    fs::create_dir(&inner).unwrap();
    fs::create_dir(other.join(".context")).unwrap();
    fs::write(other.join("a"), "a").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::rename(&inner, env.path("away")).unwrap();
    fs::rename(&other, &inner).unwrap();
    sync(&env, &project);
    assert_eq!(env.status(&project)["files_indexed"], 0);
    fs::remove_dir(inner.join(".context")).unwrap();
    wait_for("the file to count", || env.status(&project)["files_indexed"] == 1);
}

#[test]
fn a_folder_that_came_in_place_of_a_project_of_its_own_is_recorded() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let other = env.folder("other");
    fs::create_dir_all(project.join("inner/.context")).unwrap();
    fs::create_dir_all(project.join("above/inner/.context")).unwrap();
    fs::create_dir(other.join("inner")).unwrap();
    fs::write(other.join("inner/new"), "new").unwrap();
    env.ctx(&project, ["start"]).ok();
    fs::rename(project.join("inner"), env.path("away")).unwrap();
    fs::create_dir(project.join("inner")).unwrap();
    fs::rename(project.join("above"), env.path("far")).unwrap();
    fs::rename(&other, project.join("above")).unwrap();
    sync(&env, &project);
    fs::write(project.join("inner/a"), "a").unwrap();
    fs::write(project.join("above/inner/b"), "b").unwrap();
    sync(&env, &project);
    let created: Vec<Value> = entries_of(&project, "created").iter().map(|entry| entry["path"].clone()).collect();
    for path in ["inner/a", "above/inner/new", "above/inner/b"] {
        assert!(created.iter().any(|created| created == path), "{path}: {created:?}");
    }
}

#[test]
fn files_that_leave_with_a_project_of_their_own_are_counted_no_more() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let inner = project.join("inner");
    fs::create_dir_all(inner.join("src")).unwrap();
    fs::write(inner.join("src/x"), "x").unwrap();
    env.ctx(&project, ["start"]).ok();
    let counts = || {
        sync(&env, &project);
        let status = env.status(&project);
        (status["directories_watched"].as_u64().unwrap(), status["files_indexed"].as_u64().unwrap())
    };
    assert_eq!(counts(), (3, 1));
    fs::create_dir(inner.join(".context")).unwrap();
    assert_eq!(counts(), (2, 0));
    fs::remove_dir(inner.join(".context")).unwrap();
    assert_eq!(counts(), (3, 1));
}

#[test]
fn more_folders_are_recorded_inside_and_outside() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    let outside = env.folder("docs");
    fs::create_dir_all(project.join("out/api")).unwrap();
    fs::write(project.join(".gitignore"), "out/\n").unwrap();
    fs::write(project.join("out/api/there.txt"), "there").unwrap();
    fs::create_dir_all(env.path("config")).unwrap();
    let user = env.path("config").join("config.toml");
    fs::write(&user, format!("[watch]\ndirectories = [\"out/api\", {outside:?}]\n")).unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(
        env.status(&project)["watching"],
        serde_json::json!([project, outside, project.join("out").join("api")])
    );
    let told = || {
        let changes = log_lines(&project).into_iter().filter(|line| !line.contains("] Session"));
        changes.map(|line| line[11..].to_owned()).collect::<Vec<_>>()
    };

    fs::write(outside.join("plan.md"), "plan").unwrap();
    fs::write(env.home().join("elsewhere.md"), "not ours").unwrap();
    fs::write(project.join("out/ignored.txt"), "ignored").unwrap();
    fs::write(project.join("out/api/index.txt"), "index").unwrap();
    sync(&env, &project);
    let mut seen = told();
    seen.sort();
    assert_eq!(seen, ["Created: ../docs/plan.md", "Created: out/api/index.txt"]);
    fs::rename(outside.join("plan.md"), project.join("plan.md")).unwrap();
    sync(&env, &project);
    assert_eq!(told().last().unwrap(), "Moved: ../docs/plan.md -> plan.md");
    let shown = |path: &str| env.ctx(&project, ["explain", path]).ok().stdout;
    assert!(shown("../docs/x").contains("is recorded"), "{}", shown("../docs/x"));
    assert!(shown("../elsewhere.md").contains("outside the project"), "{}", shown("../elsewhere.md"));
    assert!(shown("out/x").contains(".gitignore:1 says out/"), "{}", shown("out/x"));

    // What happens there without a session is found like the rest.
    env.ctx(&project, ["stop"]).ok();
    fs::write(outside.join("found.md"), "found").unwrap();
    env.ctx(&project, ["start"]).ok();
    assert_eq!(told().last().unwrap(), "Created: ../docs/found.md (found by scan)");

    // A folder that is out of reach is not deleted.
    fs::rename(&outside, env.home().join("away")).unwrap();
    sync(&env, &project);
    let degraded = || env.status(&project)["degraded"].as_str().unwrap_or_default().to_owned();
    fs::write(project.join("plan.md"), "more").unwrap();
    wait_for("it is said", || degraded().contains("can't be reached"));
    assert_eq!(entries_of(&project, "deleted"), [] as [Value; 0]);
    fs::rename(env.home().join("away"), &outside).unwrap();
    sync(&env, &project);

    // What the configuration takes out again is no change of the files.
    fs::write(&user, "").unwrap();
    wait_for("the folders to go", || env.status(&project)["watching"] == serde_json::json!([project]));
    fs::write(outside.join("late.md"), "late").unwrap();
    sync(&env, &project);
    assert!(told().iter().all(|line| !line.contains("late.md") && !line.contains("Deleted")), "{:#?}", told());

    fs::write(project.join(".context/config.toml"), "[watch]\ndirectories = [\"../docs\"]\n").unwrap();
    let problem = || env.status(&project)["config_problem"].as_str().unwrap_or_default().to_owned();
    wait_for("a project's file names no others", || problem().contains("only your own configuration"));
    fs::write(&user, "[watch]\ndirectories = [\"..\", \"nowhere\"]\n").unwrap();
    fs::write(project.join(".context/config.toml"), "").unwrap();
    wait_for("what is wrong with a folder", || problem().contains("it holds the project itself"));
    assert!(problem().contains("nowhere is not watched"), "{}", problem());
}

/// Git's own files of patterns: what the user never shares, and what counts in every repository.
#[cfg(unix)]
#[test]
fn gits_files_of_patterns_count_at_once_and_are_named_by_their_lines() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    // A linked work tree, as `git worktree add` makes it: its file of patterns is the repository's.
    let repository = env.folder("main/.git");
    fs::create_dir_all(repository.join("worktrees/shop")).unwrap();
    fs::create_dir_all(repository.join("info")).unwrap();
    fs::write(repository.join("worktrees/shop/commondir"), "../..\n").unwrap();
    fs::write(project.join(".git"), format!("gitdir: {}\n", repository.join("worktrees/shop").display())).unwrap();
    fs::create_dir_all(env.home().join(".config/git")).unwrap();
    fs::write(project.join("there.bak"), "there").unwrap();
    env.ctx(&project, ["start"]).ok();
    let indexed = |count: u64| wait_for("the index to follow", || env.status(&project)["files_indexed"] == count);
    indexed(1);

    fs::write(repository.join("info/exclude"), "# ours\n*.bak  \n").unwrap();
    indexed(0);
    fs::write(env.home().join(".config/git/ignore"), "*.swap\n").unwrap();
    fs::write(env.path("config").join("config.toml"), "[watch]\nignore = [\n  \"*.own\",\n]\n").unwrap();
    fs::write(project.join(".context/config.toml"), "[watch]\nignore = [\"*.mine\"]\n").unwrap();
    let explained = |path: &str| env.ctx(&project, ["explain", path]).ok().stdout;
    wait_for("the patterns to count", || {
        fs::write(project.join("x.swap"), "x").unwrap();
        sync(&env, &project);
        let before = entries(&project).len();
        ["x.bak", "x.swap", "x.own", "x.mine"].iter().for_each(|path| fs::write(project.join(path), "more").unwrap());
        sync(&env, &project);
        entries(&project).len() == before
    });
    assert!(explained("x.bak").contains("main/.git/info/exclude:2 says *.bak"), "{}", explained("x.bak"));
    assert!(explained("x.swap").contains(".config/git/ignore:1 says *.swap"), "{}", explained("x.swap"));
    assert!(explained("x.own").contains("config.toml:3 says *.own"), "{}", explained("x.own"));
    assert!(explained("x.mine").contains(".context/config.toml:2 says *.mine"), "{}", explained("x.mine"));
    assert_eq!(entries_of(&project, "deleted"), [] as [Value; 0]);

    fs::remove_file(repository.join("info/exclude")).unwrap();
    wait_for("the pattern to go", || {
        fs::write(project.join("there.bak"), "more").unwrap();
        sync(&env, &project);
        entries_of(&project, "edited").iter().any(|entry| entry["path"] == "there.bak")
    });
}

#[test]
fn what_rules_let_in_without_a_word_is_known_after_a_crash() {
    let env = TestEnv::new();
    let project = env.folder("shop");
    fs::create_dir_all(project.join("inner/.context")).unwrap();
    fs::write(project.join("inner/x"), "x").unwrap();
    env.ctx(&project, ["start", "."]).ok();
    fs::remove_dir(project.join("inner/.context")).unwrap();
    sync(&env, &project);
    fs::rename(project.join("inner"), project.join("moved")).unwrap();
    sync(&env, &project);
    let before = entries(&project).len();
    kill(env.status(&project)["pid"].as_u64().unwrap().try_into().unwrap());
    wait_for("it records again", || entries(&project).len() > before && env.status(&project)["state"] == "running");
    sync(&env, &project);
    assert_eq!(entries_of(&project, "moved").len(), 1);
    assert_eq!(entries_of(&project, "created"), Vec::<Value>::new());
    assert_eq!(env.status(&project)["files_indexed"], 1);
}
