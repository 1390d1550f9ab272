"""An independent reader of the record: what it says, replayed on the tree as it was, must be the tree as it is."""

import os
import re
import stat
from pathlib import Path

from sandbox import Failed

NEVER_RECORDED = {
    *(".git", ".hg", ".svn", ".jj", ".context", "node_modules", "__pycache__", ".venv", "venv", ".pytest_cache"),
    *(".mypy_cache", ".ruff_cache", ".coverage", "htmlcov", ".vscode", ".idea", ".gradle", ".next", ".DS_Store"),
}

KINDS = "Edited|Created|Deleted|Moved|Ran|Note|Gap|Switched|Committed"
LINE = re.compile(rf"#.*|\[\d\d:\d\d:\d\d\] (({KINDS}): .+|Session tracker (started|stopped).*)|")


def counts(folder, name):
    """The built-in rules, as the contract states them; none of our projects has others."""
    is_output = name == "target" and (folder / "Cargo.toml").exists()
    is_editors = name.endswith("~") or name.startswith(".#") or (name.startswith(".") and name[-4:-1] == ".sw")
    return not (name in NEVER_RECORDED or is_output or is_editors or name == "4913")


def disk(root):
    """What lies there and counts: by path, what tells one content from another."""
    found = {}
    for folder, folders, files in os.walk(root):
        folder = Path(folder)
        folders[:] = [name for name in folders if counts(folder, name)]
        for name in folders + [name for name in files if counts(folder, name)]:
            seen = (folder / name).lstat()
            is_folder = stat.S_ISDIR(seen.st_mode)
            path = str((folder / name).relative_to(root))
            found[path] = "folder" if is_folder else (seen.st_size, seen.st_mtime_ns)
    return found


def replay(tree, event):
    """Does to the tree what an entry says, and refuses what could not have happened."""
    kind = event["kind"]
    if kind not in ("created", "edited", "deleted", "moved"):
        return
    there = "folder" if event["entry"] == "dir" else (event.get("size"), event.get("mtime_ns"))
    source = event["from"] if kind == "moved" else event["path"]
    if (source in tree) == (kind == "created"):
        raise Failed(f"this could not have happened: {event}")
    if kind == "deleted":
        del tree[source]
    elif kind == "moved":
        target = event["to"]
        tree.pop(target, None)
        for path in [path for path in tree if path.startswith(f"{source}/")]:
            tree[target + path.removeprefix(source)] = tree.pop(path)
        del tree[source]
        tree[target] = there
    else:
        tree[source] = there


class Replayed:
    """A project whose record is followed, from the tree as it was when its session began."""

    def __init__(self, sandbox, project):
        self.sandbox, self.project = sandbox, project
        self.tree, self.seen = disk(project.root), 0

    def news(self, is_live=True):
        """The entries that came since the last call, after a sync where a session runs."""
        if is_live:
            self.sandbox.ctx("sync", cwd=self.project.root, expect=0)
        events = self.project.events()
        new, self.seen = events[self.seen:], len(events)
        for event in new:
            replay(self.tree, event)
        return new

    def check(self, what, is_live=True):
        """The record is the disk; gives what is new in it."""
        new = self.news(is_live)
        now = disk(self.project.root)
        if self.tree != now:
            told = {path for path in self.tree.keys() | now.keys() if self.tree.get(path) != now.get(path)}
            different = [f"{path}: told {self.tree.get(path)}, is {now.get(path)}" for path in sorted(told)[:20]]
            raise Failed(f"{what}: the record differs from the disk: {different}")
        files = sum(it != "folder" for it in now.values())
        counted = self.sandbox.status(self.project)["files_indexed"] if is_live else files
        if counted != files:
            raise Failed(f"{what}: {files} files are there, the status says {counted}")
        return new


def check_whole(project):
    """No line is torn, and every number is larger than the one before; gives the entries."""
    for path in project.context.glob("**/events*.jsonl"):
        if path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n"):
            raise Failed(f"{project.root.name}: the last line of {path.name} is torn")
    entries = project.events()
    numbers = [entry["seq"] for entry in entries]
    wrong = [pair for pair in zip(numbers, numbers[1:]) if pair[0] >= pair[1]]
    if wrong:
        raise Failed(f"{project.root.name}: numbers do not rise: {wrong[:5]}")
    forged = [line for line in project.lines() if not LINE.fullmatch(line)]
    if forged:
        raise Failed(f"{project.root.name}: no line of ours: {forged[:5]}")
    return entries
