#!/usr/bin/env bash
# Verifies the assumptions of the model: runs commands of launchd and prints the results.
# The output on a Mac belongs in transcripts/. The script also runs against the model;
# `diff` of the two outputs shows the errors of the model.
#
#   query.sh          takes about 90 seconds on a Mac
#
# It uses its own label and reverts all changes. It does not check anything.
set -uo pipefail

DOMAIN=gui/$(id -u)
LABEL=dev.kt.query
TARGET=$DOMAIN/$LABEL
AGENTS=$HOME/Library/LaunchAgents
PLIST=$AGENTS/$LABEL.plist
WORK=$(mktemp -d "${TMPDIR:-/tmp}/kt-query.XXXXXX")
mkdir -p "$AGENTS"

finish() {
  launchctl bootout "$TARGET" >/dev/null 2>&1
  launchctl enable "$TARGET" >/dev/null 2>&1
  rm -rf "$PLIST" "$WORK"
}
trap finish EXIT

topic() { printf '\n## %s\n' "$*"; }
query() {
  local code=0
  printf '$ %s\n' "$(sed "s|$WORK|WORK|g; s|$HOME|HOME|g; s|gui/[0-9]*|gui/UID|g" <<<"$*")"
  "$@" 2>&1 | sed "s|$WORK|WORK|g; s|$HOME|HOME|g; s|gui/[0-9]*|gui/UID|g"
  code=${PIPESTATUS[0]}
  echo "-> $code"
  return "$code"
}
lines() { launchctl print "$TARGET" 2>/dev/null | grep -E '^	(state|runs|pid|last |umask|exit timeout|minimum runtime|job state|properties)' | sed 's/pid = .*/pid = PID/'; }
pid() { launchctl print "$TARGET" 2>/dev/null | sed -n 's/^	pid = //p'; }
# within SECONDS COMMAND...: retries a command until it succeeds
within() {
  local deadline=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}
up() { [ -n "$(pid)" ]; }
down() { [ -z "$(pid)" ]; }
gone() { ! launchctl print "$TARGET" >/dev/null 2>&1; }
changed() { local now; now=$(pid); [ -n "$now" ] && [ "$now" != "$1" ]; }
yes_or_no() { if "$@"; then echo yes; else echo no; fi; }

# write_plist SHELL-SCRIPT [EXTRA-XML]
write_plist() {
  cat > "$PLIST" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>$LABEL</string>
<key>ProgramArguments</key><array><string>/bin/bash</string><string>-c</string><string>$1</string></array>
<key>RunAtLoad</key><true/>
<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>ThrottleInterval</key><integer>10</integer>
<key>ExitTimeOut</key><integer>8</integer>
<key>Umask</key><integer>63</integer>
<key>SoftResourceLimits</key><dict><key>NumberOfFiles</key><integer>65536</integer></dict>
<key>StandardOutPath</key><string>/dev/null</string>
<key>StandardErrorPath</key><string>$WORK/made/by/launchd/err.log</string>
${2:-}
</dict></plist>
XML
  chmod 644 "$PLIST"
}
LOOP='while :; do sleep 0.1; done'
CLEAN="trap &quot;exit 0&quot; TERM; trap &quot;exit 3&quot; USR1; echo files \$(ulimit -n) path \$PATH umask \$(umask) &gt;&amp;2; $LOOP"
DRAIN="trap &quot;sleep 4; exit 0&quot; TERM; $LOOP"
DEAF="trap : TERM; $LOOP"
reload() {
  launchctl bootout "$TARGET" >/dev/null 2>&1
  within 20 gone
  write_plist "$@"
  within 20 launchctl bootstrap "$DOMAIN" "$PLIST" 2>/dev/null
  within 15 up
}

topic "the system"
query sw_vers
query launchctl managername
query launchctl print "$DOMAIN" | head -n 12

