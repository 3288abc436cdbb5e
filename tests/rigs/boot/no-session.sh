# A gateway is installed without a session, as by cron, `sudo -u` or a deployment script.
# No variable leads to the user manager, and it may not be running.
. "$(dirname "$0")/steps.sh"

# kt enables lingering, so it disables it.
nothing_set() { # WAY
  expect 1 "$1" "systemctl --user is-system-running"
  lives "$1"
  must_not lingers
}

# Why kt passes the name of the user: without a name logind uses the session of the
# caller, and for another user it requires a password.
loginctl_here() {
  expect 1 bare "loginctl --no-ask-password enable-linger"
  expect 1 bare "loginctl --no-ask-password enable-linger root"
  expect 0 bare "loginctl --no-ask-password enable-linger $KT_RIG_USER"
  must lingers
}

runtime_dir_set() { bare "export XDG_RUNTIME_DIR=$RUNTIME; $1"; }

variables_missing() {
  manager_alive
  expect 1 bare "systemctl --user is-system-running"
  lives bare
  must lingers
}

only_the_bus() {
  manager_alive
  with_bus() { bare "export DBUS_SESSION_BUS_ADDRESS=unix:path=$RUNTIME/bus; $1"; }
  # The manager opens this socket after its private one.
  must await 10 with_bus "systemctl --user show --property=Version" > /dev/null
  lives with_bus
  must lingers
}

stale_bus() {
  with_stale_bus() { bare "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere; $1"; }
  lives with_stale_bus
  must_not lingers
}

# The socket still exists, and logind does not restart the manager while the user is
# logged in. The installation fails and must not leave anything.
manager_died() {
  session_open
  systemctl kill -s KILL "user@$KT_RIG_UID.service"
  must await 10 manager_stopped
  must test -S "$RUNTIME/systemd/private"
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL -o json"
  says '"id": "no-user-bus"'
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  expect 4 bare "$KT gateway status"
  says "not-installed"
  session_close
}
manager_stopped() { ! manager_runs; }

row "loginctl requires the name of the user" loginctl_here
row "a shell as from cron" nothing_set bare
row "runuser -u" nothing_set by_runuser
row "XDG_RUNTIME_DIR is set, no manager" nothing_set runtime_dir_set
row "a manager, no variables" variables_missing
row "a manager, only DBUS_SESSION_BUS_ADDRESS" only_the_bus
row "no manager, an invalid DBUS_SESSION_BUS_ADDRESS" stale_bus
row "a manager that was killed, with its socket" manager_died
finish
