"""Sends requests to a gateway until standard input is closed, and prints a summary.

    load.py PORT THREADS

Each request uses a new connection, as from a client without a pool; every other request
streams. The summary is one line of JSON: the numbers of requests and failures, the first
errors, and the longest duration.
"""

import http.client
import json
import sys
import threading
import time

TIMEOUT_S = 60
BODY = {"model": "echo", "messages": [{"role": "user", "content": "are you there"}]}


def send(port, stream):
    """Sends one request; raises unless the response is complete."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        body = json.dumps(dict(BODY, stream=stream))
        headers = {"content-type": "application/json", "connection": "close"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise RuntimeError(f"status {response.status}: {text[:200]}")
        if stream and not text.rstrip().endswith("data: [DONE]"):
            raise RuntimeError(f"the stream is incomplete: {text[-200:]!r}")
        if not stream and "are you there" not in text:
            raise RuntimeError(f"an unexpected response: {text[:200]!r}")
    finally:
        connection.close()


def main():
    port, threads = int(sys.argv[1]), int(sys.argv[2])
    stopped = threading.Event()
    lock = threading.Lock()
    total, failures, longest = 0, [], 0.0

    def worker():
        nonlocal total, longest
        stream = False
        while not stopped.is_set():
            started = time.monotonic()
            error = None
            try:
                send(port, stream)
            except Exception as exception:  # every failure is counted
                error = f"{type(exception).__name__}: {exception}"
            stream = not stream
            with lock:
                total += 1
                longest = max(longest, time.monotonic() - started)
                if error:
                    failures.append(error)

    workers = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in workers:
        thread.start()
    print("started", flush=True)
    sys.stdin.read()
    stopped.set()
    for thread in workers:
        thread.join()
    print(json.dumps({"requests": total, "failed": len(failures),
                      "first": failures[:3], "longest_s": round(longest, 3)}))


if __name__ == "__main__":
    main()
