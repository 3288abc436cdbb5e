//! Whether instances applied or rejected what was desired.

use std::hash::{DefaultHasher, Hash, Hasher};

use kt_control_api::{AppliedVersion, GatewayId, Rejection, StatusReport, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::table::row;

row! {
    /// An instance's answer to a generation.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct ApplyOutcomeRow in "apply_history" {
        /// When the report with it was received.
        pub at: Timestamp,
        /// The gateway.
        pub gateway: GatewayId as "gateway_id",
        /// The instance.
        pub instance: String as "instance_id",
        /// The generation that was applied or rejected.
        pub generation: u64,
        /// The version that was applied or rejected.
        pub version: Option<u64>,
        /// `applied` or `rejected`.
        pub outcome: String,
        /// Stable id of the reason for a rejection.
        pub code: Option<String>,
        /// The reason for a rejection.
        pub message: Option<String>,
    }
}

/// Number of rows kept per gateway, a few more between two deletions: ten versions of a thousand
/// instances.
pub(in crate::store) const OUTCOMES_KEPT: i64 = 10_000;

/// One of this many reports with a new answer deletes the oldest rows of its gateway.
const REPORTS_PER_DELETION: u64 = 64;

/// Returns whether the oldest rows of the gateway are deleted with this report. Finding them takes
/// time in proportion to the rows that are kept, so not each report does it. Which ones depends on a
/// hash, so that no pattern of reports avoids the deletion.
pub(in crate::store) fn deletes_oldest(report: &StatusReport) -> bool {
    let mut hasher = DefaultHasher::new();
    report.instance_id.as_str().hash(&mut hasher);
    report.seq.hash(&mut hasher);
    hasher.finish().is_multiple_of(REPORTS_PER_DELETION)
}

impl ApplyOutcomeRow {
    /// Builds the row of a version that an instance applied.
    pub(in crate::store) fn applied(
        at: Timestamp,
        gateway: &GatewayId,
        report: &StatusReport,
        applied: &AppliedVersion,
    ) -> Self {
        Self {
            at,
            gateway: gateway.clone(),
            instance: report.instance_id.to_string(),
            generation: applied.generation,
            version: applied.version,
            outcome: "applied".to_owned(),
            code: None,
            message: None,
        }
    }

    /// Builds the row of a version that an instance rejected.
    pub(in crate::store) fn rejected(
        at: Timestamp,
        gateway: &GatewayId,
        report: &StatusReport,
        rejection: &Rejection,
    ) -> Self {
        Self {
            at,
            gateway: gateway.clone(),
            instance: report.instance_id.to_string(),
            generation: rejection.generation,
            version: rejection.version,
            outcome: "rejected".to_owned(),
            code: Some(rejection.code.clone()),
            message: Some(rejection.message.clone()),
        }
    }
}
