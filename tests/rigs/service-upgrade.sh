#!/usr/bin/env bash
# Upgrades of kt with a running service under a real `systemd --user`: no request fails
# under load, and a kt that is killed at any change leaves a state that the next one repairs.
#
#   service-upgrade.sh DIST      DIST is a staged tree with bin/kt, built with
#                                debug assertions, which enable KT_CRASH_AT
#
# For the exit status see `in_user_rig`.
set -euo pipefail
. "$(dirname "$0")/scenario.sh"

KT=${KT_RIG_TREE:-}/bin/kt
kt() { "$KT" "$@"; }

# Replaces the executable by another file, as a package manager does.
replace_binary() {
  cp "$KT_RIG_TREE/bin/kt" "$KT.new"
  mv "$KT.new" "$KT"
}

load_started() { grep -q started load.log; }

start_load() { # THREADS
  rm -f hold; mkfifo hold
  python3 "$KT_RIG/bind/life/load.py" 41002 "$1" < hold > load.log 2>&1 &
  LOAD=$!
  exec 9> hold
  await 10 load_started || fail "$(cat load.log)"
}

# Sets SUMMARY to the result of the load.
stop_load() {
  exec 9>&-
  wait "$LOAD"
  SUMMARY=$(tail -n 1 load.log)
}

upgrade_under_load() {
  step "a refresh without a new kt changes nothing"
  own_kt
  config
  expect 0 kt gateway create life --file config.yaml
  expect 0 kt gateway install life
  local pid; pid=$(main_pid)
  expect 0 kt gateway install --refresh
  says "unchanged"
  [ "$(main_pid)" = "$pid" ] || fail "it was restarted"

  step "status reports a replaced executable"
  replace_binary
  expect 152 kt gateway status --strict
  says "binary-replaced"

  step "an upgrade, a restart and a change of the unit under load fail no request"
  start_load 4
  expect 0 kt gateway install --refresh
  says "updated"
  [ "$(main_pid)" != "$pid" ] || fail "the old process is still running"
  expect 0 kt gateway restart
  expect 0 systemctl --user restart $UNIT
  expect 0 kt gateway install life --sandbox base
  expect 0 kt gateway install life --sandbox strict
  stop_load
  echo "$SUMMARY"
  python3 -c 'import json,sys; s=json.loads(sys.argv[1]); sys.exit(s["failed"] or s["requests"] < 100)' "$SUMMARY" ||
    fail "requests failed: $SUMMARY"

  step "after an upgrade the executable is not reported as replaced"
  expect 0 kt gateway status
  says_not "binary-replaced"

  step "an upgrade to a kt that fails is rolled back"
  printf '#!/bin/sh\nexit 1\n' > "$KT.broken"; chmod 755 "$KT.broken"
  cp "$KT" "$KT.good"
  expect 7 kt gateway install life --executable "$KT.broken"
  says "rolled back"
  await 30 answers || fail "the previous service is not running"
  status_is 0
  expect 0 kt gateway uninstall
}

# killed N COMMAND...: the command is killed before its N-th change; fails if it makes fewer
# changes
killed() {
  local code=0 n=$1; shift
  KT_CRASH_AT=change:$n "$KT" "$@" > killed.log 2>&1 || code=$?
  [ $code != 0 ] || return 1
  [ $code = 137 ] || fail "\`$*\` exited with $code before it was killed: $(cat killed.log)"
}

# The unit has one of the given hashes.
unit_is_one_of() { # HASH...
  local now=absent
  [ ! -e "$FILE" ] || now=$(sha256sum < "$FILE")
  local allowed
  for allowed in "$@"; do [ "$now" != "$allowed" ] || return 0; done
  fail "the unit is none of the expected ones: $(cat "$FILE")"
}

interruptions() {
  local n old new
  step "a first installation that is killed at any change is continued"
  for n in $(seq 40); do
    killed "$n" gateway install --id life || break
    [ ! -e "$FILE" ] || systemd-analyze --user verify "$FILE" || fail "the unit is incomplete"
    if [ $((n % 2)) = 0 ]; then
      expect 0 kt gateway install life
      status_is 0
    fi
    expect 0 kt gateway uninstall
    status_is 4
    [ ! -e "$FILE" ] || fail "the unit is still there"
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 5 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"
  status_is 0

  step "an update that is killed at any change leaves the old or the new unit, and is repaired"
  expect 0 kt gateway install life --listen 127.0.0.1:41002
  old=$(sha256sum < "$FILE")
  expect 0 kt gateway install life --listen 127.0.0.1:41006
  new=$(sha256sum < "$FILE")
  for n in $(seq 40); do
    local port=41002; [ $((n % 2)) = 1 ] || port=41006
    killed "$n" gateway install --id life --listen 127.0.0.1:$port || break
    unit_is_one_of "$old" "$new"
    expect 0 kt gateway install life --listen 127.0.0.1:$port
    status_is 0
    answers $port || fail "it does not serve on $port"
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 5 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"

  step "a removal that is killed at any change is continued, or reverted by an installation"
  for n in $(seq 40); do
    killed "$n" gateway uninstall || break
    unit_is_one_of "$old" "$new" absent
    if [ $((n % 2)) = 0 ]; then
      expect 0 kt gateway uninstall
      status_is 4
    fi
    expect 0 kt gateway install life
    status_is 0
    old=$(sha256sum < "$FILE")
  done
  echo "killed before each of $((n - 1)) changes"
  [ "$n" -gt 3 ] && [ "$n" -lt 40 ] || fail "it was killed $n times"
  status_is 4
}

inside() {
  upgrade_under_load
  interruptions
  echo "ok"
}

if [ "${KT_LIFE:-}" = inside ]; then inside; else in_user_rig "$0" "$@"; fi
