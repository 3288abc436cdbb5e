#!/usr/bin/env python3
"""A kt plugin in Python. It needs the section "Process plugins" of ABI.md only."""

import json
import os
import sys
import threading

MESSAGES = sys.stdout
# Whatever prints must not reach the stream of the messages.
sys.stdout = sys.stderr


class Failure(Exception):
    """An error object of ABI.md."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class Host:
    """The other side: sends messages, and waits for responses."""

    def __init__(self):
        self.lock = threading.Lock()
        self.last_id = 0
        self.pending = {}

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":"))
        with self.lock:
            MESSAGES.write(line + "\n")
            MESSAGES.flush()

    def notify(self, method, /, **params):
        self.send({"method": method, "params": params})

    def request(self, method, /, **params):
        with self.lock:
            self.last_id += 1
            request_id = self.last_id
            done, slot = self.pending[request_id] = threading.Event(), []
        self.send({"id": request_id, "method": method, "params": params})
        done.wait()
        response = slot[0]
        if "error" in response:
            raise Failure(response["error"]["data"])
        return response["result"]

    def received(self, response):
        done, slot = self.pending.pop(response["id"])
        slot.append(response)
        done.set()


class Call:
    """A running call."""

    def __init__(self, host, number):
        self.host, self.number = host, number
        self.changed = threading.Condition()
        self.reason, self.reloads = None, 0

    def request(self, method, /, **params):
        return self.host.request(method, call=self.number, **params)

    def emit(self, kind, value):
        self.host.notify("emit", call=self.number, kind=kind, value=value)

    def change(self, reason=None, reload=False):
        with self.changed:
            self.reason = self.reason or reason
            self.reloads += reload
            self.changed.notify_all()


def result(schema, value, text):
    return {"schema": schema, "value": value, "view": {"text": text}}


def greeting(text):
    return result("example.greet/1", {"text": text}, text + "\n")


def cancelled(reason):
    classes = {"interrupt": "interrupted", "terminate": "terminated"}
    error_class = classes.get(reason, "unavailable")
    return Failure({"id": "cancelled", "class": error_class, "message": f"cancelled by {reason}"})


def run(call, invocation):
    command, args = invocation["path"][-1], invocation["args"]
    if command == "hello":
        return greeting(f"hello, {args['name']}")
    if command == "fail":
        raise Failure({
            "id": "no-greeting",
            "class": "not-found",
            "message": "nobody to greet",
            "hints": ["try another door"],
        })
    if command == "events":
        call.emit("event", {"event": "greeted", "message": "an event"})
        call.emit("progress", {"message": "some progress"})
        call.emit("warning", {"message": "a warning"})
        call.emit("fireworks", {"message": "a kind of a later version"})
        call.host.notify("log", level="warn", target="greeter", message="a record", fields={"n": 1})
        call.host.notify("a/later/notification")
        return greeting("done")
    if command == "ask":
        call.request("prompt", kind="confirm", question="continue?")
        secret = call.request("prompt", kind="secret", question="password:")
        return greeting(f"a secret of {len(secret)} characters")
    if command == "wait":
        call.emit("event", {"event": "waiting", "message": "waiting"})
        reloads = 0
        while True:
            with call.changed:
                call.changed.wait_for(lambda: call.reason or call.reloads > reloads)
            if call.reason:
                raise cancelled(call.reason)
            reloads = call.reloads
            call.emit("event", {"event": "reload", "message": f"reload {reloads}"})
    if command == "count":
        number = 0
        while not call.reason:
            number += 1
            call.emit("partial-result", result("example.part/1", number, f"{number}\n"))
        raise cancelled(call.reason)
    if command == "call":
        return call_providers(call, args)
    if command == "environment":
        names = ["KT_PLUGIN_PROTOCOL", "KT_PLUGIN_NAME", "LISTEN_FDS", "PROBE_MARKER"]
        value = {
            "variables": {name: os.environ.get(name) for name in names},
            "descriptors": sorted(int(fd) for fd in os.listdir("/proc/self/fd")),
            "leads_group": os.getpgid(0) == os.getpid(),
        }
        return result("example.environment/1", value, "")
    raise Failure({"id": "unknown-command", "class": "plugin", "message": command})


def call_providers(call, args):
    listed = call.request("providers/list", interface=args["interface"])
    opened = call.request("provider/open", interface=args["interface"], name=args["of"])
    answers = []

    def one():
        try:
            answers.append(call.request(
                "provider/call",
                provider=opened["provider"],
                method=args["method"],
                request=None,
            ))
        except Failure as failure:
            answers.append(failure)

    threads = [threading.Thread(target=one) for _ in range(args["times"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    call.request("provider/close", provider=opened["provider"])
    for answer in answers:
        if isinstance(answer, Failure):
            raise answer
    value = {"name": opened["name"], "listed": len(listed), "answers": answers}
    return result("example.calls/1", value, "")


def provide(_call, params):
    if params["method"] != "greeting":
        raise Failure({
            "id": "unsupported-method",
            "class": "plugin",
            "message": "only `greeting` is known",
        })
    return greeting("hello from Python")


def complete(_call, request):
    if request["arg"] == "name":
        return ["ann\tat the door", "anton", "world\tthe default"]
    return []


def serve(host, request_id, call, work):
    try:
        host.send({"id": request_id, "result": work(call)})
    except Failure as failure:
        error = {"code": -32000, "message": str(failure), "data": failure.error}
        host.send({"id": request_id, "error": error})


def main():
    host, calls = Host(), {}
    for line in sys.stdin:
        message = json.loads(line)
        method, params = message.get("method"), message.get("params", {})
        if method is None:
            host.received(message)
        elif method == "initialize":
            about = {"protocol": 1, "name": "greeter-python", "version": "1.0.0", "features": []}
            host.send({"id": message["id"], "result": about})
        elif method in ("command/run", "command/complete", "interface/call"):
            call = calls[params["call"]] = Call(host, params["call"])
            if method == "command/run":
                work = lambda call, params=params: run(call, params["invocation"])
            elif method == "command/complete":
                work = lambda call, params=params: complete(call, params["request"])
            else:
                work = lambda call, params=params: provide(call, params)
            threading.Thread(
                target=serve, args=(host, message["id"], call, work), daemon=True
            ).start()
        elif method == "cancel":
            calls[params["call"]].change(reason=params["reason"])
        elif method == "reload":
            for call in calls.values():
                call.change(reload=True)
        elif method == "shutdown":
            print("shutting down", file=sys.stderr)
            host.send({"id": message["id"], "result": None})
            return
        elif "id" in message:
            error = {"code": -32601, "message": f"there is no method {method}"}
            host.send({"id": message["id"], "error": error})


main()
