# Functions for the scenarios of services, which source it and define `kt`.

# in_user_rig SCRIPT DIST: runs the script again, with KT_LIFE=inside, as the user of a rig
# with a real `systemd --user`. Exits with the status of the script, or with 77 where the
# rig is not supported (1 with KT_TEST_SYSTEMD=require).
in_user_rig() {
  local here name dist=${2:?usage: ${1##*/} DIST} shared status=0
  here=$(cd "$(dirname "$1")" && pwd) name=${1##*/}
  shared=$(mktemp -d "${TMPDIR:-/tmp}/kt-life.XXXXXX")
  trap 'rm -rf "$shared"' EXIT
  chmod 755 "$shared"
  mkdir "$shared/life"
  cp "$here/$name" "$here/scenario.sh" "$here/load.py" "$shared/life/"
  "$here/systemd-user.sh" --tree "$dist" --bind "$shared/life" -- \
    env KT_LIFE=inside ${KT_OUTAGE_S:+KT_OUTAGE_S=$KT_OUTAGE_S} bash -c "exec bash \"\$KT_RIG/bind/life/$name\"" ||
    status=$?
  if [ $status = 77 ] && [ "${KT_TEST_SYSTEMD:-auto}" = require ]; then status=1; fi
  exit $status
}

step() { STEP=$*; echo "== $STEP"; }

fail() {
  echo "FAILED: $STEP: $*" >&2
  kt gateway status -o yaml >&2 || true
  kt gateway logs >&2 || true
  exit 1
}

# expect CODE COMMAND...: the command must exit with the code; sets OUT to its output
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` exited with $got, not $code: $OUT"
}

says_not() { case $OUT in *"$1"*) fail "\`$1\` is in: $OUT" ;; esac; }
says() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }

status_is() { expect "$1" kt gateway status; }

# await SECONDS COMMAND...: waits until the command succeeds
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

# The configuration of a gateway that needs no upstream.
config() {
  cat > config.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
YAML
}

UNIT=kt-gateway.service
FILE=$HOME/.config/systemd/user/$UNIT
SERVICE=$HOME/.local/state/kt/service/default
show() { systemctl --user show --property="$1" --value "${2:-$UNIT}"; }
main_pid() { show MainPID; }
is_active() { [ "$(show ActiveState)" = "$1" ]; }
another_pid() { local now; now=$(main_pid) && [ "$now" != 0 ] && [ "$now" != "$1" ]; }

# The gateway serves a request, not only a readiness probe.
answers() { # [PORT]
  local body='{"model":"echo","messages":[{"role":"user","content":"are you there"}]}'
  curl -sf -m 5 "http://127.0.0.1:${1:-41002}/v1/chat/completions" \
    -H 'content-type: application/json' -d "$body" 2> /dev/null | grep -q '"are you there"'
}

# A copy of kt that the user can modify.
own_kt() {
  mkdir -p "$HOME/.local/lib" "$HOME/.local/bin"
  cp -r "$KT_RIG_TREE/lib/kt" "$HOME/.local/lib/"
  cp "$KT_RIG_TREE/bin/kt" "$HOME/.local/bin/kt"
  KT=$HOME/.local/bin/kt
}
