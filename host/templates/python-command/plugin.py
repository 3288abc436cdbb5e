#!/usr/bin/env python3
"""{{name}}: a plugin of kt. It needs Python 3.9 or later, and nothing else."""

import json
import sys

NAME, VERSION = "{{name}}", "0.1.0"


class Failure(Exception):
    """An error of a command. Its class decides the exit code."""

    def __init__(self, error_class, error_id, message, *hints):
        super().__init__(message)
        self.error = {
            "id": error_id,
            "class": error_class,
            "message": message,
            "hints": list(hints),
        }


# === the commands ===


def hello(args):
    """`kt {{name}} hello`"""
    if not args["name"]:
        raise Failure("usage", "empty-name", "the name is empty", "pass `--name NAME`")
    text = f"hello, {args['name']}"
    return {
        "schema": "{{name}}.hello/1",
        "value": {"text": text},
        "view": {"text": f"{text}\n"},
        "name_path": "/text",
    }


COMMANDS = {("{{name}}", "hello"): hello}


# === the protocol ===


def respond(method, params):
    """Returns the result of a request."""
    if method == "initialize":
        return {"protocol": 1, "name": NAME, "version": VERSION, "features": []}
    if method == "shutdown":
        return None
    invocation = params["invocation"]
    command = COMMANDS.get(tuple(invocation["path"]))
    if command is None:
        raise Failure("plugin", "unknown-command", "no such command")
    return command(invocation["args"])


def main():
    # Commands are short, so they are answered in turn, and `cancel` needs no attention.
    # What is printed must not be between the messages: it goes to standard error.
    messages = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        response = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] not in ("initialize", "command/run", "shutdown"):
            text = f"there is no method {message['method']}"
            response["error"] = {"code": -32601, "message": text}
        else:
            try:
                response["result"] = respond(message["method"], message["params"])
            except Failure as failure:
                error = {"code": -32000, "message": str(failure), "data": failure.error}
                response["error"] = error
        messages.write(json.dumps(response) + "\n")
        messages.flush()


if __name__ == "__main__":
    main()
