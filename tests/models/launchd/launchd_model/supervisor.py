"""The process behind the executables: owns the jobs, answers on a socket."""

import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time

from . import controls, verbs
from .answers import Answer, Pending
from .place import Place
from .world import World

# A supervisor that nobody asks anything ends by itself, seconds: a test that
# was killed leaves nothing for long.
IDLE = 900
# How often it looks whether its directory is still there, seconds.
LOOK = 1.0
# How long a client may take to say what it wants, seconds.
LISTENING = 5


class Supervisor:
    def __init__(self, place):
        self.place = place
        self.world = World(place)
        self.waiting = []
        self.asked = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.listener = self._listen()
        self.wakeup = self._catch_signals()

    def _listen(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.unlink(self.place.file("socket"))
        except FileNotFoundError:
            pass
        listener.bind(self.place.address())
        os.chmod(self.place.file("socket"), 0o600)
        listener.listen(64)
        self.selector.register(listener, selectors.EVENT_READ)
        return listener

    def _catch_signals(self):
        """Signals wake the loop through a socket, so that none is missed."""
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
        self.world.stopping = True

    def run(self):
        self.world.log(f"supervisor {os.getpid()} for user {self.world.uid}")
        try:
            while self._wanted():
                for key, _ in self.selector.select(self._pause()):
                    if key.fileobj is self.listener:
                        self._serve()
                    else:
                        self.wakeup.recv(4096)
                self.world.tick()
                self._answer_waiting()
        finally:
            self.world.end()
            self._answer_waiting(all_of_them=True)
            self.listener.close()
            if self.place.still_there():
                os.unlink(self.place.file("socket"))
            self.world.log("supervisor ended")

    def _wanted(self):
        idle = time.monotonic() - self.asked > IDLE
        return not (self.world.stopping or idle) and self.place.still_there()

    def _pause(self):
        due = self.world.next_time()
        return LOOK if due is None else min(LOOK, max(0.0, due - time.monotonic()))

    def _serve(self):
        connection, _ = self.listener.accept()
        self.asked = time.monotonic()
        try:
            connection.settimeout(LISTENING)
            with connection.makefile("rb") as stream:
                request = json.loads(stream.readline())
            # A process that has just ended must not look alive.
            self.world.tick()
            said = " ".join([request["program"], *request["words"]])
            answer = self._answer(request)
        except Exception as error:  # Jobs must outlive a request, whatever it was.
            self.world.log(f"a request failed: {type(error).__name__}: {error}")
            connection.close()
            return
        if isinstance(answer, Pending):
            self.waiting.append((connection, said, answer))
        else:
            self._send(connection, said, answer)

    def _answer(self, request):
        program = verbs if request["program"] == "launchctl" else controls
        return program.answer(self.world, request["words"], request["cwd"])

    def _answer_waiting(self, all_of_them=False):
        for entry in list(self.waiting):
            connection, said, pending = entry
            if all_of_them or pending.done():
                self.waiting.remove(entry)
                self._send(connection, said, pending.answer)

    def _send(self, connection, said, answer: Answer):
        self.world.log(f"{said} -> {answer.code}")
        try:
            connection.sendall(json.dumps(vars(answer)).encode() + b"\n")
        except OSError:
            pass  # It does not wait any more.
        connection.close()


def main():
    place = Place.from_environment()
    # Held for life: it says that the directory is in use.
    lock = open(place.file("supervisor.lock"), "a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another supervisor owns this directory")
    Supervisor(place).run()
