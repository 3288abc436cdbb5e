//! `gateway` and `size_limits`.

use crate::decode::{Diagnostics, Keys, Mapping};
use crate::model::{Gateway, Outbound, SizeLimits};

pub(super) const SIZE_KEYS: Keys = Keys {
    known: &["max_body_bytes", "max_response_bytes"],
    unsupported: &[],
};
pub(super) const GATEWAY_KEYS: Keys = Keys {
    known: &["strict", "outbound", "refusal_status"],
    unsupported: &["listen", "logging"],
};
pub(super) const OUTBOUND_KEYS: Keys = Keys {
    known: &["allowed_ports"],
    unsupported: &[],
};

/// The maximum of both body limits (1 GiB): bodies are held in memory.
pub(super) const MAX_BODY_BYTES: u64 = 1 << 30;

/// Reads `size_limits`.
pub(crate) fn size_limits(
    root: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SizeLimits> {
    let mapping = root.mapping("size_limits", &SIZE_KEYS, diagnostics)?;
    Some(SizeLimits {
        max_body_bytes: mapping.integer("max_body_bytes", 1..=MAX_BODY_BYTES, diagnostics),
        max_response_bytes: mapping.integer("max_response_bytes", 1..=MAX_BODY_BYTES, diagnostics),
    })
}

/// Reads `gateway`.
pub(crate) fn gateway(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Gateway> {
    let mapping = root.mapping("gateway", &GATEWAY_KEYS, diagnostics)?;
    Some(Gateway {
        strict: mapping.boolean("strict", diagnostics),
        outbound: outbound(&mapping, diagnostics),
        refusal_status: mapping.integer("refusal_status", 400..=499, diagnostics),
    })
}

fn outbound(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Outbound> {
    let mapping = mapping.mapping("outbound", &OUTBOUND_KEYS, diagnostics)?;
    let ports = mapping.sequence("allowed_ports", diagnostics).map(|items| {
        items
            .iter()
            .filter_map(|item| item.integer(1..=65535, diagnostics))
            .filter_map(|port| u16::try_from(port).ok())
            .collect()
    });
    Some(Outbound {
        allowed_ports: ports,
    })
}
