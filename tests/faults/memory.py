"""What a session costs over time: no growth while it works, and no error that valgrind sees.

The tracker works in one project without a pause, as over a long day: files are edited, made, moved and removed, commands are
logged. What it holds in memory is read again and again; what the second half of the time adds must be nothing. That is the
memory that the system gives; heaptrack counts what is asked for and not given back, to the byte.
"""

import json
import random
import shutil
import signal
import statistics
import subprocess
import time

from disk import rss_kib
from record import Replayed
from sandbox import Failed, wait_for
from suite import Skipped

FILES = 500
WARM = 0.4
MOST_GROWTH_KIB = 1024
HOUR = 3600
# Seconds between two moments of work below heaptrack, which writes down each allocation.
BREATH = 0.05
# heaptrack's own account grows by some bytes a second, where a counter around malloc and free finds no growth in the same work.
MOST_HEAP_GROWTH = 16 * 1024
VALGRIND = ("valgrind", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite", "--trace-children=no")


def work(sandbox, project, choose):
    """A moment of somebody's day."""
    for _ in range(10):
        path = project.root / f"{choose.randrange(FILES)}.txt"
        if path.exists() and choose.random() < 0.2:
            path.unlink()
        elif path.exists() and choose.random() < 0.2:
            path.rename(project.root / f"{choose.randrange(FILES)}.txt")
        else:
            path.write_text("x" * choose.randrange(2000))
    sandbox.ctx("log", f"make {choose.randrange(100)}", cwd=project.root, expect=0)


class Assistant:
    """Keeps one `ctx mcp` for the whole day, and asks it what needs not read a whole session."""

    QUESTIONS = (("status", {}), ("recent", {}), ("explain", {"path": "1.txt"}), ("check", {"ran": "make"}))

    def __init__(self, sandbox, project):
        self.server = sandbox.start_process(sandbox.bin / "ctx", "mcp", cwd=project.root, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.asked = 0
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.server.stdin.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
        self.server.stdin.flush()

    def ask(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        answer = json.loads(self.server.stdout.readline())
        if answer["id"] != self.asked or answer.get("result", {"isError": True}).get("isError"):
            raise Failed(f"{method} {params}: {answer}")

    def ask_all(self):
        for name, arguments in self.QUESTIONS:
            self.ask("tools/call", {"name": name, "arguments": arguments})


def a_long_day(suite, sandbox):
    """Memory over time."""
    seconds = suite.figure(short=15, long=600)
    choose = random.Random(suite.seed)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.start(project)
    tracker = project.pid()
    agent = next(pid for pid in sandbox.processes() if pid != tracker)
    assistant = Assistant(sandbox, project)
    began, seen = time.monotonic(), []
    while time.monotonic() - began < seconds:
        work(sandbox, project, choose)
        assistant.ask_all()
        seen.append((time.monotonic() - began, rss_kib(tracker), rss_kib(agent), rss_kib(assistant.server.pid)))
    record.check("a long day")
    settled = [sizes for at, *sizes in seen if at > WARM * seconds]
    half = len(settled) // 2
    growth = [max(late) - max(early) for early, late in zip(zip(*settled[:half]), zip(*settled[half:]))]
    last = settled[-1]
    sizes = ", ".join(f"{name} {size / 1024:.1f} MB ({more:+} KiB)"
                      for name, size, more in zip(("tracker", "agent", "assistant's server"), last, growth))
    suite.check(f"{seconds} s of work, {record.seen} entries, {assistant.asked} questions: {sizes}", max(growth) <= MOST_GROWTH_KIB)


def a_session_below_valgrind(suite, sandbox):
    """No access to what is not ours, and nothing lost for good."""
    if not shutil.which("valgrind"):
        raise Skipped("valgrind is not installed")
    choose = random.Random(suite.seed)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.ctx("init", cwd=project.root, expect=0)
    said = sandbox.folder / "valgrind"
    tracker = sandbox.start_process(*VALGRIND, f"--log-file={said}", sandbox.bin / "ctx", "start", "--foreground", project.root)
    wait_for("it records", lambda: sandbox.status(project)["state"] == "running", deadline=120, look_again=0.1)
    for _ in range(suite.figure(short=5, long=3000)):
        work(sandbox, project, choose)
    tracker.send_signal(signal.SIGTERM)
    code = tracker.wait(timeout=120)
    record.check("a session below valgrind", is_live=False)
    summary = [line.split("== ", 1)[1] for line in said.read_text().splitlines() if "ERROR SUMMARY" in line]
    suite.check(f"a session below valgrind, {record.seen} entries: {summary[-1]}", code == 0)


def an_hour_below_heaptrack(suite, sandbox):
    """What the agent and a tracker hold, by each allocation that they made."""
    if not shutil.which("heaptrack"):
        raise Skipped("heaptrack is not installed")
    choose = random.Random(suite.seed)
    project, other = sandbox.project("shop"), sandbox.project("of-the-agent")
    record, others = Replayed(sandbox, project), Replayed(sandbox, other)
    sandbox.ctx("init", cwd=project.root, expect=0)
    agent = below_heaptrack(sandbox, "agent", "context-tray")
    wait_for("the agent answers", lambda: sandbox.ctx("agent", "status").code == 0, look_again=0.1)
    tracker = below_heaptrack(sandbox, "tracker", "ctx", "start", "--foreground", project.root)
    wait_for("it records", lambda: sandbox.status(project)["state"] == "running", look_again=0.1)
    sandbox.start(other)
    began = time.monotonic()
    while time.monotonic() - began < HOUR:
        for worked_in in (project, other):
            work(sandbox, worked_in, choose)
            sandbox.status(worked_in)
        time.sleep(BREATH)
    others.check("the project of the agent")
    sandbox.ctx("stop", project.root, expect=0)
    sandbox.ctx("agent", "stop", expect=0)
    suite.check("both ended well", [process.wait(timeout=60) for process in (tracker, agent)] == [0, 0])
    record.check("an hour below heaptrack", is_live=False)
    for name in ("tracker", "agent"):
        early, late = (held(sandbox, name, part) for part in ((WARM, (1 + WARM) / 2), ((1 + WARM) / 2, 1)))
        growth = statistics.median(late) - statistics.median(early)
        suite.check(f"an hour below heaptrack, {record.seen} entries: the {name} held {statistics.median(late) / 1024:.0f} KiB "
                    f"({growth:+.0f} bytes in the second half), {max(early + late) / 1024:.0f} KiB at most",
                    growth <= MOST_HEAP_GROWTH)


def below_heaptrack(sandbox, name, program, *args):
    return sandbox.start_process("heaptrack", "--output", sandbox.folder / name, sandbox.bin / program, *args)


def held(sandbox, name, span):
    """The bytes of heap in use, time and again in the span, which is given in parts of the hour. Most of the time nothing is
    going on; the most of all depends on what came together once, and says nothing of what stays."""
    file, = sandbox.folder.glob(f"{name}.*")
    massif = sandbox.folder / f"{name}-massif"
    subprocess.run(
        ["heaptrack_print", "--file", file, "--print-peaks=0", "--print-allocators=0", "--print-temporary=0",
         "--print-massif", massif, "--massif-detailed-freq=0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )
    fields = [line.split("=") for line in massif.read_text().splitlines() if line.startswith(("time=", "mem_heap_B="))]
    times, sizes = ([float(value) for field, value in fields if field == wanted] for wanted in ("time", "mem_heap_B"))
    begins, ends = (part * HOUR for part in span)
    return [size for at, size in zip(times, sizes) if begins <= at < ends]


CASES = [a_long_day, a_session_below_valgrind]
# Only by name.
ON_REQUEST = [an_hour_below_heaptrack]
