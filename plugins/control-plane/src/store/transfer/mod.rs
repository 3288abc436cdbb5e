//! Taking what a store keeps out of it, and into another one of either kind.
//!
//! A store is told as a sequence of [`Record`]s: each gateway, followed by its versions and what
//! its instances answered; then the tokens, as hashes; then the trail. Reports of instances and
//! keys of requests are of the moment and stay behind.

mod check;
mod contract;
mod progress;
mod reader;
mod record;
mod writer;

pub use check::{Check, CheckReport};
pub use contract::{Imported, PAGE, Records, Selection, Take, Transfer};
pub(super) use progress::Progress;
pub use reader::Reader;
pub use record::{AnswerRow, ContentRow, GatewayRow, Header, Record, TokenRow, VersionRow};
pub use writer::Writer;
