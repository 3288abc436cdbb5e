#!/usr/bin/env bash
# The life cycle of a gateway as a service of a third-party backend: the real kt and the real
# gateway under a real `s6-svscan`, as an unprivileged user.
#
#   s6-lifecycle.sh DIST PLUGINS
#
#   DIST      a staged tree with bin/kt
#   PLUGINS   a plugin directory with service-s6, as created by build-third-party.sh
#
# Needs root and s6. The machine is not changed: both trees are copied to /opt in a private
# mount namespace, because kt refuses to install a service from an unstable path.
#
# Exits with 0 when all steps succeed, 1 with the step that failed, and 77 where the rig is
# not supported (1 with KT_TEST_S6=require). KT_RIG_VERBOSE=1 prints the output of s6.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
RIG_UID=4711

unusable() {
  echo "s6-lifecycle: $*" >&2
  [ "${KT_TEST_S6:-auto}" != require ] || exit 1
  exit 77
}

# ---- outside: new namespaces -------------------------------------------------

outside() {
  [ $# = 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || unusable "needs root"
  local program
  for program in s6-svscan pgrep setpriv unshare; do
    PATH=$PATH:/usr/sbin:/sbin command -v $program > /dev/null || unusable "needs $program"
  done
  [ -d /opt ] || unusable "needs the directory /opt"
  local rig status=0 network=()
  rig=$(mktemp -d "${TMPDIR:-/tmp}/kt-s6.XXXXXX")
  chmod 755 "$rig"
  # A private network, so that fixed ports do not conflict with other processes.
  if PATH=$PATH:/usr/sbin:/sbin command -v ip > /dev/null; then network=(--net); fi
  KT_RIG=$rig KT_RIG_STAGE=root KT_RIG_NETWORK=${network[*]:-} \
    unshare --mount --pid --fork --kill-child --mount-proc --ipc --uts "${network[@]}" \
    bash "$here/s6-lifecycle.sh" "$@" || status=$?
  [ "${KT_RIG_VERBOSE:-0}" = 0 ] || cat "$rig/home/svscan.log" >&2
  rm -rf "$rig"
  exit $status
}

# ---- root: private mounts, then the user -------------------------------------

root() {
  [ -z "$KT_RIG_NETWORK" ] || PATH=$PATH:/usr/sbin:/sbin ip link set lo up
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 kt-rig /opt
  # Hides systemd, which kt would prefer.
  [ ! -d /run/systemd ] || mount -t tmpfs -o mode=755 kt-rig /run/systemd
  # Copies that belong to root: kt refuses plugins that other users can write.
  cp -rL --no-preserve=ownership "$1" /opt/kt
  cp -rL --no-preserve=ownership "$2" /opt/kt-plugins
  cp "$here/s6-lifecycle.sh" "$here/scenario.sh" "$KT_RIG/"
  chmod -R a+rX,go-w /opt "$KT_RIG"
  mkdir "$KT_RIG/home"
  chown "$RIG_UID:$RIG_UID" "$KT_RIG/home"
  chmod 700 "$KT_RIG/home"
  cd "$KT_RIG/home"
  exec setpriv --reuid $RIG_UID --regid $RIG_UID --clear-groups --inh-caps=-all --bounding-set=-all \
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$KT_RIG/home" LANG=C.UTF-8 NO_COLOR=1 \
    KT_RIG="$KT_RIG" KT_RIG_STAGE=user bash "$KT_RIG/s6-lifecycle.sh"
}

# ---- user: the scenario ------------------------------------------------------

kt() { /opt/kt/bin/kt --plugin-dir /opt/kt-plugins "$@"; }
. "$here/scenario.sh"

S6=$HOME/.local/share/s6
SCAN=$S6/scan
DIR=$S6/sv/kt-gateway
SVSCAN=

# With variables that must not be passed to services.
start_svscan() {
  KT_LEAK=1 XDG_RUNTIME_DIR=/nowhere s6-svscan "$SCAN" < /dev/null >> svscan.log 2>&1 &
  SVSCAN=$!
  await 10 s6-svscanctl "$SCAN" 2> /dev/null || fail "s6-svscan did not start"
}

stop_svscan() {
  [ -n "$SVSCAN" ] || return 0
  kill "$SVSCAN" 2> /dev/null || true
  wait "$SVSCAN" || true
  SVSCAN=
}

pid() { s6-svstat -o pid "${1:-$DIR}"; }
is_other_process() { local now; now=$(pid) && [ "$now" != "$1" ] && [ "$now" != -1 ]; }
variable() { tr '\0' '\n' < "/proc/$(pid)/environ" | grep -qxF "$1"; }
# Prints everything that exists of a service.
traces() { find "$SCAN" "$S6/sv" -name "$1*" 2> /dev/null; pgrep -u $RIG_UID -af "s6-supervise $1\$" || true; }
# Writes a file that only its owner can read.
write_private() { printf '%s\n' "$2" > "$1"; chmod 600 "$1"; }

user() {
  trap stop_svscan EXIT
  config

  step "without an s6-svscan nothing is installed, and the error names it"
  expect 0 kt gateway create life --file config.yaml
  expect 7 kt gateway install life --backend s6
  says "no s6-svscan runs over \`$SCAN\`"
  says "s6-svscan '$SCAN'"
  [ ! -e "$S6" ] || fail "something was written"
  status_is 4
  says "no s6-svscan runs"

  mkdir -p "$SCAN"
  start_svscan

  step "nothing is installed"
  status_is 4
  expect 5 kt gateway start
  expect 0 kt gateway uninstall
  says "nothing to do"

  step "a preview writes nothing"
  expect 0 kt gateway install life --backend s6 --print
  says "s6-svlink -d"
  says "exec '/opt/kt/bin/kt' 'gateway' 'run'"
  [ ! -e "$DIR" ] || fail "--print wrote a file"

  step "install"
  expect 0 kt gateway install life --backend s6
  says "installed"
  status_is 0
  expect 0 kt gateway status --strict
  [ "$(s6-svstat -o up,wantedup,normallyup "$DIR")" = "true true true" ] || fail "$(s6-svstat "$DIR")"
  [ "$(stat -c %a "$DIR/run" "$DIR/finish" "$DIR/timeout-kill" | tr '\n' ' ')" = "755 755 644 " ] ||
    fail "modes: $(stat -c '%a %n' "$DIR"/*)"
  [ "$(traces kt-gateway | wc -l)" = 3 ] || fail "entry, folder and supervisor: $(traces kt-gateway)"

  step "the service has its own environment"
  variable "HOME=$HOME" || fail "HOME is missing"
  variable KT_PLUGIN_PATH=/opt/kt-plugins || fail "the plugin directory is missing"
  grep -qzE '^(KT_LEAK|XDG_RUNTIME_DIR)=' "/proc/$(pid)/environ" && fail "the variables of s6-svscan were passed on"
  grep -qE '^Umask:[[:space:]]+0077$' "/proc/$(pid)/status" || fail "$(grep Umask "/proc/$(pid)/status")"

  step "installing again: unchanged, not restarted"
  local before_pid before
  before_pid=$(pid) before=$(stat -c %Y%i "$DIR"/*)
  expect 0 kt gateway install life --backend s6
  says "unchanged"
  expect 0 kt gateway install life
  says "unchanged"
  [ "$(pid)" = "$before_pid" ] || fail "it was restarted"
  [ "$(stat -c %Y%i "$DIR"/*)" = "$before" ] || fail "a file was written again"

  step "a killed gateway is restarted"
  kill -9 "$before_pid"
  await 10 is_other_process "$before_pid" || fail "it was not restarted"
  expect 0 kt gateway status --wait ready --timeout 30s
  expect 0 kt gateway status -o json
  says '"restarts": 1'
  says '"signal": "KILL"'

  step "stop, twice"
  expect 0 kt gateway stop
  [ "$(s6-svstat -o up,wantedup,exitcode "$DIR")" = "false false 0" ] || fail "$(s6-svstat "$DIR")"
  status_is 3
  expect 0 kt gateway stop
  says "already stopped"

  step "start, twice, and restart"
  expect 0 kt gateway start
  status_is 0
  expect 0 kt gateway start
  says "already running"
  before_pid=$(pid)
  expect 0 kt gateway restart
  is_other_process "$before_pid" || fail "the process is the same"
  expect 0 kt gateway status -o json
  says '"restarts": 0'

  step "a reload does not restart the process"
  before_pid=$(pid)
  sed 's/1.0.0/1.0.1/' config.yaml > changed.yaml
  expect 0 kt gateway reload life --file changed.yaml
  status_is 0
  [ "$(pid)" = "$before_pid" ] || fail "it was restarted"

  step "the log"
  expect 0 kt gateway logs --lines 200
  says "41002"

  step "the environment file is read as text"
  mkdir -p .config/kt/gateway
  write_private .config/kt/gateway/default.env 'KT_NOTE="a $(touch ran) b"'
  expect 0 kt gateway restart
  variable 'KT_NOTE=a $(touch ran) b' || fail "the variable is missing"
  [ ! -e ran ] || fail "a line of the file was executed"

  step "a permanent failure parks the service"
  write_private .config/kt/gateway/default.env 'KT_PROFILE=absent'
  expect 7 kt gateway restart
  says 'profile `absent` does not exist'
  status_is 1
  says "parked"
  [ "$(s6-svstat -o up,wantedup,exitcode "$DIR")" = "false false 3" ] || fail "$(s6-svstat "$DIR")"
  rm .config/kt/gateway/default.env
  expect 0 kt gateway start
  status_is 0

  step "an edited script is not changed"
  local file
  for file in run finish; do
    echo '# mine' >> "$DIR/$file"
    expect 6 kt gateway install life
    expect 6 kt gateway uninstall
    says "edited"
    expect 0 kt gateway install life --force
    says "a backup is in"
    grep -q '# mine' "$DIR/$file" && fail "the edit is still there"
    status_is 0
  done

  step "a second service needs its own address; the backend is detected"
  expect 6 kt gateway install life --service-name edge
  expect 0 kt gateway create edge --file config.yaml
  expect 0 kt gateway install edge --service-name edge --listen 127.0.0.1:41012
  expect 0 kt gateway status --service-name edge
  [ "$(s6-svstat -o up "$S6/sv/kt-gateway-edge")" = true ] || fail "s6 does not run it"

  step "a failed installation is rolled back"
  expect 0 kt gateway create broken --file config.yaml
  expect 7 kt gateway install broken --service-name broken --listen 127.0.0.1:41022 --executable /bin/false
  says "rolled back"
  [ -z "$(traces kt-gateway-broken)" ] || fail "left: $(traces kt-gateway-broken)"
  expect 4 kt gateway status --service-name broken

  step "a failed update leaves the previous service running"
  before=$(cat "$DIR/run")
  expect 7 kt gateway install life --executable /bin/false
  says "rolled back"
  [ "$(cat "$DIR/run")" = "$before" ] || fail "the script changed"
  expect 0 kt gateway status --wait ready --timeout 30s

  step "a foreign service is not changed"
  mkdir -p "$SCAN/kt-gateway-other"
  printf '#!/bin/sh\nexec sleep 600\n' > "$SCAN/kt-gateway-other/run"
  chmod 755 "$SCAN/kt-gateway-other/run"
  expect 6 kt gateway install broken --service-name other --listen 127.0.0.1:41022 --force
  [ "$(tail -n 1 "$SCAN/kt-gateway-other/run")" = "exec sleep 600" ] || fail "it changed"
  [ ! -e "$S6/sv/kt-gateway-other" ] || fail "something was written"
  rm -r "$SCAN/kt-gateway-other"

  step "directory names with special characters are passed unchanged"
  export KT_HOME="$HOME/k \$HOME 'q' \"%h\" ;"
  expect 0 kt gateway create odd --file config.yaml
  expect 0 kt gateway install odd --service-name odd --listen 127.0.0.1:41032
  expect 0 kt gateway status --service-name odd
  expect 0 kt gateway uninstall --service-name odd
  [ -z "$(traces kt-gateway-odd)" ] || fail "left: $(traces kt-gateway-odd)"
  unset KT_HOME

  step "a new s6-svscan, as after a reboot, starts the installed services"
  before_pid=$(pid)
  expect 0 kt gateway stop --service-name edge
  stop_svscan
  [ ! -e "/proc/$before_pid" ] || fail "the gateway outlived s6-svscan"
  status_is 4
  says "no s6-svscan runs"
  expect 7 kt gateway start
  start_svscan
  expect 0 kt gateway status --wait ready --timeout 30s
  expect 0 kt gateway status --wait ready --timeout 30s --service-name edge

  step "uninstall, twice"
  expect 0 kt gateway uninstall --service-name edge
  expect 0 kt gateway uninstall
  status_is 4
  [ -z "$(traces kt-gateway)" ] || fail "left: $(traces kt-gateway)"
  expect 0 kt gateway uninstall
  says "nothing to do"
  step "the conformance tests"
  expect 0 kt plugin test /opt/kt-plugins/service-s6
  echo "$OUT"
  [ -z "$(traces kt-gateway)" ] || fail "not removed: $(traces kt-gateway)"
  echo "ok"
}

case ${KT_RIG_STAGE:-} in
  root) root "$@" ;;
  user) user ;;
  *) outside "$@" ;;
esac
