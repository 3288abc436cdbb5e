//! Reads an export, which is untrusted input.

use std::io::{BufRead, Read as _};

use kt_control_api::ContentHash;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::record::{ExportHeader, ExportRecord};
use super::writer::ExportEnd;
use crate::store::StoreError;

/// Maximum length of a line in bytes. A configuration has at most 1 MiB, each byte of which may
/// take six as JSON.
const MAX_LINE: u64 = 8 << 20;

/// The records of an export, in order. Ends with an error unless the last line confirms that the
/// export is complete.
#[derive(Debug)]
pub struct ExportReader<R> {
    from: R,
    header: ExportHeader,
    hash: Sha256,
    /// The number of the last line.
    line: u64,
    ended: bool,
}

impl<R: BufRead> ExportReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`StoreError::InvalidExport`] when it is not that of a supported export.
    pub fn new(from: R) -> Result<Self, StoreError> {
        let mut reader = Self {
            from,
            header: ExportHeader {
                format: String::new(),
                kt: String::new(),
                exported_at: jiff::Timestamp::UNIX_EPOCH,
                epoch: String::new(),
                whole: false,
            },
            hash: Sha256::new(),
            line: 0,
            ended: false,
        };
        let line = reader.next_line()?;
        reader.header = parse(&line)
            .filter(|header: &ExportHeader| header.format == ExportHeader::FORMAT)
            .ok_or_else(|| {
                reader.invalid("it is not an export of a control plane that this kt supports")
            })?;
        reader.hash.update(&line);
        Ok(reader)
    }

    /// Returns the header of the export.
    #[must_use]
    pub fn header(&self) -> &ExportHeader {
        &self.header
    }

    fn step(&mut self) -> Result<Option<ExportRecord>, StoreError> {
        let line = self.next_line()?;
        if line.is_empty() {
            return Err(self.invalid("it is truncated: its last line is missing"));
        }
        if let Some(end) = parse::<ExportEnd>(&line) {
            return self.end(&end).map(|()| None);
        }
        let record = serde_json::from_slice(&line).map_err(|error| {
            self.invalid(&format!("not a record of an export: {}", location(&error)))
        })?;
        self.hash.update(&line);
        check(&record).map_err(|reason| self.invalid(reason))?;
        Ok(Some(record))
    }

    fn end(&mut self, end: &ExportEnd) -> Result<(), StoreError> {
        let found = ContentHash::from_bytes(self.hash.clone().finalize().into());
        if end.end_sha256 != found || end.records != self.line - 2 {
            return Err(self.invalid("it was changed: its checksum does not match"));
        }
        if !self.next_line()?.is_empty() {
            return Err(self.invalid("there is data after its last line"));
        }
        Ok(())
    }

    fn next_line(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut line = Vec::new();
        self.line += 1;
        let read = self
            .from
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line);
        read.map_err(|error| self.invalid(&error.to_string()))?;
        if !line.is_empty() && line.last() != Some(&b'\n') {
            return Err(self.invalid("the line is truncated"));
        }
        Ok(line)
    }

    fn invalid(&self, reason: &str) -> StoreError {
        StoreError::InvalidExport {
            line: self.line,
            reason: reason.to_owned(),
        }
    }
}

impl<R: BufRead> Iterator for ExportReader<R> {
    type Item = Result<ExportRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

/// Returns the location of an error without the text of the line, which may be part of a
/// configuration.
fn location(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("unexpected value at column {}", error.column())
        }
        _ => format!("invalid JSON at column {}", error.column()),
    }
}

/// Checks what the store itself would not.
fn check(record: &ExportRecord) -> Result<(), &'static str> {
    match record {
        ExportRecord::Content(row) => {
            let found: [u8; 32] = Sha256::digest(row.content.as_bytes()).into();
            if *row.sha256.as_bytes() != found {
                return Err("a configuration does not match its hash");
            }
        }
        ExportRecord::Gateway(row) if row.name.is_empty() || row.name.len() > 63 => {
            return Err("a gateway's name has 1 to 63 characters");
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ExportWriter;

    fn header() -> ExportHeader {
        ExportHeader {
            format: ExportHeader::FORMAT.to_owned(),
            kt: "0.1.0".to_owned(),
            exported_at: jiff::Timestamp::UNIX_EPOCH,
            epoch: "e".to_owned(),
            whole: true,
        }
    }

    fn content(text: &str) -> ExportRecord {
        use crate::store::ContentRow;
        ExportRecord::Content(ContentRow {
            sha256: ContentHash::from_bytes(Sha256::digest(text).into()),
            content: text.to_owned(),
        })
    }

    fn export(records: &[ExportRecord]) -> Vec<u8> {
        let mut writer = ExportWriter::new(Vec::new(), &header()).unwrap();
        records
            .iter()
            .for_each(|record| writer.record(record).unwrap());
        writer.finish().unwrap().0
    }

    fn read(bytes: &[u8]) -> Result<Vec<ExportRecord>, String> {
        let reader = ExportReader::new(bytes).map_err(|error| error.to_string())?;
        reader
            .map(|record| record.map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn an_export_round_trips() {
        let records = [content("a: \u{fc}\n"), content("b")];
        assert_eq!(read(&export(&records)).unwrap(), records);
        assert_eq!(read(&export(&[])).unwrap(), []);
    }

    #[test]
    fn a_truncated_export_is_rejected() {
        let whole = export(&[content("a"), content("b")]);
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn every_changed_byte_is_detected() {
        let whole = export(&[content("secret-value")]);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let error = read(&changed).expect_err("it was changed");
            assert!(!error.contains("secret"), "{error}");
        }
        let twice = [whole.clone(), whole].concat();
        assert!(read(&twice).unwrap_err().contains("after its last line"));
    }

    #[test]
    fn the_length_of_lines_is_limited() {
        let mut long = export(&[]);
        long.truncate(long.len() - 100);
        let endless = std::io::Read::chain(&long[..0], std::io::repeat(b'x'));
        let error = ExportReader::new(std::io::BufReader::new(endless)).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
