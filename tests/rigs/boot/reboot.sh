# A gateway over three boots of one disk. The first leaves it without lingering,
# the second finds it down and turns lingering on, the third finds it up.
. "$(dirname "$0")/steps.sh"

STATUS="$KT gateway status"
UNIT=$RIG_HOME/.config/systemd/user/kt-gateway.service

# Nobody has logged in since the boot. Newer versions list the user manager as a
# session too.
nobody() { [ -z "$(loginctl list-sessions --no-legend | grep -v ' manager ')" ]; }

left_without() {
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  expect 0 login "$STATUS -o json"
  says '"autostart": "login"'
  says '"linger-off"'
}

down_after_the_boot() {
  must test -e "$UNIT"
  must nobody
  must_not manager_runs
  must silent
  nobody_to_ask
}

left_with() {
  expect 0 bare "$INSTALL"
  must answers
  expect 0 bare "$STATUS -o json"
  says '"autostart": "boot"'
  says_not '"linger-off"'
}

up_after_the_boot() {
  must nobody
  must await 20 answers
  expect 0 bare "$STATUS --wait ready --strict"
  expect 0 bare "$KT gateway uninstall"
  must silent
  must_not lingers
}

case $KT_RIG_BOOT in
  1) kept_row "without lingering, status says that it will be down" left_without ;;
  2)
    kept_row "after a reboot it is down" down_after_the_boot
    kept_row "with lingering, status says that it will be up" left_with
    ;;
  3) row "after a reboot it is up, and nobody has logged in" up_after_the_boot ;;
esac
finish
