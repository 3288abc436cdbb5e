"""The executables: send one request, and start the supervisor if necessary."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time

from .state_directory import LABEL, StateDirectory

# Timeout of the supervisor's start, in seconds.
START_TIMEOUT = 15
# Timeout of a response, in seconds; `logout` waits until all agents have exited.
RESPONSE_TIMEOUT = 180
# Interval between two attempts to connect, in seconds.
POLL_INTERVAL = 0.01

FAILED = 70


def launchctl(args):
    return call("launchctl", args)


def model_launchd(args):
    if not args or args[0] in ("-h", "--help", "help"):
        from .controls import USAGE

        sys.stdout.write(USAGE)
        return 0 if args else 64
    return call("model-launchd", args)


def call(program, args):
    directory = StateDirectory.from_environment()
    stopping = program == "model-launchd" and args[0] == "stop"
    request = {"program": program, "args": args, "cwd": os.getcwd()}
    try:
        connection = try_connect(directory) if stopping else connect(directory)
        if connection is None:
            return 0
        response = exchange(connection, request)
    except OSError as error:
        sys.stderr.write(f"launchd model: the supervisor does not respond: {error} ({LABEL})\n")
        return FAILED
    if response is None:
        sys.stderr.write(f"launchd model: the supervisor exited, see its log ({LABEL})\n")
        return FAILED
    if stopping:
        wait_until_free(directory)
    sys.stdout.write(response["stdout"])
    sys.stderr.write(response["stderr"])
    return response["code"]


def exchange(connection, request):
    with connection:
        connection.settimeout(RESPONSE_TIMEOUT)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as stream:
            line = stream.readline()
    return json.loads(line) if line else None


def try_connect(directory):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(directory.address())
    except OSError:
        connection.close()
        return None
    return connection


def connect(directory):
    connection = try_connect(directory)
    if connection is not None:
        return connection
    # Only one of several concurrent clients starts the supervisor.
    with open(directory.file("starting.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = try_connect(directory)
        if connection is not None:
            return connection
        child = start(directory)
        return wait_for(directory, child)


def start(directory):
    root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from launchd_model import supervisor; supervisor.main()"
    with open(directory.file("model.log"), "a") as log:
        return subprocess.Popen(
            [sys.executable, "-ISB", "-c", code, root],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def wait_for(directory, child):
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        connection = try_connect(directory)
        if connection is not None:
            return connection
        if child.poll() is not None:
            raise OSError(f"it exited with {child.returncode}, see {directory.file('model.log')}")
        time.sleep(POLL_INTERVAL)
    raise OSError("it did not start in time")


def wait_until_free(directory):
    """Waits until the supervisor has released the directory."""
    with open(directory.file("supervisor.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
