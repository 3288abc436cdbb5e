"""sw_vers and plutil, which need no supervisor."""

import json
import os
import plistlib
import sys

from .place import LABEL, VARIABLE

DEFAULT_VERSION = "15.5"
BUILD = "24F74"


def _version():
    try:
        with open(os.path.join(os.environ[VARIABLE], "settings.json")) as file:
            return json.load(file).get("version", DEFAULT_VERSION)
    except (KeyError, OSError, ValueError):
        return DEFAULT_VERSION


def sw_vers(words):
    shown = {
        "-productName": "macOS",
        "-productVersion": _version(),
        "-buildVersion": BUILD,
    }
    if not words:
        sys.stdout.write(
            f"ProductName:\t\tmacOS ({LABEL})\n"
            f"ProductVersion:\t\t{shown['-productVersion']}\n"
            f"BuildVersion:\t\t{BUILD}\n"
        )
        return 0
    # Newer systems take two dashes as well.
    word = "-" + words[0].lstrip("-")
    if len(words) != 1 or word not in shown:
        sys.stderr.write(f"Usage: sw_vers [-productName|-productVersion|-buildVersion] ({LABEL})\n")
        return 1
    sys.stdout.write(shown[word] + "\n")
    return 0


def plutil(words):
    """`plutil -lint [-s] FILE...`; it knows nothing of launchd's keys."""
    quiet = "-s" in words
    files = [word for word in words if word not in ("-lint", "-s", "--")]
    if "-lint" not in words or not files:
        sys.stderr.write(f"plutil: only `-lint [-s] FILE...` is modelled ({LABEL})\n")
        return 64
    code = 0
    for path in files:
        why = _lint(path)
        if why:
            code = 1
            sys.stdout.write(f"{path}: {why} ({LABEL})\n")
        elif not quiet:
            sys.stdout.write(f"{path}: OK\n")
    return code


def _lint(path):
    try:
        with open(path, "rb") as file:
            plistlib.loads(file.read())
    except OSError as error:
        return f"file does not exist or is not readable or is not a regular file ({error.strerror})"
    except Exception as error:  # plistlib raises whatever its parser meets
        return str(error) or type(error).__name__
    return None
