//! Stores the state of the control plane.
//!
//! [`Store`] is an interface of gateways, versions and reports, not of rows, with one
//! implementation for SQLite and one for PostgreSQL. Every change is one transaction that also
//! writes its audit row and, if the request has an idempotency key, the receipt to return when it
//! is repeated. What is stored is declared once, in `rows`.

mod audit_spans;
mod change;
mod contract;
mod decision;
mod error;
mod filter;
mod lease_renewal;
mod migrations;
mod postgres;
mod receipt;
mod retention;
mod rows;
mod snapshot;
mod sqlite;
#[cfg(test)]
mod suite;
mod table;
mod token_use;
mod transfer;

pub use change::{
    AuditEvent, ChangeContext, GatewayAction, GatewayRef, HaltChange, IdempotencyKey,
};
pub use contract::Store;
pub use error::StoreError;
pub use filter::{AuditFilter, GatewayFilter, ListedState, StateFilter, TokenFilter};
pub use lease_renewal::LeaseRenewal;
pub use postgres::{
    ChangeListeners, DatabaseAddress, DatabaseAddressError, Password, PasswordError,
    PasswordSources, PostgresStore, TlsOptions,
};
pub use receipt::{ChangeReceipt, ReportReceipt, TokenReceipt};
pub use retention::{PruneOptions, PruneReceipt};
pub use rows::{
    ApplyOutcomeRow, ContentRow, GatewayRow, NewGateway, NewToken, NewVersion, StoredScope,
    TokenRecord, TokenRow, VersionRow,
};
pub use snapshot::{DesiredState, GatewaySnapshot, InstanceRecord};
pub use sqlite::{
    BackupDirectory, BackupSummary, DATABASE_FILE, PreparedRestore, RestoreSummary, SqliteStore,
    TokenCache, backup, prepare_directory,
};
pub use token_use::TokenUse;
pub use transfer::{
    AUDIT_PAGE_ROWS, CheckProgress, ExportHeader, ExportReader, ExportRecord, ExportWriter,
    ImportSummary, IntegrityReport, RecordSink, RecordSource, Selection, Transfer, check_integrity,
};
