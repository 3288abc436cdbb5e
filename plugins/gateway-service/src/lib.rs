//! The `gateway-service` plugin.
