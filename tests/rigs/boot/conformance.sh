# Runs the conformance tests of `kt plugin test` on the systemd backend.
. "$(dirname "$0")/steps.sh"

PLUGIN=$KT_RIG_TREE/lib/kt/plugins/service-systemd

conforms() {
  manager_alive
  expect 0 bare "$KT plugin test $PLUGIN"
  echo "$OUT"
  says "23 passed, 0 failed, 0 skipped"
  # The tests must remove everything.
  must_not grep -q . <(find "$RIG_HOME/.config/systemd" "$RIG_HOME/.local/state/kt" \
    "$RUNTIME/systemd/user" -type f 2> /dev/null)
  expect 0 bare "XDG_RUNTIME_DIR=$RUNTIME systemctl --user list-units --all --plain --no-legend 'kt-*'"
  [ -z "$OUT" ] || fail "the manager still has $OUT"
}

row "the bundled backend" conforms
finish
