//! Looking for damage in what a store keeps.

use std::collections::HashMap;

use kt_control_api::{ContentHash, GatewayId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::record::ExportRecord;
use crate::store::rows::{ContentRow, GatewayRow, TokenRow, VersionRow};
use crate::validator::Validator;

/// A check, fed with an export of the whole store. The trail has a check of its own.
pub struct IntegrityCheck<'a> {
    validator: &'a dyn Validator,
    contents: HashMap<ContentHash, Facts>,
    /// Whether each gateway was deleted.
    gateways: HashMap<GatewayId, bool>,
    current: Option<(GatewayRow, u64)>,
    report: IntegrityReport,
}

/// What a content means, as far as this kt understands it.
struct Facts {
    size: u64,
    meaning: Option<ContentHash>,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IntegrityReport {
    /// Gateways looked at, deleted ones included.
    pub gateways: u64,
    /// Versions looked at.
    pub versions: u64,
    /// Tokens looked at.
    pub tokens: u64,
    /// What is not as it was written.
    pub damage: Vec<String>,
    /// What is worth knowing, and no damage.
    pub notes: Vec<String>,
}

impl<'a> IntegrityCheck<'a> {
    /// Begins a check that understands configurations as `validator` does.
    #[must_use]
    pub fn new(validator: &'a dyn Validator) -> Self {
        Self {
            validator,
            contents: HashMap::new(),
            gateways: HashMap::new(),
            current: None,
            report: IntegrityReport::default(),
        }
    }

    /// Looks at the next record.
    pub fn push(&mut self, record: ExportRecord) {
        match record {
            ExportRecord::Gateway(row) => {
                self.close();
                self.report.gateways += 1;
                self.gateways
                    .insert(row.id.clone(), row.deleted_at.is_some());
                self.current = Some((row, 0));
            }
            ExportRecord::Content(row) => self.content(&row),
            ExportRecord::Version(row) => self.version(&row),
            ExportRecord::Token(row) => self.token(&row),
            ExportRecord::Answer(_) | ExportRecord::Audit(_) => {}
        }
    }

    /// Ends the check.
    #[must_use]
    pub fn finish(mut self) -> IntegrityReport {
        self.close();
        self.report
    }

    fn content(&mut self, row: &ContentRow) {
        let found: [u8; 32] = Sha256::digest(row.content.as_bytes()).into();
        if *row.sha256.as_bytes() != found {
            self.damaged(format!("content {} is not what its hash says", row.sha256));
        }
        let facts = Facts {
            size: row.content.len() as u64,
            meaning: self.validator.check("", &row.content).ok(),
        };
        self.contents.insert(row.sha256, facts);
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
                    self.damaged(format!("{name} stands where version {expected} belongs"));
                }
            }
            _ => self.damaged(format!("{name} belongs to no gateway")),
        }
        if row.pruned_at.is_some() {
            self.is_needed(row, &name);
            return;
        }
        match self.contents.get(&row.content_sha256) {
            None => self.damaged(format!("{name} has no content")),
            Some(facts) if facts.size != row.size => {
                let found = facts.size;
                self.damaged(format!("{name} has {found} bytes, not {}", row.size));
            }
            Some(Facts { meaning: None, .. }) => {
                self.report
                    .notes
                    .push(format!("{name} is not valid for this kt"));
            }
            Some(Facts { meaning, .. }) if *meaning != Some(row.sha256) => {
                self.damaged(format!("{name} means something else than its hash says"));
            }
            Some(_) => {}
        }
    }

    /// Looks at a version without a content, of which there should be no need.
    fn is_needed(&mut self, row: &VersionRow, name: &str) {
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
                self.damaged(format!("token {} is for {id}, which is not there", row.id));
            }
            Some((id, Some(true))) if row.revoked_at.is_none() => {
                self.damaged(format!(
                    "token {} is for {id}, which was deleted, and is accepted",
                    row.id
                ));
            }
            _ => {}
        }
    }

    /// Looks at the gateway whose versions have all been seen.
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
                "gateway {id} desires version {desired}, which is not there"
            ));
        }
    }

    fn damaged(&mut self, message: String) {
        self.report.damage.push(message);
    }
}
