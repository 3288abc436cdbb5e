"""The commands of model-launchd, which control the model."""

import json
import time

from .responses import USAGE as USAGE_CODE
from .responses import Response, Pending
from .state_directory import LABEL
from .launchd import SETTINGS

USAGE = f"""model-launchd: a model of launchd ({LABEL})

  login                     start the user's session and load the agents
  logout                    end it; returns when all agents have exited
  draining SECONDS          time until a label is free after `launchctl bootout`: at
                            most 60; 0 to 6 were reported on Macs
  fail VERB CODE [TIMES]    make the next calls of a launchctl verb fail with CODE
  set NAME VALUE            change a setting: {", ".join(SETTINGS)}
  wait LABEL STATE SECONDS  wait for a state: `running`, `not running`, `gone`, ...;
                            exits with 1 after a timeout
  status                    print the state as JSON
  stop                      stop the model and all its jobs

$KT_MODEL_LAUNCHD is the state directory; $KT_MODEL_LAUNCHD_SCALE is the factor of
ThrottleInterval and ExitTimeOut.
"""


def handle(launchd, args, _):
    run = _VERBS.get(args[0]) if args else None
    if run is None:
        return Response(USAGE_CODE, stderr=USAGE)
    try:
        return run(launchd, *args[1:])
    except (TypeError, ValueError, KeyError) as error:
        return Response(USAGE_CODE, stderr=f"model-launchd {args[0]}: {error} ({LABEL})\n")


def _login(launchd):
    if not launchd.session:
        launchd.log_in()
    return Response()


def _logout(launchd):
    launchd.log_out()
    return Pending(lambda: not launchd.jobs, Response())


def _draining(launchd, seconds):
    launchd.set("draining", seconds)
    return Response()


def _set(launchd, name, value):
    if name not in SETTINGS:
        raise ValueError(f"unknown setting {name}")
    launchd.set(name, value)
    return Response()


def _fail(launchd, verb, code, times="1"):
    launchd.failures[verb] = [int(code), int(times)]
    return Response()


def _wait(launchd, label, state, seconds):
    deadline = time.monotonic() + float(seconds)
    response = Response()

    def current():
        job = launchd.jobs.get(label)
        return "gone" if job is None else job.state

    def done():
        if current() == state:
            return True
        if time.monotonic() < deadline:
            return False
        response.code, response.stderr = 1, f"{label} is {current()}, not {state} ({LABEL})\n"
        return True

    return Pending(done, response)


def _status(launchd):
    jobs = {
        label: {
            "state": job.state,
            "pid": job.pid,
            "runs": job.runs,
            "last": job.last,
            "path": job.definition.path,
        }
        for label, job in launchd.jobs.items()
    }
    value = {
        "model": LABEL,
        "session": launchd.session,
        "jobs": jobs,
        "overrides": launchd.overrides,
        "settings": launchd.settings,
    }
    return Response(stdout=json.dumps(value, indent=1) + "\n")


def _stop(launchd):
    launchd.stopping = True
    return Response()


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
