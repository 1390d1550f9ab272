"""Context Engine as published, run in a sandbox."""

import os
import shutil
import signal
import subprocess
import time
import venv

from sandbox import Failed, is_alive, wait_for

PACKAGES = ["context-engine-dev==1.2.1", "watchdog", "click", "rich", "requests"]
ATTEMPTS = 10
RECORDS_WITHIN = 3
ENDS_WITHIN = 5

LOG_COMMANDS = """
import sys
from context_engine.core.session_tracker import log_cli_command
for command in sys.argv[1:]:
    log_cli_command(command, "Success")
"""


def install(folder):
    """Makes a virtual environment with the package in it; its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PACKAGES], check=True)
    return python


class ContextEngine:
    name = "Context Engine"

    def __init__(self, sandbox, python):
        self.sandbox, self.python = sandbox, python
        self.starter = None

    def command(self, *args):
        return [self.python, "-m", "context_engine.cli", *args]

    def log_command(self, *commands):
        return [self.python, "-c", LOG_COMMANDS, *commands]

    def cli(self, project, *args):
        return self.sandbox.run(*self.command(*args), cwd=project.root, expect=0)

    def log(self, project, *commands):
        return self.sandbox.run(*self.log_command(*commands), cwd=project.root, expect=0)

    def start(self, project):
        """Starts its own tracker: the seconds until it records, and its PID.

        It is started again where it dies at once, or hangs on without recording: two threads of it write one
        temporary file, and the one that loses ends.
        """
        state = project.context / "session_state.json"
        for _ in range(ATTEMPTS):
            began = time.perf_counter()
            # This never returns: it waits for the tracker that it forked.
            self.starter = self.sandbox.start_process(*self.command("start-session", "--auto"), cwd=project.root)
            pid = wait_for("the PID file of Context Engine", project.pid)
            is_recording = lambda: state.exists() and '"running"' in state.read_text()
            try:
                wait_for("Context Engine's tracker records", is_recording, deadline=RECORDS_WITHIN)
            except Failed:
                pass
            took = time.perf_counter() - began
            if is_recording() and is_alive(pid):
                return took, pid
            self.stop(project)
        raise Failed(f"Context Engine's tracker failed {ATTEMPTS} times to start")

    def stop(self, project):
        """Ends its tracker, if that has not died by itself, and leaves nothing of it."""
        pid = project.pid()
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if pid and is_alive(pid):
                os.kill(pid, sent)
            try:
                self.starter.wait(timeout=ENDS_WITHIN)
                break
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(project.context)
