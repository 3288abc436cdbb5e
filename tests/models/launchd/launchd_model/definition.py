"""Property lists: which are refused, and what the others ask for."""

import os
import plistlib
import stat
from dataclasses import dataclass, field

from .answers import BAD_PATH, BAD_PLIST, IO_ERROR

DEFAULT_THROTTLE = 10
# What `launchctl print` of a recent macOS says when the list says nothing.
DEFAULT_EXIT_TIMEOUT = 5

_INTEGER, _TEXT, _FLAG = "integer", "string", "boolean"
_TEXTS, _WORDS, _NUMBERS = "array of strings", "dictionary of strings", "dictionary of integers"

# launchd.plist(5), as far as this model goes. What is not here is refused: a
# key that launchd would ignore is a mistake in what wrote the list.
_KEYS = {
    "Label": (_TEXT,),
    "Program": (_TEXT,),
    "ProgramArguments": (_TEXTS,),
    "RunAtLoad": (_FLAG,),
    "KeepAlive": (_FLAG, "dictionary"),
    "ThrottleInterval": (_INTEGER,),
    "ExitTimeOut": (_INTEGER,),
    "ProcessType": (_TEXT,),
    "Umask": (_INTEGER, _TEXT),
    "WorkingDirectory": (_TEXT,),
    "SoftResourceLimits": (_NUMBERS,),
    "HardResourceLimits": (_NUMBERS,),
    "EnvironmentVariables": (_WORDS,),
    "StandardInPath": (_TEXT,),
    "StandardOutPath": (_TEXT,),
    "StandardErrorPath": (_TEXT,),
    "LimitLoadToSessionType": (_TEXT, _TEXTS),
    "AbandonProcessGroup": (_FLAG,),
    "Disabled": (_FLAG,),
}
_PROCESS_TYPES = ("Standard", "Background", "Adaptive", "Interactive")


class Refused(Exception):
    """launchd would not load the list; `code` is what it says to root."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass
class Definition:
    path: str
    label: str
    arguments: list
    program: str = ""
    run_at_load: bool = False
    keep_alive: object = False
    throttle: int = DEFAULT_THROTTLE
    exit_timeout: int = DEFAULT_EXIT_TIMEOUT
    process_type: str = "Standard"
    umask: object = None
    working_directory: str = ""
    soft_limits: dict = field(default_factory=dict)
    hard_limits: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    sessions: tuple = ("Aqua",)
    abandon_group: bool = False
    disabled: bool = False

    @property
    def starts_at_load(self):
        # Whether it ended well can only be known once it has run, so asking for
        # that implies a first start: launchd.plist(5).
        return self.run_at_load or self.keep_alive is True or isinstance(self.keep_alive, dict)

    def again_after(self, clean, crashed):
        """Whether it is started again after such an end."""
        if not isinstance(self.keep_alive, dict):
            return bool(self.keep_alive)
        wanted = self.keep_alive
        by_exit = "SuccessfulExit" in wanted and wanted["SuccessfulExit"] == clean
        by_crash = "Crashed" in wanted and wanted["Crashed"] == crashed
        return by_exit or by_crash


def load(path, uid):
    """Reads a list as launchd does for user `uid`, or raises `Refused`."""
    _judge_file(path, uid)
    with open(path, "rb") as file:
        data = file.read()
    try:
        value = plistlib.loads(data)
    except Exception as error:  # plistlib raises whatever its parser meets
        raise Refused(BAD_PLIST, f"it does not parse: {error}") from error
    if not isinstance(value, dict):
        raise Refused(BAD_PLIST, "it is no dictionary")
    return _definition(path, value)


def _judge_file(path, uid):
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            found = os.stat(path)
    except OSError as error:
        raise Refused(IO_ERROR, f"{path}: {error.strerror}") from error
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        raise Refused(BAD_PATH, "it is no regular file")
    if found.st_uid not in (uid, 0):
        raise Refused(BAD_PATH, f"it belongs to user {found.st_uid}, not to {uid}")
    if mode & 0o022:
        raise Refused(BAD_PATH, f"its mode is {mode:04o}: others can write it")
    if mode & 0o044 != 0o044:
        raise Refused(BAD_PATH, f"its mode is {mode:04o}: others cannot read it")


def _is(kind, value):
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind == _INTEGER:
        return whole
    if kind == _TEXT:
        return isinstance(value, str)
    if kind == _FLAG:
        return isinstance(value, bool)
    if kind == _TEXTS:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if not isinstance(value, dict):
        return False
    if kind == _WORDS:
        return all(isinstance(v, str) for v in value.values())
    if kind == _NUMBERS:
        return all(_is(_INTEGER, v) for v in value.values())
    return True


def _check_types(value):
    for key, found in value.items():
        kinds = _KEYS.get(key)
        if kinds is None:
            raise Refused(BAD_PLIST, f"the key {key} is not modelled")
        if not any(_is(kind, found) for kind in kinds):
            raise Refused(BAD_PLIST, f"{key} must be: {' or '.join(kinds)}")


def _keep_alive(value):
    if isinstance(value, dict):
        for key, wanted in value.items():
            if key not in ("SuccessfulExit", "Crashed"):
                raise Refused(BAD_PLIST, f"KeepAlive.{key} is not modelled")
            if not isinstance(wanted, bool):
                raise Refused(BAD_PLIST, f"KeepAlive.{key} must be: {_FLAG}")
    return value


def _umask(value):
    if not isinstance(value, str):
        return value
    try:
        return int(value, 8) if value.startswith("0") else int(value)
    except ValueError:
        raise Refused(BAD_PLIST, f"Umask cannot be {value!r}") from None


def _definition(path, value):
    _check_types(value)
    label = value.get("Label", "")
    if not label:
        raise Refused(BAD_PLIST, "it has no Label")
    arguments = value.get("ProgramArguments") or [value.get("Program", "")]
    if not arguments[0] and not value.get("Program"):
        raise Refused(BAD_PLIST, "it has neither Program nor ProgramArguments")
    kind = value.get("ProcessType", "Standard")
    if kind not in _PROCESS_TYPES:
        raise Refused(BAD_PLIST, f"ProcessType cannot be {kind!r}")
    for key in ("ThrottleInterval", "ExitTimeOut"):
        if value.get(key, 0) < 0:
            raise Refused(BAD_PLIST, f"{key} cannot be negative")
    sessions = value.get("LimitLoadToSessionType", "Aqua")
    return Definition(
        path=path,
        label=label,
        arguments=arguments,
        program=value.get("Program", ""),
        run_at_load=value.get("RunAtLoad", False),
        keep_alive=_keep_alive(value.get("KeepAlive", False)),
        throttle=value.get("ThrottleInterval", DEFAULT_THROTTLE),
        exit_timeout=value.get("ExitTimeOut", DEFAULT_EXIT_TIMEOUT),
        process_type=kind,
        umask=_umask(value.get("Umask")),
        working_directory=value.get("WorkingDirectory", ""),
        soft_limits=value.get("SoftResourceLimits", {}),
        hard_limits=value.get("HardResourceLimits", {}),
        environment=value.get("EnvironmentVariables", {}),
        stdin=value.get("StandardInPath", ""),
        stdout=value.get("StandardOutPath", ""),
        stderr=value.get("StandardErrorPath", ""),
        sessions=tuple([sessions] if isinstance(sessions, str) else sessions),
        abandon_group=value.get("AbandonProcessGroup", False),
        disabled=value.get("Disabled", False),
    )
