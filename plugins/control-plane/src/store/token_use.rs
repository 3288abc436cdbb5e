//! The use of tokens.

use kt_control_api::{Timestamp, TokenId};

/// A request that was authenticated with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The token.
    pub token: TokenId,
    /// The time of the request.
    pub at: Timestamp,
}

/// How much later a use must be to be stored, in microseconds: five minutes. That is precise enough
/// to find unused tokens, and costs few writes with ten thousand tokens in use.
pub(super) const USE_RESOLUTION: i64 = 5 * 60 * 1_000_000;
