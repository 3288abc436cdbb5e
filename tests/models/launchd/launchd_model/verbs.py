"""The verbs of launchctl."""

import os
import re

from . import definition, printing, values
from .responses import (
    DISABLED,
    IN_PROGRESS,
    IO_ERROR,
    NO_DOMAIN,
    NO_PROCESS,
    NO_SERVICE,
    UNSUPPORTED,
    USAGE,
    Response,
    Pending,
    failed,
    no_domain,
    no_service,
    not_modelled,
    reason,
    text_of,
)

_TARGET = re.compile(r"gui/(\d+)(?:/([^/]+))?/?")
_OTHER_DOMAINS = ("system", "user/", "login/", "pid/", "session/")
_RICHER = "Try re-running the command as root for richer errors.\n"


def handle(launchd, args, cwd):
    if not args:
        return _usage("Usage: launchctl <subcommand> ... | help [subcommand]")
    verb, rest = args[0], args[1:]
    run = _VERBS.get(verb)
    if run is None:
        return not_modelled(f"`launchctl {verb}`")
    code = launchd.due_failure(verb)
    if code is not None:
        return failed(_MESSAGES.get(verb, verb), code, "injected failure")
    return run(launchd, rest, cwd)


def _usage(text):
    return Response(USAGE, stderr=text + "\n")


class _Failure(Exception):
    def __init__(self, response):
        super().__init__()
        self.response = response


def _checked(message, label_required):
    """Decorates a verb with one target: validates domain and label."""

    def around(run):
        def verb(launchd, args, cwd):
            if not args:
                return _usage("Unrecognized target specifier.")
            try:
                label = _label(launchd, args[-1], message, label_required)
            except _Failure as failure:
                return failure.response
            return run(launchd, label, args[:-1])

        return verb

    return around


def _label(launchd, target, message, label_required):
    match = _TARGET.fullmatch(target)
    if match is None:
        if target.startswith(_OTHER_DOMAINS):
            raise _Failure(not_modelled(f"the domain of `{target}`"))
        raise _Failure(_usage("Unrecognized target specifier."))
    uid, label = int(match[1]), match[2]
    if uid != launchd.uid:
        raise _Failure(no_domain(uid))
    if not launchd.session:
        raise _Failure(_no_session(launchd, message))
    if label_required and label is None:
        raise _Failure(_usage("Unrecognized target specifier."))
    return label


def _no_session(launchd, message):
    if launchd.settings["no-session-code"] == NO_DOMAIN:
        return no_domain(launchd.uid)
    return failed(message, UNSUPPORTED, "the user has no graphical session")


@_checked("Could not print domain", label_required=False)
def _print(launchd, label, _):
    if label is None:
        return Response(stdout=printing.domain(launchd))
    job = launchd.jobs.get(label)
    if job is None:
        return no_service(label, launchd.uid, bad_request=True)
    return Response(stdout=printing.service(job, launchd.uid))


@_checked("Could not print disabled services", label_required=False)
def _print_disabled(launchd, _, __):
    return Response(stdout=printing.disabled(launchd))


def _list(launchd, args, _):
    if not args:
        return Response(stdout=printing.table(launchd))
    job = launchd.jobs.get(args[0])
    if job is None:
        text = f'Could not find service "{args[0]}" in domain for port\n'
        return Response(NO_SERVICE, stderr=text)
    return Response(stdout=printing.entry(job))


@_checked("Could not enable service", label_required=True)
def _enable(launchd, label, _):
    launchd.override(label, True)
    return Response()


@_checked("Could not disable service", label_required=True)
def _disable(launchd, label, _):
    # A running job is not affected, only later loads.
    launchd.override(label, False)
    return Response()


def _bootstrap(launchd, args, cwd):
    if len(args) != 2:
        return not_modelled("`bootstrap` of anything but one domain and one file")
    try:
        label = _label(launchd, args[0], "Bootstrap failed", label_required=False)
    except _Failure as failure:
        return failure.response
    if label is not None:
        return _usage("Unrecognized target specifier.")
    path = os.path.join(cwd, args[1])
    try:
        loaded = definition.load(path, launchd.uid)
    except definition.Rejected as rejected:
        return _rejected(launchd, path, rejected.code, rejected.reason)
    if launchd.disabled(loaded):
        return _rejected(launchd, path, DISABLED, "it is disabled")
    if "Aqua" not in loaded.sessions:
        return _rejected(launchd, path, IO_ERROR, f"it is for sessions {loaded.sessions}")
    if loaded.label in launchd.jobs:
        unloading = launchd.jobs[loaded.label].unloading
        detail = "the previous job is being unloaded" if unloading else "it is already loaded"
        return _bootstrap_failed(launchd.settings["busy-code"], detail)
    launchd.add(loaded)
    return Response()


