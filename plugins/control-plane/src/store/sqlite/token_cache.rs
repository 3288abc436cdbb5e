//! Tokens that were looked up lately.

use std::collections::HashMap;
use std::path::Path;

use kt_control_api::TokenHash;
use rusqlite::Connection;

use super::{connection, tokens};
use crate::store::{StoreError, TokenRecord};

/// Most tokens to remember. When there are more, all are forgotten and looked up again.
const MOST: usize = 10_000;

/// What is known of tokens, as of now.
///
/// Nothing is told to forget: whatever anybody changes in the file, the next look notices. It has
/// a connection of its own, so that it never waits for a long list.
#[derive(Debug)]
pub struct TokenCache {
    connection: Connection,
    /// What `PRAGMA data_version` was when the rest was read: it moves when another connection
    /// commits, and this one never does.
    version: i64,
    known: HashMap<TokenHash, TokenRecord>,
}

impl TokenCache {
    /// Opens the file, which must be a store.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = connection::open(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self {
            connection,
            version: 0,
            known: HashMap::new(),
        })
    }

    /// Returns what is known of a token, revoked and expired ones included; nothing for one that
    /// is unknown.
    ///
    /// # Errors
    /// When the file cannot be read at once: it does not wait for others who use it.
    pub fn find(&mut self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if version != self.version || self.known.len() >= MOST {
            self.known.clear();
            self.version = version;
        }
        if let Some(record) = self.known.get(hash) {
            return Ok(Some(record.clone()));
        }
        let found = tokens::find(&self.connection, hash)?;
        if let Some(record) = &found {
            self.known.insert(*hash, record.clone());
        }
        Ok(found)
    }
}
