//! What parts two versions of a gateway.

use std::str::FromStr;

use kt_control_api::{ComparedVersion, ConfigVersion, GatewayId, ProblemCode, VersionDiff};

use super::config::number;
use super::refusal::{Refusal, invalid, refuse};
use super::respond::{Outcome, json};
use super::service::Call;
use super::{Api, input};
use crate::store::GatewayRef;

/// What a version is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Against {
    /// What the gateway is meant to serve.
    #[default]
    Desired,
    /// What a live instance serves, the one seen last.
    Applied,
    Version(u64),
}

impl FromStr for Against {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "desired" => Ok(Self::Desired),
            "applied" => Ok(Self::Applied),
            _ => text
                .parse()
                .map(Self::Version)
                .map_err(|_| "it is `applied`, `desired` or the number of a version"),
        }
    }
}

impl Api {
    pub(super) fn compare(&self, call: &Call<'_>, key: &GatewayRef, n: &str) -> Outcome {
        let against = input::query(call.request, "against")?.unwrap_or_default();
        let gateway = self.visible(call, key)?;
        let to = self.explained(self.store().version(&gateway, number(n)?))?;
        let from = self.base(&gateway, against)?;
        let from = self.explained(self.store().version(&gateway, from))?;
        json(200, &self.parted(gateway, &from, &to)?)
    }

    fn parted(
        &self,
        gateway: GatewayId,
        from: &ConfigVersion,
        to: &ConfigVersion,
    ) -> Result<VersionDiff, Refusal> {
        let text = |version: &ConfigVersion| {
            let name = format!("version {}", version.version);
            let content = self.explained(self.store().content(&gateway, version.version));
            content.map(|content| (name, content))
        };
        let (old, new) = (text(from)?, text(to)?);
        // What was valid once may not be to this version of kt.
        let found = self.validator().compare((&old.0, &old.1), (&new.0, &new.1));
        let found = found.map_err(invalid)?;
        Ok(VersionDiff {
            from: side(from),
            to: side(to),
            same: found.same,
            diff: found.diff,
            unified: found.unified,
            gateway,
        })
    }

    fn base(&self, gateway: &GatewayId, against: Against) -> Result<u64, Refusal> {
        let missing = |detail: &str| refuse(ProblemCode::NotFound, detail);
        match against {
            Against::Version(n) => number(&n.to_string()),
            Against::Desired => {
                let desired = self.find(&GatewayRef::Id(gateway.clone()))?.desired;
                let desired = desired.ok_or_else(|| missing("nothing is desired yet"))?;
                Ok(desired.version)
            }
            Against::Applied => {
                let snapshot = self.find(&GatewayRef::Id(gateway.clone()))?;
                let applied = snapshot.applied(self.now()).next();
                let applied = applied.ok_or_else(|| missing("no live instance serves anything"))?;
                applied
                    .version
                    .ok_or_else(|| missing("what is served was never published"))
            }
        }
    }
}

fn side(version: &ConfigVersion) -> ComparedVersion {
    ComparedVersion {
        version: version.version,
        sha256: version.sha256,
    }
}
