//! What the system does too seldom to be waited for, done by a library that answers in its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::env::{TestEnv, entries_of, kill, log_lines, recorded, signal, wait_for};
use crate::sessions::{changes, pid_of};

/// A library from its source, and a file that it may look for and that is not there yet.
fn library(env: &TestEnv, source: &str) -> (PathBuf, PathBuf) {
    let (code, library, file) = (env.path("library.c"), env.path("library.so"), env.path("file"));
    fs::write(&code, source).unwrap();
    let mut compiler = env.command("cc", &env.home());
    compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &code]);
    env.run(compiler).ok();
    (library, file)
}

/// A session in the foreground, with such a library; killed where a test ends before it does.
struct Session(Child);

impl Session {
    fn start(env: &TestEnv, project: &Path, (library, file): &(PathBuf, PathBuf)) -> Self {
        let mut start = env.ctx_command(project, ["start", "--foreground"]);
        Self(start.env("LD_PRELOAD", library).env("FILE", file).stdout(Stdio::null()).spawn().unwrap())
    }

    fn end(mut self) {
        signal(self.0.id(), "TERM");
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_sleep_of_the_machine_is_a_gap() {
    let env = TestEnv::new();
    let project = env.project("shop");
    let library = library(
        &env,
        r#"
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            struct stat slept;
            int result = syscall(SYS_clock_gettime, clock, time);
            if (clock == CLOCK_BOOTTIME && stat(getenv("FILE"), &slept) == 0) time->tv_sec += 3600;
            return result;
        }"#,
    );
    let session = Session::start(&env, &project, &library);
    wait_for("it records", || env.status(&project)["state"] == "running");
    fs::write(project.join("before.txt"), "before").unwrap();
    wait_for("a line", || changes(&project).len() == 1);
    assert!(entries_of(&project, "gap").is_empty());
    fs::write(&library.1, "").unwrap();
    fs::write(project.join("after.txt"), "after").unwrap();
    wait_for("the other line", || changes(&project).len() == 2);
    let gaps = entries_of(&project, "gap");
    assert_eq!((gaps.len(), gaps[0]["reason"].as_str()), (1, Some("suspend")));
    assert_eq!(gaps[0]["changes_found"], 1);
    let is_told =
        || log_lines(&project).iter().any(|line| line.ends_with(", the machine slept; 1 change found by scan"));
    wait_for("the gap's line", is_told);
    session.end();
    assert_eq!(entries_of(&project, "gap").len(), 1);
}

/// One that has its lock, and is held up before it can say so, must not be taken for the one that died.
#[test]
fn what_a_dead_tracker_left_is_not_told_of_the_next() {
    let env = TestEnv::new();
    let project = recorded(&env, "shop");
    let dead = pid_of(&env, &project);
    // An agent that is held still can't start another one.
    let agent = env.agent_pid().unwrap();
    signal(agent, "STOP");
    kill(dead);
    kill(agent);
    wait_for("it is dead", || env.status(&project)["state"] == "stale");
    let library = library(
        &env,
        r#"
        #define _GNU_SOURCE
        #include <limits.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/file.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int flock(int file, int how) {
            char link[64], path[PATH_MAX + 1] = "";
            struct stat go;
            int result = syscall(SYS_flock, file, how);
            snprintf(link, sizeof link, "/proc/self/fd/%d", file);
            if (result == 0 && (how & LOCK_EX) && readlink(link, path, PATH_MAX) > 0 && strstr(path, "tracker.lock"))
                while (stat(getenv("FILE"), &go) != 0) usleep(1000);
            return result;
        }"#,
    );
    let session = Session::start(&env, &project, &library);
    wait_for("it has the lock", || !["stale", "stopped"].contains(&env.status(&project)["state"].as_str().unwrap()));
    assert_eq!(env.status(&project)["state"], "starting");
    fs::write(&library.1, "").unwrap();
    wait_for("it records", || env.status(&project)["state"] == "running");
    assert_eq!(env.status(&project)["pid"], session.0.id());
    session.end();
}
