"""Measures on trees: how soon, in how much memory, at what cost in rest and in a storm."""

import json
import os
import shutil
import signal
import time

from lib import (
    NOT_INSTALLED, TICK, Row, Storm, bound_row, copy_sources, cpu_ticks, files_of, make_tree, median, megabytes,
    ratio_row, replay, resident, seconds, switches, switches_since, truth_row,
)
from programs import ROOT, context_engine, start_agent, watchman
from sandbox import is_alive, wait_for

FILE_CHANGES = ("created", "edited", "deleted", "moved")
PATIENCE = 60


def big_tree(sandbox, scale):
    project = sandbox.project("big-tree")
    make_tree(project.root, scale.folders, scale.files)
    files_of(project.root)  # into the cache of the system, for whoever comes first
    return project


def timed_start(sandbox, project):
    began = time.perf_counter()
    sandbox.start(project)
    return time.perf_counter() - began


def ready(sandbox, scale):
    """From the command to a watched tree; agent and server run already, the three take turns."""
    project = big_tree(sandbox, scale)
    sandbox.ctx("agent", "start", expect=0)
    other, engine = watchman(sandbox), context_engine(sandbox)
    ours, whole, pruned, theirs = [], [], [], []
    own_rules = project.root / ".watchmanconfig"
    for _ in range(scale.starts):
        ours.append(timed_start(sandbox, project))
        sandbox.ctx("stop", cwd=project.root, expect=0)
        sandbox.ctx("forget", project.root, expect=0)
        shutil.rmtree(project.context)
        if other:
            whole.append(other.watch(project.root))
            other.forget(project.root)
            own_rules.write_text(json.dumps({"ignore_dirs": ["node_modules", "target"]}))
            pruned.append(other.watch(project.root))
            other.forget(project.root)
            own_rules.unlink()
        if engine:
            theirs.append(engine.start(project)[0])
            engine.stop(project)
    tree, took = f"ready, {scale.folders} folders", median(ours)
    return [
        ratio_row(tree, took, median(whole), 1 / 4, seconds, "Watchman"),
        ratio_row(tree, took, median(pruned), None, seconds, "Watchman, told what to ignore"),
        ratio_row(tree, took, median(theirs), 1 / 3, seconds, "Context Engine"),
    ]


def memory(sandbox, scale):
    """RSS of each process when all is quiet."""
    agent, what = start_agent(sandbox)
    small = sandbox.home / "own-sources"
    copy_sources(ROOT, small)
    sandbox.ctx("start", small, expect=0)
    own_tracker = json.loads(sandbox.ctx("status", small, "--json", expect=0).out)["pid"]
    own_bytes, agent_bytes = resident(own_tracker), resident(agent)
    project = big_tree(sandbox, scale)
    sandbox.start(project)
    sandbox.ctx("sync", cwd=project.root, expect=0)
    ours = resident(project.pid())
    sandbox.ctx("stop", cwd=project.root, expect=0)
    engine, other = context_engine(sandbox), watchman(sandbox)
    theirs, server = f"{NOT_INSTALLED} (Context Engine)", f"{NOT_INSTALLED} (Watchman)"
    if engine:
        shutil.rmtree(project.context)
        _, pid = engine.start(project)
        starter = megabytes(resident(engine.starter.pid))
        theirs = f"{megabytes(resident(pid))} (Context Engine, and its starter's {starter})"
        engine.stop(project)
    if other:
        other.watch(project.root)
        server = f"{megabytes(resident(other.server.pid))} (Watchman)"
    return [
        bound_row(f"memory, tracker, {scale.folders} folders", ours, 10e6, megabytes, f"{theirs}; {server}"),
        bound_row("memory, tracker, own sources", own_bytes, 8e6, megabytes),
        bound_row(f"memory, agent {what}", agent_bytes, 10e6, megabytes),
    ]


def idle(sandbox, scale):
    """Agent and tracker while nothing changes."""
    agent, what = start_agent(sandbox)
    project = big_tree(sandbox, scale)
    sandbox.start(project)
    (project.root / "touched.txt").write_text("so that all that follows a change has been\n")
    sandbox.ctx("sync", cwd=project.root, expect=0)
    pids = {f"agent {what}": agent, "tracker": project.pid()}
    time.sleep(2)  # what a start leaves to do is done
    before = {pid: (cpu_ticks(pid), switches(pid)) for pid in pids.values()}
    time.sleep(scale.idle_seconds)
    rows = []
    for name, pid in pids.items():
        ticks, threads = before[pid]
        used, woken = cpu_ticks(pid) - ticks, switches_since(threads, pid)
        shown = f"{used} ticks, {woken} switches"
        is_idle = used == 0 and woken <= 6
        rows.append(truth_row(f"idle {scale.idle_seconds} s, {name}", shown, "0 ticks, <= 6 switches", is_idle))
    return rows


def running(sandbox):
    """How many projects the agent has a tracker for."""
    return json.loads(sandbox.ctx("agent", "status", "--json", expect=0).out)["running"]


