# Lingering: who turned it on, and what is done where it may not be turned on.
. "$(dirname "$0")/steps.sh"

CURE="sudo loginctl enable-linger $KT_RIG_USER"

# It was the person's own decision, so an uninstall leaves it.
on_before() { # WAY
  manager_alive
  lives "$1"
  must lingers
}

# As in an image that was made with it: logind has not seen the mark yet. Naming
# the user again starts the manager, and is still not what turned it on.
marked_before() {
  touch "$LINGER"
  lives bare
  must lingers
}

# Turned on by kt, but needed by somebody else by now.
needed_by_another() {
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  must lingers
  bare "mkdir -p ~/.config/systemd/user && printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=default.target\n' \
    > ~/.config/systemd/user/other.service && XDG_RUNTIME_DIR=$RUNTIME systemctl --user -q enable other.service"
  expect 0 bare "$KT gateway uninstall"
  must lingers
}

# Installed to live with the session only, and the session is gone.
left_behind() {
  session_open
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  session_close
  must await 60 test ! -e "$RUNTIME"
}

# Nothing else differs the second time, but lingering is kt's doing all the same.
turned_on_later() {
  left_behind
  expect 0 bare "$INSTALL --no-start"
  must lingers
  expect 0 bare "$KT gateway uninstall"
  must_not lingers
}

# Whatever kt does to reach the manager, it does not leave on.
uninstalled_from_outside() {
  left_behind
  expect 0 bare "$KT gateway uninstall"
  must_not lingers
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
}

# The person said no to lingering, and was not asked again.
acted_on_from_outside() {
  left_behind
  local verb
  for verb in stop start restart; do
    refuses bare "$KT gateway $verb -o json"
    says '"id": "no-user-bus"'
    must_not lingers
  done
}

# The first turned it on and goes first; the last one turns it off.
two_services() { # FIRST-TO-GO LAST-TO-GO
  local edge="--listen 127.0.0.1:41012 --service-name edge"
  expect 0 bare "$CREATE"
  expect 0 bare "$KT gateway create --name edge --file /run/kt-rig/life.yaml"
  expect 0 bare "$INSTALL"
  expect 0 bare "$KT gateway install --id edge $edge"
  expect 0 bare "$KT gateway uninstall --service-name $1"
  must lingers
  expect 0 bare "$KT gateway uninstall --service-name $2"
  must_not lingers
}

# An install that fails leaves the user as it was.
taken_back() {
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL --listen 127.0.0.1:41002x"
  must_not lingers
  must await 60 test ! -e "$RUNTIME"
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
}

without_linger() {
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL --no-linger -o json"
  says '"id": "no-user-bus"'
  must_not lingers
}

# ---- where polkit does not allow it ------------------------------------------

polkit_masked() {
  systemctl -q mask --runtime --now polkit.service
}

polkit_absent() {
  [ -e /usr/lib/systemd/system/polkit.service ] || return 0
  systemctl -q unmask --runtime polkit.service
  systemctl stop polkit.service
  rm -f /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service \
    /usr/lib/systemd/system/polkit.service
  systemctl daemon-reload
  systemctl reload dbus.service
}

polkit_forbids() {
  mkdir -p /etc/polkit-1/rules.d
  cat > /etc/polkit-1/rules.d/10-kt-rig.rules <<'RULES'
polkit.addRule(function (action) {
  if (action.id == "org.freedesktop.login1.set-self-linger") { return polkit.Result.NO; }
});
RULES
  systemctl restart polkit.service
}

denied_without_session() { # POLKIT
  "$1"
  expect 1 bare "loginctl --no-ask-password enable-linger $KT_RIG_USER"
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL -o json"
  says '"id": "no-user-bus"'
  says "$CURE"
  must_not lingers
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  # What it says cures it does.
  manager_alive
  goes_on bare
  must lingers
}

denied_in_session() { # POLKIT
  "$1"
  expect 0 login "$CREATE"
  session_open
  expect 0 login "$INSTALL"
  says "installed"
  says "$CURE"
  must answers
  expect 152 login "$KT gateway status --strict"
  says "linger-off"
  must_not lingers
  expect 0 login "$KT gateway uninstall"
  must silent
  session_close
}

# root needs nobody's leave.
root_without_polkit() { # POLKIT
  "$1"
  root() { env -i HOME=/root USER=root LOGNAME=root PATH=/usr/sbin:/usr/bin sh -c "$1"; }
  lives root
  must_not test -e /var/lib/systemd/linger/root
  find /root -mindepth 1 -delete
}

row "it was on before, a session-less shell" on_before bare
row "it was on before, a session" on_before login
row "it was on before, the manager does not run yet" marked_before
row "it was turned on by installing again" turned_on_later
row "not wanted, and uninstalled when nobody is logged in" uninstalled_from_outside
row "not wanted, and acted on when nobody is logged in" acted_on_from_outside
row "two services of kt, the later one goes first" two_services edge default
row "two services of kt, the earlier one goes first" two_services default edge
row "another service needs it when kt goes" needed_by_another
row "an install that fails turns it off again" taken_back
row "not wanted, and no session" without_linger
row "polkit forbids it, no session" denied_without_session polkit_forbids
row "polkit is masked, no session" denied_without_session polkit_masked
row "polkit is masked, a session" denied_in_session polkit_masked
row "polkit is absent, no session" denied_without_session polkit_absent
row "polkit is absent, a session" denied_in_session polkit_absent
row "polkit is absent, root" root_without_polkit polkit_absent
finish
