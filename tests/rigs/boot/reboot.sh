# A gateway over three boots of one disk: installed without lingering in the first,
# stopped after the second, which enables lingering, and running after the third.
. "$(dirname "$0")/steps.sh"

STATUS="$KT gateway status"
UNIT=$RIG_HOME/.config/systemd/user/kt-gateway.service

# No user has logged in since the boot. Newer versions of systemd list the user manager
# as a session.
no_sessions() { [ -z "$(loginctl list-sessions --no-legend | grep -v ' manager ')" ]; }

install_without_linger() {
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  expect 0 login "$STATUS -o json"
  says '"autostart": "login"'
  says '"linger-off"'
}

stopped_after_boot() {
  must test -e "$UNIT"
  must no_sessions
  must_not manager_runs
  must silent
  status_is_unknown
}

install_with_linger() {
  expect 0 bare "$INSTALL"
  must answers
  expect 0 bare "$STATUS -o json"
  says '"autostart": "boot"'
  says_not '"linger-off"'
}

running_after_boot() {
  must no_sessions
  must await 20 answers
  expect 0 bare "$STATUS --wait ready --strict"
  expect 0 bare "$KT gateway uninstall"
  must silent
  must_not lingers
}

case $KT_RIG_BOOT in
  1) kept_row "without lingering, status reports that it does not start at boot" install_without_linger ;;
  2)
    kept_row "after a reboot it is not running" stopped_after_boot
    kept_row "with lingering, status reports that it starts at boot" install_with_linger
    ;;
  3) row "after a reboot it is running without a login" running_after_boot ;;
esac
finish
