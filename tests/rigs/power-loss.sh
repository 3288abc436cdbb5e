#!/usr/bin/env bash
# Simulates power losses of a control plane under concurrent writes: power-loss.sh DIST.
# The server runs with power-loss/record.c preloaded, which records every write and sync;
# power-loss/cut.py then reconstructs the disks that a power loss at random moments may
# leave, and looks for acknowledged changes that are lost.
#
# Exits with 77 without a C compiler or Python.
set -euo pipefail
KT=$(readlink -f "$1")/bin/kt
HERE=$(dirname "$(readlink -f "$0")")/power-loss
command -v gcc > /dev/null && command -v python3 > /dev/null || { echo "power-loss: needs gcc and python3" >&2; exit 77; }

WORK=$(mktemp -d)
cleanup() {
  local code=$?
  set +e
  [ -z "${SERVER:-}" ] || { kill -KILL "$SERVER"; wait "$SERVER"; } 2> /dev/null
  rm -rf "$WORK"
  exit $code
}
trap cleanup EXIT
cd "$WORK"
gcc -O1 -shared -fPIC -Wall -Werror -o record.so "$HERE/record.c" -ldl

export KT_HOME=$WORK/home
printf 'pack: {name: power, version: 1.0.0, enabled: true}\npolicies: {chain: []}\n' > one.yaml
"$KT" gateway create --name edge --file one.yaml > /dev/null
cp -r home/state base
export RECORD_BELOW=$KT_HOME/state RECORD_LOG=$WORK/log
LD_PRELOAD=$WORK/record.so "$KT" control-plane serve --listen 127.0.0.1:0 -o json > served.log 2>&1 &
SERVER=$!

# Acknowledgments are appended to the same record, so that each follows the sync that
# preceded it.
python3 - <<'PYTHON'
import json, os, re, struct, threading, time, urllib.request
end = time.monotonic() + 20
while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", open("served.log").read())):
    assert time.monotonic() < end, open("served.log").read()
    time.sleep(0.02)
port = found.group(1)
token = open("home/state/admin.token").read().strip()
log = os.open("log", os.O_WRONLY | os.O_APPEND)
def write(first):
    for number in range(first, first + 40):
        text = ("pack: {name: power, version: 2.0.%d, enabled: true}\n"
                "policies: {chain: []}\n" % number) + "#" * 3000 + "\n"
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/gateways/edge/actions/reload",
            data=json.dumps({"content": text}).encode(), method="POST",
            headers={"authorization": "Bearer " + token, "content-type": "application/json"})
        version = json.load(urllib.request.urlopen(request))["version"]["version"]
        os.write(log, struct.pack("=cIIQ", b"A", 0, 0, version))
threads = [threading.Thread(target=write, args=(n * 1000,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
PYTHON
kill -KILL "$SERVER"
wait "$SERVER" 2> /dev/null || true
SERVER=
python3 "$HERE/cut.py" log base "${KT_CUTS:-100}"
