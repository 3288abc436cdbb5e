#!/usr/bin/env python3
"""word-list: a guard for gateways of kt. It needs Python 3.9 or later, and nothing else.

It redacts or blocks the words of its settings: whole words, in capitals or not. The sections
"Process plugins" and "Interface kt.policy/1" of ABI.md are the specification.
"""

import functools
import json
import re
import sys

NAME, VERSION = "word-list", "0.1.0"
SETTINGS = ("redact", "block")
# The gateway takes no answer with more.
MAX_SPANS = 10_000


class Refused(Exception):
    """An error, which the operator sees in the log of the gateway. It must quote no text."""

    def __init__(self, error_class, error_id, message):
        super().__init__(message)
        self.error = {"id": error_id, "class": error_class, "message": message}


# === the guard ===


@functools.lru_cache(maxsize=16)
def expression(words):
    """Returns the expression that finds words; the longest of several that begin alike."""
    longest = sorted(words, key=len, reverse=True)
    alternatives = "|".join(map(re.escape, longest))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


def parse(settings):
    """Returns the expression of each setting; None for an empty list."""
    for key, words in settings.items():
        if key not in SETTINGS:
            raise Refused("settings", "invalid-settings", f"there is no setting `{key}`")
        valid = isinstance(words, list) and all(isinstance(w, str) and w for w in words)
        if not valid:
            message = f"the setting `{key}` is not a list of words"
            raise Refused("settings", "invalid-settings", message)
    lists = (tuple(settings.get(key, ())) for key in SETTINGS)
    return [expression(words) if words else None for words in lists]


def judge(request):
    """Returns the verdicts on the texts of a request. Python counts characters as kt does."""
    redact, block = parse(request.get("settings", {}))
    verdicts, count = [], 0
    for item in request["texts"]:
        index, text = item["index"], item["text"]
        if block and block.search(text):
            verdicts.append({"index": index, "verdict": "block", "reason": "blocked-word"})
            continue
        found = redact.finditer(text) if redact else ()
        spans = [{"start": m.start(), "end": m.end(), "label": "WORD"} for m in found]
        count += len(spans)
        if count > MAX_SPANS:
            verdicts.append({"index": index, "verdict": "block", "reason": "too-many-words"})
            count -= len(spans)
        elif spans:
            verdicts.append({"index": index, "verdict": "redact", "spans": spans})
    return {"verdicts": verdicts}


# === the protocol ===


def call(method, request):
    """Calls a method of the interface."""
    if method == "describe":
        return {"about": "Finds the words of a list", "labels": ["WORD"]}
    if method == "judge":
        return judge(request)
    raise Refused("plugin", "unsupported-method", f"`kt.policy/1` has no method `{method}`")


def respond(method, params):
    """Returns the result of a request."""
    if method == "initialize":
        return {"protocol": 1, "name": NAME, "version": VERSION}
    if method == "shutdown":
        return None
    return call(params["method"], params["request"])


def main():
    # Judgments are short, so they are answered in turn, and `cancel` needs no attention.
    # What is printed must not be between the messages: it goes to standard error.
    messages = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        response = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] not in ("initialize", "interface/call", "shutdown"):
            text = f"there is no method {message['method']}"
            response["error"] = {"code": -32601, "message": text}
        else:
            try:
                response["result"] = respond(message["method"], message["params"])
            except Refused as refused:
                error = {"code": -32000, "message": str(refused), "data": refused.error}
                response["error"] = error
        messages.write(json.dumps(response, separators=(",", ":")) + "\n")
        messages.flush()


if __name__ == "__main__":
    main()
