#!/usr/bin/env python3
"""A guard that fails as the texts say: `guard:hang`, `guard:crash`, and so on."""

import json
import os
import re
import sys
import threading
import time

MESSAGES = sys.stdout
sys.stdout = sys.stderr
LOCK = threading.Lock()


def send(message):
    with LOCK:
        MESSAGES.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        MESSAGES.flush()


def spans(*ranges):
    listed = [{"start": start, "end": end, "label": "SPAN"} for start, end in ranges]
    return {"verdicts": [{"index": 0, "verdict": "redact", "spans": listed}]}


def judge(request):
    text = "\n".join(item["text"] for item in request["texts"])
    order = re.search(r"guard:([a-z-]+)", text)
    order = order[1] if order else ""
    if order == "hang":
        time.sleep(3600)
    if order == "slow":
        time.sleep(0.3)
    if order == "crash":
        os.abort()
    if order == "garbage":
        with LOCK:
            MESSAGES.write("this is not JSON\n")
            MESSAGES.flush()
        time.sleep(3600)
    answers = {
        "no-verdicts": {},
        "text": "allow",
        "behind": spans((0, 10_000)),
        "reversed": spans((5, 2)),
        "negative": spans((-1, 2)),
        "overlapping": spans((0, 6), (3, 8), (0, 2)),
        "other-index": {"verdicts": [{"index": 99, "verdict": "allow"}]},
        "twice": {"verdicts": [{"index": 0, "verdict": "allow"}] * 2},
        "unknown": {"verdicts": [{"index": 0, "verdict": "perhaps"}]},
        "many": spans(*[(0, 1)] * 20_000),
        "huge": {"verdicts": [{"index": 0, "verdict": "block", "reason": "x" * 8_000_000}]},
        "label": {"verdicts": [{"index": 0, "verdict": "redact",
                                "spans": [{"start": 0, "end": 5, "label": "\"]}\n{"}]}]},
        "block": {"verdicts": [{"index": 0, "verdict": "block", "reason": "because"}]},
    }
    return answers.get(order, {"verdicts": []})


def serve(message):
    method, params = message["method"], message.get("params", {})
    if method == "initialize":
        result = {"protocol": 1, "name": "faulty-guard", "version": "1.0.0"}
    elif method == "interface/call" and params["method"] == "judge":
        result = judge(params["request"])
    else:
        result = {}
    send({"id": message["id"], "result": result})


for line in sys.stdin:
    received = json.loads(line)
    if "id" in received:
        threading.Thread(target=serve, args=(received,), daemon=True).start()
