//! The constants of the header's enumerations.

/// `kt_status`: 0 is success; unknown negative values are treated as
/// [`status::FAILED`].
pub mod status {
    /// Success.
    pub const OK: i32 = 0;
    /// Failed; the error object has the details.
    pub const FAILED: i32 = -1;
    /// The callee panicked.
    pub const PANIC: i32 = -2;
    /// No such method, interface or field.
    pub const UNSUPPORTED: i32 = -3;
    /// A malformed argument.
    pub const INVALID: i32 = -4;
    /// The named object does not exist.
    pub const NOT_FOUND: i32 = -5;
    /// The call was cancelled.
    pub const CANCELLED: i32 = -6;
}

/// Result of `kt_context.cancelled`: the reason of the cancellation.
pub mod cancel {
    /// Not cancelled.
    pub const NONE: i32 = 0;
    /// SIGINT (Ctrl-C).
    pub const INTERRUPT: i32 = 1;
    /// SIGTERM.
    pub const TERMINATE: i32 = 2;
    /// The deadline expired.
    pub const DEADLINE: i32 = 3;
}

/// `flags` of `kt_call_options`.
pub mod call {
    /// The call is neither cancelled with the context nor bound by its deadline.
    pub const IGNORE_CANCELLATION: u32 = 1;
}

/// `kind` of `kt_context.emit`.
pub mod emit {
    /// The result of a command: value and view.
    pub const RESULT: u32 = 1;
    /// An event of a long-running command.
    pub const EVENT: u32 = 2;
    /// The current activity of a command.
    pub const PROGRESS: u32 = 3;
    /// A warning for the user.
    pub const WARNING: u32 = 4;
    /// A partial result: value and view.
    pub const PARTIAL_RESULT: u32 = 5;
}

/// `level` of `kt_host.log`.
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
