//! The arguments of the commands, as `plugin.toml` declares them.

kt_plugin_api::include_args!();
