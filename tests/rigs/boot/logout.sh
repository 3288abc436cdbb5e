# What a logout does to a gateway, and whether `status` reports it in advance.
. "$(dirname "$0")/steps.sh"

STATUS="$KT gateway status"

manager_stopped() { ! manager_runs && [ ! -e "$RUNTIME" ]; }
# logind reports that the user is not logged in and that no session is being closed.
lingering() { [ "$(loginctl show-user "$KT_RIG_USER" -p State --value)" = lingering ]; }

ends_with_the_session() {
  session_open
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  must answers
  must_not lingers
  expect 0 login "$STATUS"
  says "linger-off"
  says "the service stops at logout and does not start at boot"
  expect 152 login "$STATUS --strict"
  expect 0 login "$STATUS -o json"
  says '"autostart": "login"'
  says '"linger": false'

  session_close
  must await 15 manager_stopped
  must silent
  must test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  status_is_unknown

  # The service starts at login.
  session_open
  must await 15 answers
  expect 0 login "$STATUS"
  expect 0 login "$KT gateway uninstall"
  must silent
  session_close
}

outlives_the_session() {
  session_open
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL"
  must lingers
  expect 0 login "$STATUS -o json"
  says '"autostart": "boot"'
  says_not "linger-off"
  session_close
  must await 10 lingering
  must answers
  expect 0 bare "$STATUS --strict"
}

# A second `install` enables lingering after `--no-linger`.
linger_enabled_later() {
  session_open
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  must_not lingers
  expect 0 login "$INSTALL"
  must lingers
  expect 0 login "$STATUS --strict"
  session_close
  must await 10 lingering
  must answers
  expect 0 bare "$KT gateway uninstall"
  must_not lingers
}

row "without lingering the service stops at logout and starts at login" ends_with_the_session
row "with lingering the service keeps running after logout" outlives_the_session
row "installing again enables lingering" linger_enabled_later
finish
