//! Where the control plane keeps what it knows.
//!
//! [`Store`] speaks of gateways, versions and reports, never of rows, so that another database can
//! stand behind it. Every change is one transaction that also holds its audit row and, when the
//! caller sent a key, what to answer should the same request come again.

mod contract;
mod decide;
mod error;
mod filter;
mod postgres;
mod record;
mod retention;
mod sqlite;
#[cfg(test)]
mod suite;
mod token;
mod transfer;

use contract::KEY_MEMORY;
pub use contract::{Ask, Change, Key, NewGateway, NewVersion, Note, Once, Store};
pub use error::StoreError;
pub use filter::{AuditFilter, ListFilter, TokenFilter};
pub use postgres::{
    Address, AddressError, Password, PasswordError, PasswordSources, Postgres, TlsWishes, Waiters,
};
pub use record::{
    GatewayRecord, InstanceRecord, Receipt, ReportReceipt, Snapshot, StoredScope, TokenReceipt,
    TokenRecord,
};
use record::{INSTANCES_KEPT, Repeatable, new_answers};
pub use retention::{Prune, Pruned};
pub use sqlite::{
    Backup, Backups, DATABASE_FILE, KnownTokens, Restored, Sqlite, backup, prepare_directory,
    restore,
};
use token::USE_GRAIN;
pub use token::{NewToken, TokenUse};
pub use transfer::PAGE;
use transfer::Progress;
pub use transfer::{
    AnswerRow, Check, CheckReport, ContentRow, GatewayRow, Header, Imported, Reader, Record,
    Records, Selection, Take, TokenRow, Transfer, VersionRow, Writer,
};
