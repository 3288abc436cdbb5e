"""sw_vers and plutil, which do not need the supervisor."""

import json
import os
import plistlib
import sys

from .state_directory import LABEL, VARIABLE

DEFAULT_VERSION = "15.5"
BUILD = "24F74"


def _version():
    try:
        with open(os.path.join(os.environ[VARIABLE], "settings.json")) as file:
            return json.load(file).get("version", DEFAULT_VERSION)
    except (KeyError, OSError, ValueError):
        return DEFAULT_VERSION


def sw_vers(args):
    values = {
        "-productName": "macOS",
        "-productVersion": _version(),
        "-buildVersion": BUILD,
    }
    if not args:
        sys.stdout.write(
            f"ProductName:\t\tmacOS ({LABEL})\n"
            f"ProductVersion:\t\t{values['-productVersion']}\n"
            f"BuildVersion:\t\t{BUILD}\n"
        )
        return 0
    # Newer versions also accept two dashes.
    word = "-" + args[0].lstrip("-")
    if len(args) != 1 or word not in values:
        sys.stderr.write(f"Usage: sw_vers [-productName|-productVersion|-buildVersion] ({LABEL})\n")
        return 1
    sys.stdout.write(values[word] + "\n")
    return 0


def plutil(args):
    """`plutil -lint [-s] FILE...`; it does not check the keys of launchd."""
    quiet = "-s" in args
    files = [word for word in args if word not in ("-lint", "-s", "--")]
    if "-lint" not in args or not files:
        sys.stderr.write(f"plutil: only `-lint [-s] FILE...` is modelled ({LABEL})\n")
        return 64
    code = 0
    for path in files:
        reason = _lint(path)
        if reason:
            code = 1
            sys.stdout.write(f"{path}: {reason} ({LABEL})\n")
        elif not quiet:
            sys.stdout.write(f"{path}: OK\n")
    return code


def _lint(path):
    try:
        with open(path, "rb") as file:
            plistlib.loads(file.read())
    except OSError as error:
        return f"file does not exist or is not readable or is not a regular file ({error.strerror})"
    except Exception as error:  # plistlib raises the exceptions of its parsers
        return str(error) or type(error).__name__
    return None
