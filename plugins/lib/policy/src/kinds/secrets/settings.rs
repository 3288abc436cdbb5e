//! The settings.

use crate::chain::FilterAction;
use crate::settings::{Weaker, boolean, choice, settings};

settings! {
    /// Credentials: keys and tokens of services, private keys, passwords.
    pub(crate) Secrets {
        /// The action on a match.
        action: FilterAction = choice().default(ACTION).weaker(Weaker::Action);
        /// Whether values behind the name of a secret are found, such as `password = …`, if they
        /// look random.
        assignments: bool = boolean().default(true).weaker(Weaker::Off);
        /// Whether passwords in addresses are found: `scheme://user:password@host`.
        addresses: bool = boolean().default(true).weaker(Weaker::Off);
    }
}

/// The default of `action`: prompts leak secrets more than anything else, and a false alarm costs
/// little.
pub(super) const ACTION: FilterAction = FilterAction::Redact;
