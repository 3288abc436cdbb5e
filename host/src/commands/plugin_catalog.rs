//! `kt plugin catalog`: prints the catalog of the usable plugins.

use super::context::CommandContext;
use crate::discovery::Catalog;
use kt_plugin_api::{Error, Output, View};

pub(super) fn run(context: &CommandContext<'_>) -> Result<Output, Error> {
    let catalog = Catalog::from_manifests(context.registry.usable().map(|(_, m)| m));
    let value = serde_json::to_value(&catalog)
        .map_err(|e| Error::internal("the catalog cannot be serialized").cause(e))?;
    let text = catalog.to_toml();
    Ok(Output::new("kt.plugin.catalog/1", value, View::Text(text)))
}
