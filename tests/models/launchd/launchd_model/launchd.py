"""The state: the session, jobs, overrides and settings of one user."""

import json
import os
import sys
import time

from . import definition
from .job import Job
from .state_directory import LABEL


def _flag(text):
    if text not in ("on", "off"):
        raise ValueError("must be on or off")
    return text == "on"


def _one_of(*codes):
    def read(text):
        if int(text) not in codes:
            raise ValueError(f"must be one of {', '.join(map(str, codes))}")
        return int(text)

    return read


def _between(minimum, maximum):
    def read(text):
        if not minimum <= float(text) <= maximum:
            raise ValueError(f"must be from {minimum} to {maximum}")
        return float(text)

    return read


# Default value and parser of each setting.
SETTINGS = {
    # Minimum time in seconds until a label is free after `bootout`. Up to 6 seconds were
    # reported; tests use more and change it later.
    "draining": (0.0, _between(0, 60)),
    # Exit code of `bootstrap` while the label is in use.
    "busy-code": (5, _one_of(5, 37)),
    # Exit code of `bootout` if the process does not exit immediately.
    "bootout-code": (0, _one_of(0, 36)),
    # Whether `bootout` waits until the process has exited.
    "bootout-waits": (False, _flag),
    # Exit code of `kickstart` for a running agent.
    "kickstart-running-code": (0, _one_of(0, 37)),
    # Exit code of all verbs without a session.
    "no-session-code": (125, _one_of(112, 125)),
    # Whether rejections have distinct exit codes, as for root, or always 5.
    "richer-errors": (False, _flag),
    # Off: `bootstrap` does not start the job, as reported for some Macs.
    "run-at-load": (True, _flag),
    # The format of `print-disabled` before macOS 13.
    "old-disabled-format": (False, _flag),
    # Factor for ThrottleInterval and ExitTimeOut.
    "scale": (1.0, _between(0.0001, 100)),
    "home": ("", str),
    "version": ("15.5", str),
}


class Launchd:
    def __init__(self, directory):
        self.directory = directory
        self.uid = os.geteuid()
        self.settings = {name: default for name, (default, _) in SETTINGS.items()}
        self.settings["home"] = os.environ.get("HOME") or os.path.expanduser("~")
        self.settings["scale"] = float(os.environ.get("KT_MODEL_LAUNCHD_SCALE") or 1)
        self.session = True
        self.stopping = False
        self.jobs = {}
        # Injected failures: verb to [exit code, count].
        self.failures = {}
        self.overrides = self._read("overrides.json")
        self.settings.update(self._read("settings.json"))

    def _read(self, name):
        try:
            with open(self.directory.file(name)) as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def _write(self, name, value):
        fresh = self.directory.file(f".{name}.new")
        with open(fresh, "w") as file:
            json.dump(value, file)
        os.rename(fresh, self.directory.file(name))

    def log(self, text):
        stamp = time.strftime("%H:%M:%S")
        sys.stderr.write(f"{stamp} {text}\n")
        sys.stderr.flush()

    def set(self, name, text):
        self.settings[name] = SETTINGS[name][1](text)
        # Settings from the environment are not persistent.
        persistent = {n: v for n, v in self.settings.items() if n not in ("home", "scale")}
        self._write("settings.json", persistent)

    def override(self, label, enabled):
        """Persistent, also without a job or a file."""
        self.overrides[label] = enabled
        self._write("overrides.json", self.overrides)

    def disabled(self, loaded):
        return not self.overrides.get(loaded.label, not loaded.disabled)

    def due_failure(self, verb):
        """Returns the exit code of an injected failure, if there is one."""
        failure = self.failures.get(verb)
        if not failure:
            return None
        failure[1] -= 1
        if failure[1] <= 0:
            del self.failures[verb]
        return failure[0]

    def add(self, loaded, at_login=False):
        job = Job(loaded, self.settings, self.log)
        self.jobs[loaded.label] = job
        self.log(f"{loaded.label}: loaded from {loaded.path}")
        if loaded.starts_at_load and (at_login or self.settings["run-at-load"]):
            job.start()
        return job

    def log_in(self):
        """Loads the enabled agents of the user's LaunchAgents directory."""
        self.session = True
        folder = os.path.join(self.settings["home"], "Library/LaunchAgents")
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return
        for name in names:
            if not name.endswith(".plist"):
                continue
            try:
                loaded = definition.load(os.path.join(folder, name), self.uid)
            except definition.Rejected as rejected:
                self.log(f"{name}: rejected at login: {rejected.reason} ({LABEL})")
                continue
            if self.disabled(loaded):
                self.log(f"{loaded.label}: disabled, so not loaded at login")
            elif "Aqua" in loaded.sessions and loaded.label not in self.jobs:
                self.add(loaded, at_login=True)

    def log_out(self):
        self.session = False
        for job in self.jobs.values():
            if not job.unloading:
                job.unload()

    def tick(self):
        for job in list(self.jobs.values()):
            job.reap()
            job.tick()
            if job.gone():
                self.log(f"{job.label}: gone")
                del self.jobs[job.label]

    def next_time(self):
        times = (job.next_time() for job in self.jobs.values())
        return min((t for t in times if t is not None), default=None)

    def end(self):
        for job in self.jobs.values():
            job.kill_now()
        self.jobs.clear()
