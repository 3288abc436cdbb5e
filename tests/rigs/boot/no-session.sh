# A gateway is installed where no session is: by cron, `sudo -u`, a deploy
# script. Nothing says where the user manager is, and it may not even run.
. "$(dirname "$0")/steps.sh"

# kt turned lingering on, so it turns it off.
nothing_set() { # WAY
  expect 1 "$1" "systemctl --user is-system-running"
  lives "$1"
  must_not lingers
}

# Why kt names the user: without a name logind looks for the caller's session.
# And why it names its own: another's needs a password.
loginctl_here() {
  expect 1 bare "loginctl --no-ask-password enable-linger"
  expect 1 bare "loginctl --no-ask-password enable-linger root"
  expect 0 bare "loginctl --no-ask-password enable-linger $KT_RIG_USER"
  must lingers
}

pretending() { bare "export XDG_RUNTIME_DIR=$RUNTIME; $1"; }

variables_missing() {
  manager_alive
  expect 1 bare "systemctl --user is-system-running"
  lives bare
  must lingers
}

only_the_bus() {
  manager_alive
  with_bus() { bare "export DBUS_SESSION_BUS_ADDRESS=unix:path=$RUNTIME/bus; $1"; }
  # The manager opens this socket some time after its own.
  must await 10 with_bus "systemctl --user show --property=Version" > /dev/null
  lives with_bus
  must lingers
}

stale_bus() {
  with_stale_bus() { bare "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere; $1"; }
  lives with_stale_bus
  must_not lingers
}

# Its socket is still there, and logind does not start it again while somebody is
# logged in. There is nothing to install into, and so nothing may be left.
manager_died() {
  session_open
  systemctl kill -s KILL "user@$KT_RIG_UID.service"
  must await 10 manager_gone
  must test -S "$RUNTIME/systemd/private"
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL -o json"
  says '"id": "no-user-bus"'
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  expect 4 bare "$KT gateway status"
  says "not-installed"
  session_close
}
manager_gone() { ! manager_runs; }

row "loginctl needs the user's own name here" loginctl_here
row "a shell like cron's" nothing_set bare
row "runuser -u" nothing_set by_runuser
row "XDG_RUNTIME_DIR set by hand, no manager" nothing_set pretending
row "a manager, and no variables" variables_missing
row "a manager, and only DBUS_SESSION_BUS_ADDRESS" only_the_bus
row "no manager, and a DBUS_SESSION_BUS_ADDRESS that leads nowhere" stale_bus
row "a manager that died, and its socket" manager_died
finish
