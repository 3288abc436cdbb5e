"""One loaded job: its process, its ends, when it is started again."""

import os
import signal
import time

from . import spawn


class Job:
    """Lives from `bootstrap` until its process is gone after `bootout`."""

    def __init__(self, definition, settings, log):
        self.definition = definition
        self.settings = settings
        self.log = log
        self.pid = None
        self.runs = 0
        self.started = None
        # ("code", n) or ("signal", n) of the last process.
        self.last = None
        # When it is started again, and killed for being slow.
        self.again_at = None
        self.kill_at = None
        # When it was unloaded.
        self.left_at = None
        self.killed = False

    @property
    def label(self):
        return self.definition.label

    @property
    def leaving(self):
        """It was unloaded, and is still there."""
        return self.left_at is not None

    def _free_at(self):
        # By the setting of the moment: a test may end the wait.
        return self.left_at + self.settings["draining"]

    @property
    def state(self):
        if self.leaving:
            return "SIGKILLed" if self.killed else "SIGTERMed"
        if self.pid is not None:
            return "running"
        return "spawn scheduled" if self.again_at is not None else "not running"

    def _scaled(self, seconds):
        return seconds * self.settings["scale"]

    def start(self):
        self.again_at = None
        self.started = time.monotonic()
        self.runs += 1
        self.pid = spawn.spawn(self.definition, self.settings["home"])
        self.log(f"{self.label}: started as process {self.pid}, run {self.runs}")

    def kickstart(self, kill):
        """Runs now, whatever the throttle says."""
        if self.pid is not None and kill:
            os.kill(self.pid, signal.SIGKILL)
            self.ended(os.waitpid(self.pid, 0)[1])
        self.start()

    def signal(self, number):
        os.kill(self.pid, number)

    def unload(self):
        """Asks it to end; it is gone when `gone` says so."""
        self.again_at = None
        self.left_at = time.monotonic()
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            # Zero means to wait for ever.
            if self.definition.exit_timeout:
                self.kill_at = self.left_at + self._scaled(self.definition.exit_timeout)

    def gone(self):
        return self.leaving and self.pid is None and time.monotonic() >= self._free_at()

    def reap(self):
        if self.pid is None:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.ended(status)

    def ended(self, status):
        pid, self.pid, self.kill_at = self.pid, None, None
        if os.WIFSIGNALED(status):
            self.last = ("signal", os.WTERMSIG(status))
        else:
            self.last = ("code", os.WEXITSTATUS(status))
        self.log(f"{self.label}: process {pid} ended with {self.last[0]} {self.last[1]}")
        if not self.definition.abandon_group:
            self._end_group(pid, signal.SIGTERM)
        if self.leaving:
            return
        clean, crashed = self.last == ("code", 0), self.last[0] == "signal"
        if self.definition.again_after(clean, crashed):
            # The throttle is the shortest time between two starts.
            rest = self.started + self._scaled(self.definition.throttle)
            self.again_at = max(rest, time.monotonic())

    def tick(self):
        now = time.monotonic()
        if self.kill_at is not None and now >= self.kill_at and self.pid is not None:
            self.log(f"{self.label}: did not end in time, killed")
            self.kill_at, self.killed = None, True
            os.kill(self.pid, signal.SIGKILL)
        if self.again_at is not None and now >= self.again_at:
            self.start()

    def next_time(self):
        free_at = self._free_at() if self.leaving and self.pid is None else None
        times = [t for t in (self.again_at, self.kill_at, free_at) if t is not None]
        return min(times, default=None)

    def end_at_once(self):
        """The model itself ends."""
        if self.pid is None:
            return
        self._end_group(self.pid, signal.SIGKILL)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        self.pid = None

    @staticmethod
    def _end_group(group, number):
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            pass  # Nobody is left in it.
