#!/usr/bin/env python3
"""A guard for gateways of kt: redacts or blocks the words of its settings.

It needs the sections "Process plugins" and "Interface kt.policy/1" of ABI.md only. In
policy-config.yaml:

    policies:
      chain: [plugin:word-list]
    policy:
      plugin:word-list:
        settings:
          redact: [falcon, project x]
          block: [launch code]
"""

import json
import re
import sys

MESSAGES = sys.stdout
# Whatever prints must not reach the stream of the messages.
sys.stdout = sys.stderr


def words(settings, key):
    """Returns the expression that finds the words of a setting; None if it has none."""
    listed = [word for word in settings.get(key, []) if word]
    if not listed:
        return None
    return re.compile(r"\b(?:" + "|".join(map(re.escape, listed)) + r")\b", re.IGNORECASE)


def judge(request):
    """Returns the verdicts on the texts of a request. Python counts characters as kt does."""
    redact, block = words(request["settings"], "redact"), words(request["settings"], "block")
    verdicts = []
    for text in request["texts"]:
        if block and block.search(text["text"]):
            verdicts.append({"index": text["index"], "verdict": "block", "reason": "blocked-word"})
            continue
        found = redact.finditer(text["text"]) if redact else ()
        spans = [{"start": m.start(), "end": m.end(), "label": "WORD"} for m in found]
        if spans:
            verdicts.append({"index": text["index"], "verdict": "redact", "spans": spans})
    return {"verdicts": verdicts}


def handle(method, params):
    if method == "initialize":
        return {"protocol": 1, "name": "word-list", "version": "1.0.0"}
    if method == "interface/call" and params["method"] == "describe":
        return {"about": "Finds the words of a list", "labels": ["WORD"]}
    if method == "interface/call" and params["method"] == "judge":
        return judge(params["request"])
    if method == "shutdown":
        return None
    raise LookupError(f"there is no method `{method}`")


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue  # A cancellation: each judgment is short.
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            answer["result"] = handle(message["method"], message.get("params", {}))
        except LookupError as error:
            data = {"id": "unsupported-method", "class": "plugin", "message": str(error)}
            answer["error"] = {"code": -32000, "message": str(error), "data": data}
        MESSAGES.write(json.dumps(answer, separators=(",", ":")) + "\n")
        MESSAGES.flush()


if __name__ == "__main__":
    main()
