#!/usr/bin/env bash
# The service step of `make demo`. It runs inside systemd-user.sh, as the user of a real
# `systemd --user`.
set -euo pipefail
export PATH="$KT_RIG_TREE/bin:$PATH" NO_COLOR=1

step() { # EXPECTED COMMAND...
  local expected=$1 code=0; shift
  printf '\n$ %s\n' "$*"
  eval "$*" || code=$?
  [ "$code" = "$expected" ] || { echo "demo: expected exit code $expected, got $code" >&2; exit 1; }
  [ "$expected" = 0 ] || echo "(exit code $code)"
}
answers() { curl -sf -o /dev/null "http://127.0.0.1:41002/readyz"; }

step 0 'kt gateway create production --file "$KT_RIG/bind/files/policy-config.yaml"'
step 0 kt gateway install production
step 0 kt gateway status
step 0 "curl -sS http://127.0.0.1:41002/v1/chat/completions -H 'content-type: application/json' -d '{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"from a service\"}]}'; echo"
PID=$(systemctl --user show --property=MainPID --value kt-gateway.service)
step 0 "kill -9 $PID   # a crash"
step 0 kt gateway status --wait ready --timeout 30s
[ "$(systemctl --user show --property=MainPID --value kt-gateway.service)" != "$PID" ]
step 0 kt gateway stop
step 3 kt gateway status
answers && { echo "demo: it still responds" >&2; exit 1; }
step 0 kt gateway start
answers
step 0 kt gateway uninstall
step 4 kt gateway status
