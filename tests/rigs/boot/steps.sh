# Functions for the scenarios in this directory, which source it. It runs inside the boot,
# as root.
set -euo pipefail

KT=$KT_RIG_TREE/bin/kt
RIG_HOME=/home/$KT_RIG_USER
RUNTIME=/run/user/$KT_RIG_UID
LINGER=/var/lib/systemd/linger/$KT_RIG_USER
CREATE="$KT gateway create --name life --file /run/kt-rig/life.yaml"
INSTALL="$KT gateway install --id life"
FAILED_ROWS=()

cat > /run/kt-rig/life.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
YAML

# ---- ways to run a command line as the user ---------------------------------

# As cron and `sudo -u` with an empty environment: no session, no variables.
bare() {
  setpriv --reuid "$KT_RIG_UID" --regid "$KT_RIG_UID" --clear-groups \
    env -i HOME="$RIG_HOME" USER="$KT_RIG_USER" LOGNAME="$KT_RIG_USER" SHELL=/bin/sh \
    PATH=/usr/bin:/bin sh -c "$1"
}

by_runuser() { runuser -u "$KT_RIG_USER" -- sh -c "$1"; }

# In a new session, which is closed afterwards.
login() { su - "$KT_RIG_USER" -c "$1"; }

# Keeps the user logged in until session_close, with a terminal session: `su` alone would
# open a background session.
session_open() {
  rm -f /run/kt-rig/hold
  mkfifo /run/kt-rig/hold
  XDG_SESSION_CLASS=user XDG_SESSION_TYPE=tty su - "$KT_RIG_USER" -c cat < /run/kt-rig/hold &
  SESSION=$!
  exec 9> /run/kt-rig/hold
  must await 10 manager_runs
}

session_close() {
  exec 9>&-
  wait "$SESSION" || fail "the session exited with $?"
}

# ---- rows: each starts from a clean state, and runs even after a failed one --

row() { # NAME FUNCTION [ARG]...
  kept_row "$@"
  clean_state
}

# As row, without the clean-up.
kept_row() { # NAME FUNCTION [ARG]...
  local code=0
  STEP=$1; shift
  echo "== $STEP"
  set +e
  ( set -eE; trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR; "$@" )
  code=$?
  set -e
  [ $code = 0 ] || FAILED_ROWS+=("$STEP")
}

finish() {
  [ ${#FAILED_ROWS[@]} != 0 ] || { echo "ok"; return; }
  printf 'FAILED ROW: %s\n' "${FAILED_ROWS[@]}" >&2
  exit 1
}

fail() {
  trap - ERR
  echo "FAILED: $STEP: $*" >&2
  {
    loginctl list-sessions --no-legend
    ls -d /var/lib/systemd/linger/* "$RUNTIME"/*
    journalctl --no-pager -q -n 8 -o cat
  } 2>&1 | sed 's/^/    /' >&2
  exit 1
}

# The user is not logged in and does not linger, no manager runs, the home is empty.
clean_state() {
  loginctl terminate-user "$KT_RIG_USER" 2> /dev/null || true
  loginctl disable-linger "$KT_RIG_USER" || true
  systemctl stop "user@$KT_RIG_UID.service" || true
  # A manager that is stopped while it starts does not remove its directory.
  systemctl stop "user-runtime-dir@$KT_RIG_UID.service" || true
  STEP="cleaning up" must await 60 no_runtime
  find "$RIG_HOME" -mindepth 1 -delete
}

# A directory that is being created when its unit is stopped is not removed: the start has
# failed, and a failed unit is not stopped.
no_runtime() {
  [ -e "$RUNTIME" ] || return 0
  ! mountpoint -q "$RUNTIME" || umount "$RUNTIME" || return 1
  rmdir "$RUNTIME"
}

# ---- assertions --------------------------------------------------------------

# expect CODE WAY LINE: the command line must exit with the code; sets OUT to its output
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` exited with $got, not $code: $OUT"
}

# refuses WAY LINE: the command line must fail with any code
refuses() { ! OUT=$("$@" 2>&1) || fail "\`$*\` was not refused: $OUT"; }

says() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }
says_not() { case $OUT in *"$1"*) fail "\`$1\` is in: $OUT" ;; esac; }
must() { "$@" || fail "expected: $*"; }
must_not() { ! "$@" || fail "not expected: $*"; }

# await SECONDS COMMAND...: waits until the command succeeds
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

# The manager of the user is running without a login.
manager_alive() {
  loginctl enable-linger "$KT_RIG_USER"
  must await 10 test -S "$RUNTIME/systemd/private"
}

lingers() { [ -e "$LINGER" ]; }
manager_runs() { systemctl -q is-active "user@$KT_RIG_UID.service"; }

# The gateway serves a request, not only a readiness probe.
answers() {
  local body='{"model":"echo","messages":[{"role":"user","content":"are you there"}]}'
  curl -sf -m 5 http://127.0.0.1:41002/v1/chat/completions \
    -H 'content-type: application/json' -d "$body" 2> /dev/null | grep -q '"are you there"'
}

silent() { ! curl -s -o /dev/null -m 5 http://127.0.0.1:41002/readyz; }

# The files in the homes with their owners. A running gateway writes to its files, so sizes
# and times are excluded, as are the auxiliary files of SQLite and the cache of root.
homes() {
  find /root "$RIG_HOME" -path /root/.cache -prune -o \
    ! -name '*.db-wal' ! -name '*.db-shm' ! -path /root -printf '%p %U %M\n' | sort
}

# The life cycle of a service, with each command run in the same way.
lives() { # WAY
  expect 0 "$1" "$CREATE"
  life_cycle "$1"
}

life_cycle() { # WAY
  local way=$1
  expect 0 "$way" "$INSTALL"
  says "installed"
  must answers
  expect 0 "$way" "$KT gateway status --strict"
  expect 0 "$way" "$KT gateway stop"
  must silent
  expect 3 "$way" "$KT gateway status"
  expect 0 "$way" "$KT gateway start"
  must answers
  expect 0 "$way" "$KT gateway uninstall"
  must silent
  expect 4 "$way" "$KT gateway status"
  says "not-installed"
}

# The service is installed, but its manager is not running.
status_is_unknown() {
  expect 4 bare "$KT gateway status"
  says "unknown"
  says "the systemd user manager is not running"
  says "sudo loginctl enable-linger $KT_RIG_USER"
}
