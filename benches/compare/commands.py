"""Measures of what a user waits for: a command, a line."""

import re
import subprocess
import time

from lib import NOT_INSTALLED, bound_row, median, medians_of, ms, percentile, ratio_row, seconds, truth_row
from programs import context_engine
from sandbox import wait_for

TRUE = "/bin/true"
QUIET = 0.150


def log(sandbox, scale):
    """The wall time of `ctx log`, with an agent and its tracker running."""
    project = sandbox.project("log")
    sandbox.start(project)
    ctx = sandbox.bin / "ctx"
    ours, floor = medians_of([[ctx, "log", "x"], [TRUE]], scale.pairs, project.root, sandbox.env)
    engine = context_engine(sandbox)
    theirs = None
    if engine:
        other = sandbox.project("log-theirs")
        (theirs,) = medians_of([engine.log_command("x")], scale.slow_runs, other.root, sandbox.env)
    return [
        ratio_row("log a command", ours, floor, 3, ms, TRUE),
        ratio_row("log a command", ours, theirs, 1 / 50, ms, "log_cli_command"),
    ]


PROMPTS = """eval "$("$1" hook init bash)"
set -o history
for ((i = 0; i < $2; i++)); do
    __ctx_last=none __ctx_began=${EPOCHREALTIME/[.,]/} before=${EPOCHREALTIME/[.,]/}
    __ctx_prompt
    echo "$((${EPOCHREALTIME/[.,]/} - before))"
    sleep 0.02
done"""


def hook(sandbox, scale):
    """What a prompt of bash waits for its hook, and the wall time of what that starts beside it."""
    project = sandbox.project("hook")
    sandbox.start(project)
    ctx = sandbox.bin / "ctx"
    record = [ctx, "hook", "record", "--exit-code", "0", "--duration-ms", "1", "--", "x"]
    ours, floor = medians_of([record, [TRUE]], scale.pairs, project.root, sandbox.env)
    shell = ["bash", "--norc", "-ic", PROMPTS, "bash", ctx, str(scale.pairs)]
    told = subprocess.run(shell, cwd=project.root, env=sandbox.env, capture_output=True, text=True, check=True)
    waits = [int(line) / 1e6 for line in told.stdout.split()]
    return [
        ratio_row("hook's record", ours, floor, 3, ms, TRUE),
        bound_row("prompt's wait for the hook, p50", median(waits), 0.005, ms),
        bound_row("prompt's wait for the hook, p99", percentile(waits, 0.99), 0.050, ms),
    ]


def status(sandbox, scale):
    """The wall time of `ctx status`, whatever the size of the log."""
    small, big = sandbox.project("small"), sandbox.project("big")
    for project, size in ((small, 1000), (big, scale.big_log)):
        project.context.mkdir()
        line = b"[10:00:00] Edited: src/main.rs\n"
        project.log.write_bytes(b"# Context Engine Session Log\n" + line * (size // len(line)))
        sandbox.start(project)
    command = [sandbox.bin / "ctx", "status", "-C"]
    commands = [[TRUE], [*command, small.root], [*command, big.root]]
    floor, ours_small, ours_big = medians_of(commands, scale.pairs, sandbox.home, sandbox.env)
    engine = context_engine(sandbox)
    theirs = None
    if engine:
        (theirs,) = medians_of([engine.command("session", "status")], scale.slow_runs, small.root, sandbox.env)
    size = f"{scale.big_log / 1e6:.0f} MB"
    return [
        ratio_row("status, 1 KB log", ours_small, floor, 3, ms, TRUE),
        ratio_row(f"status, {size} log", ours_big, floor, 3, ms, TRUE),
        ratio_row(f"status, {size} log", ours_big, ours_small, 1.1, ms, "1 KB log"),
        ratio_row("status, 1 KB log", ours_small, theirs, None, ms, "session status"),
    ]


def brief(sandbox, scale):
    """The wall time of `ctx brief` of a busy session, all of which it reads."""
    project = sandbox.project("brief")
    project.context.mkdir()
    common = '{"v":1,"seq":%d,"time":"2026-11-24T10:00:00.000+01:00","session":"20261124T100000.000-4711",'
    ran = common + '"kind":"ran","id":"%d","command":"cargo test --package part-%d","status":"Success","exit_code":0,"source":"run"}\n'
    edited = common + '"kind":"edited","path":"crates/core/src/file-%d.rs","entry":"file","size":1000,"mtime_ns":%d,"found_by":"watch"}\n'
    with (project.context / "events.jsonl").open("w") as events:
        for seq in range(1, scale.entries + 1):
            events.write(ran % (seq, seq, seq % 37) if seq % 20 == 0 else edited % (seq, seq % 3000, seq))
    command = [sandbox.bin / "ctx", "brief", "-C", project.root]
    (ours,) = medians_of([command], scale.slow_runs, sandbox.home, sandbox.env)
    return [bound_row(f"brief of {scale.entries} entries", ours, 0.1, ms)]


def save_times(project, count, names):
    """Seconds from each save to its line in session.md."""
    times = []
    for number in range(count):
        path = project.root / names[number % len(names)]
        before = project.log.stat().st_size
        line = f"Edited: {path.name}".encode()
        with path.open("a") as file:
            file.write(f"{number}\n")
        began = time.perf_counter()

        def is_there():
            with project.log.open("rb") as log:
                log.seek(before)
                return line in log.read()

        wait_for(f"the line of save {number} of {path.name}", is_there, look_again=0.001)
        times.append(time.perf_counter() - began)
    return times


def latency(sandbox, scale):
    """From one save to its line."""
    names = [f"file-{number}.txt" for number in range(10)]

    def project(name):
        made = sandbox.project(name)
        for file in names:
            (made.root / file).write_text("")
        return made

    ours = project("saves")
    sandbox.start(ours)
    times = save_times(ours, scale.saves, names)
    engine = context_engine(sandbox)
    theirs = f"{NOT_INSTALLED} (Context Engine)"
    if engine:
        other = project("saves-theirs")
        engine.start(other)
        try:
            theirs = f"{ms(median(save_times(other, min(scale.saves, len(names)), names)))} (Context Engine)"
        except Exception as error:  # it may die at any time
            theirs = f"Context Engine: {error}"
        engine.stop(other)
    return [
        bound_row("save to its line, p50", median(times), QUIET + 0.020, ms, theirs),
        bound_row("save to its line, p99", percentile(times, 0.99), QUIET + 0.100, ms),
    ]


def crowd(sandbox, scale):
    """Many `ctx log` at once."""
    project = sandbox.project("crowd")
    sandbox.start(project)
    wanted = [f"crowd {number} of {scale.crowd}" for number in range(scale.crowd)]
    began = time.perf_counter()
    running = [sandbox.start_process(sandbox.bin / "ctx", "log", name, cwd=project.root) for name in wanted]
    codes = [process.wait() for process in running]
    took = time.perf_counter() - began
    whole = re.compile(r"\[\d\d:\d\d:\d\d\] Ran: (crowd \d+ of \d+) -> Success")
    lines = [line for line in project.lines() if "crowd" in line]
    found = [match.group(1) for match in map(whole.fullmatch, lines) if match]
    entries = [event["command"] for event in project.events() if event["kind"] == "ran"]
    holds = sorted(found) == sorted(wanted) == sorted(entries) and len(lines) == len(wanted) and not any(codes)
    shown = f"{len(set(found))} whole of {len(lines)} lines, {len(entries)} entries, {sum(map(bool, codes))} failed"
    return [truth_row(f"crowd, {seconds(took)}", shown, f"{scale.crowd} whole lines, none lost, torn, twice", holds)]
