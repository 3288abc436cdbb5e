"""One loaded job: its process, its exits and its restarts."""

import os
import signal
import time

from . import spawn


class Job:
    """Exists from `bootstrap` until its process has exited after `bootout`."""

    def __init__(self, definition, settings, log):
        self.definition = definition
        self.settings = settings
        self.log = log
        self.pid = None
        self.runs = 0
        self.started = None
        # ("code", n) or ("signal", n) of the last process.
        self.last = None
        # When it is restarted, and when it is killed after ExitTimeOut.
        self.restart_at = None
        self.kill_at = None
        # When it was unloaded.
        self.unloaded_at = None
        self.killed = False

    @property
    def label(self):
        return self.definition.label

    @property
    def unloading(self):
        """It was unloaded, but still exists."""
        return self.unloaded_at is not None

    def _free_at(self):
        # Evaluated on every call: a test may change the setting.
        return self.unloaded_at + self.settings["draining"]

    @property
    def state(self):
        if self.unloading:
            return "SIGKILLed" if self.killed else "SIGTERMed"
        if self.pid is not None:
            return "running"
        return "spawn scheduled" if self.restart_at is not None else "not running"

    def _scaled(self, seconds):
        return seconds * self.settings["scale"]

    def start(self):
        self.restart_at = None
        self.started = time.monotonic()
        self.runs += 1
        self.pid = spawn.spawn(self.definition, self.settings["home"])
        self.log(f"{self.label}: started as process {self.pid}, run {self.runs}")

    def kickstart(self, kill):
        """Starts the job regardless of ThrottleInterval."""
        if self.pid is not None and kill:
            os.kill(self.pid, signal.SIGKILL)
            self.on_exit(os.waitpid(self.pid, 0)[1])
        self.start()

    def signal(self, number):
        os.kill(self.pid, number)

    def unload(self):
        """Sends SIGTERM; `gone` returns true when the job is unloaded."""
        self.restart_at = None
        self.unloaded_at = time.monotonic()
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            # Zero means no timeout.
            if self.definition.exit_timeout:
                self.kill_at = self.unloaded_at + self._scaled(self.definition.exit_timeout)

    def gone(self):
        return self.unloading and self.pid is None and time.monotonic() >= self._free_at()

    def reap(self):
        if self.pid is None:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.on_exit(status)

    def on_exit(self, status):
        pid, self.pid, self.kill_at = self.pid, None, None
        if os.WIFSIGNALED(status):
            self.last = ("signal", os.WTERMSIG(status))
        else:
            self.last = ("code", os.WEXITSTATUS(status))
        self.log(f"{self.label}: process {pid} exited with {self.last[0]} {self.last[1]}")
        if not self.definition.abandon_group:
            self._end_group(pid, signal.SIGTERM)
        if self.unloading:
            return
        clean, crashed = self.last == ("code", 0), self.last[0] == "signal"
        if self.definition.restarts_after(clean, crashed):
            # ThrottleInterval is the minimum time between two starts.
            earliest = self.started + self._scaled(self.definition.throttle)
            self.restart_at = max(earliest, time.monotonic())

    def tick(self):
        now = time.monotonic()
        if self.kill_at is not None and now >= self.kill_at and self.pid is not None:
            self.log(f"{self.label}: did not exit in time, killed")
            self.kill_at, self.killed = None, True
            os.kill(self.pid, signal.SIGKILL)
        if self.restart_at is not None and now >= self.restart_at:
            self.start()

    def next_time(self):
        free_at = self._free_at() if self.unloading and self.pid is None else None
        times = [t for t in (self.restart_at, self.kill_at, free_at) if t is not None]
        return min(times, default=None)

    def kill_now(self):
        """Kills the job when the model stops."""
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
            pass  # The group has no more processes.
