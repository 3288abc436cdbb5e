//! How a running gateway learns what is desired, and tells how it stands.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Map;

use crate::{
    AppliedVersion, ConfigSource, DesiredVersion, InstanceId, ObservedVersion, ProcessIdentity,
    Rejection, Timestamp,
};

/// Asks for what is desired, and waits while nothing newer than `index` is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DesiredQuery {
    /// The epoch of the last answer; `None` at first.
    pub epoch: Option<String>,
    /// The index last acted on; 0 means "tell me now".
    pub index: u64,
    /// Longest wait in seconds, 0 to 300.
    pub wait: u64,
    /// The process that asks, so that what it refused is not handed to it again.
    pub instance: Option<InstanceId>,
}

/// What is desired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DesiredResponse {
    /// Names the history the index belongs to; another one means a restored store.
    pub epoch: String,
    /// Send this as `index` next time; equals the gateway's generation.
    pub index: u64,
    /// Whether the caller's index belongs to another history and everything is to be taken anew.
    #[serde(default)]
    pub reset: bool,
    /// What to serve. The content is a separate, immutable resource.
    #[serde(default)]
    pub desired: Option<DesiredVersion>,
    /// Generation of the last request to take the source again; act when it is above the index
    /// acted on last.
    #[serde(default)]
    pub reload_generation: u64,
    /// Generation of the last request to apply what is desired even if it seems to be applied.
    #[serde(default)]
    pub reconcile_generation: u64,
    /// The control plane's clock.
    pub server_time: Timestamp,
}

/// The answer to a [`DesiredQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollOutcome {
    /// There is something to act on.
    Changed(DesiredResponse),
    /// The wait ran out; ask again.
    Unchanged,
    /// The server ended the wait because it ends itself; ask again after so many seconds, which
    /// differ for each who waited.
    RetryAfter(u16),
}

/// Everything an instance has to say about itself; sent whole each time, so that a lost report
/// is repaired by the next one.
///
/// Unlike other writes it is read leniently: a gateway must be able to report to an older server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatusReport {
    /// Names the process.
    pub instance_id: InstanceId,
    /// Rises with each report; a report that is not newer than the last one is ignored.
    pub seq: u64,
    /// Machine and process.
    #[serde(default, deserialize_with = "object")]
    pub process: ProcessIdentity,
    /// When the process started.
    pub started_at: Timestamp,
    /// For how long the instance counts as live after this report, in seconds, 1 to 3600; three
    /// times its interval is usual.
    pub lease_seconds: u32,
    /// Name and version of the program.
    #[serde(default)]
    pub binary: Option<String>,
    /// Address it serves on.
    #[serde(default)]
    pub listen: Option<String>,
    /// Where what it serves came from.
    pub source: ConfigSource,
    /// What it has seen as desired.
    #[serde(default)]
    pub observed: Option<ObservedVersion>,
    /// What it serves; acknowledges the generation in it.
    #[serde(default)]
    pub applied: Option<AppliedVersion>,
    /// What it refused; refuses the generation in it.
    #[serde(default)]
    pub rejection: Option<Rejection>,
    /// Whether this is the last report of a process that ends in order.
    #[serde(default)]
    pub stopping: bool,
}

/// Reads an object and nothing else: the derived code takes a list for one, too.
fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let members = Map::deserialize(deserializer)?;
    serde_json::from_value(members.into()).map_err(D::Error::custom)
}

/// The answer to a [`StatusReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatusResponse {
    /// As in [`DesiredResponse`].
    pub epoch: String,
    /// As in [`DesiredResponse`]; when it is above the index acted on, ask for what is desired.
    pub index: u64,
    /// Until when the instance counts as live.
    pub lease_until: Timestamp,
    /// In how many seconds to report again.
    pub next_status_seconds: u32,
    /// Whether the report was older than one already known, and was ignored.
    #[serde(default)]
    pub ignored: bool,
}
