#!/usr/bin/env bash
# Installs the requirements of the tests: system packages with apt-get as root, and
# client libraries for Python and Node, and texts that guards are measured on, in target/. Prints what it cannot install. A
# missing requirement is a failure when CI is set, and otherwise skips the tests that
# need it.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Programs, with the Debian package of each.
NEEDED="
cc:gcc
gcc:gcc
g++:g++
go:golang-go
make:make
git:git
curl:curl
jq:jq
strace:strace
bash:bash
zsh:zsh
fish:fish
tmux:tmux
unshare:util-linux
ip:iproute2
setpriv:util-linux
pgrep:procps
s6-svscan:s6
runsvdir:runit
runuser:util-linux
su:util-linux
openssl:openssl
sqlite3:sqlite3
psql:postgresql-client
python3:python3
npm:npm
systemctl:systemd
systemd-analyze:systemd
dbus-daemon:dbus-daemon
lintian:lintian
rpmspec:rpm
nix-instantiate:nix-bin
strip:binutils
"
# Packages without a program on PATH. The programs of the PostgreSQL server are in
# a folder with its version.
LIBRARIES="postgresql python3-venv dbus dbus-user-session libpam-systemd polkitd"

# Folders in target/, each with a copy of the file that lists what is in it.
VENV=target/test-venv
VENV_OPENAI_2=target/test-venv-openai-2
NODE=target/test-node
RECALL=target/recall

have() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

missing_packages() {
  local entry package
  for entry in $NEEDED; do
    have "${entry%%:*}" || echo "${entry##*:}"
  done
  if command -v dpkg-query >/dev/null; then
    for package in $LIBRARIES; do
      dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
  fi
}

install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "setup: not root, or no apt-get: no packages are installed" >&2
    return
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "setup: installing $*"
  if apt-get -q update >"$LOG" 2>&1 &&
    apt-get -q install -y --no-install-recommends "$@" >>"$LOG" 2>&1 </dev/null; then
    return
  fi
  tail -n 20 "$LOG" >&2
  echo "setup: apt-get failed; trying the packages one by one" >&2
  for package in "$@"; do
    apt-get -q install -y --no-install-recommends "$package" >>"$LOG" 2>&1 </dev/null || true
  done
}

install_python() { # FOLDER REQUIREMENTS
  local log
  [ -x "$1/bin/python3" ] && cmp -s "$2" "$1/requirements.txt" && return
  have python3 || return 0
  echo "setup: installing $2"
  rm -rf "$1"
  log=$(mktemp)
  if python3 -m venv "$1" >"$log" 2>&1 &&
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2" >>"$log" 2>&1 </dev/null; then
    cp "$2" "$1/requirements.txt"
  else
    tail -n 20 "$log" >&2
    rm -rf "$1"
  fi
  rm -f "$log"
}

# The packages include Node itself, in the version that they require. No package runs
# a script.
install_node() {
  local log
  [ -x $NODE/node_modules/.bin/node ] && cmp -s tests/package-lock.json $NODE/package-lock.json && return
  have npm || return 0
  echo "setup: installing tests/package.json"
  rm -rf $NODE
  mkdir -p $NODE
  cp tests/package.json $NODE
  log=$(mktemp)
  # The lock is copied last: it marks the folder as complete.
  if cp tests/package-lock.json $NODE/npm-shrinkwrap.json &&
    npm --prefix $NODE ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 </dev/null; then
    mv $NODE/npm-shrinkwrap.json $NODE/package-lock.json
  else
    tail -n 20 "$log" >&2
    rm -rf $NODE
  fi
  rm -f "$log"
}

# The texts that the recall of guards is measured on; `complete` has the scripts that wrote them.
install_recall() {
  local scripts=plugins/lib/detect-train/evaluate log
  cat $scripts/attacks.py $scripts/harmless.py $scripts/tokens.py | cmp -s - $RECALL/complete && return
  have python3 && have apt-get || return 0
  echo "setup: downloading the texts of $RECALL"
  rm -rf $RECALL
  log=$(mktemp)
  if python3 $scripts/attacks.py $RECALL >"$log" 2>&1 &&
    python3 $scripts/harmless.py $RECALL >>"$log" 2>&1 &&
    python3 $scripts/tokens.py $RECALL >>"$log" 2>&1; then
    rm -rf $RECALL/*/
    cat $scripts/attacks.py $scripts/harmless.py $scripts/tokens.py >$RECALL/complete
  else
    tail -n 20 "$log" >&2
    rm -rf $RECALL
  fi
  rm -f "$log"
}

mkdir -p target
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

PACKAGES=$(missing_packages | sort -u)
if [ -n "$PACKAGES" ]; then
  # Package names contain no blanks.
  install_packages $PACKAGES
fi
# The downloads of one do not wait for the others.
install_python $VENV tests/requirements.txt &
install_python $VENV_OPENAI_2 tests/requirements-openai-2.txt &
install_node &
install_recall &
wait

MISSING=
for entry in $NEEDED; do
  have "${entry%%:*}" || MISSING="$MISSING ${entry%%:*}"
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || have initdb || MISSING="$MISSING postgres"
for entry in $VENV/bin/python3 $VENV_OPENAI_2/bin/python3 $NODE/node_modules/.bin/node $RECALL/complete; do
  [ -e $entry ] || MISSING="$MISSING $entry"
done
# Containers may forbid tracing, for root too.
if have strace && ! strace -qq -o /dev/null true 2>/dev/null; then
  MISSING="$MISSING ptrace(permission)"
fi
[ "$(id -u)" = 0 ] || echo "setup: not root: tests that need root (foreign owners, the systemd rig) are skipped"
if [ -n "$MISSING" ]; then
  echo "setup: missing, so that tests that need them are skipped:$MISSING" >&2
  case "${CI:-}" in "" | 0 | false) ;; *) exit 1 ;; esac
else
  echo "setup: complete"
fi
