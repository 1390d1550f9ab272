"""Editors, and what else saves files, as a person uses them: at a terminal, with keys."""

import os
import pty
import re
import select
import signal
import subprocess
from dataclasses import dataclass

from sandbox import Failed

ENDS_WITHIN = 30.0

# Neither may do anything else just because the project lies in a folder for temporary files.
VIM = ["vim", "-u", "NONE", "-N", "-c", "set backupskip="]
EMACS = ["emacs", "-nw", "-Q", "--eval", "(setq backup-enable-predicate (lambda (_) t))"]
GIT = ["git", "-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "init.defaultBranch=main"]

VIM_KEYS = b"iX\x1b:wq\r"
NANO_KEYS = b"X\x0f\r\x18"
EMACS_KEYS = b"X\x18\x13\x18\x03"


@dataclass(frozen=True)
class Save:
    """One save of `a.txt`, and what the record must tell of it."""

    name: str
    what: str
    command: list
    keys: bytes = b""
    before: tuple = ("a.txt",)
    tells: tuple = ("edited a.txt",)
    prepare: tuple = ()

    @property
    def program(self):
        return self.command[0]

    def version(self):
        """The first number that the program says of itself."""
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        return re.search(r"\d+\.[\d.]+", said)[0]

    def set_up(self, folder, env):
        for name in self.before:
            (folder / name).write_text("one\ntwo\n")
        for command in self.prepare:
            subprocess.run(command, cwd=folder, env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def run(self, folder, env, wrapper=()):
        """Saves; `wrapper` is a command that runs another one."""
        at_terminal([*wrapper, *self.command], self.keys, folder, env)


def new(save):
    """The same where no file was."""
    return Save(f"{save.name}-new", f"{save.what}, a new file", save.command, save.keys, (), ("created a.txt",))


VIM_SAVE = Save("vim", "Vim with its defaults", [*VIM, "a.txt"], VIM_KEYS)
NANO_SAVE = Save("nano", "GNU nano with its defaults", ["nano", "-I", "a.txt"], NANO_KEYS)
EMACS_SAVE = Save("emacs", "GNU Emacs with its defaults", [*EMACS, "a.txt"], EMACS_KEYS)

COMMITTED = ([*GIT, "init", "-q"], [*GIT, "add", "."], [*GIT, "commit", "-qm", "first"])
# What a checkout brings back has another size, so that git need not wonder whether it has changed.
CHANGED = (["sh", "-c", "echo three >>a.txt"],)
SWITCHED = (
    *COMMITTED,
    [*GIT, "checkout", "-qb", "other"],
    ["sh", "-c", "echo three >>a.txt; echo new >new.txt; rm gone.txt"],
    [*GIT, "add", "."],
    [*GIT, "commit", "-qm", "second"],
    [*GIT, "checkout", "-q", "main"],
)

SAVES = [
    VIM_SAVE,
    new(VIM_SAVE),
    Save("vim-copy", "Vim, backupcopy=yes", [*VIM, "-c", "set backup backupcopy=yes", "a.txt"], VIM_KEYS),
    Save("vim-backup", "Vim, backup backupcopy=no", [*VIM, "-c", "set backup backupcopy=no", "a.txt"], VIM_KEYS),
    NANO_SAVE,
    new(NANO_SAVE),
    Save("nano-backup", "GNU nano --backup", ["nano", "-I", "--backup", "a.txt"], NANO_KEYS),
    EMACS_SAVE,
    new(EMACS_SAVE),
    Save("emacs-copy", "GNU Emacs, backup-by-copying", [*EMACS, "--eval", "(setq backup-by-copying t)", "a.txt"], EMACS_KEYS),
    Save(
        "emacs-precious", "GNU Emacs, file-precious-flag",
        [*EMACS, "--eval", "(setq-default file-precious-flag t)", "a.txt"], EMACS_KEYS,
    ),
    Save("sed", "GNU sed -i", ["sed", "-i", "s/one/ONE/", "a.txt"]),
    Save("sed-backup", "GNU sed -i~", ["sed", "-i~", "s/one/ONE/", "a.txt"]),
    Save("git-checkout", "git checkout of a file", [*GIT, "checkout", "-q", "a.txt"], prepare=(*COMMITTED, *CHANGED)),
    Save(
        "git-switch", "git checkout of a branch", [*GIT, "checkout", "-q", "other"], prepare=SWITCHED,
        before=("a.txt", "gone.txt"), tells=("deleted gone.txt", "edited a.txt", "created new.txt"),
    ),
]


def at_terminal(command, keys, folder, env):
    """Runs a command at a terminal of its own; the keys are typed when it has shown something."""
    command = [str(part) for part in command]
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(folder)
            os.execvpe(command[0], command, env | {"TERM": "xterm"})
        finally:
            os._exit(127)
    shown = b""
    try:
        while True:
            if not select.select([terminal], [], [], ENDS_WITHIN)[0]:
                os.kill(pid, signal.SIGKILL)
                raise Failed(f"{command} does nothing any more; it showed {shown[-400:]!r}")
            try:
                read = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
            if not read:
                break
            shown += read
            if keys:
                os.write(terminal, keys)
                keys = b""
    finally:
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise Failed(f"{command} failed with {os.waitstatus_to_exitcode(status)}: {shown[-400:]!r}")
