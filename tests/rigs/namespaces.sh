# For scripts that run in namespaces of their own, to be sourced: steps, waiting, and a
# folder that is gone in the end.

unusable() { echo "$(basename "$0" .sh): $*" >&2; exit 77; }

# own_namespaces PROGRAMS ARGUMENT...: begins the script again, with its arguments, in
# namespaces; ends with 77 where these, or the programs, cannot be had.
own_namespaces() {
  [ "${KT_NAMESPACES:-}" != inside ] || return 0
  local program programs=$1; shift
  [ "$(id -u)" = 0 ] || unusable "needs root"
  PATH=$PATH:/usr/sbin:/sbin
  for program in $programs; do
    command -v $program > /dev/null || unusable "needs $program"
  done
  unshare --mount --net true 2> /dev/null || unusable "namespaces cannot be made here"
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

# A folder of its own, to be called once in the namespaces.
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
