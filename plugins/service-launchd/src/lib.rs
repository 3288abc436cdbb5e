//! The `service-launchd` plugin.
