//! The entry of the scan directory: what makes a service start by itself.

use crate::observe::there;
use crate::place::Place;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    FileKind, ObserveRequest, ServiceStatus, ProbeOutcome, ProbeResult, Autostart,
};
use std::path::PathBuf;

/// In what was outcome: the scan directory leads to the service.
pub(crate) const LINKED: &str = "linked";
/// In what was outcome: a file forbids to start the service by itself.
pub(crate) const DOWN: &str = "down";

/// Whether the scan directory leads to the service, and from where it is known.
pub(crate) fn read(
    observed: &mut ServiceStatus,
    request: &ObserveRequest,
    place: &Place,
) -> Result<(), Error> {
    let find = |id: &str| ProbeResult::find(&request.results, id);
    let real = |id: &str| -> Result<Option<PathBuf>, Error> {
        Ok(match find(id)? {
            ProbeOutcome::Exited {
                code: Some(0),
                stdout,
                ..
            } => Some(stdout.trim_end_matches('\n').into()),
            _ => None,
        })
    };
    let leads_to = real("leads-to")?;
    let linked = match find("entry")? {
        ProbeOutcome::NotFound => Some(false),
        ProbeOutcome::Metadata {
            kind: FileKind::Link,
            ..
        } if leads_to.is_some() && leads_to == real("lies-at")? => Some(true),
        ProbeOutcome::Metadata { .. } => {
            // The name is taken by a service that is not ours.
            let theirs = leads_to.unwrap_or_else(|| place.entry.clone());
            observed.installed = Some(true);
            observed.enabled = Some(false);
            observed.fragment = Some(theirs.join("run"));
            observed.starts_at = None;
            return Ok(());
        }
        _ => None,
    };
    let down = there(find("down")?);
    for (mark, seen) in [(LINKED, linked), (DOWN, down)] {
        let word = seen.map_or_else(|| "unknown".to_owned(), |s| s.to_string());
        observed.raw.insert(mark.to_owned(), word);
    }
    observed.fragment = (observed.installed == Some(true)).then(|| place.file("run"));
    observed.enabled = match (linked, down) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (Some(true), Some(false)) => Some(true),
        _ => None,
    };
    // s6-svscan starts it; when that starts is the person's affair.
    observed.starts_at = match (observed.installed, observed.enabled) {
        (Some(false), _) | (_, Some(false)) => Some(Autostart::Never),
        _ => None,
    };
    Ok(())
}
