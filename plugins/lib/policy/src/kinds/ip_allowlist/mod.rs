//! `ip_allowlist`: the addresses from which callers may send requests.

mod cidr;
mod forwarded;
mod policy;
mod settings;

pub(crate) use settings::IpAllowlist;
