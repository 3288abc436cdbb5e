//! Writes an export: a line of JSON for each record, and a last line that confirms that it is
//! complete.

use std::io::{self, Write};

use kt_control_api::ContentHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::{ExportHeader, ExportRecord};

/// The last line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExportEnd {
    /// The number of records.
    pub(super) records: u64,
    /// SHA-256 of every byte before this line.
    pub(super) end_sha256: ContentHash,
}

/// Writes an export.
#[derive(Debug)]
pub struct ExportWriter<W> {
    to: W,
    hash: Sha256,
    records: u64,
}

impl<W: Write> ExportWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(to: W, header: &ExportHeader) -> io::Result<Self> {
        let mut writer = Self {
            to,
            hash: Sha256::new(),
            records: 0,
        };
        writer.line(header)?;
        Ok(writer)
    }

    /// Writes one record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, record: &ExportRecord) -> io::Result<()> {
        self.records += 1;
        self.line(record)
    }

    /// Writes the last line, without which the export is rejected. Returns the number of records.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        let end = ExportEnd {
            records: self.records,
            end_sha256: ContentHash::from_bytes(self.hash.clone().finalize().into()),
        };
        self.line(&end)?;
        self.to.flush()?;
        Ok((self.to, self.records))
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.to.write_all(&line)
    }
}
