"""What the measures share: rows of the table, clocks, counters of the kernel, a tree to measure on."""

import os
import random
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
WARM_UP = 2


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    pairs: int = 60
    slow_runs: int = 10
    big_log: int = 100_000_000
    folders: int = 5_000
    files: int = 50_000
    starts: int = 5
    idle_seconds: int = 60
    burst: int = 2_000
    storm: int = 20_000
    saves: int = 100
    crowd: int = 200
    projects: int = 100
    entries: int = 100_000


QUICK = Scale(
    pairs=20, slow_runs=3, big_log=5_000_000, folders=500, files=5_000, starts=2, idle_seconds=10, burst=500,
    storm=2_000, saves=20, crowd=50, entries=10_000,
)


@dataclass
class Row:
    """One line of the table; `met` is none where there is no target."""

    measure: str
    ours: str
    other: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


NOT_INSTALLED = "not installed"


def ratio_row(measure, ours, other, most, show, name=""):
    """Ours against the other's; `other` is none where that program is absent."""
    target = "" if most is None else f"<= {most:.3g} x"
    if other is None:
        return Row(measure, show(ours), f"{NOT_INSTALLED} ({name})", "", target, None if most is None else False)
    ratio = ours / other if other else float("inf")
    met = None if most is None else ratio <= most
    return Row(measure, show(ours), f"{show(other)} ({name})", f"{ratio:.3g} x", target, met)


def bound_row(measure, ours, most, show, other=""):
    return Row(measure, show(ours), other, "", f"<= {show(most)}", ours <= most)


def truth_row(measure, found, expected, holds):
    """A count that has to be exact."""
    return Row(measure, found, "", "", expected, holds)


def ms(seconds):
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds * 1000:.0f} ms"


def seconds(value):
    return f"{value:.2f} s"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def median(values):
    """None of nothing: of a program that is absent."""
    return statistics.median(values) if values else None


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def wall_time(command, cwd, env):
    """Seconds from the spawn to the end, with nothing of Python's between."""
    command = [str(part) for part in command]
    null = [(os.POSIX_SPAWN_OPEN, stream, "/dev/null", os.O_RDWR, 0) for stream in (0, 1, 2)]
    os.chdir(cwd)
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env, file_actions=null)
    _, status, _ = os.wait4(pid, 0)
    took = time.perf_counter() - began
    os.chdir("/")
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} failed in {cwd}")
    return took


def medians_of(commands, rounds, cwd, env):
    """The median wall time of each command; they take turns in random order, so that each sees the same machine."""
    times = [[] for _ in commands]
    order = list(range(len(commands)))
    shuffle = random.Random(1).shuffle
    for index in order * WARM_UP:
        wall_time(commands[index], cwd, env)
    for _ in range(rounds):
        shuffle(order)
        for index in order:
            times[index].append(wall_time(commands[index], cwd, env))
    return [median(column) for column in times]


def resident(pid):
    """RSS in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"PID {pid} has no memory")


def cpu_ticks(pid):
    """User and system time of all threads, also of those that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def switches(pid):
    """Voluntary context switches by thread."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                found[task.name] = int(line.split()[1])
    return found


def switches_since(before, pid):
    return sum(count - before.get(thread, 0) for thread, count in switches(pid).items())


def make_tree(root, folders, files):
    """A tree of which 60 % lies in folders that are ignored: dependencies and build output, as real trees have."""
    (root / "Cargo.toml").write_text("[workspace]\n")
    per_folder = files // folders
    for number in range(folders):
        part = number % 10
        above = "node_modules" if part < 4 else "target" if part < 6 else "crates"
        folder = root / above / f"group-{number // 100}" / f"folder-{number}"
        folder.mkdir(parents=True)
        for file in range(per_folder):
            (folder / f"file-{file}.rs").write_bytes(b"fn main() {}\n")


def copy_sources(source, target):
    """The repository without what is built or recorded in it."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("target", ".git", ".context"))


class Storm:
    """Creates, edits, renames and deletes files in random order, the same for each that watches."""

    def __init__(self, root, operations, seed=1):
        self.root, self.operations, self.random = root, operations, random.Random(seed)
        self.paths = []
        self.made = 0

    def prepare(self):
        for number in range(20):
            (self.root / f"part-{number}").mkdir()
        for _ in range(self.operations // 20):
            self.create()

    def run(self):
        for _ in range(self.operations):
            step = self.random.choices((self.create, self.edit, self.rename, self.delete), (4, 3, 2, 1))[0]
            step()

    def new_path(self):
        self.made += 1
        return self.root / f"part-{self.random.randrange(20)}" / f"file-{self.made}.txt"

    def pick(self):
        """A file at random, taken out of the list."""
        at = self.random.randrange(len(self.paths))
        self.paths[at], self.paths[-1] = self.paths[-1], self.paths[at]
        return self.paths.pop()

    def create(self):
        path = self.new_path()
        path.write_bytes(b"x" * self.random.randrange(1, 100))
        self.paths.append(path)

    def edit(self):
        path = self.pick()
        with path.open("ab") as file:
            file.write(b"y" * self.random.randrange(1, 100))
        self.paths.append(path)

    def rename(self):
        path, target = self.pick(), self.new_path()
        path.rename(target)
        self.paths.append(target)

    def delete(self):
        self.pick().unlink()


def files_of(root):
    """Every file that counts, with its size."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != ".context"]
        for name in files:
            path = Path(folder, name)
            found[path.relative_to(root).as_posix()] = path.stat().st_size
    return found


def replay(files, events):
    """The files after the entries; an entry that fits nothing is an error."""
    files = dict(files)
    for event in events:
        kind, path = event["kind"], event.get("path")
        if event.get("entry") == "dir":
            raise ValueError(f"{kind} of a folder that nobody touched: {event}")
        if kind in ("created", "edited"):
            if (path in files) != (kind == "edited"):
                raise ValueError(f"{kind} does not fit what is there: {event}")
            files[path] = event["size"]
        elif kind == "deleted":
            del files[path]
        elif kind == "moved":
            if event["to"] in files:
                del files[event["to"]]
            del files[event["from"]]
            files[event["to"]] = event["size"]
    return files
