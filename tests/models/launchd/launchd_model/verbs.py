"""The verbs of launchctl."""

import os
import re

from . import definition, printing, values
from .answers import (
    DISABLED,
    IN_PROGRESS,
    IO_ERROR,
    NO_DOMAIN,
    NO_PROCESS,
    NO_SERVICE,
    UNSUPPORTED,
    USAGE,
    Answer,
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


def answer(world, words, cwd):
    if not words:
        return _usage("Usage: launchctl <subcommand> ... | help [subcommand]")
    verb, rest = words[0], words[1:]
    run = _VERBS.get(verb)
    if run is None:
        return not_modelled(f"`launchctl {verb}`")
    code = world.due_failure(verb)
    if code is not None:
        return failed(_COMPLAINTS.get(verb, verb), code, "a test asked for this failure")
    return run(world, rest, cwd)


def _usage(text):
    return Answer(USAGE, stderr=text + "\n")


class _Stop(Exception):
    def __init__(self, given):
        super().__init__()
        self.given = given


def _checked(complaint, label_wanted):
    """Makes a verb of one target: label and domain are looked at first."""

    def around(run):
        def verb(world, words, cwd):
            if not words:
                return _usage("Unrecognized target specifier.")
            try:
                label = _label(world, words[-1], complaint, label_wanted)
            except _Stop as stop:
                return stop.given
            return run(world, label, words[:-1])

        return verb

    return around


def _label(world, target, complaint, label_wanted):
    found = _TARGET.fullmatch(target)
    if found is None:
        if target.startswith(_OTHER_DOMAINS):
            raise _Stop(not_modelled(f"the domain of `{target}`"))
        raise _Stop(_usage("Unrecognized target specifier."))
    uid, label = int(found[1]), found[2]
    if uid != world.uid:
        raise _Stop(no_domain(uid))
    if not world.session:
        raise _Stop(_no_session(world, complaint))
    if label_wanted and label is None:
        raise _Stop(_usage("Unrecognized target specifier."))
    return label


def _no_session(world, complaint):
    if world.settings["no-session-code"] == NO_DOMAIN:
        return no_domain(world.uid)
    return failed(complaint, UNSUPPORTED, "nobody is logged in at the screen")


@_checked("Could not print domain", label_wanted=False)
def _print(world, label, _):
    if label is None:
        return Answer(stdout=printing.domain(world))
    job = world.jobs.get(label)
    if job is None:
        return no_service(label, world.uid, bad_request=True)
    return Answer(stdout=printing.service(job, world.uid))


@_checked("Could not print disabled services", label_wanted=False)
def _print_disabled(world, _, __):
    return Answer(stdout=printing.disabled(world))


def _list(world, words, _):
    if not words:
        return Answer(stdout=printing.table(world))
    job = world.jobs.get(words[0])
    if job is None:
        text = f'Could not find service "{words[0]}" in domain for port\n'
        return Answer(NO_SERVICE, stderr=text)
    return Answer(stdout=printing.entry(job))


@_checked("Could not enable service", label_wanted=True)
def _enable(world, label, _):
    world.override(label, True)
    return Answer()


@_checked("Could not disable service", label_wanted=True)
def _disable(world, label, _):
    # What runs goes on: only later loads are forbidden.
    world.override(label, False)
    return Answer()


def _bootstrap(world, words, cwd):
    if len(words) != 2:
        return not_modelled("`bootstrap` of anything but one domain and one file")
    try:
        label = _label(world, words[0], "Bootstrap failed", label_wanted=False)
    except _Stop as stop:
        return stop.given
    if label is not None:
        return _usage("Unrecognized target specifier.")
    path = os.path.join(cwd, words[1])
    try:
        wanted = definition.load(path, world.uid)
    except definition.Refused as refused:
        return _refusal(world, path, refused.code, refused.why)
    if world.disabled(wanted):
        return _refusal(world, path, DISABLED, "it is disabled")
    if "Aqua" not in wanted.sessions:
        return _refusal(world, path, IO_ERROR, f"it is for sessions {wanted.sessions}")
    if wanted.label in world.jobs:
        leaving = world.jobs[wanted.label].leaving
        why = "the earlier job is on its way out" if leaving else "it is loaded already"
        return _bootstrap_failed(world.settings["busy-code"], why)
    world.add(wanted)
    return Answer()


def _bootstrap_failed(code, why):
    text = f"Bootstrap failed: {code}: {text_of(code)}\n"
    if code == IO_ERROR:
        text += _RICHER
    return Answer(code, stderr=text + reason(why))


def _refusal(world, path, code, why):
    if not world.settings["richer-errors"] or code == IO_ERROR:
        return _bootstrap_failed(IO_ERROR, why)
    given = _bootstrap_failed(code, why)
    given.stderr = f"{path}: {text_of(code)}\n{given.stderr}"
    return given


def _bootout(world, words, cwd):
    try:
        label = _bootout_label(world, words, cwd)
    except _Stop as stop:
        return stop.given
    job = world.jobs.get(label)
    if job is None:
        # By its file it is another failure than by its label.
        return failed("Boot-out failed", NO_PROCESS if len(words) == 1 else IO_ERROR)
    if job.leaving:
        return failed("Boot-out failed", IN_PROGRESS)
    job.unload()
    world.tick()
    if label not in world.jobs:
        return Answer()
    code = world.settings["bootout-code"]
    given = failed("Boot-out failed", code) if code else Answer()
    if world.settings["bootout-waits"]:
        return Pending(lambda: world.jobs.get(label) is not job, given)
    return given


def _bootout_label(world, words, cwd):
    if len(words) not in (1, 2):
        raise _Stop(_usage("Unrecognized target specifier."))
    label = _label(world, words[0], "Boot-out failed", label_wanted=False)
    if label is None and len(words) == 1:
        raise _Stop(not_modelled("`bootout` of a whole domain: `model-launchd logout` is,"))
    if label is not None:
        return label
    try:
        return definition.load(os.path.join(cwd, words[1]), world.uid).label
    except definition.Refused as refused:
        raise _Stop(failed("Boot-out failed", IO_ERROR, refused.why)) from refused


@_checked("Could not kickstart service", label_wanted=True)
def _kickstart(world, label, options):
    if not set(options) <= {"-k", "-p", "-kp", "-pk"}:
        return not_modelled(f"`kickstart {' '.join(options)}`")
    job = world.jobs.get(label)
    if job is None:
        return no_service(label, world.uid)
    letters = "".join(options)
    if job.leaving:
        return Answer(IN_PROGRESS)  # Without a word.
    if job.pid is not None and "k" not in letters:
        return Answer(world.settings["kickstart-running-code"])
    job.kickstart(kill="k" in letters)
    return Answer(stdout=f"service spawned with pid: {job.pid}\n" if "p" in letters else "")


@_checked("Could not signal service", label_wanted=True)
def _kill(world, label, options):
    number = values.signal_named(options[0]) if len(options) == 1 else None
    if number is None:
        return _usage("Invalid signal.")
    job = world.jobs.get(label)
    if job is None:
        return no_service(label, world.uid)
    if job.pid is None:
        return Answer(NO_PROCESS, stderr="No process to signal.\n")
    job.signal(number)
    return Answer()


def _managername(world, _, __):
    return Answer(stdout="Aqua\n" if world.session else "Background\n")


def _error(_, words, __):
    code = int(words[0]) if words and words[0].isdigit() else 0
    return Answer(stdout=f"{code}: {text_of(code)}\n")


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
_COMPLAINTS = {
    "bootout": "Boot-out failed",
    "bootstrap": "Bootstrap failed",
    "disable": "Could not disable service",
    "enable": "Could not enable service",
    "kickstart": "Could not kickstart service",
    "kill": "Could not signal service",
    "print": "Could not print domain",
    "print-disabled": "Could not print disabled services",
}
