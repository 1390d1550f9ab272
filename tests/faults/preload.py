"""Faults that are injected into the programs of a sandbox while they run, by `faults.c`."""

import errno
import mmap
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

from suite import Skipped

SOURCE = Path(__file__).with_name("faults.c")
CONTROL = struct.Struct("=qiii")
ALL = 1000


def compile_c(source, target, *options):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise Skipped("no C compiler is installed")
    subprocess.run([compiler, "-O1", *options, "-o", target, source], check=True)


class Injected:
    """What is wrong in a sandbox, for all that is started in it from now on."""

    def __init__(self, sandbox):
        library, control = sandbox.folder / "faults.so", sandbox.folder / "faults"
        compile_c(SOURCE, library, "-shared", "-fPIC")
        control.write_bytes(bytes(mmap.PAGESIZE))
        with control.open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        sandbox.env |= {"LD_PRELOAD": str(library), "FAULTS": str(control)}
        self.clock_seconds = 0
        self.say()

    def say(self, error=0, permille=0, look_us=0):
        CONTROL.pack_into(self.shared, 0, int(self.clock_seconds * 1e9), error, permille, look_us)

    @contextmanager
    def failing_writes(self, error=errno.EIO, permille=ALL):
        """So many of a thousand writes to the record fail."""
        self.say(error, permille)
        try:
            yield
        finally:
            self.say()

    @contextmanager
    def slow_looks(self, seconds):
        """A look at a file takes so much longer, as on a disk at the other end of a bad line."""
        self.say(look_us=int(seconds * 1e6))
        try:
            yield
        finally:
            self.say()

    def set_clock(self, seconds):
        """The wall clock differs by so much from the machine's."""
        self.clock_seconds = seconds
        self.say()
