#!/usr/bin/env bash
# Runs everything of `make test`: set-up, build, formatting, lints, documentation
# and all tests. A step runs even if an earlier one failed, so that one run shows
# all failures; the summary at the end lists them.
set -uo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null

SUMMARY=
FAILED=0
step() { # NAME COMMAND...
  local name=$1 start=$SECONDS code=0
  shift
  printf '\n=== %s\n$ %s\n' "$name" "$*"
  "$@" || code=$?
  local took="$((SECONDS - start))s"
  if [ $code = 0 ]; then
    SUMMARY+="  ok      $name ($took)"$'\n'
  else
    SUMMARY+="  FAILED  $name ($took, exit $code)"$'\n'
    FAILED=1
  fi
  return $code
}
# Adds up the results of the test binaries.
PASSED=0 BROKEN=0 SKIPPED=0
counted() { # COMMAND...
  local code=0 log
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || code=$?
  read -r PASSED BROKEN SKIPPED < <(
    awk '/^test result:/ { for (i = 2; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i; if ($(i+1) ~ /^ignored/) s += $i } }
         END { print p + 0, f + 0, s + 0 }' "$log"
  )
  grep '^SKIPPED ' "$log" || true
  rm -f "$log"
  return $code
}
# The store tests share one PostgreSQL server, each with its own database. It is in
# the temporary directory, since its user may have no access to the workspace.
POSTGRES=
postgres() {
  local code=0
  POSTGRES=$(mktemp -d) || return
  trap stop_postgres EXIT
  tests/scripts/postgres.sh start "$POSTGRES" >/dev/null || code=$?
  if [ $code = 77 ] && [ -z "${CI:-}" ]; then
    echo "SKIPPED the store on PostgreSQL"
    return 0
  fi
  [ $code = 0 ] || return $code
  KT_TEST_POSTGRES=$(cat "$POSTGRES/url")
  KT_TEST_POSTGRES_PASSWORD=$(cat "$POSTGRES/password")
  export KT_TEST_POSTGRES KT_TEST_POSTGRES_PASSWORD
}
stop_postgres() {
  [ -n "$POSTGRES" ] || return 0
  tests/scripts/postgres.sh stop "$POSTGRES" immediate
  rm -rf "$POSTGRES"
}
finish() {
  printf '\n=== summary\n%s' "$SUMMARY"
  [ $FAILED = 0 ] && echo "all steps passed" || echo "some steps failed: see above"
  echo "$PASSED passed, $BROKEN failed, $SKIPPED skipped"
  exit $FAILED
}

unset KT_BLESS KT_TEST_DIST KT_TEST_POSTGRES KT_TEST_POSTGRES_PASSWORD
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

step "set-up" tests/scripts/setup.sh || { [ -z "${CI:-}" ] || finish; }
step "formatting" cargo fmt --all --check
step "formatting of the third-party plugin" \
  cargo fmt --manifest-path tests/plugins/service-s6/Cargo.toml --check
# The boot tests run on Debian 13 too, if its file system can be created.
debian_13() {
  local code=0
  tests/rigs/debian-13.sh target/debian-13 || code=$?
  [ $code != 77 ] || { echo "SKIPPED services on Debian 13"; return 0; }
  return $code
}
step "Debian 13" debian_13
# The tests run the staged tree; without it there is nothing to test.
step "build" make --no-print-directory build PROFILE=staging || finish
step "PostgreSQL" postgres
[ ! -d target/debian-13 ] || export KT_TEST_DEBIAN_13=$PWD/target/debian-13
step "tests" counted cargo test --workspace --profile staging --locked --no-fail-fast
# The profile of the build, whose build scripts and macros are built already.
step "lints" cargo clippy --workspace --all-targets --profile staging --locked -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" \
  cargo doc --workspace --no-deps --profile staging --locked
finish