def _bootstrap_failed(code, detail):
    text = f"Bootstrap failed: {code}: {text_of(code)}\n"
    if code == IO_ERROR:
        text += _RICHER
    return Response(code, stderr=text + reason(detail))


def _rejected(launchd, path, code, detail):
    if not launchd.settings["richer-errors"] or code == IO_ERROR:
        return _bootstrap_failed(IO_ERROR, detail)
    response = _bootstrap_failed(code, detail)
    response.stderr = f"{path}: {text_of(code)}\n{response.stderr}"
    return response


def _bootout(launchd, args, cwd):
    try:
        label = _bootout_label(launchd, args, cwd)
    except _Failure as failure:
        return failure.response
    job = launchd.jobs.get(label)
    if job is None:
        # The exit code depends on whether a file or a label was specified.
        return failed("Boot-out failed", NO_PROCESS if len(args) == 1 else IO_ERROR)
    if job.unloading:
        return failed("Boot-out failed", IN_PROGRESS)
    job.unload()
    launchd.tick()
    if label not in launchd.jobs:
        return Response()
    code = launchd.settings["bootout-code"]
    response = failed("Boot-out failed", code) if code else Response()
    if launchd.settings["bootout-waits"]:
        return Pending(lambda: launchd.jobs.get(label) is not job, response)
    return response


def _bootout_label(launchd, args, cwd):
    if len(args) not in (1, 2):
        raise _Failure(_usage("Unrecognized target specifier."))
    label = _label(launchd, args[0], "Boot-out failed", label_required=False)
    if label is None and len(args) == 1:
        raise _Failure(not_modelled("`bootout` of a whole domain: `model-launchd logout` is,"))
    if label is not None:
        return label
    try:
        return definition.load(os.path.join(cwd, args[1]), launchd.uid).label
    except definition.Rejected as rejected:
        raise _Failure(failed("Boot-out failed", IO_ERROR, rejected.reason)) from rejected


@_checked("Could not kickstart service", label_required=True)
def _kickstart(launchd, label, options):
    if not set(options) <= {"-k", "-p", "-kp", "-pk"}:
        return not_modelled(f"`kickstart {' '.join(options)}`")
    job = launchd.jobs.get(label)
    if job is None:
        return no_service(label, launchd.uid)
    letters = "".join(options)
    if job.unloading:
        return Response(IN_PROGRESS)  # Without a message.
    if job.pid is not None and "k" not in letters:
        return Response(launchd.settings["kickstart-running-code"])
    job.kickstart(kill="k" in letters)
    return Response(stdout=f"service spawned with pid: {job.pid}\n" if "p" in letters else "")


@_checked("Could not signal service", label_required=True)
def _kill(launchd, label, options):
    number = values.signal_named(options[0]) if len(options) == 1 else None
    if number is None:
        return _usage("Invalid signal.")
    job = launchd.jobs.get(label)
    if job is None:
        return no_service(label, launchd.uid)
    if job.pid is None:
        return Response(NO_PROCESS, stderr="No process to signal.\n")
    job.signal(number)
    return Response()


def _managername(launchd, _, __):
    return Response(stdout="Aqua\n" if launchd.session else "Background\n")


def _error(_, args, __):
    code = int(args[0]) if args and args[0].isdigit() else 0
    return Response(stdout=f"{code}: {text_of(code)}\n")


_VERBS = {
    "bootout": _bootout,
    "bootstrap": _bootstrap,
    "disable": _disable,
    "enable": _enable,
    "error": _error,
    "kickstart": _kickstart,
    "kill": _kill,
    "list": _list,
    "managername": _managername,
    "print": _print,
    "print-disabled": _print_disabled,
}
_MESSAGES = {
    "bootout": "Boot-out failed",
    "bootstrap": "Bootstrap failed",
    "disable": "Could not disable service",
    "enable": "Could not enable service",
    "kickstart": "Could not kickstart service",
    "kill": "Could not signal service",
    "print": "Could not print domain",
    "print-disabled": "Could not print disabled services",
}
