#!/usr/bin/env bash
# Upgrades of kt under a service, under a real `systemd --user`: under load no
# request fails, and a kt that is killed anywhere leaves what the next one mends.
#
#   service-upgrade.sh DIST      DIST is a staged tree with bin/kt in it, built
#                                with assertions: those builds can be killed at
#                                a named change
#
# Ends as `in_user_rig` says.
set -euo pipefail
. "$(dirname "$0")/scenario.sh"

KT=${KT_RIG_TREE:-}/bin/kt
kt() { "$KT" "$@"; }

# Another file in the executable's place, as a package manager puts it there.
replace_binary() {
  cp "$KT_RIG_TREE/bin/kt" "$KT.new"
  mv "$KT.new" "$KT"
}

begins() { grep -q begun load.log; }

load_starts() { # THREADS
  rm -f hold; mkfifo hold
  python3 "$KT_RIG/bind/life/load.py" 41002 "$1" < hold > load.log 2>&1 &
  LOAD=$!
  exec 9> hold
  await 10 begins || fail "$(cat load.log)"
}

# TOLD is then what it says of itself.
load_ends() {
  exec 9>&-
  wait "$LOAD"
  TOLD=$(tail -n 1 load.log)
}

upgrade_under_load() {
  step "renewing a service whose kt was not replaced changes nothing"
  own_kt
  config
  expect 0 kt gateway create --name life --file config.yaml
  expect 0 kt gateway install --id life
  local pid; pid=$(main_pid)
  expect 0 kt gateway install --refresh
  says "unchanged"
  [ "$(main_pid)" = "$pid" ] || fail "it was restarted"

  step "status tells a replaced executable"
  replace_binary
  expect 152 kt gateway status --strict
  says "binary-replaced"

  step "an upgrade, a restart and a change of the unit under load fail no request"
  load_starts 4
  expect 0 kt gateway install --refresh
  says "updated"
  [ "$(main_pid)" != "$pid" ] || fail "the old process runs on"
  expect 0 kt gateway restart
  expect 0 systemctl --user restart $UNIT
  expect 0 kt gateway install --id life --sandbox base
  expect 0 kt gateway install --id life --sandbox strict
  load_ends
  echo "$TOLD"
  python3 -c 'import json,sys; t=json.loads(sys.argv[1]); sys.exit(t["failed"] or t["requests"] < 100)' "$TOLD" ||
    fail "requests failed: $TOLD"

  step "after an upgrade the executable is not told as replaced"
  expect 0 kt gateway status
  says_not "binary-replaced"

  step "an upgrade to a kt that does not work is taken back, and says so"
  printf '#!/bin/sh\nexit 1\n' > "$KT.broken"; chmod 755 "$KT.broken"
  cp "$KT" "$KT.good"
  expect 7 kt gateway install --id life --executable "$KT.broken"
  says "rolled back"
  await 30 answers || fail "what ran before does not run"
  status_is 0
  expect 0 kt gateway uninstall
}

# killed N COMMAND...: the command is killed before its N-th change; fails when it
# came to its end before that
killed() {
  local code=0 n=$1; shift
  KT_CRASH_AT=change:$n "$KT" "$@" > killed.log 2>&1 || code=$?
  [ $code != 0 ] || return 1
  [ $code = 137 ] || fail "\`$*\` ended with $code before it was killed: $(cat killed.log)"
}

# What is there is the unit before or after, whole.
whole() { # HASH...
  local now=absent
  [ ! -e "$FILE" ] || now=$(sha256sum < "$FILE")
  local allowed
  for allowed in "$@"; do [ "$now" != "$allowed" ] || return 0; done
  fail "the unit is none of the expected ones: $(cat "$FILE")"
}

killed_anywhere() {
  local n old new
  step "a first install that is killed anywhere is gone on with"
  for n in $(seq 40); do
    killed "$n" gateway install --id life || break
    [ ! -e "$FILE" ] || systemd-analyze --user verify "$FILE" || fail "half a unit"
    if [ $((n % 2)) = 0 ]; then
      expect 0 kt gateway install --id life
      status_is 0
    fi
    expect 0 kt gateway uninstall
    status_is 4
    [ ! -e "$FILE" ] || fail "the unit is still there"
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 5 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"
  status_is 0

  step "an update that is killed anywhere is the old or the new one, and mended"
  expect 0 kt gateway install --id life --listen 127.0.0.1:41002
  old=$(sha256sum < "$FILE")
  expect 0 kt gateway install --id life --listen 127.0.0.1:41006
  new=$(sha256sum < "$FILE")
  for n in $(seq 40); do
    local port=41002; [ $((n % 2)) = 1 ] || port=41006
    killed "$n" gateway install --id life --listen 127.0.0.1:$port || break
    whole "$old" "$new"
    expect 0 kt gateway install --id life --listen 127.0.0.1:$port
    status_is 0
    answers $port || fail "it does not answer on $port"
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 5 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"

  step "an uninstall that is killed anywhere is gone on with, or taken back by an install"
  for n in $(seq 40); do
    killed "$n" gateway uninstall || break
    whole "$old" "$new" absent
    if [ $((n % 2)) = 0 ]; then
      expect 0 kt gateway uninstall
      status_is 4
    fi
    expect 0 kt gateway install --id life
    status_is 0
    old=$(sha256sum < "$FILE")
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 3 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"
  status_is 4
}

inside() {
  upgrade_under_load
  killed_anywhere
  echo "ok"
}

if [ "${KT_LIFE:-}" = inside ]; then inside; else in_user_rig "$0" "$@"; fi
