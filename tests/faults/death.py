"""`kill -9` of trackers, agents and clients at random moments, while files change and commands are logged.

Workers change files and log commands without a pause; what a client was told is compared with what the record holds. Every
now and then all of them rest, and each record must be exact: replayed it is the disk, a command that was acknowledged stands
in it once, one whose client was killed once at most, and no line is torn or forged.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

from record import Replayed, check_whole
from sandbox import Failed

PROJECTS = 3
KILLS_UNTIL_A_LOOK = 40
LONGEST_PAUSE = 0.12


class Worker(threading.Thread):
    """Works in one project, until it is told to rest."""

    def __init__(self, deaths, project, seed):
        super().__init__(daemon=True)
        self.deaths, self.project, self.choose = deaths, project, random.Random(seed)
        self.failure = None

    def run(self):
        try:
            while not self.deaths.ended:
                with self.deaths.at_work[self]:
                    self.step()
        except Exception as error:  # told by the main thread
            self.failure = error


class Files(Worker):
    def step(self):
        names = [self.project.root / folder / f"{number}.txt" for folder in "ab" for number in range(12)]
        path, other = self.choose.sample(names, 2)
        act = self.choose.randrange(6)
        path.parent.mkdir(exist_ok=True)
        other.parent.mkdir(exist_ok=True)
        if act == 0 and path.exists():
            path.unlink()
        elif act == 1 and path.exists():
            path.rename(other)
        elif act == 2:
            folder = self.project.root / self.choose.choice("ab")
            target = self.project.root / "moved"
            if target.exists():
                for entry in target.iterdir():
                    entry.unlink()
                target.rmdir()
            folder.mkdir(exist_ok=True)
            folder.rename(target)
        else:
            path.write_text("x" * self.choose.randrange(3000))
        time.sleep(self.choose.random() / 100)


class Clients(Worker):
    """Logs one command after another, and remembers what it was told of each."""

    def __init__(self, *args):
        super().__init__(*args)
        self.told = {}
        self.client = None

    def step(self):
        command = f"make {self.project.root.name}-{len(self.told)}"
        ctx = self.deaths.sandbox.bin / "ctx"
        self.client = self.deaths.sandbox.start_process(ctx, "log", command, cwd=self.project.root)
        self.told[command] = self.client.wait(timeout=60)


class Deaths:
    def __init__(self, sandbox, choose):
        self.sandbox, self.choose = sandbox, choose
        self.ended = False
        self.killed = Counter()
        self.projects = [sandbox.project(f"shop-{number}") for number in range(PROJECTS)]
        self.records = {project: Replayed(sandbox, project) for project in self.projects}
        self.clients = {project: Clients(self, project, choose.random()) for project in self.projects}
        files = [Files(self, project, choose.random()) for project in self.projects]
        self.workers = files + list(self.clients.values())
        self.at_work = {worker: threading.Lock() for worker in self.workers}

    def run(self, kills):
        for project in self.projects:
            self.sandbox.start(project)
        for worker in self.workers:
            worker.start()
        while self.killed.total() < kills:
            for _ in range(min(KILLS_UNTIL_A_LOOK, kills - self.killed.total())):
                self.kill_something()
            self.look()
        self.ended = True

    def kill_something(self):
        time.sleep(self.choose.random() * LONGEST_PAUSE)
        what = self.choose.choices(["tracker", "agent", "client"], [5, 2, 5])[0]
        project = self.choose.choice(self.projects)
        if what == "client":
            client = self.clients[project].client
            if client and client.poll() is None:
                client.kill()
                self.killed[what] += 1
            return
        pid = project.pid() if what == "tracker" else self.agent()
        if pid is None or pid not in self.sandbox.processes():
            # On its way, or given up after five deaths in ten minutes: then the user asks again.
            return self.sandbox.start_process(self.sandbox.bin / "ctx", "start", project.root).wait(timeout=60)
        os.kill(pid, signal.SIGKILL)
        self.killed[what] += 1

    def agent(self):
        answer = self.sandbox.ctx("agent", "status", "--json")
        return json.loads(answer.out)["pid"] if answer.code == 0 else None

    def look(self):
        """Everybody rests; each record must be exact."""
        for lock in self.at_work.values():
            lock.acquire()
        try:
            for worker in self.workers:
                if worker.failure:
                    raise Failed(f"a worker ended: {worker.failure}") from worker.failure
            for project, record in self.records.items():
                self.sandbox.start(project)
                record.check(f"{project.root.name} after {self.killed.total()} kills")
                self.check_commands(project)
        finally:
            for lock in self.at_work.values():
                lock.release()

    def check_commands(self, project):
        events = Counter(entry["command"] for entry in check_whole(project) if entry["kind"] == "ran")
        lines = Counter(line.partition(" Ran: ")[2].partition(" -> ")[0] for line in project.lines() if " Ran: " in line)
        for command, code in self.clients[project].told.items():
            if code not in (0, -signal.SIGKILL):
                raise Failed(f"ctx log {command!r}: exit code {code}")
            if events[command] != 1 and (code == 0 or events[command] > 1):
                raise Failed(f"{command!r} was told {code}, and is in the record {events[command]} times")
            if lines[command] != events[command]:
                raise Failed(f"{command!r}: {events[command]} entries, and {lines[command]} lines in session.md")


def sudden_deaths(suite, sandbox):
    """Trackers, agents and clients die at random."""
    kills = suite.figure(short=80, long=2000)
    deaths = Deaths(sandbox, random.Random(suite.seed))
    try:
        deaths.run(kills)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"a client does not end: {error}") from error
    finally:
        deaths.ended = True
    told = sum(len(clients.told) for clients in deaths.clients.values())
    entries = sum(len(check_whole(project)) for project in deaths.projects)
    shares = ", ".join(f"{count} {what}s" for what, count in sorted(deaths.killed.items()))
    suite.check(f"{deaths.killed.total()} kills ({shares}), {told} commands, {entries} entries, every record exact", True)


CASES = [sudden_deaths]
