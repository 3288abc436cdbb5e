//! The gateways that a command names.

use crate::gateway::resolve_all;
use kt_control_api::{Client, Gateway, ProviderTransport};
use kt_fleet::{parse_selector, select};
use kt_plugin_api::{Class, Context, Error};

/// How gateways are named: by ids or names, by labels, or all. At most one of them.
pub(super) struct Targets<'a> {
    pub(super) names: &'a [String],
    pub(super) selector: &'a [String],
    pub(super) all: bool,
}

impl Targets<'_> {
    /// Returns whether no gateway is named: the only one is meant.
    pub(super) fn is_unnamed(&self) -> bool {
        self.names.is_empty() && self.selector.is_empty() && !self.all
    }

    /// Finds the gateways.
    ///
    /// # Errors
    /// Class `usage` when they are named in two ways, `not-found` when there is none.
    pub(super) fn find<'c>(
        &self,
        client: &Client<ProviderTransport<'c>>,
        context: &Context<'c>,
    ) -> Result<Vec<Gateway>, Error> {
        let by_name = !self.names.is_empty();
        let by_label = !self.selector.is_empty();
        if [by_name, by_label, self.all]
            .iter()
            .filter(|way| **way)
            .count()
            > 1
        {
            let message = "gateways are named by ID or name, by `--selector`, or by `--all`";
            return Err(Error::new(Class::Usage, "invalid-arguments", message));
        }
        if !by_label && !self.all {
            return resolve_all(client, self.names);
        }
        let selector = by_label
            .then(|| parse_selector(self.selector))
            .transpose()?;
        let found = select(client, context, selector.as_ref())?;
        if found.is_empty() {
            let message = match by_label {
                true => format!("no gateway matches `{}`", self.selector.join(",")),
                false => "there is no gateway".to_owned(),
            };
            return Err(Error::new(Class::NotFound, "gateway-not-found", message)
                .hint("`kt gateway list` shows every gateway and, with `-o wide`, its labels"));
        }
        Ok(found)
    }
}
