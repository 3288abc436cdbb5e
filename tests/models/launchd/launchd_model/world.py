"""The state: one person's session, jobs, overrides and settings."""

import json
import os
import sys
import time

from . import definition
from .job import Job
from .place import LABEL


def _flag(text):
    if text not in ("on", "off"):
        raise ValueError("it is on or off")
    return text == "on"


def _one_of(*codes):
    def read(text):
        if int(text) not in codes:
            raise ValueError(f"it is one of {', '.join(map(str, codes))}")
        return int(text)

    return read


def _between(least, most):
    def read(text):
        if not least <= float(text) <= most:
            raise ValueError(f"it is from {least} to {most}")
        return float(text)

    return read


# Each with what it is at first and what reads it.
SETTINGS = {
    # Seconds that a label stays after `bootout`, however soon its process ends.
    # Up to 6 were seen; more is for tests that end the wait themselves.
    "draining": (0.0, _between(0, 60)),
    # What `bootstrap` answers while the label is taken.
    "busy-code": (5, _one_of(5, 37)),
    # What `bootout` answers when the process does not end at once.
    "bootout-code": (0, _one_of(0, 36)),
    # Whether `bootout` returns only when the process is gone.
    "bootout-waits": (False, _flag),
    # What `kickstart` of a running agent answers.
    "kickstart-running-code": (0, _one_of(0, 37)),
    # What everything answers without a session.
    "no-session-code": (125, _one_of(112, 125)),
    # Whether refusals have their own codes, as for root, or are all 5.
    "richer-errors": (False, _flag),
    # Off: `bootstrap` loads and starts nothing, as some Macs were seen to do.
    "run-at-load": (True, _flag),
    # `print-disabled` in the words of macOS before 13.
    "old-disabled-words": (False, _flag),
    # Factor for ThrottleInterval and ExitTimeOut.
    "scale": (1.0, _between(0.0001, 100)),
    "home": ("", str),
    "version": ("15.5", str),
}


class World:
    def __init__(self, place):
        self.place = place
        self.uid = os.geteuid()
        self.settings = {name: first for name, (first, _) in SETTINGS.items()}
        self.settings["home"] = os.environ.get("HOME") or os.path.expanduser("~")
        self.settings["scale"] = float(os.environ.get("KT_MODEL_LAUNCHD_SCALE") or 1)
        self.session = True
        self.stopping = False
        self.jobs = {}
        # Verb to [code, how often]: failures that a test asked for.
        self.failures = {}
        self.overrides = self._read("overrides.json")
        self.settings.update(self._read("settings.json"))

    def _read(self, name):
        try:
            with open(self.place.file(name)) as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def _write(self, name, value):
        fresh = self.place.file(f".{name}.new")
        with open(fresh, "w") as file:
            json.dump(value, file)
        os.rename(fresh, self.place.file(name))

    def log(self, text):
        stamp = time.strftime("%H:%M:%S")
        sys.stderr.write(f"{stamp} {text}\n")
        sys.stderr.flush()

    def set(self, name, text):
        self.settings[name] = SETTINGS[name][1](text)
        # What the environment decides is asked for anew at every start.
        kept = {n: v for n, v in self.settings.items() if n not in ("home", "scale")}
        self._write("settings.json", kept)

    def override(self, label, enabled):
        """Outlives jobs, files and the model itself."""
        self.overrides[label] = enabled
        self._write("overrides.json", self.overrides)

    def disabled(self, wanted):
        return not self.overrides.get(wanted.label, not wanted.disabled)

    def due_failure(self, verb):
        """The code that the next call of a verb must end with, if there is one."""
        failure = self.failures.get(verb)
        if not failure:
            return None
        failure[1] -= 1
        if failure[1] <= 0:
            del self.failures[verb]
        return failure[0]

    def add(self, wanted, at_login=False):
        job = Job(wanted, self.settings, self.log)
        self.jobs[wanted.label] = job
        self.log(f"{wanted.label}: loaded from {wanted.path}")
        if wanted.starts_at_load and (at_login or self.settings["run-at-load"]):
            job.start()
        return job

    def log_in(self):
        """Loads what lies in the person's LaunchAgents and is not disabled."""
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
                wanted = definition.load(os.path.join(folder, name), self.uid)
            except definition.Refused as refused:
                self.log(f"{name}: refused at login: {refused.why} ({LABEL})")
                continue
            if self.disabled(wanted):
                self.log(f"{wanted.label}: disabled, so not loaded at login")
            elif "Aqua" in wanted.sessions and wanted.label not in self.jobs:
                self.add(wanted, at_login=True)

    def log_out(self):
        self.session = False
        for job in self.jobs.values():
            if not job.leaving:
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
            job.end_at_once()
        self.jobs.clear()
