# Functions for scripts that run in private namespaces, which source it: steps, waiting, and
# a temporary directory.

unusable() { echo "$(basename "$0" .sh): $*" >&2; exit 77; }

# own_namespaces PROGRAMS ARGUMENT...: runs the script again in namespaces, with its
# arguments; exits with 77 where the namespaces or the programs are not available.
own_namespaces() {
  [ "${KT_NAMESPACES:-}" != inside ] || return 0
  local program programs=$1; shift
  [ "$(id -u)" = 0 ] || unusable "needs root"
  PATH=$PATH:/usr/sbin:/sbin
  for program in $programs; do
    command -v $program > /dev/null || unusable "needs $program"
  done
  unshare --mount --net true 2> /dev/null || unusable "namespaces are not available"
  export KT_NAMESPACES=inside
  exec unshare --mount --net --pid --fork --kill-child --mount-proc bash "$(readlink -f "$0")" "$@"
}

leave() {
  local code=$?
  set +e
  trap - ERR
  kill $(jobs -p) 2> /dev/null
  wait
  umount "$WORK"/*/state 2> /dev/null
  rm -rf "$WORK"
  exit $code
}

# Creates a temporary directory. Called once, inside the namespaces.
work_folder() {
  WORK=$(mktemp -d)
  trap leave EXIT
  cd "$WORK"
  ip link set lo up
}

fail() { trap - ERR; echo "FAILED: $STEP: $*" >&2; exit 1; }
trap 'echo "FAILED: $STEP: line $LINENO: $BASH_COMMAND" >&2' ERR
step() { STEP=$1; echo "== $STEP"; }
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}
