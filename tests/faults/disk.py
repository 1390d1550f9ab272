"""A disk that is full, read-only or broken: what can't be written waits, within bounds, and is written when it can be.

A client's command goes to the spool in the user's state folder, with a warning; what happens to files stays in the tracker's
memory. When the disk is well again the record is exact, and what came late says so.
"""

import errno
import os
import subprocess
from collections import Counter
from contextlib import contextmanager

from preload import Injected
from record import Replayed, check_whole
from sandbox import Failed, Project, wait_for
from suite import Skipped

DISK = "16m"
FILES = 300
# The looks alone take about as long as the agent waits for an answer, and so do the watches of the folders.
SLOW_PLACES, SLOW_LOOK = 1000, 0.01
DEAD_AFTER = 10


@contextmanager
def small_disk(sandbox):
    """A disk of its own below the home folder."""
    path = sandbox.home / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", path]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        raise Skipped("no disk can be mounted here")
    try:
        yield path
    finally:
        sandbox.ctx("agent", "stop")
        sandbox.end_processes()
        subprocess.run(["umount", "--lazy", path], check=True)


def on_disk(sandbox, disk):
    project = Project(disk / "shop")
    project.root.mkdir()
    sandbox.projects.append(project)
    record = Replayed(sandbox, project)
    sandbox.start(project)
    return project, record


def log(sandbox, project, command):
    """Logs a command that must come to the journal late."""
    ran = sandbox.ctx("log", command, cwd=project.root, expect=0)
    if "not in the journal yet" not in ran.err:
        raise Failed(f"{command!r} was not said to be late")


def commands(project):
    """The commands of the record, each with whether it came late; said twice is an error."""
    ran = [(entry["command"], entry.get("late", False)) for entry in check_whole(project) if entry["kind"] == "ran"]
    if len(set(ran)) != len(ran):
        raise Failed(f"told twice: {ran}")
    return ran


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def a_full_disk(suite, sandbox):
    """Nothing can be written for a while, and the record is whole afterwards."""
    with small_disk(sandbox) as disk:
        project, record = on_disk(sandbox, disk)
        sandbox.ctx("log", "before", cwd=project.root, expect=0)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, _until(errno.ENOSPC):
            while True:
                file.write(b"x" * 4096)
        for number in range(FILES):
            (project.root / f"empty-{number}").touch()
        (project.root / "empty-0").rename(project.root / "moved")
        # What is short may find room behind the last line.
        long = "while full " + "x" * 9000
        log(sandbox, project, long)
        pid = sandbox.status(project)["pid"]
        sandbox.ctx("sync", cwd=project.root, expect=1)
        suite.check("a full disk is said by log and sync, and the tracker lives", pid == project.pid())
        ballast.unlink()
        sandbox.ctx("log", "after", cwd=project.root, expect=0)
        record.check("after a full disk")
        suite.check("what waited is in the record once, and it is exact",
                    commands(project) == [("before", False), (long, True), ("after", False)])


