#!/usr/bin/env bash
# A control plane whose disk is full, whose file is locked by another program, or whose
# network is interrupted: store-trouble.sh DIST.
#
# Needs root, for private mounts and a private network; exits with 77 where these are not
# available.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/namespaces.sh"
own_namespaces "ip python3" "$@"

KT=$(readlink -f "$1")/bin/kt
work_folder
mount --make-rprivate /
# Otherwise a client may get the port of the gateway as its ephemeral port.
echo 41002-41009 > /proc/sys/net/ipv4/ip_local_reserved_ports || true

# expect CODE COMMAND...: the command must exit with the code; sets OUT to its output
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` exited with $got, not $code: $OUT"
}
out_has() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }
in_home() { KT_HOME=$WORK/$1 "$KT" "${@:2}"; }

# A large configuration with a unique version.
policy() { # NUMBER
  echo "pack: {name: trouble, version: 1.0.$1, enabled: true}"
  echo "providers: {targets: [{id: echo, provider: echo}]}"
  echo "policies: {chain: []}"
  head -c 24000 /dev/zero | tr '\0' '#'
  echo
}
newest() { in_home "$1" gateway versions --limit 1 -o name 2> /dev/null; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
intact() { # HOME VERSIONS
  expect 0 in_home "$1" control-plane fsck -o json
  [ "$(echo "$OUT" | field versions)" = "$2" ] || fail "there are not $2 versions: $OUT"
}

# small HOME: limits the size of the state directory
small_disk() {
  mkdir -p "$1/state"
  mount -t tmpfs -o size=2m,mode=700 kt-trouble "$1/state"
  head -c 600k /dev/zero > "$1/state/filler"
}

full_disk() {
  local number=1 code=0
  step "on a full disk a change is rejected, and no acknowledged change is lost"
  small_disk full
  policy 1 > one.yaml
  expect 0 in_home full gateway create --name edge --file one.yaml
  while [ $code = 0 ]; do
    policy $((number + 1)) > next.yaml
    OUT=$(in_home full gateway reload --no-wait --file next.yaml 2>&1) || code=$?
    [ $code != 0 ] || number=$((number + 1))
    [ $number -lt 500 ] || fail "the disk never became full"
  done
  [ $code = 7 ] || fail "the change exited with $code: $OUT"
  out_has "full"
  [ "$(newest full)" = $number ] || fail "not $number is the newest: $(newest full)"
  rm full/state/filler
  expect 0 in_home full gateway reload --no-wait --file next.yaml
  intact full $((number + 1))
}

# Changes the gateway over concurrent connections until the file `stop` exists. Prints the
# highest acknowledged version and the number of rejected changes.
load() { # PORT TOKEN-FILE
  python3 - "$@" <<'PYTHON'
import json, os, sys, threading, urllib.error, urllib.request
port, token = sys.argv[1], open(sys.argv[2]).read().strip()
lock, highest, refused, number = threading.Lock(), 0, 0, 0
def write():
    global highest, refused, number
    while not os.path.exists("stop"):
        with lock:
            number += 1
            own = number
        text = ("pack: {name: trouble, version: 2.0.%d, enabled: true}\n"
                "policies: {chain: []}\n" % own) + "#" * 24000 + "\n"
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/gateways/edge/actions/reload",
            data=json.dumps({"content": text}).encode(), method="POST",
            headers={"authorization": "Bearer " + token, "content-type": "application/json"})
        try:
            version = json.load(urllib.request.urlopen(request))["version"]["version"]
            with lock: highest = max(highest, version)
        except urllib.error.HTTPError as error:
            if error.code != 503: raise
            with lock: refused += 1
            if refused > 20: open("stop", "w").close()
threads = [threading.Thread(target=write) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(highest, refused)
PYTHON
}

serve() { # HOME
  KT_HOME=$WORK/$1 "$KT" control-plane serve --listen 127.0.0.1:18080 > "$1.log" 2>&1 &
  SERVER=$!
  await 20 curl -sf -o /dev/null http://127.0.0.1:18080/readyz || fail "$(cat "$1.log")"
}
stop() { kill "$1"; wait "$1" || fail "it exited with $?"; }

full_server() {
  local highest refused last
  step "a server on a full disk rejects changes, stays available, and recovers with free space"
  small_disk served
  policy 1 > one.yaml
  expect 0 in_home served gateway create --name edge --file one.yaml
  serve served
  rm -f stop
  read -r highest refused < <(load 18080 served/state/admin.token)
  [ "$refused" -gt 20 ] || fail "no change was rejected"
  [ "$highest" -gt 2 ] || fail "no change was accepted"
  last=$(newest served)
  [ "$last" -ge "$highest" ] || fail "version $highest was acknowledged, and $last is the newest"
  rm served/state/filler
  policy 9999 > next.yaml
  expect 0 in_home served gateway reload --no-wait --file next.yaml
  [ "$(newest served)" = $((last + 1)) ] || fail "not the next version"
  stop $SERVER
  intact served $((last + 1))
}

locked_file() {
  step "a change waits for another program that locks the file, and reads do not"
  policy 1 > one.yaml
  policy 2 > next.yaml
  expect 0 in_home held gateway create --name edge --file one.yaml
  python3 - <<'PYTHON' &
import os, sqlite3, time
file = sqlite3.connect("held/state/control-plane.db", isolation_level=None)
file.execute("BEGIN IMMEDIATE")
open("holds", "w").close()
while not os.path.exists("release"): time.sleep(0.02)
file.execute("COMMIT")
PYTHON
  local holder=$! change
  await 10 test -e holds
  in_home held gateway reload --no-wait --file next.yaml > change.log 2>&1 &
  change=$!
  expect 0 in_home held gateway list
  expect 0 in_home held gateway config --id edge
  [ "$(newest held)" = 1 ] || fail "it was changed"
  touch release
  wait $holder
  wait $change || fail "the change exited with $?: $(cat change.log)"
  intact held 2
}

state_is() { # STATE VERSION
  local shown
  shown=$(in_home cut gateway inspect --id edge -o json)
  [ "$(echo "$shown" | field state)" = "$1" ] &&
    [ "$(echo "$shown" | python3 -c 'import json, sys; print((json.load(sys.stdin)["applied"] or {}).get("version"))')" = "$2" ]
}

cut_network() {
  local gateway
  step "without a network a gateway keeps serving, and catches up afterwards"
  policy 1 > one.yaml
  policy 2 > next.yaml
  expect 0 in_home cut gateway create --name edge --file one.yaml
  serve cut
  KEEPTRUSTS_API_URL=http://127.0.0.1:18080 KEEPTRUSTS_API_TOKEN=$(cat cut/state/admin.token) \
    KT_HOME=$WORK/other "$KT" gateway run --id edge --listen 127.0.0.1:41002 > gateway.log 2>&1 &
  gateway=$!
  await 30 state_is in-sync 1 || fail "$(cat gateway.log)"
  ip link set lo down
  ! curl -s -m 1 -o /dev/null http://127.0.0.1:18080/readyz || fail "the network is not interrupted"
  # Through the socket of the server, which does not use the network.
  expect 0 in_home cut gateway reload --no-wait --file next.yaml
  state_is in-sync 2 && fail "it is in-sync although the network is interrupted"
  kill -0 $gateway || fail "the gateway exited: $(cat gateway.log)"
  ip link set lo up
  await 60 state_is in-sync 2 || fail "it did not catch up: $(cat gateway.log)"
  curl -sf -o /dev/null http://127.0.0.1:41003/readyz || fail "it is not ready"
  stop $gateway
  stop $SERVER
  intact cut 2
}

full_disk
full_server
locked_file
cut_network
echo ok
