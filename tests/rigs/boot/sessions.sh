# A gateway is installed from a session, however it was opened.
. "$(dirname "$0")/steps.sh"

su_plain() { su "$KT_RIG_USER" -c "$1"; }
# Keeps the caller's variables; the home must be the user's, or kt would write
# into the caller's.
su_keeping() { HOME=$RIG_HOME su -m "$KT_RIG_USER" -c "$1"; }
runuser_login() { runuser -l "$KT_RIG_USER" -c "$1"; }

lives_in() { # WAY
  expect 0 "$1" "systemctl --user show --property=Version"
  lives "$1"
  must_not lingers
}

# `su -m` from root leaves root's home, which the user may not even read.
foreign_home() {
  keeping_all() { HOME=/root su -m "$KT_RIG_USER" -c "$1"; }
  local before; before=$(homes)
  expect 3 keeping_all "$INSTALL"
  [ "$before" = "$(homes)" ] || fail "something was written: $(homes)"
}

# Who is root in a session and becomes the user gets no session: logind says
# that there is one. The most usual way to a shell without variables.
inside_roots() {
  nested() { su - root -c "su - $KT_RIG_USER -c '$1'"; }
  expect 1 nested "systemctl --user is-system-running"
  lives nested
  must_not lingers
}

row "su -" lives_in login
row "su" lives_in su_plain
row "su -m" lives_in su_keeping
row "su -m with the caller's home" foreign_home
row "runuser -l" lives_in runuser_login
row "su - within root's session" inside_roots
finish
