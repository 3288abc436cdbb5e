# What the scenarios of a boot are written with. They source it; it runs inside
# the boot, as root.
set -euo pipefail

KT=$KT_RIG_TREE/bin/kt
RIG_HOME=/home/$KT_RIG_USER
RUNTIME=/run/user/$KT_RIG_UID
LINGER=/var/lib/systemd/linger/$KT_RIG_USER
CREATE="$KT gateway create --name life --file /run/kt-rig/life.yaml"
INSTALL="$KT gateway install --id life"
BROKEN=()

cat > /run/kt-rig/life.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
YAML

# ---- ways to run a line of shell as the user ---------------------------------

# As cron and `sudo -u` with a clean environment do: no session, no variables.
bare() {
  setpriv --reuid "$KT_RIG_UID" --regid "$KT_RIG_UID" --clear-groups \
    env -i HOME="$RIG_HOME" USER="$KT_RIG_USER" LOGNAME="$KT_RIG_USER" SHELL=/bin/sh \
    PATH=/usr/bin:/bin sh -c "$1"
}

by_runuser() { runuser -u "$KT_RIG_USER" -- sh -c "$1"; }

# A session of its own, which ends with the line.
login() { su - "$KT_RIG_USER" -c "$1"; }

# Keeps the user logged in until session_close, with a session such as a terminal
# has: without one `su` opens a session of the background.
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
  wait "$SESSION" || fail "the session ended with $?"
}

# ---- rows: each on a clean slate, and each told though another broke ---------

row() { # NAME FUNCTION [ARG]...
  kept_row "$@"
  clean_slate
}

# As row, and what it did stays.
kept_row() { # NAME FUNCTION [ARG]...
  local code=0
  STEP=$1; shift
  echo "== $STEP"
  set +e
  ( set -eE; trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR; "$@" )
  code=$?
  set -e
  [ $code = 0 ] || BROKEN+=("$STEP")
}

finish() {
  [ ${#BROKEN[@]} != 0 ] || { echo "ok"; return; }
  printf 'BROKEN: %s\n' "${BROKEN[@]}" >&2
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

# Nobody is logged in or lingers, no manager runs, the home is empty.
clean_slate() {
  loginctl terminate-user "$KT_RIG_USER" 2> /dev/null || true
  loginctl disable-linger "$KT_RIG_USER" || true
  systemctl stop "user@$KT_RIG_UID.service" || true
  # Stopped while it still started, the manager leaves its directory behind.
  systemctl stop "user-runtime-dir@$KT_RIG_UID.service" || true
  STEP="cleaning up" must await 60 no_runtime
  find "$RIG_HOME" -mindepth 1 -delete
}

# A directory that is being made when its unit is stopped belongs to no unit: the
# start has failed, and what failed to start is not stopped.
no_runtime() {
  [ -e "$RUNTIME" ] || return 0
  ! mountpoint -q "$RUNTIME" || umount "$RUNTIME" || return 1
  rmdir "$RUNTIME"
}

# ---- what must be ------------------------------------------------------------

# expect CODE WAY LINE: the line must end with the code; OUT is what it said
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` ended with $got, not $code: $OUT"
}

# refuses WAY LINE: the line must fail, however
refuses() { ! OUT=$("$@" 2>&1) || fail "\`$*\` was not refused: $OUT"; }

says() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }
says_not() { case $OUT in *"$1"*) fail "\`$1\` is in: $OUT" ;; esac; }
must() { "$@" || fail "not so: $*"; }
must_not() { ! "$@" || fail "it is so: $*"; }

# await SECONDS COMMAND...: until the command succeeds
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

# The user's manager runs, and nobody is logged in.
manager_alive() {
  loginctl enable-linger "$KT_RIG_USER"
  must await 10 test -S "$RUNTIME/systemd/private"
}

lingers() { [ -e "$LINGER" ]; }
manager_runs() { systemctl -q is-active "user@$KT_RIG_UID.service"; }

# The gateway answers a question, not merely a probe.
answers() {
  local asked='{"model":"echo","messages":[{"role":"user","content":"are you there"}]}'
  curl -sf -m 5 http://127.0.0.1:41002/v1/chat/completions \
    -H 'content-type: application/json' -d "$asked" 2> /dev/null | grep -q '"are you there"'
}

silent() { ! curl -s -o /dev/null -m 5 http://127.0.0.1:41002/readyz; }

# What lies in the homes, and whose it is. A gateway that runs keeps its books, so
# without sizes and times, and without what SQLite lays beside a database; and
# without the shortcuts that kt keeps in the cache of whoever runs it.
homes() {
  find /root "$RIG_HOME" -path /root/.cache -prune -o \
    ! -name '*.db-wal' ! -name '*.db-shm' ! -path /root -printf '%p %U %M\n' | sort
}

# The whole life of a service, each command run in the same way.
lives() { # WAY
  expect 0 "$1" "$CREATE"
  goes_on "$1"
}

goes_on() { # WAY
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

# It is installed, and the manager that would say how it stands does not run.
nobody_to_ask() {
  expect 4 bare "$KT gateway status"
  says "unknown"
  says "the systemd user manager is not running"
  says "sudo loginctl enable-linger $KT_RIG_USER"
}
