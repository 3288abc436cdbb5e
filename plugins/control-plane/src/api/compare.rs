//! Comparison of two versions of a gateway.

use std::str::FromStr;

use kt_control_api::{ComparedVersion, ConfigVersion, GatewayId, ProblemCode, VersionDiff};

use super::checks::{parse_version, version};
use super::error::{ApiError, api_error, validation_failed};
use super::input;
use super::reply::HandlerResult;
use super::response::json;
use super::service::{Api, RequestContext};
use crate::store::GatewayRef;

/// The version to compare with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ComparisonBase {
    /// The desired version.
    #[default]
    Desired,
    /// The version applied by the live instance that reported last.
    Applied,
    Version(u64),
}

impl FromStr for ComparisonBase {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "desired" => Ok(Self::Desired),
            "applied" => Ok(Self::Applied),
            _ => text
                .parse()
                .map(Self::Version)
                .map_err(|_| "the base is `applied`, `desired` or the number of a version"),
        }
    }
}

impl Api {
    pub(super) fn compare(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        number: &str,
    ) -> HandlerResult {
        let base = input::query(context.request, "against")?.unwrap_or_default();
        let gateway = self.readable_gateway(context, key)?;
        let to = self.store().version(&gateway, parse_version(number)?);
        let to = self.store_result(to)?;
        let from = self.base_version(&gateway, base)?;
        let from = self.store_result(self.store().version(&gateway, from))?;
        json(200, &self.version_diff(gateway, &from, &to)?)
    }

    fn version_diff(
        &self,
        gateway: GatewayId,
        from: &ConfigVersion,
        to: &ConfigVersion,
    ) -> Result<VersionDiff, ApiError> {
        let named_content = |version: &ConfigVersion| {
            let name = format!("version {}", version.version);
            let content = self.store_result(self.store().content(&gateway, version.version));
            content.map(|content| (name, content))
        };
        let (old, new) = (named_content(from)?, named_content(to)?);
        // A version that was valid when it was published may not be valid for this kt.
        let comparison = self
            .validator()
            .compare((&old.0, &old.1), (&new.0, &new.1))
            .map_err(validation_failed)?;
        Ok(VersionDiff {
            from: compared_version(from),
            to: compared_version(to),
            same: comparison.same,
            diff: comparison.diff,
            unified: comparison.unified,
            gateway,
        })
    }

    fn base_version(&self, gateway: &GatewayId, base: ComparisonBase) -> Result<u64, ApiError> {
        let missing = |detail: &str| api_error(ProblemCode::NotFound, detail);
        match base {
            ComparisonBase::Version(number) => version(number),
            ComparisonBase::Desired => {
                let desired = self.find(&GatewayRef::Id(gateway.clone()))?.desired;
                let desired = desired.ok_or_else(|| missing("no version is desired yet"))?;
                Ok(desired.version)
            }
            ComparisonBase::Applied => {
                let snapshot = self.find(&GatewayRef::Id(gateway.clone()))?;
                let applied = snapshot.applied(self.now()).next();
                let applied =
                    applied.ok_or_else(|| missing("no live instance serves a configuration"))?;
                applied
                    .version
                    .ok_or_else(|| missing("the applied configuration was never published"))
            }
        }
    }
}

fn compared_version(version: &ConfigVersion) -> ComparedVersion {
    ComparedVersion {
        version: version.version,
        sha256: version.sha256,
    }
}
