//! The objects that both stores keep, each declared in one file: its columns, how it is created
//! and changed, and what of it the API and the audit log show.

mod apply_outcome;
mod audit;
mod gateway;
mod token;
mod version;

pub use apply_outcome::ApplyOutcomeRow;
pub(super) use apply_outcome::{OUTCOMES_KEPT, deletes_oldest};
pub use gateway::{GatewayRow, NewGateway};
pub use token::{NewToken, StoredScope, TokenRecord, TokenRow};
pub use version::{ContentRow, NewVersion, VersionRow};
