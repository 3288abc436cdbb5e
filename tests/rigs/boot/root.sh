# kt as root: with the variables of another user, as under `sudo -E`, it refuses before
# anything is written; with those of root it manages the services of root.
. "$(dirname "$0")/steps.sh"

ROOT_LINGER=/var/lib/systemd/linger/root
ROOT=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin USER=root LOGNAME=root SHELL=/bin/sh)

as_root() { "${ROOT[@]}" HOME=/root sh -c "$1"; }
foreign_runtime() { "${ROOT[@]}" HOME=/root XDG_RUNTIME_DIR="$RUNTIME" sh -c "$1"; }
foreign_home() { "${ROOT[@]}" HOME="$RIG_HOME" sh -c "$1"; }
foreign_all() { "${ROOT[@]}" HOME="$RIG_HOME" XDG_RUNTIME_DIR="$RUNTIME" sh -c "$1"; }
by_sudo() { "${ROOT[@]}" HOME=/root SUDO_USER="$KT_RIG_USER" SUDO_UID="$KT_RIG_UID" sh -c "$1"; }
by_sudo_e() {
  "${ROOT[@]}" HOME="$RIG_HOME" XDG_RUNTIME_DIR="$RUNTIME" \
    SUDO_USER="$KT_RIG_USER" SUDO_UID="$KT_RIG_UID" sh -c "$1"
}

clean_root() {
  loginctl disable-linger root || true
  systemctl stop user@0.service || true
  must await 60 test ! -e /run/user/0
  find /root -mindepth 1 -delete
}

# refused ID WAY LINE: exits with 4, and changes nothing in either home
refused() {
  local before; before=$(homes)
  expect 4 "$2" "$3 -o json"
  says "\"id\": \"$1\""
  diff <(echo "$before") <(homes) > /run/kt-rig/changed ||
    fail "\`$2 $3\` changed files although it was refused:"$'\n'"$(cat /run/kt-rig/changed)"
}

# No gateway and no service exists; the manager of the user is running.
refused_at_first() { # ID WAY
  clean_root
  manager_alive
  refused "$1" "$2" "$INSTALL"
  must_not test -e "$ROOT_LINGER"
}

# The gateway belongs to root, so that only the variable is wrong.
refused_with_a_gateway() {
  clean_root
  manager_alive
  expect 0 as_root "$CREATE"
  refused runtime-dir-foreign foreign_runtime "$INSTALL"
  must_not test -e "$ROOT_LINGER"
}

# The service of the user is running, and is not changed by another user.
refused_later() { # ID WAY
  clean_root
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  local verb
  for verb in stop start restart uninstall "install --id life"; do
    refused "$1" "$2" "$KT gateway $verb"
    must answers
  done
  expect 0 bare "$KT gateway uninstall"
  must silent
}

# The error names the user who is to run kt.
user_is_named() {
  clean_root
  manager_alive
  expect 0 as_root "$CREATE"
  expect 4 foreign_runtime "$INSTALL"
  says "run kt as $KT_RIG_USER"
}

# Without the variable kt finds the manager of root, which does not have the service of
# the user, so that any reported state would be wrong.
users_home() {
  clean_root
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  local verb before; before=$(homes)
  for verb in stop start restart "install --id life" uninstall; do
    refuses foreign_home "$KT gateway $verb"
    [ "$before" = "$(homes)" ] ||
      fail "\`$verb\` changed files:"$'\n'"$(diff <(echo "$before") <(homes))"
    must answers
    expect 0 bare "$KT gateway status"
    must_not test -e "$ROOT_LINGER"
  done
}

serves_root() { # WAY
  clean_root
  expect 1 as_root "systemctl --user is-system-running"
  lives "$1"
  must_not test -e "$ROOT_LINGER"
  must_not lingers
}

root_logs_in() {
  clean_root
  root_login() { su - root -c "$1"; }
  expect 0 root_login "systemctl --user show --property=Version"
  lives root_login
  must_not test -e "$ROOT_LINGER"
}

row "the user's XDG_RUNTIME_DIR, root's home" refused_at_first runtime-dir-foreign foreign_runtime
row "the user's XDG_RUNTIME_DIR, root's gateway" refused_with_a_gateway
row "the user's XDG_RUNTIME_DIR and home" refused_at_first runtime-dir-foreign foreign_all
row "sudo" refused_at_first wrong-user by_sudo
row "sudo -E" refused_at_first wrong-user by_sudo_e
row "the user's XDG_RUNTIME_DIR and home, the service of the user is running" \
  refused_later runtime-dir-foreign foreign_all
row "sudo -E, the service of the user is running" refused_later wrong-user by_sudo_e
row "the user's XDG_RUNTIME_DIR, the error names the user" user_is_named
row "the user's home, the service of the user is running" users_home
row "no variables" serves_root as_root
row "su - root" root_logs_in
finish
