"""A user of their own for the real programs: nothing of the real user's is read or touched.

A `Sandbox` is a temporary folder with a home and the agent's three folders in it. Every process that is started in it,
also one that detached itself, is known by its environment and ends with it.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

DEADLINE = 30.0
LOOK_AGAIN = 0.01


class Failed(Exception):
    """Something that had to hold did not."""


def wait_for(what, condition, deadline=DEADLINE, look_again=LOOK_AGAIN):
    """The first true value of the condition."""
    ends = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= ends:
            raise Failed(f"not within {deadline:g} s: {what}")
        time.sleep(look_again)


def holds(what, condition, span):
    """The condition is true for as long as the span."""
    ends = time.monotonic() + span
    while time.monotonic() < ends:
        if not condition():
            raise Failed(f"not for {span:g} s: {what}")
        time.sleep(LOOK_AGAIN)


def is_alive(pid):
    """Whether the process runs: a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


class Ran:
    """A command that has ended, with all that a reader of a failure wants to know."""

    def __init__(self, command, folder, done, seconds):
        self.command, self.folder, self.seconds = command, folder, seconds
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        how = f"in {self.folder}, exit {self.code}, {self.seconds:.2f} s"
        command = " ".join(map(str, self.command))
        return f"$ {command}   ({how})\n--- stdout\n{self.out.rstrip()}\n--- stderr\n{self.err.rstrip()}"


class Project:
    """A tracked root and its artifacts."""

    def __init__(self, root):
        self.root = Path(root)
        self.context = self.root / ".context"
        self.log = self.context / "session.md"
        self.pid_file = self.context / "session.pid"

    def lines(self):
        return self.text("session-*.md", self.log).splitlines()

    def events(self):
        """The entries that are whole: the last line may be in the middle of its write."""
        text = self.text("events-*.jsonl", self.context / "events.jsonl")
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def text(self, archived, current):
        """What a file of the record says, with what was archived of it."""
        archive = sorted((self.context / "archive").glob(archived))
        return "".join(path.read_text() for path in [*archive, current] if path.exists())

    def pid(self):
        try:
            return int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None


class Sandbox:
    def __init__(self, bin_dir):
        self.bin = Path(bin_dir).resolve()
        for name in ("ctx", "context-tray"):
            if not (self.bin / name).is_file():
                raise SystemExit(f"{self.bin / name} does not exist; build it, or name another folder with --bin")
        self.folder = Path(tempfile.mkdtemp(prefix="ctx-"))
        self.home = self.folder / "home"
        self.state = self.folder / "state"
        self.ran = []
        self.projects = []
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "CONTEXT_TRAY_CONFIG_DIR": str(self.folder / "config"),
            "CONTEXT_TRAY_STATE_DIR": str(self.state),
            "CONTEXT_TRAY_RUNTIME_DIR": str(self.folder / "run"),
        }
        if "TZ" in os.environ:
            self.env["TZ"] = os.environ["TZ"]
        self.home.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ctx("agent", "stop")
            self.end_processes()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def project(self, name):
        root = self.home / name
        root.mkdir(parents=True)
        self.projects.append(Project(root))
        return self.projects[-1]

    def run(self, *command, cwd=None, expect=None):
        """Runs the command to its end; `expect` is the exit code that it must have."""
        folder = cwd or self.home
        began = time.monotonic()
        done = subprocess.run(
            [str(part) for part in command], cwd=folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=300, check=False,
        )
        ran = Ran(command, folder, done, time.monotonic() - began)
        self.ran.append(ran)
        if expect is not None and ran.code != expect:
            raise Failed(f"exit code {ran.code}, expected {expect}")
        return ran

    def ctx(self, *args, cwd=None, expect=None):
        return self.run(self.bin / "ctx", *args, cwd=cwd, expect=expect)

    def start(self, project):
        """Named, so that no `.context` in a folder above the sandbox can stand in for it."""
        return self.ctx("start", project.root, expect=0)

    def status(self, project):
        return json.loads(self.ctx("status", "--json", cwd=project.root).out)

    def start_process(self, *command, cwd=None, **options):
        """Starts what ends with the sandbox at the latest."""
        options = {stream: subprocess.DEVNULL for stream in ("stdin", "stdout", "stderr")} | options
        command = [str(part) for part in command]
        return subprocess.Popen(command, cwd=cwd or self.home, env=self.env, **options)

    def processes(self):
        """The live processes that were started in here, by their environment."""
        mine = f"CONTEXT_TRAY_STATE_DIR={self.state}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if mine in (entry / "environ").read_bytes().split(b"\0") and is_alive(entry.name):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def end_processes(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for("the end of every process of the sandbox", lambda: not self.processes())
