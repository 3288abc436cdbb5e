#!/usr/bin/env python3
"""The guard `word-list`, except for one fault, which the variable `KT_TEST_FAULT` names."""

import json
import os
import queue
import sys
import threading
import time

MESSAGES = sys.stdout
sys.stdout = sys.stderr

import word_list  # noqa: E402, beside this file
from word_list import Refused  # noqa: E402

FAULT = os.environ.get("KT_TEST_FAULT", "")
CALLS = queue.Queue()
# The request that arrived last, and how often `describe` was called.
STATE = {"request": None, "described": 0}


def redactions(verdicts):
    return [verdict for verdict in verdicts if verdict["verdict"] == "redact"]


def spans(verdicts):
    return [span for verdict in redactions(verdicts) for span in verdict["spans"]]


# === faults of requests: they return whether the request fails ===


def error(error_class, message):
    raise Refused(error_class, "fault", message)


def texts(request):
    return [item["text"] for item in request["texts"]]


def is_valid(settings):
    known = set(settings) <= {"redact", "block"}
    return known and all(isinstance(words, list) and all(words) for words in settings.values())


REQUEST_FAULTS = {
    "refuses-settings": lambda r: r["settings"] and error("settings", "no words"),
    "requires-settings": lambda r: r["settings"] or error("settings", "no words"),
    "crashes-on-nul": lambda r: any("\0" in text for text in texts(r)) and os.abort(),
    "quotes": lambda r: [error("usage", text) for text in texts(r) if "canary" in text],
    "fails-on-long": lambda r: sum(map(len, texts(r))) > 500_000 and error("plugin", "too long"),
    "fails-on-many": lambda r: len(r["texts"]) > 100 and error("plugin", "too many"),
    "fails-on-roles": lambda r: [
        error("plugin", "no such role") for item in r["texts"] if item["role"] == "assistant"
    ],
    "fails-on-responses": lambda r: [
        error("plugin", "a response") for item in r["texts"] if item["direction"] != "request"
    ],
    "refuses-keys": lambda r: len(r) > 5 and error("usage", "unknown key"),
    "crashes-on-settings": lambda r: is_valid(r["settings"]) or os.abort(),
    "fails-on-settings": lambda r: is_valid(r["settings"]) or error("plugin", "TypeError"),
}


# === faults of answers: they change the verdicts ===


def numbered(request, verdicts):
    positions = {item["index"]: at for at, item in enumerate(request["texts"])}
    for verdict in verdicts:
        verdict["index"] = positions[verdict["index"]]


def recounted(request, verdicts, encoding, width):
    contents = {item["index"]: item["text"] for item in request["texts"]}
    for verdict in redactions(verdicts):
        text = contents[verdict["index"]]
        for span in verdict["spans"]:
            for key in ("start", "end"):
                span[key] = len(text[: span[key]].encode(encoding)) // width


def changed(items, **values):
    for item in items:
        item.update(values)


def unlimited(request, verdicts):
    for verdict in verdicts:
        if verdict.get("reason") == "too-many-words":
            span = {"start": 0, "end": 1, "label": "WORD"}
            del verdict["reason"]
            verdict.update(verdict="redact", spans=[span] * (word_list.MAX_SPANS + 1))


def numbered_labels(request, verdicts):
    for verdict in redactions(verdicts):
        (first, *_) = verdict["spans"]
        verdict["spans"] = [{**first, "label": f"L{number}"} for number in range(40)]
        for number, span in enumerate(verdict["spans"]):
            span.update(start=number, end=number + 1)


ANSWER_FAULTS = {
    "invents": lambda r, v: r["texts"] or v.append({"index": 0, "verdict": "allow"}),
    "numbers": numbered,
    "counts-bytes": lambda r, v: recounted(r, v, "utf-8", 1),
    "counts-utf-16": lambda r, v: recounted(r, v, "utf-16-le", 2),
    "unlimited": unlimited,
    "first-only": lambda r, v: v and v[0]["index"] != r["texts"][0]["index"] and v.clear(),
    "form-of-labels": lambda r, v: changed(spans(v), label="word"),
    "too-many-labels": numbered_labels,
    "form-of-reasons": lambda r, v: [changed([i], reason="a word") for i in v if "reason" in i],
    "no-reason": lambda r, v: [i.pop("reason", None) for i in v],
    "allows-with-spans": lambda r, v: changed(redactions(v), verdict="allow"),
    "redacts-nothing": lambda r, v: changed(redactions(v), spans=[]),
    "empty-spans": lambda r, v: [span.update(end=span["start"]) for span in spans(v)],
    "behind": lambda r, v: changed(spans(v), end=1 << 30),
    "twice": lambda r, v: v.extend(v[:1]),
    "unknown-verdict": lambda r, v: changed(redactions(v), verdict="perhaps"),
    "finds-nothing": lambda r, v: v.clear(),
}


# === the protocol ===


def judge(request):
    REQUEST_FAULTS.get(FAULT, lambda r: None)(request)
    if FAULT == "concurrent":
        # The calls that arrive meanwhile replace the request.
        time.sleep(0.005)
        request = STATE["request"]
    verdicts = word_list.judge(request)["verdicts"]
    ANSWER_FAULTS.get(FAULT, lambda r, v: None)(request, verdicts)
    return {"verdicts": verdicts}


def describe():
    STATE["described"] += 1
    descriptions = {
        "no-sentence": {"about": " ", "labels": []},
        "described-labels": {"about": "Finds words", "labels": ["a word"]},
        "changing": {"about": f"Call {STATE['described']}", "labels": []},
        "no-description": "words",
    }
    return descriptions.get(FAULT) or word_list.call("describe", {})


def respond(message):
    method, params = message["method"], message["params"]
    if method == "initialize":
        return {"protocol": 1, "name": "nonconforming-guard", "version": "0.1.0"}
    if method == "shutdown":
        return None
    remaining = params["deadline_unix_ms"] / 1000 - time.time()
    if FAULT == "hangs" and remaining < 1:
        time.sleep(3600)
    if params["method"] == "describe":
        return describe()
    if params["method"] == "judge":
        return judge(params["request"])
    if FAULT == "any-method":
        return {}
    return word_list.call(params["method"], params["request"])


def serve():
    while True:
        message = CALLS.get()
        response = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            response["result"] = respond(message)
        except Refused as refused:
            response["error"] = {"code": -32000, "message": str(refused), "data": refused.error}
        MESSAGES.write(json.dumps(response) + "\n")
        MESSAGES.flush()


threading.Thread(target=serve, daemon=True).start()
for line in sys.stdin:
    received = json.loads(line)
    if "id" in received:
        STATE["request"] = received["params"].get("request")
        CALLS.put(received)
    elif FAULT == "crashes-on-cancel":
        os.abort()
