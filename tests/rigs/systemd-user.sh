#!/usr/bin/env bash
# Runs a command as an unprivileged user with a real `systemd --user`, on a machine that
# may run another init system. Needs root. The machine is not changed: everything happens in
# private namespaces, on private mounts.
#
#   systemd-user.sh [--tree DIR] [--bind DIR]... [--linger] [--] COMMAND [ARG]...
#
#   --tree DIR   copy DIR into the rig; the command finds it as $KT_RIG_TREE.
#                A copy, because other users often cannot read the home of root;
#                owned by root, because kt refuses plugins that other users can write;
#                and at /opt/kt, because a service needs a stable path.
#   --bind DIR   mount DIR read-only at $KT_RIG/bind/<its last component>
#   --linger     the user lingers, as after `loginctl enable-linger`
#
# The command runs in the user's empty home with XDG_RUNTIME_DIR set, as in a session. The
# exit status is that of the command, 77 if the rig is not supported (no root, no systemd),
# or 90 if the user manager did not start. KT_RIG_VERBOSE=1 prints the log of the manager.
set -euo pipefail

RIG_USER=kt-rig
RIG_UID=4711
# A home below /tmp would be hidden by a private /tmp.
RIG_HOME=/home/kt-rig
TREE=/opt/kt

unusable() { echo "systemd-user: $*" >&2; exit 77; }

# ---- outside: a directory, a control group, new namespaces -------------------

outside() {
  local tree="" linger=0 binds=()
  while [ $# -gt 0 ]; do
    case $1 in
      --tree) tree=$2; shift 2 ;;
      --bind) binds+=("$2"); shift 2 ;;
      --linger) linger=1; shift ;;
      --) shift; break ;;
      *) break ;;
    esac
  done
  [ $# -gt 0 ] || { sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || unusable "needs root"
  [ -x /lib/systemd/systemd ] || unusable "systemd is not installed"
  [ -d "${TREE%/*}" ] || unusable "there is no ${TREE%/*}"

  # Below the unified hierarchy, which a machine with mixed hierarchies keeps
  # in a directory of its own.
  local hierarchy=/sys/fs/cgroup
  [ -f $hierarchy/cgroup.controllers ] || hierarchy=/sys/fs/cgroup/unified
  [ -f $hierarchy/cgroup.procs ] || unusable "no unified control groups"
  local group=$hierarchy/kt-rig-$$
  mkdir "$group" 2>/dev/null || unusable "control groups cannot be created"

  local rig
  rig=$(mktemp -d "${TMPDIR:-/tmp}/kt-rig.XXXXXX")
  chmod 755 "$rig"
  local status=0
  (
    # The root of a new control group namespace is the group of its first process.
    echo "$BASHPID" > "$group/cgroup.procs"
    export KT_RIG=$rig KT_RIG_STAGE=inside KT_RIG_FROM=$tree KT_RIG_LINGER=$linger
    KT_RIG_BINDS=$(printf '%s\n' "${binds[@]:-}")
    # A private network, so that fixed ports do not conflict with other processes.
    local network=()
    if PATH=$PATH:/usr/sbin:/sbin command -v ip > /dev/null; then network=(--net); fi
    export KT_RIG_BINDS KT_RIG_NETWORK=${network[*]:-}
    exec unshare --mount --pid --fork --kill-child --mount-proc --cgroup --ipc --uts "${network[@]}" \
      bash "$(readlink -f "$0")" "$@"
  ) || status=$?
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  rm -rf "$rig"
  exit $status
}

# ---- inside: private mounts, a user, the user's manager ----------------------

private_mounts() {
  mount --make-rprivate /
  # Removed with the namespace, including the copy of kt.
  mount -t tmpfs -o mode=755 kt-rig "$KT_RIG"
  mkdir -p "$KT_RIG/etc" "$KT_RIG/bind" "$KT_RIG/opt"

  mount -t tmpfs -o mode=755,size=64m kt-rig /run
  # Without the first, systemd reports that the system was not booted with it; without the
  # others, units with private mounts fail with 226.
  mkdir -p /run/systemd/system /run/systemd/mount-rootfs /run/systemd/unit-root
  mkdir -p "/run/user/$RIG_UID"

  mount -t tmpfs -o mode=755 kt-rig /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup

  # Lingering is enabled by a file with the name of the user.
  mount -t tmpfs -o mode=755 kt-rig /var/lib/systemd
  mkdir /var/lib/systemd/linger
  [ "$KT_RIG_LINGER" = 0 ] || touch "/var/lib/systemd/linger/$RIG_USER"
}

