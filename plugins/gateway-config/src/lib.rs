//! The `gateway-config` plugin.
