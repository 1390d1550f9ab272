"""The programs to compare with, each in the sandbox like ours; none of them has to be there."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from context_engine import ContextEngine
from context_engine import install as install_context_engine
from sandbox import Failed, wait_for

ROOT = Path(__file__).resolve().parents[2]
ENGINE_HOME = ROOT / "target/compare/context-engine"
DEBIAN_PACKAGES = ["watchman", "inotify-tools", "dbus"]


def install():
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *DEBIAN_PACKAGES], check=True)
    install_context_engine(ENGINE_HOME)


def context_engine(sandbox):
    """The original, as published, if it is there."""
    python = ENGINE_HOME / "bin/python"
    return ContextEngine(sandbox, python) if python.exists() else None


def watchman(sandbox):
    """Watchman, if it is there."""
    return Watchman(sandbox) if shutil.which("watchman") else None


class Watchman:
    """A server of its own, and its client."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.folder = sandbox.folder / "watchman"
        self.socket = self.folder / "socket"
        self.folder.mkdir(mode=0o700)
        files = [f"--{name}={self.folder / name}" for name in ("logfile", "statefile", "pidfile")]
        self.server = self.sandbox.start_process("watchman", "--foreground", f"--sockname={self.socket}", *files)
        wait_for("Watchman answers", lambda: self.sandbox.run(*self.client("version")).code == 0)

    def client(self, *args):
        return ["watchman", "--no-spawn", f"--sockname={self.socket}", *args]

    def watch(self, root):
        """Seconds until it answers a question about the tree."""
        began = time.perf_counter()
        self.sandbox.run(*self.client("watch", root), expect=0)
        answer = self.sandbox.run(*self.client("find", root, "no-such-file"), expect=0)
        took = time.perf_counter() - began
        if "error" in json.loads(answer.out):
            raise Failed(f"Watchman says: {answer.out}")
        return took

    def forget(self, root):
        self.sandbox.run(*self.client("watch-del", root), expect=0)


def start_bus(sandbox):
    """A session bus for the agent with the tray icon."""
    socket = sandbox.folder / "bus"
    address = f"unix:path={socket}"
    sandbox.start_process("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}")
    wait_for("the session bus", socket.exists)
    sandbox.env["DBUS_SESSION_BUS_ADDRESS"] = address


def start_agent(sandbox):
    """The agent, with a tray icon where there is a bus; its PID and what it is."""
    if shutil.which("dbus-daemon"):
        start_bus(sandbox)
        sandbox.start_process(sandbox.bin / "context-tray")
        what = "with tray"
    else:
        sandbox.start_process(sandbox.bin / "ctx", "agent", "run")
        what = "headless, dbus-daemon is not installed"
    wait_for("the agent answers", lambda: sandbox.ctx("agent", "status").code == 0)
    return json.loads(sandbox.ctx("agent", "status", "--json", expect=0).out)["pid"], what


if sys.platform != "linux":
    raise SystemExit("the measures read /proc, so they run on Linux only")