make_user() {
  local file
  for file in passwd group; do cp "/etc/$file" "$KT_RIG/etc/$file"; done
  echo "$RIG_USER:x:$RIG_UID:$RIG_UID::$RIG_HOME:/bin/bash" >> "$KT_RIG/etc/passwd"
  echo "$RIG_USER:x:$RIG_UID:" >> "$KT_RIG/etc/group"
  for file in passwd group; do mount --bind "$KT_RIG/etc/$file" "/etc/$file"; done
  mkdir -p /home
  mount -t tmpfs -o mode=755 kt-rig /home
  mkdir "$RIG_HOME"
  chown "$RIG_UID:$RIG_UID" "$RIG_HOME" "/run/user/$RIG_UID"
  chmod 700 "/run/user/$RIG_UID"
}

show_files() {
  if [ -n "$KT_RIG_FROM" ]; then
    cp -rL --no-preserve=ownership "$KT_RIG_FROM" "$KT_RIG/opt/${TREE##*/}"
    chmod -R a+rX,go-w "$KT_RIG/opt"
  fi
  local dir
  while read -r dir; do
    [ -n "$dir" ] || continue
    mkdir "$KT_RIG/bind/$(basename "$dir")"
    mount --bind -o ro "$dir" "$KT_RIG/bind/$(basename "$dir")"
  done <<< "$KT_RIG_BINDS"
  # Last, because it hides the directory of the machine.
  mount --bind "$KT_RIG/opt" "${TREE%/*}"
}

# The journal derives the name of a user unit from this path.
delegate() {
  MANAGER_GROUP=/sys/fs/cgroup/user.slice/user-$RIG_UID.slice/user@$RIG_UID.service
  mkdir -p "$MANAGER_GROUP" /sys/fs/cgroup/rig
  echo $$ > /sys/fs/cgroup/rig/cgroup.procs
  chown "$RIG_UID:$RIG_UID" "$MANAGER_GROUP" "$MANAGER_GROUP"/cgroup.{procs,threads,subtree_control}
}

start_journal() {
  JOURNAL=
  [ -x /lib/systemd/systemd-journald ] && [ -s /etc/machine-id ] || return 0
  mkdir -p /var/log/journal 2>/dev/null || return 0
  mount -t tmpfs -o mode=755,size=64m kt-rig /var/log/journal
  mkdir "/var/log/journal/$(cat /etc/machine-id)"
  # A user can read their journal only if it is persistent.
  chgrp -R systemd-journal /var/log/journal 2>/dev/null || true
  chmod 2755 /var/log/journal /var/log/journal/*
  /lib/systemd/systemd-journald > "$KT_RIG/journald.log" 2>&1 &
  JOURNAL=$!
  await 5 test -S /run/systemd/journal/stdout && journalctl --flush || true
}

# await SECONDS COMMAND...: waits until the command succeeds
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

as_user() {
  setpriv --reuid $RIG_UID --regid $RIG_UID --clear-groups --inh-caps=-all "$@"
}

inside() {
  if [ -n "$KT_RIG_NETWORK" ]; then
    PATH=$PATH:/usr/sbin:/sbin ip link set lo up
    # The ports of the gateway are within the ephemeral port range, which starts at 32768:
    # a client connection could use one of them.
    echo 41002-41009 > /proc/sys/net/ipv4/ip_local_reserved_ports || true
  fi
  private_mounts
  make_user
  show_files
  delegate
  start_journal
  local env=(env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$RIG_HOME" USER=$RIG_USER
    LOGNAME=$RIG_USER SHELL=/bin/bash LANG=C.UTF-8 XDG_RUNTIME_DIR=/run/user/$RIG_UID)
  (
    echo "$BASHPID" > "$MANAGER_GROUP/cgroup.procs"
    exec setpriv --reuid $RIG_UID --regid $RIG_UID --clear-groups --inh-caps=-all \
      "${env[@]}" /lib/systemd/systemd --user --log-target=console
  ) > "$KT_RIG/manager.log" 2>&1 &
  local manager=$!
  if ! await 20 test -S /run/user/$RIG_UID/systemd/private; then
    cat "$KT_RIG/manager.log" >&2
    exit 90
  fi
  as_user "${env[@]}" systemctl --user is-system-running --wait > /dev/null || true

  local status=0
  cd "$RIG_HOME"
  as_user --bounding-set=-all "${env[@]}" KT_RIG="$KT_RIG" KT_RIG_TREE=$TREE "$@" || status=$?
  [ "${KT_RIG_VERBOSE:-0}" = 0 ] || cat "$KT_RIG/manager.log" >&2

  # RTMIN+3 makes the manager stop its units before it exits.
  kill -s RTMIN+3 $manager 2>/dev/null || true
  kill $manager 2>/dev/null || true
  wait $manager 2>/dev/null || true
  if [ -n "$JOURNAL" ]; then
    kill "$JOURNAL" 2>/dev/null || true
    wait "$JOURNAL" 2>/dev/null || true
  fi
  exit $status
}

if [ "${KT_RIG_STAGE:-}" = inside ]; then inside "$@"; else outside "$@"; fi
