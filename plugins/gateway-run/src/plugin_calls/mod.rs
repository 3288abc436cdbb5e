//! Calls of plugins that are guards, in threads of their own, off the event loops: a plugin may
//! block.

mod calls;
mod lane;

pub(crate) use calls::PluginCalls;
pub(crate) use lane::{CallError, PluginLane};
