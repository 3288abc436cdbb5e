#!/usr/bin/env bash
# Makes a small Debian 13 root tree, with systemd 257 and what the scenarios in
# boot/ run, for `systemd-boot.sh --root`. Needs root and a Debian mirror among
# the machine's apt sources.
#
#   debian-13.sh [DIR]    prints DIR; ~/.cache/kt-rig/debian-13 by default
#
# A tree that is there and was made for the same packages is kept. Where it
# cannot be made the exit status is 77, with the reason.
set -euo pipefail

DIR=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/kt-rig/debian-13}
SUITE=trixie
PACKAGES=systemd,systemd-sysv,libpam-systemd,dbus,dbus-user-session,polkitd,passwd,util-linux,procps,curl,python3-minimal,s6
STAMP=etc/kt-rig-tree
# For the download too; measured at under two minutes.
LIMIT=900

unusable() { echo "debian-13: $*" >&2; exit 77; }

# The mirror is the machine's: of its index files, those that Debian signs.
mirror() {
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && !found++ { print $3 }'
}

# mmdebstrap does not read the machine's apt.conf, and so knows no proxy.
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
  [ -n "$from" ] || unusable "the machine's apt knows no Debian mirror; apt-get update may help"
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
  # What is replaced must be a tree of ours, or nothing.
  [ ! -e "$DIR" ] || [ -e "$DIR/$STAMP" ] || rmdir "$DIR" 2> /dev/null || unusable "$DIR is something else"
  LOG=$(mktemp)
  trap 'rm -f "$LOG"' EXIT
  make_tree
fi
echo "$DIR"
