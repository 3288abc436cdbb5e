//! The layout table: name, offset and size of every boundary field.
//!
//! Tests compare it with `offsetof` in the C header, with the golden file of every
//! released minor version, and with the layout that `abi_stable` derives.

use super::{
    KtCallOptions, KtCommandV1, KtContext, KtHost, KtInterfaceV1, KtPlugin, KtProvider, KtReply,
    KtSink, KtStr,
};

/// One field of a boundary struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLayout {
    /// Name in the C header.
    pub name: &'static str,
    /// Offset in bytes from the start of the struct.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
}

/// One boundary struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructLayout {
    /// Name in the C header.
    pub name: &'static str,
    /// Size in bytes, including padding.
    pub size: usize,
    /// Fields in order.
    pub fields: Vec<FieldLayout>,
}

const fn size_of_field<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! layout {
    ($rust:ty, $c:literal, [$($field:ident as $cname:literal),+ $(,)?]) => {
        StructLayout {
            name: $c,
            size: size_of::<$rust>(),
            fields: vec![$(FieldLayout {
                name: $cname,
                offset: std::mem::offset_of!($rust, $field),
                size: size_of_field::<$rust, _>(|s| &s.$field),
            }),+],
        }
    };
}

/// Returns the layout of every boundary struct on this target.
#[must_use]
pub fn layout_table() -> Vec<StructLayout> {
    vec![
        layout!(KtStr, "kt_str", [ptr as "ptr", len as "len"]),
        layout!(KtSink, "kt_sink", [ctx as "ctx", write as "write"]),
        layout!(KtReply, "kt_reply", [ctx as "ctx", write as "write", fail as "fail"]),
        layout!(KtHost, "kt_host", [
            size as "size", abi_major as "abi_major", abi_minor as "abi_minor", ctx as "ctx",
            log as "log", log_max_level as "log_max_level", fail as "fail",
        ]),
        layout!(KtCallOptions, "kt_call_options", [
            size as "size", flags as "flags", deadline_unix_ms as "deadline_unix_ms",
        ]),
        layout!(KtProvider, "kt_provider", [
            size as "size", flags as "flags", ctx as "ctx", call as "call", close as "close",
        ]),
        layout!(KtContext, "kt_context", [
            size as "size", flags as "flags", ctx as "ctx",
            deadline_unix_ms as "deadline_unix_ms", cancelled as "cancelled",
            cancel_fd as "cancel_fd", reload_count as "reload_count", emit as "emit", fail as "fail",
            prompt as "prompt", list_providers as "list_providers", open_provider as "open_provider", take_inherited_fd as "take_inherited_fd",
        ]),
        layout!(KtPlugin, "kt_plugin", [
            magic as "magic", size as "size", abi_major as "abi_major",
            abi_minor as "abi_minor", min_host_minor as "min_host_minor",
            reserved0 as "reserved0", flags as "flags", name as "name", version as "version",
            init as "init", shutdown as "shutdown", get_interface as "get_interface",
        ]),
        layout!(KtCommandV1, "kt_command_v1", [
            size as "size", flags as "flags", run as "run", complete as "complete",
        ]),
        layout!(KtInterfaceV1, "kt_interface_v1", [
            size as "size", flags as "flags", ctx as "ctx", call as "call",
        ]),
    ]
}
