"""Runs tests of the real programs, each in a sandbox of its own, and counts what held."""

import sys

from sandbox import Failed, Sandbox


class Skipped(Exception):
    """This machine lacks what a test needs."""


class Suite:
    def __init__(self, bin_dir):
        self.bin = bin_dir
        self.passed = self.failed = 0
        self.sandbox = None

    def case(self, name, test):
        """Runs one test, with this suite and a sandbox."""
        with Sandbox(self.bin) as self.sandbox:
            try:
                test(self, self.sandbox)
            except Skipped as why:
                print(f"skipped {name}: {why}", flush=True)
            except Exception as error:  # a test that breaks has failed, and the others are still of interest
                self.failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}")
                self.explain()

    def check(self, what, holds_true):
        if not holds_true:
            raise Failed(what)
        self.passed += 1
        print(f"ok      {what}", flush=True)

    def explain(self):
        for ran in self.sandbox.ran[-3:]:
            print(ran)
        for project in self.sandbox.projects[-1:]:
            for path in (project.log, project.context / "session_state.json"):
                text = path.read_text(errors="replace") if path.exists() else "(absent)"
                print(f"--- {path}, its end\n{text[-4000:]}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
