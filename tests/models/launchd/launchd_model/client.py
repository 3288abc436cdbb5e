"""The executables' side: sends one request, starts the supervisor when needed."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time

from .place import LABEL, Place

# How long the supervisor may take to start, seconds.
STARTING = 15
# How long an answer may take, seconds; `logout` waits until agents have ended.
ANSWERING = 180
# Pause between looks for the socket, seconds.
TICK = 0.01

FAILED = 70


def launchctl(words):
    return ask("launchctl", words)


def model_launchd(words):
    if not words or words[0] in ("-h", "--help", "help"):
        from .controls import USAGE

        sys.stdout.write(USAGE)
        return 0 if words else 64
    return ask("model-launchd", words)


def ask(program, words):
    place = Place.from_environment()
    stopping = program == "model-launchd" and words[0] == "stop"
    request = {"program": program, "words": words, "cwd": os.getcwd()}
    try:
        connection = connected(place) if stopping else reach(place)
        if connection is None:
            return 0
        answer = exchange(connection, request)
    except OSError as error:
        sys.stderr.write(f"launchd model: the supervisor does not answer: {error} ({LABEL})\n")
        return FAILED
    if answer is None:
        sys.stderr.write(f"launchd model: the supervisor went away, see its log ({LABEL})\n")
        return FAILED
    if stopping:
        wait_until_free(place)
    sys.stdout.write(answer["stdout"])
    sys.stderr.write(answer["stderr"])
    return answer["code"]


def exchange(connection, request):
    with connection:
        connection.settimeout(ANSWERING)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as stream:
            line = stream.readline()
    return json.loads(line) if line else None


def connected(place):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(place.address())
    except OSError:
        connection.close()
        return None
    return connection


def reach(place):
    connection = connected(place)
    if connection is not None:
        return connection
    # Several clients may come first at once; one of them starts it.
    with open(place.file("starting.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = connected(place)
        if connection is not None:
            return connection
        child = start(place)
        return wait_for(place, child)


def start(place):
    root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from launchd_model import supervisor; supervisor.main()"
    with open(place.file("model.log"), "a") as log:
        return subprocess.Popen(
            [sys.executable, "-ISB", "-c", code, root],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def wait_for(place, child):
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        connection = connected(place)
        if connection is not None:
            return connection
        if child.poll() is not None:
            raise OSError(f"it ended with {child.returncode}, see {place.file('model.log')}")
        time.sleep(TICK)
    raise OSError("it did not start in time")


def wait_until_free(place):
    """Until the supervisor holds nothing any more, so that the directory can go."""
    with open(place.file("supervisor.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
