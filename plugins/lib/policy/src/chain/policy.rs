//! [`Policy`]: what a kind of policy consists of.

use std::fmt::Debug;

use super::build::Build;
use crate::model::PolicyKind;
use crate::settings::Settings;

/// A kind of policy: the settings of its block, and what they compile to.
pub(crate) trait Policy: Settings + Debug + Send + Sync + 'static {
    /// The name.
    const KIND: PolicyKind;
    /// The reason code of what it blocks; `None` if it blocks nothing.
    const REASON: Option<&'static str>;
    /// Whether it belongs at the end of a chain.
    const LAST: bool = false;
    /// Whether a chain may have several, each under a name of its own: `KIND:NAME`.
    const NAMED: bool = false;

    /// Adds the phases that the policy takes part in.
    fn compile(&self, build: &mut Build<'_>);
}
