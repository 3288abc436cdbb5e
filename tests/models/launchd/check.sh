#!/usr/bin/env bash
# Tests the model of launchd itself. Everything here is modelled, not macOS.
#
# Exits with 0 if all checks succeed, and leaves no process behind.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
ROOT=$(mktemp -d "${TMPDIR:-/tmp}/kt-launchd.XXXXXX")
PYTHON=$(python3 -c 'import sys; print(sys.executable)')
export KT_MODEL_LAUNCHD=$ROOT/state KT_MODEL_LAUNCHD_SCALE=0.02 HOME=$ROOT/home
# The real Python first: the wrapper of a version manager is slow.
export PATH=$here:$(dirname "$PYTHON"):$PATH

finish() { model-launchd stop || true; rm -rf "$ROOT"; }
trap finish EXIT

DOMAIN=gui/$(id -u)
AGENTS=$HOME/Library/LaunchAgents
LABEL=dev.kt.check
TARGET=$DOMAIN/$LABEL
PLIST=$AGENTS/$LABEL.plist
LOG=$HOME/Library/Logs/kt/agent.log
mkdir -p "$AGENTS"

step() { STEP=$*; echo "== $STEP"; }
fail() {
  echo "FAILED: $STEP: $*" >&2
  tail -n 20 "$KT_MODEL_LAUNCHD/model.log" >&2
  exit 1
}
# expect CODE COMMAND...: runs a command that must exit with CODE; sets OUT to its output
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` exited with $got, not $code: $OUT"
}
contains() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }
shows() { expect 0 launchctl print "$TARGET"; contains "$1"; }
state() { expect 0 model-launchd wait "$LABEL" "$1" "${2:-5}"; }
pid() { launchctl print "$TARGET" | sed -n 's/^\tpid = //p'; }
# until_true SECONDS COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || fail "timed out: $*"
    sleep 0.02
  done
}
logged() { [ "$(grep -c "^$1" "$LOG" 2>/dev/null)" -ge "$2" ]; }
# Waits until the agent is ready for signals.
ready() { until_true 5 logged start "$1"; }

# exits with 0 on SIGTERM (`deaf`: ignores it), with 3 on SIGUSR1
cat > "$ROOT/agent.py" <<'PY'
import os, resource, signal, sys, time
deaf = "deaf" in sys.argv
signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else lambda *_: os._exit(0))
signal.signal(signal.SIGUSR1, lambda *_: os._exit(3))
signal.signal(signal.SIGHUP, lambda *_: None)
mask = os.umask(0)
os.umask(mask)
files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
print("start", os.getpid(), time.monotonic(), flush=True)
print("environment", f"{mask:03o}", files, os.getcwd(), os.environ["PATH"], os.environ.get("KT_X"), len(os.environ), flush=True)
with open(os.environ["HOME"] + "/pids", "a") as file:
    file.write(f"{os.getpid()}\n")
while True:
    signal.pause()
    print("awake", flush=True)
PY

# write_plist LABEL [EXTRA-XML [PROGRAM [MODE-WORD]]]
write_plist() {
  cat > "$AGENTS/$1.plist" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>$1</string>
<key>ProgramArguments</key><array>
<string>${3:-$PYTHON}</string><string>-ISB</string><string>$ROOT/agent.py</string><string>${4:-}</string>
</array>
<key>RunAtLoad</key><true/>
<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>ThrottleInterval</key><integer>10</integer>
<key>ExitTimeOut</key><integer>20</integer>
<key>ProcessType</key><string>Interactive</string>
<key>Umask</key><integer>63</integer>
<key>WorkingDirectory</key><string>$HOME</string>
<key>SoftResourceLimits</key><dict><key>NumberOfFiles</key><integer>512</integer></dict>
<key>StandardOutPath</key><string>$LOG</string>
<key>StandardErrorPath</key><string>$LOG</string>
${2:-}
</dict></plist>
XML
  chmod 644 "$AGENTS/$1.plist"
}

step "nothing is loaded"
expect 113 launchctl print "$TARGET"
contains 'Bad request.'
contains "Could not find service \"$LABEL\" in domain for user gui: $(id -u)"
expect 113 launchctl kickstart "$TARGET"
expect 113 launchctl kill SIGTERM "$TARGET"
expect 113 launchctl list "$LABEL"
expect 3 launchctl bootout "$TARGET"
contains "Boot-out failed: 3: No such process"
expect 112 launchctl print gui/98765
expect 64 launchctl print nonsense
expect 64 launchctl frobnicate

step "bootstrap starts the agent with the settings of its list only"
write_plist $LABEL
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
state running
ready 1
shows "state = running"
contains "last exit code = (never exited)"
contains "umask = 77"
contains "minimum runtime = 10"
contains "exit timeout = 20"
contains "modelled, not macOS"
logged "environment 077 512 $HOME /usr/bin:/bin:/usr/sbin:/sbin None" 1 || fail "its world is $(grep ^environment "$LOG")"
expect 5 launchctl bootstrap "$DOMAIN" "$PLIST"
contains "Bootstrap failed: 5: Input/output error"
expect 0 launchctl list
contains "$(pid)	0	$LABEL"

step "a crashed agent is restarted after ThrottleInterval"
FIRST=$(pid)
expect 0 launchctl kill SIGUSR1 "$TARGET"
ready 2
state running
shows "runs = 2"
contains "last exit code = 3"
[ "$(pid)" != "$FIRST" ] || fail "the process is the same"
# A little less than the scaled 10 s, because the first start took longer.
awk '/^start/ { if (n++ == 1) exit !($3 - before >= 0.15); before = $3 }' "$LOG" ||
  fail "it was restarted too early: $(grep ^start "$LOG")"

step "a signal has no exit code"
expect 0 launchctl kill SIGKILL "$TARGET"
until_true 5 eval 'launchctl print "$TARGET" | grep -q "last terminating signal = Killed: 9"'
ready 3
shows "runs = 3"
case $OUT in *"last exit code"*) fail "both lines are printed" ;; esac
expect 64 launchctl kill SIGNOTHING "$TARGET"

step "the log remains open when it is renamed"
mv "$LOG" "$LOG.old"
expect 0 launchctl kill SIGHUP "$TARGET"
until_true 5 grep -q awake "$LOG.old"
[ ! -e "$LOG" ] || fail "the log was reopened"
mv "$LOG.old" "$LOG"

step "after SIGTERM and exit 0 the agent remains loaded and is not restarted"
expect 0 launchctl kill TERM "$TARGET"
state "not running"
shows "last exit code = 0"
expect 3 launchctl kill SIGTERM "$TARGET"
contains "No process to signal."
expect 0 launchctl list "$LABEL"
contains '"LastExitStatus" = 0;'

step "kickstart"
expect 0 launchctl kickstart "$TARGET"
ready 4
state running
FIRST=$(pid)
expect 0 launchctl kickstart "$TARGET"
[ "$(pid)" = "$FIRST" ] || fail "kickstart restarted it"
expect 0 model-launchd set kickstart-running-code 37
expect 37 launchctl kickstart "$TARGET"
expect 0 launchctl kickstart -k "$TARGET"
ready 5
[ "$(pid)" != "$FIRST" ] || fail "kickstart -k did not restart it"

step "the label is in use until the agent is unloaded"
expect 0 model-launchd draining 60
expect 0 launchctl bootout "$TARGET"
shows "state = SIGTERMed"
expect 5 launchctl bootstrap "$DOMAIN" "$PLIST"
contains "Try re-running the command as root"
expect 37 launchctl kickstart "$TARGET"
expect 37 launchctl bootout "$TARGET"
expect 0 model-launchd set busy-code 37
expect 37 launchctl bootstrap "$DOMAIN" "$PLIST"
expect 0 model-launchd set busy-code 5
expect 0 model-launchd draining 0
state gone
expect 64 model-launchd draining 61
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
ready 6
expect 0 model-launchd draining 0.3
expect 0 launchctl bootout "$DOMAIN" "$PLIST"
state gone
expect 0 model-launchd draining 0
expect 5 launchctl bootout "$DOMAIN" "$PLIST"

step "an agent that ignores SIGTERM is killed"
write_plist $LABEL "" "" deaf
expect 0 model-launchd set bootout-waits on
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
ready 7
expect 0 launchctl bootout "$TARGET"
expect 113 launchctl print "$TARGET"
expect 0 model-launchd set bootout-waits off
expect 0 model-launchd set bootout-code 36
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
ready 8
expect 36 launchctl bootout "$TARGET"
contains "Operation now in progress"
state gone
expect 0 model-launchd set bootout-code 0
write_plist $LABEL

step "a label remains disabled until it is enabled"
expect 0 launchctl disable "$TARGET"
expect 5 launchctl bootstrap "$DOMAIN" "$PLIST"
expect 0 model-launchd set richer-errors on
expect 119 launchctl bootstrap "$DOMAIN" "$PLIST"
contains "Bootstrap failed: 119: Service is disabled"
expect 0 launchctl print-disabled "$DOMAIN"
contains "\"$LABEL\" => disabled"
expect 0 model-launchd stop
expect 0 launchctl print-disabled "$DOMAIN"
contains "\"$LABEL\" => disabled"
expect 0 launchctl enable "$TARGET"
expect 0 launchctl print-disabled "$DOMAIN"
contains "\"$LABEL\" => enabled"
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
ready 9
expect 0 launchctl bootout "$TARGET"
expect 0 launchctl print-disabled "$DOMAIN"
contains "\"$LABEL\" => enabled"
state gone

step "invalid lists are rejected"
for mode in 600 640 604 664 666; do
  chmod $mode "$PLIST"
  expect 122 launchctl bootstrap "$DOMAIN" "$PLIST"
  contains "Path had bad ownership/permissions"
done
chmod 644 "$PLIST"
if [ "$(id -u)" = 0 ]; then
  chown 12345 "$PLIST"
  expect 122 launchctl bootstrap "$DOMAIN" "$PLIST"
  chown 0 "$PLIST"
fi
for extra in '<key>ThrottleInterval</key><string>10</string>' '<key>Umask</key><real>1</real>' \
  '<key>RunAtLoad</key><integer>1</integer>' '<key>Nice</key>' '<key>Unheard</key><true/>' \
  '<key>EnvironmentVariables</key><dict><key>A</key><integer>1</integer></dict>' '<string>&</string>'; do
  write_plist $LABEL "$extra"
  expect 133 launchctl bootstrap "$DOMAIN" "$PLIST"
  contains "Invalid property list"
done
expect 0 model-launchd set richer-errors off
expect 5 launchctl bootstrap "$DOMAIN" "$PLIST"
expect 1 plutil -lint -s "$PLIST"
expect 5 launchctl bootstrap "$DOMAIN" "$AGENTS/none.plist"
write_plist $LABEL
expect 0 plutil -lint "$PLIST"
contains "OK"
expect 0 sw_vers -productVersion
contains "15."

step "a program that cannot be started exits with 78 repeatedly"
write_plist $LABEL "" /nowhere/agent
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
state "spawn scheduled"
shows "last exit code = 78: EX_CONFIG"
until_true 5 eval 'launchctl print "$TARGET" | grep -Eq "runs = ([2-9]|..)"'
expect 0 launchctl bootout "$TARGET"
state gone

step "injected failures"
write_plist $LABEL '<key>EnvironmentVariables</key><dict><key>PATH</key><string>/opt/bin:/bin</string><key>KT_X</key><string>list</string></dict>'
expect 0 model-launchd fail bootstrap 125
expect 125 launchctl bootstrap "$DOMAIN" "$PLIST"
expect 0 model-launchd set run-at-load off
expect 0 launchctl bootstrap "$DOMAIN" "$PLIST"
shows "state = not running"
contains "last exit code = (never exited)"
contains "runs = 0"
expect 0 launchctl kickstart "$TARGET"
state running
expect 0 model-launchd set run-at-load on
ready 10
logged "environment 077 512 $HOME /opt/bin:/bin list" 1 || fail "its environment is not that of the list"

step "logout terminates agents, login starts the enabled ones"
write_plist dev.kt.off
expect 0 launchctl disable "$DOMAIN/dev.kt.off"
write_plist dev.kt.broken '<key>Nice</key>'
FIRST=$(pid)
expect 0 model-launchd logout
kill -0 "$FIRST" 2>/dev/null && fail "the agent outlived the session"
expect 125 launchctl print "$TARGET"
contains "Domain does not support specified action"
expect 125 launchctl bootstrap "$DOMAIN" "$PLIST"
expect 125 launchctl enable "$TARGET"
expect 0 launchctl managername
contains Background
expect 0 model-launchd set no-session-code 112
expect 112 launchctl print "$DOMAIN"
contains "Could not find domain for user gui: $(id -u)"
expect 0 model-launchd login
state running
ready 11
expect 113 launchctl print "$DOMAIN/dev.kt.off"
expect 113 launchctl print "$DOMAIN/dev.kt.broken"
expect 0 launchctl print "$DOMAIN"
contains "session = Aqua"

step "stop leaves nothing behind"
expect 0 model-launchd stop
while read -r process; do
  kill -0 "$process" 2>/dev/null && fail "process $process is still running"
done < "$HOME/pids"
[ ! -e "$KT_MODEL_LAUNCHD/socket" ] || fail "the socket still exists"
expect 0 model-launchd stop
echo "ok (modelled, not macOS)"
