# The log of a service whose user cannot read the journal: a volatile journal is readable
# only by root.
. "$(dirname "$0")/steps.sh"

journal_in_memory() {
  mkdir -p /run/systemd/journald.conf.d
  printf '[Journal]\nStorage=volatile\n' > /run/systemd/journald.conf.d/kt-rig.conf
  systemctl restart systemd-journald.service
  rm -rf /var/log/journal
}

readable() {
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  expect 0 bare "$KT gateway logs --lines 20"
  says "127.0.0.1:41002"
  # The messages of the manager are merged with the lines of the gateway.
  says "[manager]"
  says "Started"
  expect 0 bare "$KT gateway uninstall"
}

unreadable() {
  journal_in_memory
  expect 0 bare "$CREATE"
  expect 0 bare "$INSTALL"
  expect 1 bare "XDG_RUNTIME_DIR=$RUNTIME journalctl --user -n 1"
  # The log of the gateway does not need the journal.
  expect 0 bare "$KT gateway logs"
  says "127.0.0.1:41002"
  says_not "[manager]"
  expect 0 bare "$KT gateway uninstall"
}

row "a persistent journal" readable
row "a volatile journal" unreadable
finish
