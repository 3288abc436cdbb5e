//! [`Setting`].

use serde_json::Value;

use super::declaration::{Declaration, Identity, Weaker};
use super::form::Form;
use crate::decode::{Diagnostics, Mapping};

/// A setting: its form, and what its absence and its changes mean.
pub(crate) struct Setting<F> {
    form: F,
    default: Option<Value>,
    weaker: Option<Weaker>,
    identity: Option<Identity>,
}

impl<F: Form> Setting<F> {
    /// Returns a setting whose absence means something else than every value.
    pub(crate) fn new(form: F) -> Self {
        Self {
            form,
            default: None,
            weaker: None,
            identity: None,
        }
    }

    /// States the type of the value.
    pub(crate) fn of<V>(self) -> Self
    where
        F: Form<Value = V>,
    {
        self
    }

    /// Sets the value that the absence of the setting means.
    pub(crate) fn default(mut self, value: F::Value) -> Self {
        self.default = serde_json::to_value(value).ok();
        self
    }

    /// Sets which changes weaken a guard.
    pub(crate) fn weaker(mut self, weaker: Weaker) -> Self {
        self.weaker = Some(weaker);
        self
    }

    /// Makes a list a set, whose items are compared by their identity.
    pub(crate) fn set(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Reads the value of a key.
    pub(crate) fn decode(
        &self,
        mapping: &Mapping<'_>,
        key: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<F::Value> {
        let field = mapping.field(key, diagnostics)?;
        self.form.decode(&field, diagnostics)
    }

    /// Returns the declaration under a key.
    pub(crate) fn declaration(self, key: &'static str, about: &str) -> Declaration {
        let mut schema = self.form.schema();
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".into(), about.trim().into());
            if let Some(default) = &self.default {
                schema.insert("default".into(), default.clone());
            }
        }
        Declaration {
            key,
            schema,
            nested: self.form.nested(),
            default: self.default,
            weaker: self.weaker,
            identity: self.identity,
        }
    }
}
