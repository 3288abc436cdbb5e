//! Attributes what ends the process to the plugin that caused it: faults, aborts, and
//! calls of `exit`, and
//! calls that do not return.
//!
//! Nothing here runs before the first plugin is loaded. Handlers are limited to what
//! is async-signal-safe (signal-safety(7)): they read records that were written
//! before, and neither allocate nor lock.

mod calls;
mod culprit;
mod deferral;
mod exit;
mod fault;
mod fixed_text;
mod hang;
mod host_signals;
mod identity;
mod journal;
mod libraries;
mod register;
mod report;
mod waker;

pub(crate) use calls::{enter_host, record_host_call};
pub(crate) use fault::set_alternate_stack;
pub(crate) use hang::{
    HangPolicy, SignalPolicy, check as check_calls, end_by_signal, enter, enter_until,
    limit_all_calls, record_signal,
};
pub(crate) use host_signals::{record as record_host_signals, restore_deferred as restore_signals};
pub(crate) use identity::PluginIdentity;
pub(crate) use journal::{disable as disable_journal, record_process_crash};
pub(crate) use libraries::record as record_library;
pub(crate) use register::register;
pub(crate) use report::use_json;
pub(crate) use waker::set as set_waker;
