//! The `control-plane` plugin.
