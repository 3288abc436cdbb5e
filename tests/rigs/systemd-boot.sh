#!/usr/bin/env bash
# Boots the whole of systemd (PID 1, logind, journald, D-Bus, polkit, user
# managers) on a machine that need not be run by it, and runs scripts in it.
# Needs root. Nothing of the machine changes: the root file system is the lower
# layer of an overlay, and everything happens in private namespaces.
#
#   systemd-boot.sh [--root DIR] [--tree DIR] SCRIPT [SCRIPT]...
#
#   --root DIR   boot this root tree, and not the machine's own
#   --tree DIR   copy DIR to /opt/kt, owned by root; scripts find it as
#                $KT_RIG_TREE. A place that stays, as a service needs.
#
# Each script runs as root in a boot of its own, from a copy of the directory it
# lies in. The disk outlives the boots, so naming a script twice makes a reboot
# out of it; $KT_RIG_BOOT counts the boots from 1. There is a user kt-rig with a
# home, who is not logged in.
#
# The exit status is that of the first script that failed. 77 means that the rig
# cannot work here (with KT_TEST_SYSTEMD=require that is 1), 90 that a boot did
# not come to its end. KT_RIG_VERBOSE=N shows N lines of each boot's journal.
set -euo pipefail

RIG_USER=kt-rig
RIG_UID=4711
TREE=/opt/kt
# Seconds for one script. A boot takes one to two.
LIMIT=${KT_RIG_LIMIT:-120}

unusable() {
  echo "systemd-boot: $*" >&2
  if [ "${KT_TEST_SYSTEMD:-auto}" = require ]; then exit 1; fi
  exit 77
}

# ---- outside: what is needed, and a place ------------------------------------

