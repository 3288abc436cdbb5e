//! What the store returns, and the view of a gateway that follows from it.

use std::collections::BTreeMap;

use kt_control_api::{
    AppliedVersion, ConfigVersion, DesiredVersion, DriftPolicy, Gateway, GatewayId, Instance,
    Rejection, StatusReport, SyncState, Timestamp, TokenId,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A gateway as stored.
#[derive(Debug, Clone)]
pub struct GatewayRecord {
    /// Its id.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is done about drift.
    pub drift: DriftPolicy,
    /// Moves with each change.
    pub rev: u64,
    /// Moves with everything its instances must act on.
    pub generation: u64,
    /// Generation of the last request to take the source again.
    pub reload_generation: u64,
    /// Generation of the last request to reconcile.
    pub reconcile_generation: u64,
    /// Highest version number.
    pub last_version: u64,
    /// What it is meant to serve.
    pub desired: Option<DesiredVersion>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An instance as stored: its last report and when that came.
#[derive(Debug, Clone)]
pub struct InstanceRecord {
    /// The last report.
    pub report: StatusReport,
    /// When it came.
    pub seen_at: Timestamp,
    /// Until when it counts.
    pub lease_until: Timestamp,
}

/// A gateway with its instances, as of one moment.
#[derive(Debug, Clone)]
pub struct GatewaySnapshot {
    /// The gateway.
    pub gateway: GatewayRecord,
    /// Its instances, the one seen last first.
    pub instances: Vec<InstanceRecord>,
}

/// What a change did. Kept with the caller's key, so it must stay readable and hold no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The version desired after the change.
    pub version: Option<u64>,
    /// The generation after the change.
    pub generation: u64,
    /// Whether nothing had to be done.
    pub unchanged: bool,
    /// Whether the same request had been carried out before.
    #[serde(skip)]
    pub replayed: bool,
    /// The version that was made, and the gateway after it, as its transaction saw them; nothing
    /// when none was made now.
    #[serde(skip)]
    pub published: Option<Box<(GatewaySnapshot, ConfigVersion)>>,
}

/// What a report led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The gateway's generation.
    pub generation: u64,
    /// Until when the instance counts as live.
    pub lease_until: Timestamp,
    /// Whether the report was older than one already known.
    pub ignored: bool,
    /// Whether it tells of a rejection that the one before did not have.
    pub refused: bool,
    /// Whether drift of the gateway is to be repaired.
    pub repairs: bool,
}

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredScope {
    /// Everything.
    Admin,
    /// Look at everything.
    Read,
    /// Act for one gateway.
    Gateway(GatewayId),
    /// Register one gateway, once.
    Bootstrap {
        /// The gateway that was registered with it; then the token has ended.
        registered: Option<GatewayId>,
    },
}

impl StoredScope {
    /// How it is kept: its word, and the gateway it is for or has registered.
    pub(super) fn kept(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Admin => ("admin", None),
            Self::Read => ("read", None),
            Self::Gateway(id) => ("gateway", Some(id.as_str())),
            Self::Bootstrap { registered } => {
                ("bootstrap", registered.as_ref().map(GatewayId::as_str))
            }
        }
    }

    /// Reads what [`StoredScope::kept`] gave.
    pub(super) fn of_kept(word: &str, gateway: Option<&str>) -> Option<Self> {
        match (word, gateway) {
            ("admin", None) => Some(Self::Admin),
            ("read", None) => Some(Self::Read),
            ("gateway", Some(id)) => id.parse().ok().map(Self::Gateway),
            ("bootstrap", None) => Some(Self::Bootstrap { registered: None }),
            ("bootstrap", Some(id)) => id.parse().ok().map(|id| Self::Bootstrap {
                registered: Some(id),
            }),
            _ => None,
        }
    }
}

