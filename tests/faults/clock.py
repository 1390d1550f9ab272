"""Clocks that are set while a session runs, and time zones that change: the order is that of the numbers, and each time carries
the offset that was in force."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from preload import Injected
from record import Replayed, check_whole
from sandbox import Failed, wait_for
from suite import Skipped

ZONES = Path("/usr/share/zoneinfo")
ETC = Path("/etc")
HOUR = 3600
DAY = 24 * HOUR
# Half an hour before the clocks of Berlin go back, and half an hour before they go forward.
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc).timestamp()
SPRING = datetime(2026, 3, 29, 0, 30, tzinfo=timezone.utc).timestamp()


def note(sandbox, project, text):
    """Gives the entry of a note that was logged now, in the order in which it stands."""
    sandbox.ctx("note", text, cwd=project.root, expect=0)
    (project.root / "file.txt").write_text(text)
    sandbox.ctx("sync", cwd=project.root, expect=0)
    notes = [entry for entry in check_whole(project) if entry["kind"] == "note"]
    if notes[-1]["text"] != text:
        raise Failed(f"{text!r} is not the last note")
    return datetime.fromisoformat(notes[-1]["time"])


def offset(time):
    return time.utcoffset() / timedelta(hours=1)


def a_clock_that_is_set(suite, sandbox):
    """Back and forward, by seconds and by days."""
    injected = Injected(sandbox)
    project = sandbox.project("shop")
    record = Replayed(sandbox, project)
    sandbox.start(project)
    times = [note(sandbox, project, "now")]
    for shift in (-HOUR, HOUR, -3 * DAY, 400 * DAY, 0):
        injected.set_clock(shift)
        times.append(note(sandbox, project, f"shifted by {shift} s"))
        record.check(f"the clock shifted by {shift} s")
    suite.check("numbers rise and the record is exact, however the clock is set", times[1] < times[0] < times[2])
    kinds = {entry["kind"] for entry in check_whole(project)}
    suite.check("a clock that is set is no gap", "gap" not in kinds)
    injected.set_clock(-2 * HOUR)
    sandbox.ctx("stop", cwd=project.root, expect=0)
    (project.root / "between.txt").write_text("between")
    injected.set_clock(-4 * HOUR)
    sandbox.start(project)
    new = record.check("a session that began before the last one ended")
    suite.check("what changed between two sessions is found though the second began earlier by the clock",
                [event["path"] for event in new if event["kind"] == "created"] == ["between.txt"])
    for command in (("status",), ("tail",), ("brief",), ("check", "--ran", "nothing")):
        code = sandbox.ctx(*command, cwd=project.root).code
        if code not in (0, 7):
            raise Failed(f"ctx {command}: exit code {code}")
    told = sandbox.ctx("tail", "-n", "100", "--json", cwd=project.root, expect=0).out
    suite.check("ctx tail tells in the order of the numbers", told.count("\n") == len(check_whole(project)))


def summer_time_that_begins_and_ends(suite, sandbox):
    """In the middle of a session."""
    if not (ZONES / "Europe/Berlin").exists():
        raise Skipped("no time zones are installed")
    injected = Injected(sandbox)
    sandbox.env["TZ"] = "Europe/Berlin"
    for name, change in (("autumn", AUTUMN), ("spring", SPRING)):
        project = sandbox.project(name)
        record = Replayed(sandbox, project)
        injected.set_clock(change - datetime.now().timestamp())
        sandbox.start(project)
        before = note(sandbox, project, "before")
        injected.set_clock(change + HOUR - datetime.now().timestamp())
        after = note(sandbox, project, "after")
        record.check(name)
        expected = (2, 1) if name == "autumn" else (1, 2)
        suite.check(f"{name}: {before:%H:%M %z}, and an hour later {after:%H:%M %z}",
                    (offset(before), offset(after)) == expected and after - before > timedelta(minutes=59))
        sandbox.ctx("agent", "stop", expect=0)


def a_time_zone_that_changes(suite, sandbox):
    """As on a journey: the system's zone is another one from then on."""
    sandbox.env.pop("TZ", None)
    if not (ZONES / "Asia/Kathmandu").exists():
        raise Skipped("no time zones are installed")
    # A folder of our own in its place, in which the link can be replaced, as on a journey.
    etc = sandbox.folder / "etc"
    # What only root may read is missed by nobody.
    subprocess.run(["cp", "-a", ETC, etc], capture_output=True, check=False)
    if subprocess.run(["mount", "--bind", etc, ETC], capture_output=True, check=False).returncode != 0:
        raise Skipped("the time zone can't be changed here")
    try:
        project = sandbox.project("shop")
        record = Replayed(sandbox, project)
        move_to("Europe/Lisbon")
        sandbox.start(project)
        before = note(sandbox, project, "at home")
        move_to("Asia/Kathmandu")
        # The zone is looked at once a second.
        abroad = wait_for("the other offset", lambda: is_at(5.75, note(sandbox, project, "abroad")), look_again=0.2)
        record.check("another time zone")
        suite.check(f"the offset follows: {before:%H:%M %z}, {abroad:%H:%M %z}", abroad > before)
    finally:
        subprocess.run(["umount", "--lazy", ETC], check=True)


def move_to(zone):
    link = ETC / "localtime.new"
    link.symlink_to(ZONES / zone)
    link.replace(ETC / "localtime")


def is_at(hours, time):
    return time if offset(time) == hours else None


CASES = [a_clock_that_is_set, summer_time_that_begins_and_ends, a_time_zone_that_changes]
