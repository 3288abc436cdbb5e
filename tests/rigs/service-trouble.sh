#!/usr/bin/env bash
# Failures of a service under a real `systemd --user`: parking, the crash limit, outages,
# edited and foreign files, and secrets.
#
#   service-trouble.sh DIST      DIST is a staged tree with bin/kt
#
# KT_OUTAGE_S is the duration of the outages, seconds (default 6). For the exit status see
# `in_user_rig`.
set -euo pipefail
. "$(dirname "$0")/scenario.sh"

KT=${KT_RIG_TREE:-}/bin/kt
OUTAGE_S=${KT_OUTAGE_S:-6}
kt() { "$KT" "$@"; }

# During the outage the command must succeed and the process must not change.
during_outage() { # PID COMMAND...
  local pid=$1 until=$((SECONDS + OUTAGE_S)); shift
  while [ $SECONDS -lt $until ]; do
    "$@" || fail "during the outage: $*"
    [ "$(main_pid)" = "$pid" ] || fail "it was restarted during the outage"
    sleep 0.2
  done
}

secrets() {
  step "a credential of this shell that the service would not have is refused"
  cat > keyed.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
gateway: {strict: true}
providers:
  targets:
    - {id: echo, provider: echo}
    - {id: main, provider: openai, secret_key_ref: {env: MAIN_KEY}}
    - {id: spare, provider: openai, secret_key_ref: {store: spare-key}}
policies: {chain: []}
YAML
  expect 0 kt gateway create keyed --file keyed.yaml
  printf canary-store | kt secret set spare-key > /dev/null
  export MAIN_KEY=canary-env
  expect 3 kt gateway install keyed
  says "MAIN_KEY"
  [ ! -e "$FILE" ] || fail "the unit was written"

  step "an environment file that other users can access is refused"
  mkdir -p "$HOME/.config/kt/gateway"
  echo 'MAIN_KEY=canary-env' > "$HOME/.config/kt/gateway/default.env"
  chmod 644 "$HOME/.config/kt/gateway/default.env"
  expect 3 kt gateway install keyed
  says "chmod 600"

  step "a service in the strict sandbox has the store, the plugins and the keys"
  chmod 600 "$HOME/.config/kt/gateway/default.env"
  expect 0 kt gateway install keyed
  status_is 0
  expect 0 kt gateway status -o json
  says '"sandbox": "strict"'
  expect 0 kt gateway inspect keyed
  says "in-sync"
  mkdir -p "$HOME/.ssh"
  [ "$(show PrivateUsers)" = yes ] || fail "PrivateUsers is $(show PrivateUsers)"

  step "no secret is in the unit, the record, the log, the journal or an argument"
  unset MAIN_KEY
  ! grep -rlE 'canary-(env|store)' "$FILE" "$SERVICE" 2> /dev/null || fail "a secret was written"
  ! journalctl --user 2> /dev/null | grep -E 'canary-(env|store)' || fail "a secret is in the journal"
  ! tr '\0' '\n' < "/proc/$(main_pid)/cmdline" | grep canary || fail "a secret is an argument"
  expect 0 kt gateway uninstall
}