topic "not loaded"
write_plist "$CLEAN"
query launchctl print "$TARGET"
query launchctl kickstart "$TARGET"
query launchctl kill SIGTERM "$TARGET"
query launchctl bootout "$TARGET"
query launchctl bootout "$DOMAIN" "$PLIST"
query launchctl list $LABEL

topic "loaded"
query launchctl bootstrap "$DOMAIN" "$PLIST"
within 5 up
lines
query launchctl bootstrap "$DOMAIN" "$PLIST"
query launchctl kickstart "$TARGET"
within 5 test -s "$WORK/made/by/launchd/err.log"
echo "the directory of the log was created: $(yes_or_no test -d "$WORK/made/by/launchd")"
sed 's/^/log: /' "$WORK/made/by/launchd/err.log" 2>/dev/null

topic "SIGTERM, exit 0: does it remain loaded, without a restart?"
query launchctl kill SIGTERM "$TARGET"
within 5 down
lines
echo "restarted within 13 s: $(yes_or_no within 13 up)"
query launchctl kill SIGTERM "$TARGET"
query launchctl kickstart "$TARGET"
echo "up within 2 s: $(yes_or_no within 2 up)"
query launchctl kill SIGTERM "$TARGET"
within 5 down
query launchctl kickstart "$TARGET"
echo "up within 2 s though the last run was short: $(yes_or_no within 2 up)"

topic "failures"
BEFORE=$(pid)
query launchctl kill SIGUSR1 "$TARGET"
within 5 down && lines
echo "another process within 15 s: $(yes_or_no within 15 changed "$BEFORE")"
lines
BEFORE=$(pid)
query launchctl kill SIGKILL "$TARGET"
within 15 changed "$BEFORE"
lines
query launchctl list $LABEL | grep -E 'LastExitStatus|OnDemand'

topic "unloading what drains for 4 s"
reload "$DRAIN"
BEGAN=$SECONDS
query launchctl bootout "$TARGET"
echo "bootout took $((SECONDS - BEGAN)) s"
lines
query launchctl bootstrap "$DOMAIN" "$PLIST"
query launchctl kickstart "$TARGET"
query launchctl bootout "$TARGET"
within 30 gone
echo "gone after $((SECONDS - BEGAN)) s"
query launchctl bootstrap "$DOMAIN" "$PLIST"

topic "kill SIGTERM of what ignores it: does ExitTimeOut (8 s) apply?"
reload "$DEAF"
BEFORE=$(pid)
query launchctl kill SIGTERM "$TARGET"
echo "another process, or none, within 13 s: $(yes_or_no within 13 eval '[ "$(pid)" != "$BEFORE" ]')"
BEGAN=$SECONDS
query launchctl bootout "$TARGET"
within 30 gone
echo "unloaded after $((SECONDS - BEGAN)) s"

topic "disabled"
write_plist "$CLEAN"
query launchctl disable "$TARGET"
query launchctl bootstrap "$DOMAIN" "$PLIST"
query launchctl print-disabled "$DOMAIN" | grep -E 'services|associations|dev\.kt\.query|^->'
query launchctl enable "$TARGET"
query launchctl bootstrap "$DOMAIN" "$PLIST"
query launchctl disable "$TARGET"
BEFORE=$(pid)
query launchctl kill SIGTERM "$TARGET"
within 5 down
query launchctl kickstart "$TARGET"
query launchctl enable "$TARGET"
query launchctl bootout "$TARGET"
within 20 gone

topic "invalid lists"
for mode in 600 640 664 666; do
  chmod $mode "$PLIST"
  echo "mode $mode"
  query launchctl bootstrap "$DOMAIN" "$PLIST" && { launchctl bootout "$TARGET"; within 20 gone; }
done
for extra in '<key>Umask</key><true/>' '<key>ThrottleInterval</key><string>ten</string>' '<key>Unheard</key><true/>' '<key>Nice</key>'; do
  write_plist "$CLEAN" "$extra"
  echo "with $extra"
  query launchctl bootstrap "$DOMAIN" "$PLIST" && { launchctl bootout "$TARGET"; within 20 gone; }
done

exit 0
