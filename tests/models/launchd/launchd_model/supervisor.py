"""The supervisor process: owns the jobs, and handles requests on a socket."""

import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time

from . import controls, verbs
from .responses import Response, Pending
from .state_directory import StateDirectory
from .launchd import Launchd

# A supervisor without requests exits after this time in seconds, so that a killed test
# does not leave processes behind.
IDLE_TIMEOUT = 900
# Interval of the checks whether the directory exists, in seconds.
CHECK_INTERVAL = 1.0
# Timeout of reading a request, in seconds.
REQUEST_TIMEOUT = 5


class Supervisor:
    def __init__(self, directory):
        self.directory = directory
        self.launchd = Launchd(directory)
        self.waiting = []
        self.last_request = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.listener = self._listen()
        self.wakeup = self._catch_signals()

    def _listen(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.unlink(self.directory.file("socket"))
        except FileNotFoundError:
            pass
        listener.bind(self.directory.address())
        os.chmod(self.directory.file("socket"), 0o600)
        listener.listen(64)
        self.selector.register(listener, selectors.EVENT_READ)
        return listener

    def _catch_signals(self):
        """Signals wake the loop through a socket, so that none is lost."""
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        self.selector.register(reader, selectors.EVENT_READ)
        self._writer = writer
        return reader

    def _stop(self, *_):
        self.launchd.stopping = True

    def run(self):
        self.launchd.log(f"supervisor {os.getpid()} for user {self.launchd.uid}")
        try:
            while self._running():
                for key, _ in self.selector.select(self._timeout()):
                    if key.fileobj is self.listener:
                        self._serve()
                    else:
                        self.wakeup.recv(4096)
                self.launchd.tick()
                self._respond_to_waiting()
        finally:
            self.launchd.end()
            self._respond_to_waiting(all_requests=True)
            self.listener.close()
            if self.directory.exists():
                os.unlink(self.directory.file("socket"))
            self.launchd.log("supervisor exited")

    def _running(self):
        idle = time.monotonic() - self.last_request > IDLE_TIMEOUT
        return not (self.launchd.stopping or idle) and self.directory.exists()

    def _timeout(self):
        due = self.launchd.next_time()
        return CHECK_INTERVAL if due is None else min(CHECK_INTERVAL, max(0.0, due - time.monotonic()))

    def _serve(self):
        connection, _ = self.listener.accept()
        self.last_request = time.monotonic()
        try:
            connection.settimeout(REQUEST_TIMEOUT)
            with connection.makefile("rb") as stream:
                request = json.loads(stream.readline())
            # Processes that have exited must not appear to be running.
            self.launchd.tick()
            command = " ".join([request["program"], *request["args"]])
            response = self._handle(request)
        except Exception as error:  # A failed request must not affect jobs.
            self.launchd.log(f"a request failed: {type(error).__name__}: {error}")
            connection.close()
            return
        if isinstance(response, Pending):
            self.waiting.append((connection, command, response))
        else:
            self._send(connection, command, response)

    def _handle(self, request):
        program = verbs if request["program"] == "launchctl" else controls
        return program.handle(self.launchd, request["args"], request["cwd"])

    def _respond_to_waiting(self, all_requests=False):
        for entry in list(self.waiting):
            connection, command, pending = entry
            if all_requests or pending.done():
                self.waiting.remove(entry)
                self._send(connection, command, pending.response)

    def _send(self, connection, command, response: Response):
        self.launchd.log(f"{command} -> {response.code}")
        try:
            connection.sendall(json.dumps(vars(response)).encode() + b"\n")
        except OSError:
            pass  # The client has closed the connection.
        connection.close()


def main():
    directory = StateDirectory.from_environment()
    # Held until exit: the directory is in use.
    lock = open(directory.file("supervisor.lock"), "a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another supervisor uses this directory")
    Supervisor(directory).run()
