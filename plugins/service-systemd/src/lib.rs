//! The `service-systemd` plugin.
