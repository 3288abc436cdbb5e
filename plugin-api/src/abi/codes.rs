//! The numbers of the header's enumerations.

/// `kt_status`: 0 is success, unknown negatives are read as [`status::FAILED`].
pub mod status {
    /// Success.
    pub const OK: i32 = 0;
    /// Failed; the error object says why.
    pub const FAILED: i32 = -1;
    /// The callee's code broke an assumption (a panic).
    pub const PANIC: i32 = -2;
    /// No such method, interface or field.
    pub const UNSUPPORTED: i32 = -3;
    /// A malformed argument.
    pub const INVALID: i32 = -4;
    /// The named thing does not exist.
    pub const NOT_FOUND: i32 = -5;
    /// The caller's cancellation was honoured.
    pub const CANCELLED: i32 = -6;
    /// The deadline passed.
    pub const TIMEOUT: i32 = -7;
}

/// Why `kt_context.cancelled` is not 0.
pub mod cancel {
    /// Not cancelled.
    pub const NONE: i32 = 0;
    /// Ctrl-C.
    pub const INTERRUPT: i32 = 1;
    /// SIGTERM.
    pub const TERMINATE: i32 = 2;
    /// The deadline passed.
    pub const DEADLINE: i32 = 3;
}

/// What `kt_context.emit` carries.
pub mod emit {
    /// The result of a command: value and view.
    pub const RESULT: u32 = 1;
    /// Something a long-running command did.
    pub const EVENT: u32 = 2;
    /// How far a command has come.
    pub const PROGRESS: u32 = 3;
    /// A warning for the person who runs the command.
    pub const WARNING: u32 = 4;
    /// A part of a result that comes in parts: value and view.
    pub const PARTIAL_RESULT: u32 = 5;
}

/// Levels of `kt_host.log`.
pub mod log {
    /// Error.
    pub const ERROR: u32 = 1;
    /// Warning.
    pub const WARN: u32 = 2;
    /// Information.
    pub const INFO: u32 = 3;
    /// Debugging.
    pub const DEBUG: u32 = 4;
    /// Tracing.
    pub const TRACE: u32 = 5;
}
