//! Checks the integrity of a store.

use std::collections::{HashMap, HashSet};

use kt_control_api::{ContentHash, GatewayId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::recent_contents::RecentContents;
use super::record::ExportRecord;
use crate::store::rows::{ContentRow, GatewayRow, TokenRow, VersionRow};
use crate::validator::Validator;

/// A check of the records of a store, in their order. The audit log has a verification of its own.
pub(super) struct IntegrityCheck {
    /// The contents; `None` is one that is missing.
    contents: RecentContents<Option<ContentFacts>>,
    /// The contents that do not match their hashes.
    mismatched: HashSet<ContentHash>,
    /// The gateways, and whether each is deleted.
    gateways: HashMap<GatewayId, bool>,
    current: Option<(GatewayRow, u64)>,
    report: IntegrityReport,
}

/// A record with what can be found out about it alone, which takes most of the time of a check.
pub(super) enum ExaminedRecord {
    Content(ContentHash, ContentFacts),
    Other(Box<ExportRecord>),
}

/// What is known about a content.
pub(super) struct ContentFacts {
    size: u64,
    matches_hash: bool,
    canonical_sha256: Option<ContentHash>,
}

impl ExaminedRecord {
    pub(super) fn new(record: ExportRecord, validator: &dyn Validator) -> Self {
        match record {
            ExportRecord::Content(row) => {
                Self::Content(row.sha256, ContentFacts::of(&row, validator))
            }
            other => Self::Other(Box::new(other)),
        }
    }
}

impl ContentFacts {
    fn of(row: &ContentRow, validator: &dyn Validator) -> Self {
        let found: [u8; 32] = Sha256::digest(row.content.as_bytes()).into();
        Self {
            size: row.content.len() as u64,
            matches_hash: *row.sha256.as_bytes() == found,
            canonical_sha256: validator.check("", &row.content).ok(),
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IntegrityReport {
    /// The number of gateways, including deleted ones.
    pub gateways: u64,
    /// The number of versions.
    pub versions: u64,
    /// The number of tokens.
    pub tokens: u64,
    /// What is corrupt.
    pub damage: Vec<String>,
    /// What is notable, and not corrupt.
    pub notes: Vec<String>,
}

impl IntegrityCheck {
    pub(super) fn new() -> Self {
        Self {
            contents: RecentContents::for_check(),
            mismatched: HashSet::new(),
            gateways: HashMap::new(),
            current: None,
            report: IntegrityReport::default(),
        }
    }

    /// Checks the next record.
    pub(super) fn push(&mut self, record: ExaminedRecord) {
        let record = match record {
            ExaminedRecord::Content(sha256, facts) => return self.content(sha256, facts),
            ExaminedRecord::Other(record) => *record,
        };
        match record {
            ExportRecord::Gateway(row) => {
                self.close();
                self.report.gateways += 1;
                self.gateways
                    .insert(row.id.clone(), row.deleted_at.is_some());
                self.current = Some((row, 0));
            }
            ExportRecord::Version(row) => self.version(&row),
            ExportRecord::Token(row) => self.token(&row),
            ExportRecord::Content(_) | ExportRecord::ApplyOutcome(_) | ExportRecord::Audit(_) => {}
        }
    }

    /// Returns the number of versions so far.
    pub(super) fn versions(&self) -> u64 {
        self.report.versions
    }

    /// Finishes the check.
    pub(super) fn finish(mut self) -> IntegrityReport {
        self.close();
        self.report
    }

    fn content(&mut self, sha256: ContentHash, facts: ContentFacts) {
        // One that was forgotten meanwhile is reported already.
        if !facts.matches_hash && self.mismatched.insert(sha256) {
            self.damaged(format!("content {sha256} does not match its hash"));
        }
        self.contents.insert(sha256, Some(facts));
    }

    fn version(&mut self, row: &VersionRow) {
        self.report.versions += 1;
        let name = format!("version {} of {}", row.version, row.gateway);
        match &mut self.current {
            Some((gateway, count)) if gateway.id == row.gateway => {
                *count += 1;
                if *count != row.version {
                    let expected = *count;
                    *count = row.version;
                    self.damaged(format!("{name} is in the place of version {expected}"));
                }
            }
            _ => self.damaged(format!("{name} belongs to no gateway")),
        }
        if row.pruned_at.is_some() {
            self.check_pruned(row, &name);
            return;
        }
        // Inserted as the export does, so that both forget the same contents.
        self.contents.insert(row.content_sha256, None);
        match self
            .contents
            .get(&row.content_sha256)
            .and_then(Option::as_ref)
        {
            None => self.damaged(format!("{name} has no content")),
            Some(facts) if facts.size != row.size => {
                let found = facts.size;
                self.damaged(format!("{name} has {found} bytes, not {}", row.size));
            }
            Some(ContentFacts {
                canonical_sha256: None,
                ..
            }) => {
                self.report
                    .notes
                    .push(format!("{name} is not valid for this kt"));
            }
            Some(ContentFacts {
                canonical_sha256, ..
            }) if *canonical_sha256 != Some(row.sha256) => {
                self.damaged(format!(
                    "the canonical form of {name} does not match its hash"
                ));
            }
            Some(_) => {}
        }
    }

    /// Checks a version without content, which must not be desired.
    fn check_pruned(&mut self, row: &VersionRow, name: &str) {
        let desired = self
            .current
            .as_ref()
            .and_then(|(gateway, _)| gateway.desired_version);
        if desired == Some(row.version) {
            self.damaged(format!("{name} is desired, and its content was pruned"));
        }
    }

    fn token(&mut self, row: &TokenRow) {
        self.report.tokens += 1;
        match row.gateway.as_ref().map(|id| (id, self.gateways.get(id))) {
            Some((id, None)) => {
                self.damaged(format!(
                    "token {} is for {id}, which does not exist",
                    row.id
                ));
            }
            Some((id, Some(true))) if row.revoked_at.is_none() => {
                self.damaged(format!(
                    "token {} is for {id}, which was deleted, and is not revoked",
                    row.id
                ));
            }
            _ => {}
        }
    }

    /// Checks the gateway whose versions have all been checked.
    fn close(&mut self) {
        let Some((gateway, count)) = self.current.take() else {
            return;
        };
        let id = &gateway.id;
        if count != gateway.last_version {
            let expected = gateway.last_version;
            self.damaged(format!("gateway {id} has {count} versions, not {expected}"));
        }
        if gateway
            .desired_version
            .is_some_and(|desired| desired > count || desired == 0)
        {
            let desired = gateway.desired_version.unwrap_or_default();
            self.damaged(format!(
                "gateway {id} desires version {desired}, which does not exist"
            ));
        }
    }

    fn damaged(&mut self, message: String) {
        self.report.damage.push(message);
    }
}
