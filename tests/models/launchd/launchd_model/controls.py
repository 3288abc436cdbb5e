"""The verbs of model-launchd: what happens to a Mac besides launchctl."""

import json
import time

from .answers import USAGE as USAGE_CODE
from .answers import Answer, Pending
from .place import LABEL
from .world import SETTINGS

USAGE = f"""model-launchd: a model of launchd ({LABEL})

  login                     start the person's session and load their agents
  logout                    end it; returns when every agent has ended
  draining SECONDS          how long a label stays after `launchctl bootout`: 0 to 6
                            is lifelike, 60 the most; 0 frees it at once
  fail VERB CODE [TIMES]    let the next calls of a launchctl verb end with CODE
  set NAME VALUE            a setting: {", ".join(SETTINGS)}
  wait LABEL STATE SECONDS  until an agent is `running`, `not running`, `gone`, ...;
                            ends with 1 when that takes longer
  status                    everything, as JSON
  stop                      end the model and everything that it started

The state is in $KT_MODEL_LAUNCHD; $KT_MODEL_LAUNCHD_SCALE shortens
ThrottleInterval and ExitTimeOut.
"""


def answer(world, words, _):
    run = _VERBS.get(words[0]) if words else None
    if run is None:
        return Answer(USAGE_CODE, stderr=USAGE)
    try:
        return run(world, *words[1:])
    except (TypeError, ValueError, KeyError) as error:
        return Answer(USAGE_CODE, stderr=f"model-launchd {words[0]}: {error} ({LABEL})\n")


def _login(world):
    if not world.session:
        world.log_in()
    return Answer()


def _logout(world):
    world.log_out()
    return Pending(lambda: not world.jobs, Answer())


def _draining(world, seconds):
    world.set("draining", seconds)
    return Answer()


def _set(world, name, value):
    if name not in SETTINGS:
        raise ValueError(f"there is no setting {name}")
    world.set(name, value)
    return Answer()


def _fail(world, verb, code, times="1"):
    world.failures[verb] = [int(code), int(times)]
    return Answer()


def _wait(world, label, state, seconds):
    deadline = time.monotonic() + float(seconds)
    given = Answer()

    def now():
        job = world.jobs.get(label)
        return "gone" if job is None else job.state

    def done():
        if now() == state:
            return True
        if time.monotonic() < deadline:
            return False
        given.code, given.stderr = 1, f"{label} is {now()}, not {state} ({LABEL})\n"
        return True

    return Pending(done, given)


def _status(world):
    jobs = {
        label: {
            "state": job.state,
            "pid": job.pid,
            "runs": job.runs,
            "last": job.last,
            "path": job.definition.path,
        }
        for label, job in world.jobs.items()
    }
    value = {
        "model": LABEL,
        "session": world.session,
        "jobs": jobs,
        "overrides": world.overrides,
        "settings": world.settings,
    }
    return Answer(stdout=json.dumps(value, indent=1) + "\n")


def _stop(world):
    world.stopping = True
    return Answer()


_VERBS = {
    "login": _login,
    "logout": _logout,
    "draining": _draining,
    "fail": _fail,
    "set": _set,
    "wait": _wait,
    "status": _status,
    "stop": _stop,
}
