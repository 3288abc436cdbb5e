//! `gateway` and `size_limits`.

use super::field::{Keys, Table};
use super::files::Findings;
use crate::model::{Gateway, Outbound, SizeLimits};

const SIZE_KEYS: Keys = Keys {
    known: &["max_body_bytes", "max_response_bytes"],
    unsupported: &[],
};
const GATEWAY_KEYS: Keys = Keys {
    known: &["strict", "outbound"],
    unsupported: &["listen", "logging"],
};
const OUTBOUND_KEYS: Keys = Keys {
    known: &["allowed_ports"],
    unsupported: &[],
};

/// Largest body limit that can be set (1 GiB): bodies are held in memory.
const MAX_BODY_BYTES: u64 = 1 << 30;

/// Reads `size_limits`.
pub(crate) fn size_limits(root: &Table<'_>, findings: &mut Findings<'_>) -> Option<SizeLimits> {
    let table = root.table("size_limits", &SIZE_KEYS, findings)?;
    Some(SizeLimits {
        max_body_bytes: table.integer("max_body_bytes", 1..=MAX_BODY_BYTES, findings),
        max_response_bytes: table.integer("max_response_bytes", 1..=MAX_BODY_BYTES, findings),
    })
}

/// Reads `gateway`.
pub(crate) fn gateway(root: &Table<'_>, findings: &mut Findings<'_>) -> Option<Gateway> {
    let table = root.table("gateway", &GATEWAY_KEYS, findings)?;
    Some(Gateway {
        strict: table.flag("strict", findings),
        outbound: outbound(&table, findings),
    })
}

fn outbound(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<Outbound> {
    let table = table.table("outbound", &OUTBOUND_KEYS, findings)?;
    let ports = table.list("allowed_ports", findings).map(|items| {
        items
            .iter()
            .filter_map(|item| item.integer(1..=65535, findings))
            .filter_map(|port| u16::try_from(port).ok())
            .collect()
    });
    Some(Outbound {
        allowed_ports: ports,
    })
}
