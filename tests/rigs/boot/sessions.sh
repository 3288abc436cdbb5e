# A gateway is installed from a session that was opened in various ways.
. "$(dirname "$0")/steps.sh"

su_plain() { su "$KT_RIG_USER" -c "$1"; }
# Keeps the variables of the caller but HOME, because kt would write to the home of the
# caller.
su_preserving() { HOME=$RIG_HOME su -m "$KT_RIG_USER" -c "$1"; }
runuser_login() { runuser -l "$KT_RIG_USER" -c "$1"; }

lives_in() { # WAY
  expect 0 "$1" "systemctl --user show --property=Version"
  lives "$1"
  must_not lingers
}

# `su -m` from root keeps the home of root, which the user cannot read.
foreign_home() {
  su_preserving_home() { HOME=/root su -m "$KT_RIG_USER" -c "$1"; }
  local before; before=$(homes)
  expect 3 su_preserving_home "$INSTALL"
  [ "$before" = "$(homes)" ] || fail "something was written: $(homes)"
}

# logind does not open a session within a session of root: the most common way to get a
# shell without variables.
nested_session() {
  nested() { su - root -c "su - $KT_RIG_USER -c '$1'"; }
  expect 1 nested "systemctl --user is-system-running"
  lives nested
  must_not lingers
}

row "su -" lives_in login
row "su" lives_in su_plain
row "su -m" lives_in su_preserving
row "su -m with the home of the caller" foreign_home
row "runuser -l" lives_in runuser_login
row "su - within a session of root" nested_session
finish