def a_disk_that_is_full_for_long(suite, sandbox):
    """More happens than is kept in memory: a gap says so, memory is bounded, and the record is exact again."""
    count = suite.figure(short=101_000, long=300_000)
    injected = Injected(sandbox)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.start(project)
    before = rss_kib(project.pid())
    with injected.failing_writes(errno.ENOSPC):
        for folder in range(count // 1000):
            (project.root / str(folder)).mkdir()
            for number in range(1000):
                (project.root / str(folder) / str(number)).touch()
        sandbox.ctx("sync", cwd=project.root, expect=1)
        grown = rss_kib(project.pid()) - before
    record.check(f"{count} files while nothing could be written")
    gaps = [entry for entry in check_whole(project) if entry["kind"] == "gap"]
    suite.check("a gap says that more happened than could be kept, and the record is exact", len(gaps) >= 1)
    suite.check(f"{count} files cost the tracker {grown // 1024} MB meanwhile", grown < 250 * 1024)


def a_read_only_disk(suite, sandbox):
    """No session can begin, a command waits; a session that runs when the disk becomes read-only goes on behind it."""
    injected = Injected(sandbox)
    with small_disk(sandbox) as disk:
        project, record = on_disk(sandbox, disk)
        with injected.failing_writes(errno.EROFS):
            log(sandbox, project, "in a session")
            (project.root / "a").write_text("a")
        record.check("after a disk that became read-only")
        sandbox.ctx("stop", cwd=project.root, expect=0)
        _remount(disk, "ro")
        log(sandbox, project, "without a session")
        refused = sandbox.ctx("start", cwd=project.root, expect=1)
        suite.check("a start on a read-only disk says why", "hint: " in refused.err)
        _remount(disk, "rw")
        sandbox.start(project)
        (project.root / "b").write_text("b")
        record.check("after a read-only disk")
        suite.check("a disk that was read-only for a while has lost nothing",
                    commands(project) == [("in a session", True), ("without a session", True)])


def a_disk_that_fails(suite, sandbox):
    """Writes fail now and then, with a half of the bytes written or none, by each error that a disk has."""
    injected = Injected(sandbox)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.start(project)
    rounds = suite.figure(short=3, long=30)
    sent = []
    for number in range(rounds):
        for error in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            with injected.failing_writes(error, permille=400):
                for _ in range(10):
                    sent.append(f"make {len(sent)}")
                    sandbox.ctx("log", sent[-1], cwd=project.root, expect=0)
                    (project.root / f"file-{len(sent) % 7}").write_text("x" * len(sent))
            record.check(f"round {number}, {os.strerror(error)}")
            check_whole(project)
    wait_for("what waits", lambda: sorted(command for command, _ in commands(project)) == sorted(sent))
    told = [line.partition(" Ran: ")[2].partition(" -> ")[0] for line in project.lines() if " Ran: " in line]
    late = sum(is_late for _, is_late in commands(project))
    if sorted(told) != sorted(sent):
        raise Failed(f"session.md lacks {Counter(sent) - Counter(told)}, and has besides {Counter(told) - Counter(sent)}")
    suite.check(f"{len(sent)} commands among failing writes, {late} of them late: each in the record once", True)


def a_slow_disk(suite, sandbox):
    """A tracker that looks at it for longer than a dead one is waited for is at work, not dead."""
    injected = Injected(sandbox)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.start(project)
    tracker = project.pid()
    with injected.slow_looks(SLOW_LOOK):
        _arrive(sandbox, project, "waited-for")
        synced = sandbox.ctx("sync", cwd=project.root, expect=0)
    record.check("after a slow look")
    suite.check(f"{SLOW_PLACES} files and folders on a slow disk, in {synced.seconds:.1f} s: the tracker is waited for",
                synced.seconds > DEAD_AFTER and project.pid() == tracker)
    with injected.slow_looks(SLOW_LOOK):
        _arrive(sandbox, project, "cut-short")
        stopped = sandbox.ctx("stop", cwd=project.root, expect=0)
    suite.check(f"a stop in the middle of it takes {stopped.seconds:.1f} s", stopped.seconds < 2 * DEAD_AFTER)
    sandbox.start(project)
    record.check("after a look that was cut short")


def _arrive(sandbox, project, name):
    """Much at once, by one move."""
    outside = sandbox.home / name
    outside.mkdir()
    for number in range(SLOW_PLACES // 2):
        (outside / f"{number}.txt").write_text("")
        (outside / str(number)).mkdir()
    outside.rename(project.root / name)


@contextmanager
def _until(code):
    try:
        yield
    except OSError as error:
        if error.errno != code:
            raise


def _remount(disk, how):
    """The mount, not the disk below it: that is for root alone."""
    subprocess.run(["mount", "-o", f"remount,bind,{how}", disk], check=True)


CASES = [a_full_disk, a_disk_that_is_full_for_long, a_read_only_disk, a_disk_that_fails, a_slow_disk]
