"""More of everything than anybody has: clients, projects, files, long paths, and events that come faster than they are read.

Memory stays within a figure that is printed, and every record is exact afterwards.
"""

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from disk import on_disk, small_disk
from preload import compile_c
from record import Replayed, check_whole
from sandbox import Failed, wait_for

CLIENTS = 200
LONG_PATH = 4000
NAME = 200
PATIENCE = 300
SOURCE = Path(__file__).with_name("storm.c")
# A tracker that gets this part of the time.
HELD_STILL, GOING = 1.5, 0.5

def peak_mb(pid):
    """The most memory that the process has had."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def storm(sandbox, folder, seconds):
    program = sandbox.folder / "storm"
    if not program.exists():
        compile_c(SOURCE, program)
    return sandbox.start_process(program, folder, seconds)


@contextmanager
def a_session(sandbox, name="shop"):
    project = sandbox.project(name)
    record = Replayed(sandbox, project)
    sandbox.start(project)
    yield project, record


def many_clients_at_once(suite, sandbox):
    """Two hundred at any time."""
    seconds = suite.figure(short=5, long=60)
    with a_session(sandbox) as (project, _):
        ends, running, sent = time.monotonic() + seconds, [], 0
        while running or time.monotonic() < ends:
            while len(running) < CLIENTS and time.monotonic() < ends:
                ctx = sandbox.bin / "ctx"
                running.append(sandbox.start_process(ctx, "log", f"make {sent}", cwd=project.root, stderr=subprocess.PIPE))
                sent += 1
            codes = [(client, client.poll()) for client in running]
            for client, code in codes:
                if code not in (None, 0):
                    raise Failed(f"exit code {code}: {client.stderr.read().decode()}")
            running = [client for client, code in codes if code is None]
            time.sleep(0.01)
        sandbox.ctx("sync", cwd=project.root, expect=0)
        told = lambda: Counter(entry["command"] for entry in check_whole(project) if entry["kind"] == "ran")
        wait_for("what had to wait", lambda: len(told()) == sent)
        lines = sum(" Ran: make " in line for line in project.lines())
        suite.check(f"{CLIENTS} clients at any time for {seconds} s: {sent} commands, each in the record once",
                    set(told().values()) == {1} and lines == sent)
        suite.check(f"they cost the tracker {peak_mb(project.pid())} MB", peak_mb(project.pid()) < 100)


def a_storm_in_every_project(suite, sandbox):
    count, seconds = suite.figure(short=8, long=50), suite.figure(short=4, long=30)
    projects = [sandbox.project(f"shop-{number}") for number in range(count)]
    records = [Replayed(sandbox, project) for project in projects]
    for project in projects:
        sandbox.start(project)
    storms = [storm(sandbox, project.root / "storm", seconds) for project in projects]
    while any(it.poll() is None for it in storms):
        sandbox.ctx("log", "in the storm", cwd=projects[0].root, expect=0)
        time.sleep(0.2)
    entries = sum(len(record.check("after the storm")) for record in records)
    peaks = [peak_mb(project.pid()) for project in projects]
    suite.check(f"{count} projects with a storm of {seconds} s each: {entries} entries, at most {max(peaks)} MB a tracker",
                max(peaks) < 150)


def more_events_than_are_read(suite, sandbox):
    """The kernel's queue overflows again and again: the tracker is held still for most of the time, and the disk is fast."""
    seconds = suite.figure(short=8, long=60)
    with small_disk(sandbox) as disk:
        project, record = on_disk(sandbox, disk)
        storms = [storm(sandbox, project.root / str(number), seconds) for number in range(2)]
        pid, sizes = project.pid(), []
        while any(it.poll() is None for it in storms):
            for pause, then in ((HELD_STILL, signal.SIGSTOP), (GOING, signal.SIGCONT)):
                os.kill(pid, then)
                time.sleep(pause)
            sizes.append(len(project.events()))
        grown = sum(later > earlier for earlier, later in zip(sizes, sizes[1:]))
        began = time.monotonic()
        new = record.check("after the events")
        took = time.monotonic() - began
        gaps = Counter(entry["reason"] for entry in new if entry["kind"] == "gap")
        suite.check(f"{seconds} s of more events than are read: {len(new)} entries, {gaps['overflow']} overflows, "
                    f"{peak_mb(pid)} MB, exact {took:.1f} s after", gaps["overflow"] > 0 and peak_mb(pid) < 250)
        suite.check(f"the record grew in {grown} of {len(sizes)} looks meanwhile", grown > len(sizes) // 3)


def a_folder_of_many_files(suite, sandbox):
    count = suite.figure(short=20_000, long=100_000)
    with a_session(sandbox) as (project, record):
        folder = project.root / "many"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.txt").touch()
        began = time.monotonic()
        new = record.check("many files")
        took = time.monotonic() - began
        suite.check(f"{count} files in one folder: exact {took:.1f} s after the last, {peak_mb(project.pid())} MB",
                    len(new) == count + 2)
        shutil.rmtree(folder)
        record.check("many files gone")
        suite.check("... and they are gone again", record.tree == {})


def a_tree_of_many_files(suite, sandbox):
    count = suite.figure(short=30_000, long=1_000_000)
    project = sandbox.project("shop")
    for folder in range(count // 1000):
        path = project.root / str(folder // 100) / str(folder % 100)
        path.mkdir(parents=True)
        for number in range(1000):
            os.close(os.open(path / str(number), os.O_CREAT | os.O_WRONLY, 0o644))
    record = Replayed(sandbox, project)
    began = time.monotonic()
    sandbox.start(project)
    took = time.monotonic() - began
    for number in range(20):
        (project.root / "0" / "0" / str(number)).write_text("edited")
    record.check("a tree of many files")
    suite.check(f"{count} files: recording {took:.1f} s after the start, {peak_mb(project.pid())} MB at most",
                took < PATIENCE)
    sandbox.ctx("stop", cwd=project.root, expect=0)
    (project.root / "between").touch()
    began = time.monotonic()
    sandbox.start(project)
    took = time.monotonic() - began
    new = record.check("the tree again")
    suite.check(f"... and {took:.1f} s after the next start, which found what was new",
                [entry["path"] for entry in new if entry["kind"] == "created"] == ["between"])


def paths_as_long_as_there_are(suite, sandbox):
    """One of 4,000 bytes is recorded; what lies deeper than the system can name is in nobody's way."""
    with a_session(sandbox) as (project, record):
        path = project.root
        while len(str(path)) + NAME + 1 < LONG_PATH:
            path /= "d" * min(NAME, LONG_PATH - len(str(path)) - 2)
        path.mkdir(parents=True)
        (path / ("f" * (LONG_PATH - len(str(path)) - 1))).write_text("deep")
        new = record.check("a long path")
        longest = max(len(entry["path"]) for entry in new if entry["kind"] == "created")
        suite.check(f"a path of {longest + len(str(project.root)) + 1} bytes is recorded",
                    longest + len(str(project.root)) + 1 == LONG_PATH)
        below = "b" * NAME
        subprocess.run(["sh", "-c", f"cd -P . && mkdir {below} && cd {below} && : > unreachable"], cwd=path, check=False)
        (project.root / "beside").write_text("beside")
        sandbox.ctx("sync", cwd=project.root, expect=0)
        is_told = any(entry.get("path") == "beside" for entry in check_whole(project))
        suite.check("what lies deeper than can be named is in nobody's way", is_told and sandbox.status(project)["pid"])
        subprocess.run(["rm", "-r", project.root / path.relative_to(project.root).parts[0]], check=True)
        record.news()
        suite.check("... and all of it is gone again", set(record.tree) == {"beside"})


CASES = [
    many_clients_at_once, a_storm_in_every_project, more_events_than_are_read, a_folder_of_many_files,
    a_tree_of_many_files, paths_as_long_as_there_are,
]
