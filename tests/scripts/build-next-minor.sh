#!/usr/bin/env bash
# Builds the host and the plugin `misbehaving` with the feature `next`: the ABI as a next
# minor version could be. Prints the folder that contains them. The build is incremental.
set -euo pipefail
cd "$(dirname "$0")/../.."
CARGO=${CARGO:-cargo}
# Unoptimized: it only has to run once, and builds in half the time.
"$CARGO" build --locked --quiet -p kt -p misbehaving \
  --features kt/next,misbehaving/next --target-dir target/next
echo "$PWD/target/next/debug"
