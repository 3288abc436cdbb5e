#!/usr/bin/env bash
# The life cycle of a gateway as a service: the real kt and the real gateway under a real
# `systemd --user`.
#
#   service-lifecycle.sh DIST      DIST is a staged tree with bin/kt
#
# Exits with 0 when all steps succeed, 1 with the step that failed, and 77 where the rig is
# not supported (1 with KT_TEST_SYSTEMD=require).
set -euo pipefail

. "$(dirname "$0")/scenario.sh"
kt() { "$KT_RIG_TREE/bin/kt" "$@"; }

inside() {
  config
  local unit=$FILE pid before

  step "nothing is installed"
  status_is 4
  expect 5 kt gateway start
  expect 0 kt gateway uninstall
  says "nothing to do"

  step "create and preview"
  expect 0 kt gateway create life --file config.yaml
  expect 0 kt gateway install life --print
  says "ExecStart="
  [ ! -e "$unit" ] || fail "--print wrote a file"

  step "install"
  expect 0 kt gateway install life
  says "installed"
  says "enable-linger"
  status_is 0
  [ "$(show UnitFileState)" = enabled ] || fail "it is not enabled"
  [ "$(stat -c %a "$unit")" = 644 ] || fail "the unit's mode is $(stat -c %a "$unit")"
  expect 152 kt gateway status --strict
  says "linger-off"

  step "installing again: unchanged, not restarted"
  pid=$(show MainPID) before=$(stat -c %Y%i "$unit")
  expect 0 kt gateway install life
  says "unchanged"
  [ "$(show MainPID)" = "$pid" ] || fail "it was restarted"
  [ "$(stat -c %Y%i "$unit")" = "$before" ] || fail "the unit was written again"

  step "a killed gateway is restarted"
  kill -9 "$pid"
  expect 0 kt gateway status --wait ready --timeout 30s
  [ "$(show MainPID)" != "$pid" ] || fail "the process is the same"
  [ "$(show NRestarts)" = 1 ] || fail "NRestarts is $(show NRestarts)"

  step "stop, twice"
  expect 0 kt gateway stop
  [ "$(show Result)" = success ] || fail "the result is $(show Result)"
  status_is 3
  expect 0 kt gateway stop
  says "already stopped"

  step "start, twice, and restart"
  expect 0 kt gateway start
  status_is 0
  expect 0 kt gateway start
  says "already running"
  pid=$(show MainPID)
  expect 0 kt gateway restart
  [ "$(show MainPID)" != "$pid" ] || fail "the process is the same"

  step "a reload through the service manager"
  expect 0 systemctl --user reload kt-gateway.service
  status_is 0

  step "a rejected reload fails in the service manager, and stops nothing"
  cp config.yaml rejected.yaml
  cat >> rejected.yaml <<'YAML'
policy: {dlp-filter: {action: block, detect_patterns: ["(\\pL{1,400}[0-9]{1,400}){1,50}"]}}
YAML
  sed -i 's/chain: \[\]/chain: [dlp-filter]/' rejected.yaml
  expect 10 kt gateway reload life --file rejected.yaml
  pid=$(show MainPID)
  expect 1 systemctl --user reload kt-gateway.service
  [ "$(show ActiveState)" = active ] || fail "it is $(show ActiveState)"
  [ "$(show MainPID)" = "$pid" ] || fail "the process changed"
  status_is 151
  says "config-rejected"
  expect 0 kt gateway revert life --version 1
  status_is 0

  step "the log"
  expect 0 kt gateway logs --lines 40
  says "41002"

  step "the output formats"
  shows() { local name=$1; shift; printf 'JSON %s %s\n' "$name" "$(kt gateway "$@" -o json | jq -c .)"; }
  shows install install --id life
  shows status status
  shows logs logs --lines 5
  shows restart restart
  shows stop stop
  shows status-stopped status
  shows start start
  kt gateway status | sed -n 's/^\([A-Z][A-Za-z ]*\):.*/TEXT status \1/p'

  step "an edited unit is not changed"
  echo '# mine' >> "$unit"
  expect 6 kt gateway install life
  expect 6 kt gateway uninstall
  says "edited"
  expect 0 kt gateway install life --force
  says "a backup is in"
  grep -q '# mine' "$unit" && fail "the edit is still there"
  status_is 0

  step "a second service needs its own address"
  expect 6 kt gateway install life --service-name edge
  expect 0 kt gateway create edge --file config.yaml
  expect 0 kt gateway install edge --service-name edge --listen 127.0.0.1:41012
  expect 0 kt gateway status --service-name edge

  step "a failed installation is rolled back"
  expect 0 kt gateway create broken --file config.yaml
  expect 7 kt gateway install broken --service-name broken --listen 127.0.0.1:41022 --executable /bin/false
  says "rolled back"
  [ ! -e "$HOME/.config/systemd/user/kt-gateway-broken.service" ] || fail "its unit is still there"
  expect 4 kt gateway status --service-name broken

  step "a foreign unit is not changed"
  echo '[Service]' > "$HOME/.config/systemd/user/kt-gateway-other.service"
  expect 6 kt gateway install broken --service-name other --listen 127.0.0.1:41022 --force
  expect 6 kt gateway uninstall --service-name other
  [ "$(cat "$HOME/.config/systemd/user/kt-gateway-other.service")" = "[Service]" ] || fail "it changed"

  step "the manager is found without the variables of a session"
  expect 0 env -u XDG_RUNTIME_DIR "$KT_RIG_TREE/bin/kt" gateway status

  step "directory names with special characters are passed unchanged"
  export KT_HOME="$HOME/k \$HOME %h \"q\" ;"
  expect 0 kt gateway create odd --file config.yaml
  expect 0 kt gateway install odd --service-name odd --listen 127.0.0.1:41032
  expect 0 kt gateway status --service-name odd
  expect 0 kt gateway uninstall --service-name odd
  unset KT_HOME

  step "uninstall, twice"
  expect 0 kt gateway uninstall --service-name edge
  expect 0 kt gateway uninstall
  status_is 4
  [ ! -e "$unit" ] || fail "the unit is still there"
  [ "$(show LoadState)" = not-found ] || fail "the manager still has it"
  expect 0 kt gateway uninstall
  says "nothing to do"
  echo "ok"
}

if [ "${KT_LIFE:-}" = inside ]; then inside; else in_user_rig "$0" "$@"; fi
