#!/usr/bin/env bash
# Builds the backend `tests/plugins/service-s6` as somebody else would: outside
# of the workspace, from the packaged SDK alone, and runs its tests.
#
#   build-third-party.sh [WORK]    WORK is a folder, target/third-party by default
#
# What comes out is WORK/plugins/service-s6, for `kt --plugin-dir WORK/plugins`.
# What is unchanged is not built again.
#
# When the SDK's dependencies change, the plugin's lock file must follow:
# `cargo update --workspace` in WORK/service-s6 writes it anew, to be copied back.
set -euo pipefail
cd "$(dirname "$0")/../.."
ROOT=$PWD
PLUGIN=service-s6
CARGO=${CARGO:-cargo}

WORK=${1:-target/third-party}
mkdir -p "$WORK"
WORK=$(cd "$WORK" && pwd -P)

# Replaces a folder by another with other content. Files that stay the same keep
# their times, by which cargo knows what to build again.
replace() { # OLD NEW
  if [ -d "$1" ] && diff -rq -x .cargo_vcs_info.json "$1" "$2" >/dev/null; then
    rm -rf "$2"
  else
    rm -rf "$1"
    mv "$2" "$1"
  fi
}

# The crate as it would be published. Everything it needs was fetched by the
# build of kt; where it was not, the network is asked.
package() {
  local packaged=(package -p kt-plugin-api --no-verify --allow-dirty --quiet
    --target-dir "$WORK/package")
  "$CARGO" "${packaged[@]}" --offline 2>/dev/null || "$CARGO" "${packaged[@]}"
  rm -rf "$WORK/new"
  mkdir "$WORK/new"
  # Times of now: those in the archive are the same for every version.
  tar -xmzf "$WORK"/package/package/kt-plugin-api-*.crate -C "$WORK/new" --strip-components 1
  replace "$WORK/sdk" "$WORK/new"
}

copy_plugin() {
  rm -rf "$WORK/new"
  mkdir "$WORK/new"
  cp -R "tests/plugins/$PLUGIN/." "$WORK/new"
  replace "$WORK/$PLUGIN" "$WORK/new"
  # The published crate, once there is one, needs no such line.
  mkdir -p "$WORK/.cargo"
  printf '[patch.crates-io]\nkt-plugin-api = { path = "sdk" }\n' > "$WORK/.cargo/config.toml"
}

# Whatever does not come from the registry is the plugin and the packaged SDK.
check_sources() {
  local paths
  paths=$("$CARGO" tree --locked --edges all --target all --prefix none --no-dedupe |
    sed -n 's/^[^(]*(\(\/.*\))$/\1/p' | sort -u)
  [ "$paths" = "$(printf '%s\n' "$WORK/sdk" "$WORK/$PLUGIN" | sort)" ] || {
    printf 'build-third-party: no third party has what this uses:\n%s\n' "$paths" >&2
    exit 1
  }
}

stage() {
  local dir=$WORK/plugins/$PLUGIN library=libservice_s6.so
  mkdir -p "$dir"
  install -m 644 "$WORK/$PLUGIN/plugin.toml" "$dir/plugin.toml"
  # By rename: a running kt keeps the one that it has mapped.
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
