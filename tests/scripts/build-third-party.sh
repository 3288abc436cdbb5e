#!/usr/bin/env bash
# Builds the backend `tests/plugins/service-s6` as a third party does: outside of
# the workspace, from the packaged SDK alone. Runs its tests.
#
#   build-third-party.sh [WORK]    WORK is a folder, target/third-party by default
#
# The result is WORK/plugins/service-s6, for `kt --plugin-dir WORK/plugins`. The
# build is incremental.
#
# When the dependencies of the SDK change, update the lock file of the plugin: run
# `cargo update --workspace` in WORK/service-s6 and copy the file back.
set -euo pipefail
cd "$(dirname "$0")/../.."
ROOT=$PWD
PLUGIN=service-s6
CARGO=${CARGO:-cargo}

WORK=${1:-target/third-party}
mkdir -p "$WORK"
WORK=$(cd "$WORK" && pwd -P)

# Replaces a folder by another one if their contents differ. Unchanged files keep
# their times, by which cargo decides what to build.
replace() { # OLD NEW
  if [ -d "$1" ] && diff -rq -x .cargo_vcs_info.json "$1" "$2" >/dev/null; then
    rm -rf "$2"
  else
    rm -rf "$1"
    mv "$2" "$1"
  fi
}

# The crate as it is published. The build of kt has fetched its dependencies;
# otherwise they are downloaded.
package() {
  local packaged=(package -p kt-plugin-api --no-verify --allow-dirty --quiet
    --target-dir "$WORK/package")
  "$CARGO" "${packaged[@]}" --offline 2>/dev/null || "$CARGO" "${packaged[@]}"
  rm -rf "$WORK/new"
  mkdir "$WORK/new"
  # Current times: those in the archive are the same for every version.
  tar -xmzf "$WORK"/package/package/kt-plugin-api-*.crate -C "$WORK/new" --strip-components 1
  replace "$WORK/sdk" "$WORK/new"
}

copy_plugin() {
  rm -rf "$WORK/new"
  mkdir "$WORK/new"
  cp -R "tests/plugins/$PLUGIN/." "$WORK/new"
  replace "$WORK/$PLUGIN" "$WORK/new"
  # Not necessary any more once the crate is published.
  mkdir -p "$WORK/.cargo"
  printf '[patch.crates-io]\nkt-plugin-api = { path = "sdk" }\n' > "$WORK/.cargo/config.toml"
}

# Everything but the plugin and the packaged SDK is from the registry.
check_sources() {
  local paths
  paths=$("$CARGO" tree --locked --edges all --target all --prefix none --no-dedupe |
    sed -n 's/^[^(]*(\(\/.*\))$/\1/p' | sort -u)
  [ "$paths" = "$(printf '%s\n' "$WORK/sdk" "$WORK/$PLUGIN" | sort)" ] || {
    printf 'build-third-party: a third party does not have these sources:\n%s\n' "$paths" >&2
    exit 1
  }
}

stage() {
  local dir=$WORK/plugins/$PLUGIN library=libservice_s6.so
  mkdir -p "$dir"
  install -m 644 "$WORK/$PLUGIN/plugin.toml" "$dir/plugin.toml"
  # By rename: a running kt keeps the library that it has mapped.
  install -m 644 "$WORK/target/release/$library" "$dir/$library.new"
  mv -f "$dir/$library.new" "$dir/$library"
}

rm -f "$WORK"/package/package/kt-plugin-api-*.crate
package
copy_plugin
cd "$WORK/$PLUGIN"
export CARGO_TARGET_DIR=$WORK/target
check_sources
"$CARGO" build --release --locked
"$CARGO" test --release --locked
cd "$ROOT"
stage
echo "$WORK/plugins"
