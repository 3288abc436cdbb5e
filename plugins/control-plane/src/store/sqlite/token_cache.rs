//! A cache of tokens.

use std::collections::HashMap;
use std::path::Path;

use kt_control_api::TokenHash;
use rusqlite::Connection;

use super::{connection, tokens as token_rows};
use crate::store::{StoreError, TokenRecord};

/// Maximum number of tokens in the cache, which is cleared when it is full.
const MAX_TOKENS: usize = 10_000;

/// Tokens as they are currently stored.
///
/// The cache needs no invalidation: it is cleared when any other connection has changed the file.
/// It has a connection of its own, so that it never waits for a long query.
#[derive(Debug)]
pub struct TokenCache {
    connection: Connection,
    /// `PRAGMA data_version` at the time of the cached reads. It changes when another connection
    /// commits, and this one never does.
    version: i64,
    tokens: HashMap<TokenHash, TokenRecord>,
}

impl TokenCache {
    /// Opens the file, which must be a store.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: connection::open_for_reading(path)?,
            version: 0,
            tokens: HashMap::new(),
        })
    }

    /// Returns a token, including revoked and expired ones; `None` for an unknown one.
    ///
    /// # Errors
    /// When the file cannot be read immediately: it does not wait for other processes.
    pub fn find(&mut self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if version != self.version || self.tokens.len() >= MAX_TOKENS {
            self.tokens.clear();
            self.version = version;
        }
        if let Some(record) = self.tokens.get(hash) {
            return Ok(Some(record.clone()));
        }
        let found = token_rows::find(&self.connection, hash)?;
        if let Some(record) = &found {
            self.tokens.insert(*hash, record.clone());
        }
        Ok(found)
    }
}
