//! Tests of the server over the network.

mod access;
mod audit_export;
mod backup;
mod compression;
mod exchange;
mod http;
mod limits;
mod locked_file;
mod metrics;
mod revoked;
mod stream;
mod timing;
