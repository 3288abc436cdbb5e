//! The `gateway-control` plugin.
