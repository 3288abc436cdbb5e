//! The built-in commands; they are about kt, never about what plugins do.

#![forbid(unsafe_code)]

mod completion;
mod config_change;
mod config_show;
mod context;
mod dispatch;
mod doctor;
mod plugin_catalog;
mod plugin_change;
mod plugin_check;
mod plugin_dir;
mod plugin_info;
mod plugin_install;
mod plugin_list;
mod plugin_new;
mod plugin_status;
mod plugin_test;
mod plugin_verify;
mod reference;
mod version;

pub(crate) use context::CommandContext;
pub(crate) use dispatch::run;
