"""The responses of launchctl: texts and exit codes."""

from dataclasses import dataclass

from .state_directory import LABEL

# As `launchctl error` names them.
ERRORS = {
    1: "Operation not permitted",
    2: "No such file or directory",
    3: "No such process",
    5: "Input/output error",
    36: "Operation now in progress",
    37: "Operation already in progress",
    112: "Could not find specified domain",
    113: "Could not find specified service",
    119: "Service is disabled",
    122: "Path had bad ownership/permissions",
    125: "Domain does not support specified action",
    133: "Invalid property list",
}

USAGE = 64
NO_PROCESS = 3
IO_ERROR = 5
IN_PROGRESS = 37
NO_DOMAIN = 112
NO_SERVICE = 113
DISABLED = 119
BAD_PATH = 122
UNSUPPORTED = 125
BAD_PLIST = 133


@dataclass
class Response:
    code: int = 0
    stdout: str = ""
    stderr: str = ""


@dataclass
class Pending:
    """A response that is sent when `done` returns true."""

    done: object
    response: Response


def text_of(code):
    return ERRORS.get(code, f"unknown error {code}")


def failed(what, code, detail=""):
    """Returns `Bootstrap failed: 5: Input/output error`, with the model's reason."""
    return Response(code, stderr=f"{what}: {code}: {text_of(code)}\n{reason(detail)}")


def reason(detail):
    """Returns an additional line: macOS reports 5 for every reason."""
    return f"({LABEL}: {detail})\n" if detail else ""


def no_service(label, uid, bad_request=False):
    head = "Bad request.\n" if bad_request else ""
    return Response(
        NO_SERVICE,
        stderr=f'{head}Could not find service "{label}" in domain for user gui: {uid}\n',
    )


def no_domain(uid):
    return Response(
        NO_DOMAIN, stderr=f"Bad request.\nCould not find domain for user gui: {uid}\n"
    )


def not_modelled(what):
    """Fails, so that no test depends on a guess about macOS."""
    return Response(USAGE, stderr=f"launchd model: {what} is not modelled ({LABEL})\n")
