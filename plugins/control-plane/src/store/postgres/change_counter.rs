//! A number that changes with every change.

use sha2::{Digest, Sha256};

use super::query_error::QueryError;
use super::rows;
use super::session::Session;

pub(super) async fn read(session: &Session) -> Result<u64, QueryError> {
    // Changes whenever a transaction has ended, also one of another database.
    let sql = "SELECT pg_current_snapshot()::text";
    let row = session.row(sql, &[]).await?;
    let text: String = row.as_ref().map_or(Ok(String::new()), rows::only)?;
    let hash: [u8; 32] = Sha256::digest(text).into();
    let first = hash.first_chunk().copied().unwrap_or_default();
    Ok(u64::from_be_bytes(first))
}
