#!/usr/bin/env bash
# A control plane and a gateway on two machines whose network drops the packets of one or
# both of them: two-machines.sh DIST.
#
# The machines are network namespaces. Needs root; exits with 77 where namespaces are not
# available.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/namespaces.sh"
own_namespaces "ip nsenter openssl curl python3" "$@"

KT=$(readlink -f "$1")/bin/kt
work_folder

here() { KT_HOME=$WORK/server "$KT" "$@"; }
# Runs a command on the machine of the gateway.
there() { nsenter --net=/proc/$OTHER/ns/net "$@"; }

machines() {
  unshare --net sleep infinity &
  OTHER=$!
  # The namespace exists once it differs from this one.
  await 10 eval '[ "$(readlink /proc/$OTHER/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
  ip link add here type veth peer name there netns "$OTHER" || unusable "veth is not available"
  ip addr add 10.7.0.1/24 dev here
  ip link set here up
  there ip addr add 10.7.0.2/24 dev there
  there ip link set there up
  there ip link set lo up
}

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=kt \
    -addext "subjectAltName=IP:10.7.0.1" -addext "basicConstraints=critical,CA:FALSE" \
    -keyout server.key -out server.pem 2> openssl.log || fail "$(cat openssl.log)"
  chmod 600 server.key
}

policy() { # NUMBER
  cat <<YAML
pack: {name: machines, version: 1.0.$1, enabled: true}
policies: {chain: [audit-logger]}
policy: {audit-logger: {retention_days: $1}}
YAML
}

state_is() { # STATE VERSION
  here gateway inspect --id edge -o json | python3 -c '
import json, sys
shown = json.load(sys.stdin)
applied = (shown["applied"] or {}).get("version")
sys.exit((shown["state"], str(applied)) != tuple(sys.argv[1:]))' "$@"
}

# Frames are sent to an unused link address: they are dropped silently, as on a broken link,
# while those of the other direction arrive.
lose_what_server_sends() { ip neigh replace 10.7.0.2 lladdr 02:00:00:00:00:99 dev here nud permanent; }
lose_what_gateway_sends() { there ip neigh replace 10.7.0.1 lladdr 02:00:00:00:00:99 dev there nud permanent; }
lose_both() { lose_what_server_sends; lose_what_gateway_sends; }
restore_network() {
  ip neigh del 10.7.0.2 dev here 2> /dev/null || true
  there ip neigh del 10.7.0.1 dev there 2> /dev/null || true
}
reached() { there curl -s -m 1 -o /dev/null --cacert server.pem https://10.7.0.1:8443/readyz; }

cut() { # HOW VERSION
  step "$1: the gateway keeps serving, and catches up"
  "$1"
  reached && fail "the network is not interrupted"
  policy "$2" > next.yaml
  # Through the socket of the server, which does not use the network.
  here gateway reload --id edge --no-wait --file next.yaml > reload.log 2>&1 || true
  [ "$(here gateway versions --id edge -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["version"])')" = "$2" ] ||
    fail "not published: $(cat reload.log)"
  state_is in-sync "$2" && fail "it is in-sync although the network is interrupted"
  kill -0 $GATEWAY || fail "the gateway exited: $(cat gateway.log)"
  there curl -sf -o /dev/null http://127.0.0.1:41003/readyz || fail "it is not ready"
  restore_network
  await 90 state_is in-sync "$2" || fail "it did not catch up: $(cat gateway.log)"
}

step "a gateway connects from another machine over TLS"
machines
certificate
policy 1 > one.yaml
here gateway create --name edge --file one.yaml > create.log
KT_HOME=$WORK/server "$KT" control-plane serve --listen 10.7.0.1:8443 --tls-cert server.pem --tls-key server.key > server.log 2>&1 &
SERVER=$!
await 20 reached || fail "$(cat server.log)"
KEEPTRUSTS_API_URL=https://10.7.0.1:8443 KEEPTRUSTS_API_CA_FILE=$WORK/server.pem \
  KEEPTRUSTS_API_TOKEN=$(cat server/state/admin.token) KT_HOME=$WORK/gateway \
  nsenter --net=/proc/$OTHER/ns/net "$KT" gateway run --id edge --listen 127.0.0.1:41002 > gateway.log 2>&1 &
GATEWAY=$!
await 30 state_is in-sync 1 || fail "$(cat gateway.log)"
cut lose_what_server_sends 2
cut lose_what_gateway_sends 3
cut lose_both 4
step "nothing was lost"
kill $GATEWAY; wait $GATEWAY || fail "the gateway exited with $?"
kill $SERVER; wait $SERVER || fail "the server exited with $?"
here control-plane fsck > fsck.log 2>&1 || fail "$(cat fsck.log)"
here audit verify > verify.log 2>&1 || fail "$(cat verify.log)"
echo ok
