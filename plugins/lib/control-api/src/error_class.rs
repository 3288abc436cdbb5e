//! What the caller of the API can do about an error.

/// The class of an error. Each has one exit code in the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The settings of kt are wrong.
    Settings,
    /// The input is invalid; nothing was changed.
    Usage,
    /// A token is missing or insufficient.
    Unauthorized,
    /// The object does not exist.
    NotFound,
    /// The object exists already, or was changed meanwhile.
    Conflict,
    /// The control plane is unreachable or unable to serve; nothing was changed.
    Unavailable,
    /// Sent, but without a response.
    UnknownEffect,
    /// Created by an incompatible version.
    Incompatible,
    /// Canceled by the caller.
    Interrupted,
    /// A bug in kt.
    Bug,
}

impl ErrorClass {
    /// Returns the name of the class, which is that of the plugin API's class.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Settings => "settings",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::UnknownEffect => "unknown-effect",
            Self::Incompatible => "plugin",
            Self::Interrupted => "interrupted",
            Self::Bug => "internal",
        }
    }
}
