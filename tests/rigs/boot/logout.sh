# What the end of the last session does to a gateway, and whether `status` said
# so while there was time to do something about it.
. "$(dirname "$0")/steps.sh"

STATUS="$KT gateway status"

gone() { ! manager_runs && [ ! -e "$RUNTIME" ]; }
# logind's own word: nobody is logged in, and nothing is about to be ended.
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
  must await 15 gone
  must silent
  must test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  nobody_to_ask

  # It was to start at login, so it does.
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

# A second `install` cures what the first was told to leave.
cured() {
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

row "without lingering it ends with the last session, and starts at login" ends_with_the_session
row "with lingering it goes on" outlives_the_session
row "installing again turns lingering on" cured
finish