parking() {
  step "a removed plugin parks the service, with the reason"
  own_kt
  config
  expect 0 kt gateway create life --file config.yaml
  expect 0 kt gateway install life
  local pid; pid=$(main_pid)
  mv "$HOME/.local/lib/kt/plugins/gateway-run" "$HOME/gateway-run"
  kill -9 "$pid"
  await 20 is_active failed || fail "it is $(show ActiveState)"
  [ "$(show NRestarts)" -le 1 ] || fail "it was started $(show NRestarts) times"
  expect 1 kt gateway status
  says "parked"
  says "gateway-run"
  expect 1 kt gateway status -o json
  says '"up_after_reboot": false'
  mv "$HOME/gateway-run" "$HOME/.local/lib/kt/plugins/gateway-run"
  expect 0 kt gateway start
  status_is 0

  step "a gateway that crashes repeatedly is parked, and can be started"
  systemctl --user reset-failed $UNIT || true
  local n last=0
  for n in $(seq 10); do
    # Killed when it serves: an earlier crash is not counted.
    await 20 another_pid "$last" || break
    last=$(main_pid)
    await 20 answers || break
    kill -9 "$last"
  done
  await 20 is_active failed || fail "it is $(show ActiveState) after $n crashes"
  [ "$(show ExecMainStatus)" = 78 ] || fail "it exited with $(show ExecMainStatus)"
  expect 1 kt gateway status
  says "crashed"
  expect 0 kt gateway start
  status_is 0

  step "a stopped service is inactive, not failed"
  expect 0 kt gateway stop
  is_active inactive || fail "it is $(show ActiveState)"
  [ "$(show Result)" = success ] || fail "the result is $(show Result)"
  expect 0 kt gateway start
}

conflicts() {
  step "an address in use is refused before anything is written"
  local before; before=$(stat -c %Y%i "$FILE")
  python3 -c 'import socket,sys
s = socket.socket(); s.bind(("127.0.0.1", 41055)); s.listen()
print("bound", flush=True); sys.stdin.read()' < <(sleep 60) > listener.log &
  local listener=$!
  await 10 grep -q bound listener.log || fail "the address was not bound"
  expect 6 kt gateway install life --listen 127.0.0.1:41055
  says "41055"
  [ "$(stat -c %Y%i "$FILE")" = "$before" ] || fail "the unit was written"
  kill $listener; wait $listener 2> /dev/null || true

  step "edits are adopted: they stay in effect, and later installations succeed"
  sed -i 's/^RestartSec=.*/RestartSec=2s/; /^\[Service\]/a Nice=5' "$FILE"
  expect 6 kt gateway install life
  says "--adopt"
  expect 0 kt gateway install --refresh --adopt
  says "50-adopted"
  [ "$(show Nice)" = 5 ] || fail "Nice is $(show Nice)"
  grep -q '^RestartSec=1s' "$FILE" || fail "the unit was not rewritten"
  status_is 0
  expect 0 kt gateway install life
  says "unchanged"
  [ "$(show Nice)" = 5 ] || fail "the edit is not in effect"

  step "an update keeps drop-ins"
  expect 0 kt gateway install life --listen 127.0.0.1:41006
  [ "$(show Nice)" = 5 ] || fail "the drop-in is not in effect"
  answers 41006 || fail "it does not serve on its new address"
  expect 0 kt gateway install life

  step "a unit without its file is an orphan, and is repaired"
  mv "$FILE" moved; systemctl --user daemon-reload
  expect 0 kt gateway status
  says "orphan"
  expect 0 kt gateway install life
  status_is 0

  step "a service is not stopped from inside itself"
  mkdir -p "$FILE.d"
  printf '[Service]\nExecStartPost=-/bin/sh -c "%s gateway stop > %s/inside.log 2>&1; echo $? >> %s/inside.log"\n' \
    "$KT" "$HOME/.local/state/kt" "$HOME/.local/state/kt" > "$FILE.d/inside.conf"
  systemctl --user daemon-reload
  expect 0 systemctl --user restart $UNIT
  grep -q 'inside the service' "$HOME/.local/state/kt/inside.log" || fail "$(cat "$HOME/.local/state/kt/inside.log")"
  [ "$(tail -n 1 "$HOME/.local/state/kt/inside.log")" = 6 ] || fail "the exit code is not 6"
  rm "$FILE.d/inside.conf"; systemctl --user daemon-reload

  step "a log is followed, and read since a time"
  "$KT" gateway logs --follow --lines 0 > followed.log 2>&1 &
  local follower=$!
  await 10 kt gateway reload life --file config.yaml > /dev/null
  sed 's/version: 1.0.0/version: 1.0.1/' config.yaml > changed.yaml
  expect 0 kt gateway reload life --file changed.yaml
  await 10 grep -q 'serving version 2' followed.log || fail "not followed: $(cat followed.log)"
  kill -INT $follower; wait $follower && fail "it exited with 0" || [ $? = 130 ]
  expect 0 kt gateway logs --since 1h
  says "serving version 2"
  expect 0 kt gateway logs --since 2099-01-01T00:00:00Z
  says_not "serving"
  expect 2 kt gateway logs --since yesterday

  step "--purge removes everything"
  expect 0 kt gateway uninstall --purge
  [ ! -e "$FILE.d" ] || [ -z "$(ls "$FILE.d")" ] || fail "left: $(ls "$FILE.d")"
  [ ! -e "$SERVICE/log.jsonl" ] || fail "the log is still there"

  step "a foreign unit is overwritten only with --take-over"
  printf '[Service]\nExecStart=/bin/true\n' > "$FILE"
  expect 6 kt gateway install life --force
  says "--take-over"
  expect 0 kt gateway install life --take-over
  says "a backup is in"
  status_is 0
  expect 0 kt gateway uninstall

  step "an executable at an unstable path is refused"
  cp -r "$HOME/.local/lib" "$HOME/.local/bin" /tmp/
  expect 2 /tmp/bin/kt gateway install life
  says "/tmp"
  rm -r /tmp/lib /tmp/bin
}

