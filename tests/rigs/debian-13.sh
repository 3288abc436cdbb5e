#!/usr/bin/env bash
# Creates a small Debian 13 root tree for `systemd-boot.sh --root`, with systemd 257 and the
# programs of the scenarios in boot/. Needs root and a Debian mirror among the apt sources.
#
#   debian-13.sh [DIR]    prints DIR; the default is ~/.cache/kt-rig/debian-13
#
# An existing tree with the same packages is reused. If it cannot be created the exit status
# is 77, with the reason.
set -euo pipefail

DIR=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/kt-rig/debian-13}
SUITE=trixie
PACKAGES=systemd,systemd-sysv,libpam-systemd,dbus,dbus-user-session,polkitd,passwd,util-linux,procps,curl,python3-minimal,s6
STAMP=etc/kt-rig-tree
# Seconds, including the download; measured at under two minutes.
LIMIT=900

unusable() { echo "debian-13: $*" >&2; exit 77; }

# Prints the mirror of the machine, from the index files that Debian signs.
mirror() {
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && !found++ { print $3 }'
}

# mmdebstrap does not read the apt.conf of the machine, so that proxies are passed.
proxies() {
  apt-config dump --no-empty --format '%f "%v";%n' Acquire | grep -i '^Acquire::https\?::proxy ' || true
}

install_mmdebstrap() {
  ! command -v mmdebstrap > /dev/null || return 0
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends mmdebstrap \
    > "$LOG" 2>&1 < /dev/null || unusable "mmdebstrap cannot be installed: $(tail -n 1 "$LOG")"
}

make_tree() {
  local from option options=()
  install_mmdebstrap
  from=$(mirror)
  [ -n "$from" ] || unusable "the apt sources have no Debian mirror; run apt-get update"
  while read -r option; do
    [ -z "$option" ] || options+=(--aptopt="$option")
  done <<< "$(proxies)"
  rm -rf "$DIR.new"
  mkdir -p "$(dirname "$DIR")"
  timeout "$LIMIT" mmdebstrap --mode=root --variant=minbase --include="$PACKAGES" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "${options[@]}" \
    "$SUITE" "$DIR.new" "$from" > "$LOG" 2>&1 < /dev/null || {
    rm -rf "$DIR.new"
    unusable "mmdebstrap failed: $(grep -m 1 -E '^(E:|W:)' "$LOG" || tail -n 1 "$LOG")"
  }
  echo "$SUITE $PACKAGES" > "$DIR.new/$STAMP"
  rm -rf "$DIR"
  mv "$DIR.new" "$DIR"
}

if [ "$(cat "$DIR/$STAMP" 2> /dev/null)" != "$SUITE $PACKAGES" ]; then
  [ "$(id -u)" = 0 ] || unusable "needs root"
  command -v apt-get > /dev/null || unusable "needs apt-get"
  # Only a tree of this script, or an empty directory, is replaced.
  [ ! -e "$DIR" ] || [ -e "$DIR/$STAMP" ] || rmdir "$DIR" 2> /dev/null || unusable "$DIR was not created by this script"
  LOG=$(mktemp)
  trap 'rm -f "$LOG"' EXIT
  make_tree
fi
echo "$DIR"
