//! The `gateway-run` plugin.
