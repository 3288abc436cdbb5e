#!/usr/bin/env bash
# Boots systemd with PID 1, logind, journald, D-Bus, polkit and user managers, on a machine
# that may run another init system, and runs scripts in it. Needs root. The machine is not
# changed: the root file system is the lower layer of an overlay, and everything happens in
# private namespaces.
#
#   systemd-boot.sh [--root DIR] [--tree DIR] SCRIPT [SCRIPT]...
#
#   --root DIR   boot this root tree instead of the machine's
#   --tree DIR   copy DIR to /opt/kt, owned by root; scripts find it as
#                $KT_RIG_TREE. A service needs a stable path.
#
# Each script runs as root in a separate boot, from a copy of its directory. The disk is
# kept between the boots, so that a script that is given twice sees a reboot; $KT_RIG_BOOT
# is the number of the boot, from 1. There is a user kt-rig with a home, who is not logged
# in.
#
# The exit status is that of the first script that failed, 77 if the rig is not supported (1
# with KT_TEST_SYSTEMD=require), or 90 if a boot did not finish. KT_RIG_VERBOSE=N prints N
# lines of the journal of each boot.
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

# ---- outside: prerequisites and a directory ----------------------------------

# The files below the root that a boot needs, and their packages.
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
  [ $# -gt 0 ] || { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || unusable "needs root"
  for part in "$@"; do
    [ -f "$part" ] || { echo "systemd-boot: there is no $part" >&2; exit 2; }
  done
  for part in $PARTS; do
    compgen -G "${root%/}/${part%%:*}" > /dev/null || unusable "$root lacks the package ${part##*:}"
  done
  unshare --mount --pid --fork --cgroup --ipc --uts --net true 2> /dev/null ||
    unusable "namespaces are not available"

  # Below the unified hierarchy, which a machine with mixed hierarchies keeps
  # in a directory of its own.
  KT_RIG_GROUP=/sys/fs/cgroup
  [ -f $KT_RIG_GROUP/cgroup.controllers ] || KT_RIG_GROUP=/sys/fs/cgroup/unified
  [ -f $KT_RIG_GROUP/cgroup.procs ] || unusable "no unified control groups"
  KT_RIG_GROUP=$KT_RIG_GROUP/kt-boot-$$
  mkdir "$KT_RIG_GROUP" 2> /dev/null || unusable "control groups cannot be created"

  KT_RIG=$(mktemp -d "${TMPDIR:-/tmp}/kt-boot.XXXXXX")
  export KT_RIG KT_RIG_GROUP KT_RIG_ROOT=$root KT_RIG_FROM=$tree
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  local status=0
  # The disk is kept between the boots, but no process may outlive this script.
  KT_RIG_STAGE=disk setpriv --pdeathsig KILL \
    unshare --mount bash "$(readlink -f "$0")" "$@" || status=$?
  [ $status != 77 ] || unusable "$(cat "$KT_RIG/reason")"
  exit $status
}

clean_up() {
  # All remaining processes in the group were started here.
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

# The rig is not supported; the outside reports the reason.
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
    # The root of a new control group namespace is the group of its first process.
    echo "$BASHPID" > "$KT_RIG_GROUP/$1/cgroup.procs"
    export KT_RIG_STAGE=inside
    exec setpriv --pdeathsig KILL \
      unshare --mount --pid --fork --kill-child --cgroup --ipc --uts --net \
      bash "$(readlink -f "$0")" "$@"
  ) > "$out/console" 2>&1 || true
  [ -e "$out/boots" ] || unprepared "$(head -n 1 "$out/console")"
  [ ! -e "$out/log" ] || cat "$out/log"
  status=$(cat "$out/status" 2> /dev/null || true)
  # After a signal the status is the name of the signal.
  case $status in '' | *[!0-9]*) status=90 ;; esac
  if [ $status = 90 ] || [ "${KT_RIG_VERBOSE:-0}" != 0 ]; then
    cat "$out/console"
    journalctl --no-pager -q -n "${KT_RIG_VERBOSE:-40}" \
      --directory "$KT_RIG/disk/upper/var/log/journal" || true
  fi >&2
  [ $status = 0 ] || exit "$status"
}

# ---- inside: the booted system -----------------------------------------------

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
  # Most of it belongs to the kernel of the machine.
  for name in sys sysrq-trigger; do
    [ -e "$R/proc/$name" ] || continue
    mount --bind "$R/proc/$name" "$R/proc/$name"
    mount -o remount,bind,ro "$R/proc/$name"
  done
  # The ports of the gateway are within the ephemeral port range, which starts at 32768: a
  # client connection could use one of them.
  echo 41002-41009 > /proc/sys/net/ipv4/ip_local_reserved_ports || true
  # It identifies the boot.
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
  # Without a private /tmp, cleaning that of the machine takes seconds.
  for name in dev/shm tmp var/tmp; do
    mount -t tmpfs -o mode=1777 kt-rig "$R/$name"
  done
  mount -t tmpfs -o mode=755 kt-rig "$R/run"
}

# Hides the units and mounts of the machine, which would slow down the boot or use devices
# that do not exist.
own_machine() {
  local name
  for name in etc/systemd/system etc/systemd/user; do
    mkdir -p "$R/$name"
    mount -t tmpfs -o mode=755 kt-rig "$R/$name"
  done
  for name in fstab crypttab; do : > "$R/etc/$name"; done
  # The home of root is empty, so that the files that a command writes are detected.
  mkdir -p "$KT_RIG/disk/home"
  chmod 700 "$KT_RIG/disk/home"
  mount --bind "$KT_RIG/disk/home" "$R/root"
  # Without a machine ID every boot would be a first boot.
  [ -s "$R/etc/machine-id" ] || tr -d - < /proc/sys/kernel/random/uuid > "$R/etc/machine-id"
  # The journal is persistent only if this directory exists.
  mkdir -p "$R/var/log/journal" "$R/run/systemd/system"
  # Units that configure the kernel or devices.
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

# units BOOT SCRIPT: writes the units that run the script and then stop the boot
units() {
  local dir=$R/run/systemd/system
  # A user manager stops ten seconds after the last session; one second is enough here.
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