outages() {
  step "an upstream that is down for ${OUTAGE_S}s stops nothing"
  cat > upstream.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: down, provider: own, base_url: 'http://127.0.0.1:9'}]}
policies: {chain: []}
YAML
  expect 0 kt gateway create upstream --file upstream.yaml
  expect 0 kt gateway install upstream
  refused() { [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1:41002/v1/chat/completions \
    -H 'content-type: application/json' -d '{"model":"m","messages":[{"role":"user","content":"x"}]}')" = 502 ]; }
  during_outage "$(main_pid)" refused
  status_is 0
  expect 0 kt gateway uninstall

  step "a control plane that is down for ${OUTAGE_S}s stops nothing"
  "$KT" control-plane serve --listen 127.0.0.1:41080 > server.log 2>&1 &
  local server=$!
  served() { curl -sf -o /dev/null http://127.0.0.1:41080/healthz; }
  await 20 served || fail "$(cat server.log)"
  export KEEPTRUSTS_API_URL=http://127.0.0.1:41080
  KEEPTRUSTS_API_TOKEN=$(cat "$HOME/.local/state/kt/admin.token"); export KEEPTRUSTS_API_TOKEN
  expect 0 kt gateway create remote --file config.yaml
  mkdir -p "$HOME/.config/kt/gateway"
  ( umask 077; echo "KEEPTRUSTS_API_TOKEN=$KEEPTRUSTS_API_TOKEN" > "$HOME/.config/kt/gateway/default.env" )
  expect 0 kt gateway install remote
  status_is 0
  kill $server; wait $server || true
  during_outage "$(main_pid)" answers
  expect 0 kt gateway status
  says "desired-unknown"

  step "the gateway starts without its control plane"
  local pid; pid=$(main_pid)
  kill -9 "$pid"
  await 30 another_pid "$pid" || fail "it was not restarted"
  await 30 answers || fail "it does not serve"

  step "the gateway reconnects to its control plane"
  "$KT" control-plane serve --listen 127.0.0.1:41080 > server.log 2>&1 &
  server=$!
  await 20 served || fail "$(cat server.log)"
  connected() { kt gateway inspect remote 2>&1 | grep -q in-sync; }
  await 60 connected || fail "it does not report again: $(kt gateway inspect remote)"
  sed 's/version: 1.0.0/version: 1.0.2/' config.yaml > changed.yaml
  expect 0 kt gateway reload remote --file changed.yaml --timeout 60s
  status_is 0
  expect 0 kt gateway uninstall
  kill $server; wait $server || true
}

inside() {
  secrets
  parking
  conflicts
  outages
  echo "ok"
}

if [ "${KT_LIFE:-}" = inside ]; then inside; else in_user_rig "$0" "$@"; fi
