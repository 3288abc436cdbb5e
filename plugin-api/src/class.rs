//! Outcome classes and their exit codes.

use serde::{Deserialize, Deserializer, Serialize};

/// The class of an invocation's outcome. A plugin returns a class, never a
/// number; the host maps it to the documented exit code. A class of a later minor
/// version reads as [`Self::Plugin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Success.
    Ok,
    /// A negative result: the inputs differ, or a check failed.
    Negative,
    /// Invalid usage or input file; nothing was changed.
    Usage,
    /// kt's own settings are invalid.
    Settings,
    /// Not authorized.
    Unauthorized,
    /// The named object does not exist.
    NotFound,
    /// The object already exists, was changed concurrently, drifted, or is locked.
    Conflict,
    /// Not reachable, or timed out before any effect.
    Unavailable,
    /// Timed out after the request was sent; the effect is unknown.
    UnknownEffect,
    /// A plugin failed, is missing or is incompatible.
    Plugin,
    /// Rejected by the gateway; the previous configuration remains active.
    Rejected,
    /// Superseded by a newer version.
    Superseded,
    /// A bug in kt.
    Internal,
    /// Interrupted by SIGINT (Ctrl-C).
    Interrupted,
    /// Terminated by SIGTERM.
    Terminated,
}

impl Class {
    /// Every class, in the order of the exit codes.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::Negative,
        Self::Usage,
        Self::Settings,
        Self::Unauthorized,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::UnknownEffect,
        Self::Plugin,
        Self::Rejected,
        Self::Superseded,
        Self::Internal,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// Returns the process exit code of this class.
    ///
    /// 130 and 143 are the shell's 128 + signal; 70 is `EX_SOFTWARE` of
    /// sysexits.h.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Settings => 3,
            Self::Unauthorized => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unavailable => 7,
            Self::UnknownEffect => 8,
            Self::Plugin => 9,
            Self::Rejected => 10,
            Self::Superseded => 11,
            Self::Internal => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Returns a one-line description for `kt help exit-codes`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Ok => "success",
            Self::Negative => "negative result: the inputs differ, or a check failed",
            Self::Usage => "invalid usage or input file; nothing was changed",
            Self::Settings => "kt's own settings are invalid",
            Self::Unauthorized => "not authorized",
            Self::NotFound => "not found",
            Self::Conflict => "conflict: already exists, changed concurrently, drifted or locked",
            Self::Unavailable => "unavailable: not reachable, or timed out before any effect",
            Self::UnknownEffect => {
                "unknown effect: timed out after the request was sent; check the state"
            }
            Self::Plugin => "a plugin failed, is missing or is incompatible",
            Self::Rejected => "rejected by the gateway; the previous configuration remains active",
            Self::Superseded => "superseded by a newer version",
            Self::Internal => "a bug in kt",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Whether a retry cannot succeed, so that a service manager should not
    /// restart the program.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::Usage
                | Self::Settings
                | Self::Unauthorized
                | Self::NotFound
                | Self::Plugin
                | Self::Rejected
        )
    }

    /// Returns the name of the class in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Negative => "negative",
            Self::Usage => "usage",
            Self::Settings => "settings",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::UnknownEffect => "unknown-effect",
            Self::Plugin => "plugin",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Internal => "internal",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Returns the class with this JSON name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self::from_name(&name).unwrap_or(Self::Plugin))
    }
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn an_unknown_class_is_a_failed_plugin() {
        let class = serde_json::from_str::<Class>("\"throttled\"").unwrap();
        assert_eq!(class, Class::Plugin);
    }

    #[test]
    fn names_agree_with_serde() {
        for class in Class::ALL {
            let json = serde_json::to_string(&class).unwrap();
            assert_eq!(json, format!("\"{}\"", class.name()));
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
    }
}
