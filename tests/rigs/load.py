"""Asks a gateway again and again until standard input ends, and says how it went.

    load.py PORT THREADS

Each request has a connection of its own, as from a client without a pool, and
streams every other time. One line of JSON at the end: how many requests there
were, how many failed and why the first ones did, and the longest wait.
"""

import http.client
import json
import sys
import threading
import time

PATIENCE = 60
BODY = {"model": "echo", "messages": [{"role": "user", "content": "are you there"}]}


def ask(port, stream):
    """One request; raises unless the whole answer is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        body = json.dumps(dict(BODY, stream=stream))
        headers = {"content-type": "application/json", "connection": "close"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}: {text[:200]}")
        if stream and not text.rstrip().endswith("data: [DONE]"):
            raise RuntimeError(f"the stream was cut: {text[-200:]!r}")
        if not stream and "are you there" not in text:
            raise RuntimeError(f"a wrong answer: {text[:200]!r}")
    finally:
        connection.close()


def main():
    port, threads = int(sys.argv[1]), int(sys.argv[2])
    ended = threading.Event()
    lock = threading.Lock()
    total, failures, longest = 0, [], 0.0

    def worker():
        nonlocal total, longest
        stream = False
        while not ended.is_set():
            began = time.monotonic()
            why = None
            try:
                ask(port, stream)
            except Exception as error:  # whatever it is, it is counted
                why = f"{type(error).__name__}: {error}"
            stream = not stream
            with lock:
                total += 1
                longest = max(longest, time.monotonic() - began)
                if why:
                    failures.append(why)

    workers = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in workers:
        thread.start()
    print("begun", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in workers:
        thread.join()
    print(json.dumps({"requests": total, "failed": len(failures),
                      "first": failures[:3], "longest_s": round(longest, 3)}))


if __name__ == "__main__":
    main()
