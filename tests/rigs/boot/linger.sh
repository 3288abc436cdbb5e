# Lingering: who enabled it, and what happens where it cannot be enabled.
. "$(dirname "$0")/steps.sh"

FIX="sudo loginctl enable-linger $KT_RIG_USER"

# The user enabled it, so an uninstallation does not disable it.
enabled_before() { # WAY
  manager_alive
  lives "$1"
  must lingers
}

# As in an image that contains the file: logind has not read it yet. Enabling it again
# starts the manager, but it was enabled before.
file_exists_before() {
  touch "$LINGER"
  lives bare
  must lingers
}

# Enabled by kt, but another service needs it now.
needed_by_other_service() {
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  must lingers
  bare "mkdir -p ~/.config/systemd/user && printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=default.target\n' \
    > ~/.config/systemd/user/other.service && XDG_RUNTIME_DIR=$RUNTIME systemctl --user -q enable other.service"
  expect 0 bare "$KT gateway uninstall"
  must lingers
}

# Installed without lingering, and the session is closed.
installed_in_closed_session() {
  session_open
  expect 0 login "$CREATE"
  expect 0 login "$INSTALL --no-linger"
  session_close
  must await 60 test ! -e "$RUNTIME"
}

# The second installation changes only lingering, which counts as enabled by kt.
enabled_by_second_install() {
  installed_in_closed_session
  expect 0 bare "$INSTALL --no-start"
  must lingers
  expect 0 bare "$KT gateway uninstall"
  must_not lingers
}

# kt enables lingering only for the uninstallation itself.
uninstalled_outside_session() {
  installed_in_closed_session
  expect 0 bare "$KT gateway uninstall"
  must_not lingers
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
}

# The other commands do not enable lingering.
other_commands_outside_session() {
  installed_in_closed_session
  local verb
  for verb in stop start restart; do
    refuses bare "$KT gateway $verb -o json"
    says '"id": "no-user-bus"'
    must_not lingers
  done
}

# The first service enabled it; the uninstallation of the last one disables it.
two_services() { # FIRST-UNINSTALLED LAST-UNINSTALLED
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

# A failed installation is rolled back.
rolled_back() {
  expect 0 bare "$CREATE"
  expect 7 bare "$INSTALL --executable /bin/false"
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
  says "$FIX"
  must_not lingers
  must_not test -e "$RIG_HOME/.config/systemd/user/kt-gateway.service"
  # The reported fix works.
  manager_alive
  life_cycle bare
  must lingers
}

denied_in_session() { # POLKIT
  "$1"
  expect 0 login "$CREATE"
  session_open
  expect 0 login "$INSTALL"
  says "installed"
  says "$FIX"
  must answers
  expect 152 login "$KT gateway status --strict"
  says "linger-off"
  must_not lingers
  expect 0 login "$KT gateway uninstall"
  must silent
  session_close
}

# root does not need polkit.
root_without_polkit() { # POLKIT
  "$1"
  root() { env -i HOME=/root USER=root LOGNAME=root PATH=/usr/sbin:/usr/bin sh -c "$1"; }
  lives root
  must_not test -e /var/lib/systemd/linger/root
  find /root -mindepth 1 -delete
}

row "enabled before, without a session" enabled_before bare
row "enabled before, in a session" enabled_before login
row "enabled before, the manager is not running" file_exists_before
row "enabled by a second installation" enabled_by_second_install
row "--no-linger, uninstalled while the user is not logged in" uninstalled_outside_session
row "--no-linger, other commands while the user is not logged in" other_commands_outside_session
row "two services of kt, the later one is uninstalled first" two_services edge default
row "two services of kt, the earlier one is uninstalled first" two_services default edge
row "another service needs it when kt is uninstalled" needed_by_other_service
row "a failed installation disables it again" rolled_back
row "--no-linger, without a session" without_linger
row "polkit forbids it, without a session" denied_without_session polkit_forbids
row "polkit is masked, without a session" denied_without_session polkit_masked
row "polkit is masked, in a session" denied_in_session polkit_masked
row "polkit is not installed, without a session" denied_without_session polkit_absent
row "polkit is not installed, in a session" denied_in_session polkit_absent
row "polkit is not installed, root" root_without_polkit polkit_absent
finish
