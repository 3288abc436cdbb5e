"""Property lists: validation and parsing."""

import os
import plistlib
import stat
from dataclasses import dataclass, field

from .responses import BAD_PATH, BAD_PLIST, IO_ERROR

DEFAULT_THROTTLE = 10
# The default that `launchctl print` shows on recent versions of macOS.
DEFAULT_EXIT_TIMEOUT = 5

_INTEGER, _TEXT, _FLAG = "integer", "string", "boolean"
_TEXTS, _WORDS, _NUMBERS = "array of strings", "dictionary of strings", "dictionary of integers"

# The modelled keys of launchd.plist(5). Other keys are rejected, because launchd would
# ignore a misspelled key.
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


class Rejected(Exception):
    """launchd rejects the list; `code` is the exit code for root."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code
        self.reason = reason


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
        # KeepAlive with conditions implies a first start: launchd.plist(5).
        return self.run_at_load or self.keep_alive is True or isinstance(self.keep_alive, dict)

    def restarts_after(self, clean, crashed):
        """Returns whether the job is restarted after such an exit."""
        if not isinstance(self.keep_alive, dict):
            return bool(self.keep_alive)
        condition = self.keep_alive
        by_exit = "SuccessfulExit" in condition and condition["SuccessfulExit"] == clean
        by_crash = "Crashed" in condition and condition["Crashed"] == crashed
        return by_exit or by_crash


def load(path, uid):
    """Loads a list as launchd does for user `uid`, or raises `Rejected`."""
    _validate_file(path, uid)
    with open(path, "rb") as file:
        data = file.read()
    try:
        value = plistlib.loads(data)
    except Exception as error:  # plistlib raises the exceptions of its parsers
        raise Rejected(BAD_PLIST, f"it cannot be parsed: {error}") from error
    if not isinstance(value, dict):
        raise Rejected(BAD_PLIST, "it is not a dictionary")
    return _definition(path, value)


def _validate_file(path, uid):
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            status = os.stat(path)
    except OSError as error:
        raise Rejected(IO_ERROR, f"{path}: {error.strerror}") from error
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise Rejected(BAD_PATH, "it is not a regular file")
    if status.st_uid not in (uid, 0):
        raise Rejected(BAD_PATH, f"it belongs to user {status.st_uid}, not to {uid}")
    if mode & 0o022:
        raise Rejected(BAD_PATH, f"its mode is {mode:04o}: other users can write it")
    if mode & 0o044 != 0o044:
        raise Rejected(BAD_PATH, f"its mode is {mode:04o}: other users cannot read it")


def _has_type(kind, value):
    integer = isinstance(value, int) and not isinstance(value, bool)
    if kind == _INTEGER:
        return integer
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
        return all(_has_type(_INTEGER, v) for v in value.values())
    return True


def _check_types(plist):
    for key, value in plist.items():
        kinds = _KEYS.get(key)
        if kinds is None:
            raise Rejected(BAD_PLIST, f"the key {key} is not modelled")
        if not any(_has_type(kind, value) for kind in kinds):
            raise Rejected(BAD_PLIST, f"{key} must be: {' or '.join(kinds)}")


def _keep_alive(value):
    if isinstance(value, dict):
        for key, condition in value.items():
            if key not in ("SuccessfulExit", "Crashed"):
                raise Rejected(BAD_PLIST, f"KeepAlive.{key} is not modelled")
            if not isinstance(condition, bool):
                raise Rejected(BAD_PLIST, f"KeepAlive.{key} must be: {_FLAG}")
    return value


def _umask(value):
    if not isinstance(value, str):
        return value
    try:
        return int(value, 8) if value.startswith("0") else int(value)
    except ValueError:
        raise Rejected(BAD_PLIST, f"Umask cannot be {value!r}") from None


def _definition(path, value):
    _check_types(value)
    label = value.get("Label", "")
    if not label:
        raise Rejected(BAD_PLIST, "it has no Label")
    arguments = value.get("ProgramArguments") or [value.get("Program", "")]
    if not arguments[0] and not value.get("Program"):
        raise Rejected(BAD_PLIST, "it has neither Program nor ProgramArguments")
    kind = value.get("ProcessType", "Standard")
    if kind not in _PROCESS_TYPES:
        raise Rejected(BAD_PLIST, f"ProcessType cannot be {kind!r}")
    for key in ("ThrottleInterval", "ExitTimeOut"):
        if value.get(key, 0) < 0:
            raise Rejected(BAD_PLIST, f"{key} cannot be negative")
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