def registered(sandbox, scale):
    """The agent that has many projects recorded: its memory, and what it does while nothing happens."""
    projects = [sandbox.project(f"shop-{number:03}") for number in range(scale.projects)]
    added = {"wanted": True, "added_at": "2026-11-22T10:00:00+01:00"}
    listed = [{"project": str(project.root), **added} for project in projects]
    sandbox.state.mkdir()
    (sandbox.state / "registry.json").write_text(json.dumps({"v": 1, "projects": listed}))
    agent, what = start_agent(sandbox)
    wait_for("every project is recorded", lambda: running(sandbox) == scale.projects, PATIENCE)
    time.sleep(2)  # what a start leaves to do is done
    ticks, threads = cpu_ticks(agent), switches(agent)
    time.sleep(scale.idle_seconds)
    used, woken = cpu_ticks(agent) - ticks, switches_since(threads, agent)
    is_idle = used == 0 and woken <= 6
    name, shown = f"agent {what}, {scale.projects} projects", f"{used} ticks, {woken} switches"
    return [
        bound_row(f"memory, {name}", resident(agent), 16e6, megabytes),
        truth_row(f"idle {scale.idle_seconds} s, {name}", shown, "0 ticks, <= 6 switches", is_idle),
    ]


def burst(sandbox, scale):
    """Many files at once, in folders that are as new."""
    project = sandbox.project("burst")
    sandbox.start(project)
    names = [f"new-{number % 20}/file-{number}.txt" for number in range(scale.burst)]
    for number in range(20):
        (project.root / f"new-{number}").mkdir()
    for name in names:
        (project.root / name).write_bytes(b"x")
    sandbox.ctx("sync", cwd=project.root, expect=0)
    events = [event for event in project.events() if event["kind"] in FILE_CHANGES and event["entry"] == "file"]
    created = [event["path"] for event in events if event["kind"] == "created"]
    holds = sorted(created) == sorted(names)
    shown = f"{len(created)} created, {len(set(created))} of them different, {len(events) - len(created)} others"
    return [truth_row("burst", shown, f"{scale.burst} created, none twice", holds)]


def storm(sandbox, scale):
    """Random operations as fast as the disk allows; the record replayed is the disk."""
    project = sandbox.project("storm")
    weather = Storm(project.root, scale.storm)
    weather.prepare()
    start = files_of(project.root)
    sandbox.start(project)
    tracker = project.pid()
    before = cpu_ticks(tracker)
    weather.run()
    sandbox.ctx("sync", cwd=project.root, expect=0)
    ours = (cpu_ticks(tracker) - before) / TICK
    events = [event for event in project.events() if event["kind"] in FILE_CHANGES]
    try:
        holds, shown = replay(start, events) == files_of(project.root), f"{len(events)} entries"
        shown += ", equal" if holds else ", not equal"
    except (KeyError, ValueError) as error:
        holds, shown = False, f"{len(events)} entries, not exact: {error}"
    name = f"storm, {scale.storm} operations"
    return [truth_row(f"{name}, replayed", shown, "equals the disk", holds), storm_cpu(sandbox, scale, name, ours)]


def storm_cpu(sandbox, scale, name, ours):
    engine = context_engine(sandbox)
    if not engine:
        return ratio_row(f"{name}, CPU", ours, None, 1 / 3, seconds, "Context Engine")
    project = sandbox.project("storm-theirs")
    weather = Storm(project.root, scale.storm)
    weather.prepare()
    _, pid = engine.start(project)
    before = used = cpu_ticks(pid)
    weather.run()
    (project.root / "the-end.txt").write_text("so that its last line is known\n")
    is_recorded = lambda: any("the-end.txt" in line for line in project.lines())
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and not is_recorded():
        try:
            used = cpu_ticks(pid)
        except FileNotFoundError:
            break
        time.sleep(0.05)
    survived, is_dead, lines = is_recorded(), not is_alive(pid), len(project.lines())
    engine.stop(project)
    if survived:
        return ratio_row(f"{name}, CPU", ours, (used - before) / TICK, 1 / 3, seconds, engine.name)
    fate = "died" if is_dead else f"fell silent for {PATIENCE} s"
    return Row(f"{name}, CPU", seconds(ours), f"{fate} after {lines} lines ({engine.name})", "", "<= 0.333 x")


def recovery(sandbox, scale):
    """From the end of a tracker by SIGKILL to recording again, on the big tree; the agent starts it."""
    project = big_tree(sandbox, scale)
    sandbox.start(project)
    state = project.context / "session_state.json"
    killed = project.pid()
    began = time.perf_counter()
    os.kill(killed, signal.SIGKILL)
    (project.root / "meanwhile.txt").write_text("nobody looked\n")

    def is_recording():
        tracker = json.loads(state.read_text())["tracker"]
        return tracker["state"] == "running" and tracker["pid"] != killed

    wait_for("a tracker records again", is_recording)
    took = time.perf_counter() - began
    sandbox.ctx("sync", cwd=project.root, expect=0)
    told_of = (*FILE_CHANGES, "gap")
    changes = [(event["kind"], event.get("path")) for event in project.events() if event["kind"] in told_of]
    told = changes.count(("created", "meanwhile.txt"))
    holds = told == 1 and len(changes) == 2 and ("gap", None) in changes
    shown = f"told {told} x, {len(changes) - told} other changes or gaps"
    return [
        bound_row(f"recovery, {scale.folders} folders", took, 2, seconds),
        truth_row("recovery, a change meanwhile", shown, "told once, with one gap", holds),
    ]
