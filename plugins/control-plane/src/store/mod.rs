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
pub use contract::{
    AuditEvent, ChangeContext, GatewayAction, GatewayRef, IdempotencyKey, NewGateway, NewVersion,
    Store,
};
pub use error::StoreError;
pub use filter::{AuditFilter, GatewayFilter, TokenFilter};
pub use postgres::{
    ChangeListeners, DatabaseAddress, DatabaseAddressError, Password, PasswordError,
    PasswordSources, PostgresStore, TlsOptions,
};
pub use record::{
    ChangeReceipt, GatewayRecord, GatewaySnapshot, InstanceRecord, ReportReceipt, StoredScope,
    TokenReceipt, TokenRecord,
};
use record::{INSTANCES_KEPT, Repeatable, new_answers};
pub use retention::{PruneOptions, PruneReceipt};
pub use sqlite::{
    BackupDirectory, BackupSummary, DATABASE_FILE, RestoreSummary, SqliteStore, TokenCache, backup,
    prepare_directory, restore,
};
use token::USE_GRAIN;
pub use token::{NewToken, TokenUse};
pub use transfer::AUDIT_PAGE_ROWS;
use transfer::Progress;
pub use transfer::{
    ApplyOutcomeRow, ContentRow, ExportHeader, ExportReader, ExportRecord, ExportWriter,
    GatewayRow, ImportSummary, IntegrityCheck, IntegrityReport, RecordSink, RecordSource,
    Selection, TokenRow, Transfer, VersionRow,
};
