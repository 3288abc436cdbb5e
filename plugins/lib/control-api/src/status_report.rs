//! The reports of instances.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Map;

use crate::{
    AppliedVersion, ConfigSource, InstanceHalt, InstanceId, ObservedVersion, ProcessIdentity,
    Rejection, Timestamp,
};

/// The status of an instance; complete each time, so that the next report replaces a lost one.
///
/// Unlike other requests it is parsed leniently: an instance must be able to report to an older
/// server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatusReport {
    /// The instance.
    pub instance_id: InstanceId,
    /// Increases with each report; a report that is not newer than the last one is ignored.
    pub seq: u64,
    /// The machine and the process.
    #[serde(default, deserialize_with = "object")]
    pub process: ProcessIdentity,
    /// When the process started.
    pub started_at: Timestamp,
    /// For how many seconds the instance counts as live after this report, 1 to 3600; usually three
    /// times its interval.
    pub lease_seconds: u32,
    /// Name and version of the program.
    #[serde(default)]
    pub binary: Option<String>,
    /// The address it listens on.
    #[serde(default)]
    pub listen: Option<String>,
    /// Where it loaded its configuration from.
    pub source: ConfigSource,
    /// The desired version it has received.
    #[serde(default)]
    pub observed: Option<ObservedVersion>,
    /// The configuration it serves; acknowledges its generation.
    #[serde(default)]
    pub applied: Option<AppliedVersion>,
    /// What it rejected; rejects its generation.
    #[serde(default)]
    pub rejection: Option<Rejection>,
    /// What it has done about halts; `None` before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<InstanceHalt>,
    /// Whether this is the last report of an instance that shuts down.
    #[serde(default)]
    pub stopping: bool,
}

/// Deserializes an object and nothing else: derived code accepts a list for one, too.
fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let members = Map::deserialize(deserializer)?;
    serde_json::from_value(members.into()).map_err(D::Error::custom)
}

/// The response to a [`StatusReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatusResponse {
    /// As in [`crate::DesiredResponse`].
    pub epoch: String,
    /// As in [`crate::DesiredResponse`]; poll for the desired version when it is above the index acted
    /// on.
    pub index: u64,
    /// Until when the instance counts as live.
    pub lease_until: Timestamp,
    /// Seconds until the next report.
    pub next_status_seconds: u32,
    /// Whether the report was older than the last one, and was ignored.
    #[serde(default)]
    pub ignored: bool,
}