# Below the root: what a boot needs, and which package has it.
PARTS="
lib/systemd/systemd:systemd
lib/systemd/systemd-logind:systemd
lib/systemd/system/dbus.service:dbus
usr/lib/*/security/pam_systemd.so:libpam-systemd
usr/lib/systemd/user/dbus.socket:dbus-user-session
usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service:polkitd
usr/bin/curl:curl
"

outside() {
  local root=/ tree="" part
  while [ $# -gt 0 ]; do
    case $1 in
      --root) root=$(readlink -f "$2"); shift 2 ;;
      --tree) tree=$2; shift 2 ;;
      --) shift; break ;;
      *) break ;;
    esac
  done
  [ $# -gt 0 ] || { sed -n '2,22s/^# \{0,1\}//p' "$0" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || unusable "needs root"
  for part in "$@"; do
    [ -f "$part" ] || { echo "systemd-boot: there is no $part" >&2; exit 2; }
  done
  for part in $PARTS; do
    compgen -G "${root%/}/${part%%:*}" > /dev/null || unusable "$root lacks the package ${part##*:}"
  done
  unshare --mount --pid --fork --cgroup --ipc --uts --net true 2> /dev/null ||
    unusable "namespaces cannot be made here"

  # Below the unified hierarchy, which a machine with mixed hierarchies keeps
  # in a directory of its own.
  KT_RIG_GROUP=/sys/fs/cgroup
  [ -f $KT_RIG_GROUP/cgroup.controllers ] || KT_RIG_GROUP=/sys/fs/cgroup/unified
  [ -f $KT_RIG_GROUP/cgroup.procs ] || unusable "no unified control groups"
  KT_RIG_GROUP=$KT_RIG_GROUP/kt-boot-$$
  mkdir "$KT_RIG_GROUP" 2> /dev/null || unusable "control groups cannot be made here"

  KT_RIG=$(mktemp -d "${TMPDIR:-/tmp}/kt-boot.XXXXXX")
  export KT_RIG KT_RIG_GROUP KT_RIG_ROOT=$root KT_RIG_FROM=$tree
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  local status=0
  # The disk must outlive each boot, and nothing may outlive this.
  KT_RIG_STAGE=disk setpriv --pdeathsig KILL \
    unshare --mount bash "$(readlink -f "$0")" "$@" || status=$?
  [ $status != 77 ] || unusable "$(cat "$KT_RIG/reason")"
  exit $status
}

clean_up() {
  # Whatever is still in there was started here.
  { echo 1 > "$KT_RIG_GROUP/cgroup.kill"; } 2> /dev/null || true
  local until=$((SECONDS + 5))
  until find "$KT_RIG_GROUP" -depth -type d -exec rmdir {} + 2> /dev/null; do
    [ $SECONDS -lt $until ] || break
    sleep 0.02
  done
  rm -rf "$KT_RIG"
}

# ---- the disk: one for all boots ---------------------------------------------

disk() {
  mount --make-rprivate /
  local disk=$KT_RIG/disk script boot=0
  mkdir "$disk"
  mount -t tmpfs -o mode=755,size=2g kt-rig "$disk" || unprepared "no memory can be mounted"
  mkdir "$disk/upper" "$disk/work" "$disk/root" "$disk/out"
  if [ -n "$KT_RIG_FROM" ]; then
    mkdir -p "$disk/upper${TREE%/*}"
    cp -rL --no-preserve=ownership "$KT_RIG_FROM" "$disk/upper$TREE"
    chmod -R a+rX,go-w "$disk/upper$TREE"
  fi
  for script in "$@"; do
    boot=$((boot + 1))
    boot "$boot" "$script"
  done
}

# The disk's own way to be unusable: the outside says it.
unprepared() {
  echo "the boot cannot be prepared: $*" > "$KT_RIG/reason"
  exit 77
}

# boot NUMBER SCRIPT
boot() {
  local out=$KT_RIG/disk/out status
  rm -f "$out"/*
  mkdir "$KT_RIG_GROUP/$1"
  (
    # The new control group namespace begins where its first process is.
    echo "$BASHPID" > "$KT_RIG_GROUP/$1/cgroup.procs"
    export KT_RIG_STAGE=inside
    exec setpriv --pdeathsig KILL \
      unshare --mount --pid --fork --kill-child --cgroup --ipc --uts --net \
      bash "$(readlink -f "$0")" "$@"
  ) > "$out/console" 2>&1 || true
  [ -e "$out/boots" ] || unprepared "$(head -n 1 "$out/console")"
  [ ! -e "$out/log" ] || cat "$out/log"
  status=$(cat "$out/status" 2> /dev/null || true)
  # A script that was killed left the name of a signal.
  case $status in '' | *[!0-9]*) status=90 ;; esac
  if [ $status = 90 ] || [ "${KT_RIG_VERBOSE:-0}" != 0 ]; then
    cat "$out/console"
    journalctl --no-pager -q -n "${KT_RIG_VERBOSE:-40}" \
      --directory "$KT_RIG/disk/upper/var/log/journal" || true
  fi >&2
  [ $status = 0 ] || exit "$status"
}

# ---- inside: a machine of its own --------------------------------------------

inside() {
  local boot=$1 script out=$KT_RIG/disk/out
  script=$(readlink -f "$2")
  R=$KT_RIG/disk/root
  mount --make-rprivate /
  mount -t overlay overlay \
    -o "lowerdir=$KT_RIG_ROOT,upperdir=$KT_RIG/disk/upper,workdir=$KT_RIG/disk/work" "$R"
  file_systems
  own_machine
  make_user
  mkdir -p "$R/run/kt-rig/out"
  mount --bind "$out" "$R/run/kt-rig/out"
  cp -rL "$(dirname "$script")" "$R/run/kt-rig/scripts"
  units "$boot" "/run/kt-rig/scripts/$(basename "$script")"

  touch "$out/boots"
  cd "$R"
  mkdir -p .outside
  pivot_root . .outside
  umount -l /.outside
  exec env -i container=kt-rig PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=kt-rig.target --show-status=0 < /dev/null
}

file_systems() {
  local name
  mount -t proc proc "$R/proc"
  # Most of it belongs to the kernel and so to the machine.
  for name in sys sysrq-trigger; do
    [ -e "$R/proc/$name" ] || continue
    mount --bind "$R/proc/$name" "$R/proc/$name"
    mount -o remount,bind,ro "$R/proc/$name"
  done
  # A client may otherwise be given the gateway's port for its end, and keep the
  # gateway from it: the default range of such ports begins at 32768.
  echo 41002-41009 > /proc/sys/net/ipv4/ip_local_reserved_ports || true
  # A reboot is known by it.
  cat /proc/sys/kernel/random/uuid > "$R/../boot-id"
  mount --bind "$R/../boot-id" "$R/proc/sys/kernel/random/boot_id"
  mount -t sysfs -o ro sysfs "$R/sys"
  mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 kt-rig "$R/dev"
  for name in null zero full random urandom tty; do
    touch "$R/dev/$name"
    mount --bind "/dev/$name" "$R/dev/$name"
  done
  mkdir "$R/dev/pts" "$R/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$R/dev/pts"
  ln -s pts/ptmx "$R/dev/ptmx"
  ln -s /proc/self/fd "$R/dev/fd"
  # Without a /tmp of its own, clearing the machine's takes seconds.
  for name in dev/shm tmp var/tmp; do
    mount -t tmpfs -o mode=1777 kt-rig "$R/$name"
  done
  mount -t tmpfs -o mode=755 kt-rig "$R/run"
}

# Takes away what this machine was told to start and to mount: it would slow the
# boot, or reach for things that are not there.
own_machine() {
  local name
  for name in etc/systemd/system etc/systemd/user; do
    mkdir -p "$R/$name"
    mount -t tmpfs -o mode=755 kt-rig "$R/$name"
  done
  for name in fstab crypttab; do : > "$R/etc/$name"; done
  # root's home is empty, so that what a command writes there is seen.
  mkdir -p "$KT_RIG/disk/home"
  chmod 700 "$KT_RIG/disk/home"
  mount --bind "$KT_RIG/disk/home" "$R/root"
  # A tree without a name would be on its first boot every time.
  [ -s "$R/etc/machine-id" ] || tr -d - < /proc/sys/kernel/random/uuid > "$R/etc/machine-id"
  # The journal is kept only where this is.
  mkdir -p "$R/var/log/journal" "$R/run/systemd/system"
  # What works on the kernel or on devices, of which this boot has none.
  for name in modules-load sysctl binfmt udevd udev-trigger hwdb-update tmpfiles-setup-dev \
    random-seed remount-fs update-utmp; do
    ln -s /dev/null "$R/run/systemd/system/systemd-$name.service"
  done
  ln -s /dev/null "$R/run/systemd/system/modprobe@.service"
  for name in dev-hugepages dev-mqueue sys-kernel-debug sys-kernel-tracing sys-kernel-config \
    sys-fs-fuse-connections; do
    ln -s /dev/null "$R/run/systemd/system/$name.mount"
  done
}

make_user() {
  ! grep -q "^$RIG_USER:" "$R/etc/passwd" || return 0
  echo "$RIG_USER:x:$RIG_UID:$RIG_UID::/home/$RIG_USER:/bin/bash" >> "$R/etc/passwd"
  echo "$RIG_USER:x:$RIG_UID:" >> "$R/etc/group"
  echo "$RIG_USER:*:19000:0:99999:7:::" >> "$R/etc/shadow"
  mkdir -p "$R/home/$RIG_USER"
  chown "$RIG_UID:$RIG_UID" "$R/home/$RIG_USER"
  chmod 700 "$R/home/$RIG_USER"
}

# units BOOT SCRIPT: what runs the script and ends the boot with it
units() {
  local dir=$R/run/systemd/system
  # A user manager outlives the last session by ten seconds; one shows the same.
  mkdir -p "$R/run/systemd/logind.conf.d"
  printf '[Login]\nUserStopDelaySec=1s\n' > "$R/run/systemd/logind.conf.d/kt-rig.conf"
  cat > "$dir/kt-rig.target" <<UNIT
[Unit]
Requires=basic.target
Wants=dbus.service systemd-logind.service systemd-user-sessions.service kt-rig.service
After=basic.target
JobTimeoutSec=60s
JobTimeoutAction=exit-force
UNIT
  cat > "$dir/kt-rig.service" <<UNIT
[Unit]
After=dbus.service systemd-logind.service systemd-user-sessions.service
SuccessAction=exit
FailureAction=exit
[Service]
Type=exec
RuntimeMaxSec=${LIMIT}s
Environment=KT_RIG_BOOT=$1 KT_RIG_TREE=$TREE KT_RIG_USER=$RIG_USER KT_RIG_UID=$RIG_UID
ExecStart=/bin/bash $2
ExecStopPost=/bin/bash -c 'echo "\$\$EXIT_STATUS" > /run/kt-rig/out/status'
StandardOutput=append:/run/kt-rig/out/log
StandardError=inherit
UNIT
}

case ${KT_RIG_STAGE:-outside} in
  outside) outside "$@" ;;
  disk) disk "$@" ;;
  inside) inside "$@" ;;
esac