/// What is known of a token.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// `access`, `gateway` or `bootstrap`.
    pub kind: String,
    /// Its first characters.
    pub hint: String,
    /// What it may do.
    pub scope: StoredScope,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, give or take five minutes.
    pub last_used_at: Option<Timestamp>,
}

/// What a change of a token did. Kept with the caller's key, so it must stay readable and hold no
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReceipt {
    /// The token: the new one where one was made.
    pub token: TokenId,
    /// Whether nothing had to be done.
    pub unchanged: bool,
    /// Whether the same request had been carried out before.
    #[serde(skip)]
    pub replayed: bool,
}

impl TokenReceipt {
    /// That of a change just made.
    pub(super) fn of(token: &TokenId, unchanged: bool) -> Self {
        Self {
            token: token.clone(),
            unchanged,
            replayed: false,
        }
    }
}

/// What a change leaves behind, to answer a repetition of it.
pub(super) trait Repeatable: Serialize + DeserializeOwned {
    /// Marks it as that of a repetition.
    fn replayed(self) -> Self;
}

impl Repeatable for ChangeReceipt {
    fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }
}

impl Repeatable for TokenReceipt {
    fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }
}

impl TokenRecord {
    /// What the trail says when it is revoked.
    pub(super) fn told_revoked(&self) -> Value {
        json!({"name": self.name, "hint": self.hint})
    }

    /// Returns whether the token is accepted.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Instances kept per gateway. More than a page of `inspect` shows; the oldest ones go, which are
/// dead long before.
pub(super) const INSTANCES_KEPT: i64 = 50;

/// The answers of a report that the one before did not have.
pub(super) fn new_answers<'a>(
    before: Option<&StatusReport>,
    report: &'a StatusReport,
) -> (Option<&'a AppliedVersion>, Option<&'a Rejection>) {
    let old = before.and_then(|before| before.applied.as_ref());
    let applied = report.applied.as_ref().filter(|new| old != Some(*new));
    let old = before.and_then(|before| before.rejection.as_ref());
    let rejection = report.rejection.as_ref().filter(|new| old != Some(*new));
    (applied, rejection)
}

impl InstanceRecord {
    /// Returns whether the instance runs, as far as can be known.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.report.stopping && now < self.lease_until && !self.report.process.is_known_gone()
    }

    fn view(&self, gateway: &GatewayRecord, now: Timestamp) -> Instance {
        let report = self.report.clone();
        let mut instance = Instance {
            instance_id: report.instance_id,
            process: report.process,
            started_at: report.started_at,
            seen_at: self.seen_at,
            lease_until: self.lease_until,
            live: self.is_live(now),
            binary: report.binary,
            listen: report.listen,
            source: report.source,
            observed: report.observed,
            applied: report.applied,
            rejection: report.rejection,
            state: SyncState::Unknown,
        };
        instance.state =
            SyncState::of_instance(gateway.desired.as_ref(), gateway.generation, &instance);
        instance
    }
}

impl GatewaySnapshot {
    /// Returns what the live instances serve, the one seen last first.
    pub fn applied(&self, now: Timestamp) -> impl Iterator<Item = &AppliedVersion> {
        let live = self.instances.iter().filter(move |one| one.is_live(now));
        live.filter_map(|one| one.report.applied.as_ref())
    }

    /// Returns the gateway as it is shown, live instances first.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> Gateway {
        let record = &self.gateway;
        let mut instances: Vec<_> = self
            .instances
            .iter()
            .map(|instance| instance.view(record, now))
            .collect();
        instances.sort_by_key(|instance| !instance.live);
        Gateway {
            id: record.id.clone(),
            name: record.name.clone(),
            description: record.description.clone(),
            labels: record.labels.clone(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            rev: record.rev,
            generation: record.generation,
            last_version: record.last_version,
            desired: record.desired.clone(),
            drift: record.drift,
            state: SyncState::of_gateway(record.desired.as_ref(), record.generation, &instances),
            instances,
        }
    }
}
