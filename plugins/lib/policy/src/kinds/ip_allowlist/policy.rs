//! The policy.

use ipnet::IpNet;

use super::cidr;
use super::forwarded::client_address;
use super::settings::IpAllowlist;
use crate::chain::{Block, Build, Caller, CallerPhase, Policy};
use crate::model::PolicyKind;
use crate::problem::code;

/// The reason code of a refusal.
const REASON: &str = "ip_allowlist.denied";

impl Policy for IpAllowlist {
    const KIND: PolicyKind = PolicyKind::new("ip_allowlist");
    const REASON: Option<&'static str> = Some(REASON);

    fn compile(&self, build: &mut Build<'_>) {
        let Some(cidrs) = &self.cidrs else {
            let path = format!("policy.{}.cidrs", Self::KIND);
            let message = format!("`{path}` is missing");
            build.problem(code::MISSING, &path, message).help =
                Some("list the addresses and ranges whose requests are accepted".to_owned());
            return;
        };
        if self.enabled.unwrap_or(true) {
            build.caller(Allowlist {
                // They parsed before; a document is never made any other way.
                ranges: cidrs.iter().filter_map(|text| cidr::parse(text)).collect(),
                proxies: self.trust_proxy_depth.unwrap_or(0),
            });
        }
    }
}

/// The caller phase.
struct Allowlist {
    ranges: Vec<IpNet>,
    proxies: u64,
}

impl CallerPhase for Allowlist {
    fn judge(&self, caller: &Caller<'_>) -> Option<Block> {
        let address = client_address(caller, self.proxies);
        let accepts = |address| self.ranges.iter().any(|range| range.contains(&address));
        (!address.is_some_and(accepts)).then(|| Block {
            policy: IpAllowlist::KIND,
            code: "caller_blocked",
            message: format!("refused by the policy {}", IpAllowlist::KIND),
            reason: REASON,
        })
    }
}
