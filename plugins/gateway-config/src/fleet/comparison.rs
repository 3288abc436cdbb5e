//! What publishing a configuration changes in many gateways, most of which have the same one.

use kt_control_api::{Client, ContentHash, Gateway, Transport};
use kt_fleet::PlannedChange;
use kt_plugin_api::{Context, Error};
use kt_policy::{Document, Source, diff};
use std::collections::HashMap;

/// Compares a configuration with the desired ones. Each of those is read once, however many gateways
/// have it.
pub(super) struct Comparison<'a> {
    target: &'a Document,
    known: HashMap<ContentHash, (String, Vec<String>)>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(target: &'a Document) -> Self {
        Self {
            target,
            known: HashMap::new(),
        }
    }

    /// Plans the publication for each gateway.
    ///
    /// # Errors
    /// When the command is canceled.
    pub(super) fn plan<T: Transport>(
        &mut self,
        client: &Client<T>,
        context: &Context<'_>,
        gateways: &[Gateway],
    ) -> Result<Vec<PlannedChange>, Error> {
        let sha256 = self.target.sha256();
        let mut planned = Vec::with_capacity(gateways.len());
        for gateway in gateways {
            context.check_cancelled()?;
            let next = gateway.last_version + 1;
            planned.push(match &gateway.desired {
                None => PlannedChange::of(gateway, format!("version {next}, its first one")),
                Some(desired) if desired.sha256.to_string() == sha256 => {
                    PlannedChange::none(gateway)
                }
                Some(desired) => {
                    let (changes, weakened) = self.changes(client, gateway, desired.sha256);
                    PlannedChange {
                        weakened: weakened.clone(),
                        ..PlannedChange::of(gateway, format!("version {next}, {changes}"))
                    }
                }
            });
        }
        Ok(planned)
    }

    fn changes<T: Transport>(
        &mut self,
        client: &Client<T>,
        gateway: &Gateway,
        sha256: ContentHash,
    ) -> &(String, Vec<String>) {
        let target = self.target;
        self.known.entry(sha256).or_insert_with(|| {
            let version = gateway
                .desired
                .as_ref()
                .map_or(0, |desired| desired.version);
            compare(client, (gateway, version), target)
                .unwrap_or_else(|why| (format!("which cannot be compared: {why}"), Vec::new()))
        })
    }
}

fn compare<T: Transport>(
    client: &Client<T>,
    (gateway, version): (&Gateway, u64),
    target: &Document,
) -> Result<(String, Vec<String>), String> {
    let content = client.config_content(gateway.id.as_str(), version);
    let content = content.map_err(|error| error.detail)?;
    let source = Source::new(format!("version {version}"), content);
    let base = kt_policy::parse(&[source])
        .map_err(|_| format!("version {version} is not valid in this version of kt"))?;
    let diff = diff(&base, target);
    let changes = match diff.changes.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    Ok((changes, diff.impact().guards_weakened))
}
