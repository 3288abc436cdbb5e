//! One side of a comparison: a version, files, or nothing.

use super::selector::Selector;
use kt_control_api::{Client, Gateway, Transport, check_version};
use kt_plugin_api::{Class, Context, Error, Invocation};
use kt_policy::{Diff, Document, Source, diff, diff_from_none};
use kt_policy_file::PolicyFile;
use serde_json::{Value, json};
use std::path::PathBuf;

/// One side of a comparison.
pub(crate) struct Side {
    /// How it was selected: `applied`, `desired`, `version`, `file`, or `none`.
    kind: &'static str,
    /// Its number, if it is a version.
    pub(crate) version: Option<u64>,
    /// The names of its files.
    pub(super) file: Option<String>,
    /// `None` if there is no configuration.
    document: Option<Document>,
}

impl Side {
    /// Wraps files that were read.
    pub(crate) fn of_file(file: PolicyFile) -> Self {
        Self {
            kind: "file",
            version: None,
            file: Some(file.name),
            document: Some(file.document),
        }
    }

    /// Returns what it is called in a unified diff.
    pub(crate) fn label(&self) -> String {
        match (&self.file, self.version) {
            (Some(file), _) => file.clone(),
            (None, Some(version)) => format!("version {version}"),
            (None, None) => "no configuration".to_owned(),
        }
    }

    /// Describes it for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "kind": self.kind,
            "version": self.version,
            "file": self.file,
            "sha256": self.document.as_ref().map(Document::sha256),
        })
    }

    /// Compares it with a newer side.
    ///
    /// # Errors
    /// Class `not-found` if the newer side has no configuration.
    pub(crate) fn diff_to(&self, newer: &Self) -> Result<Diff, Error> {
        let target = newer.document.as_ref().ok_or_else(|| {
            Error::new(
                Class::NotFound,
                "no-version",
                "there is no configuration to compare with",
            )
            .hint("`kt gateway reload --file policy-config.yaml` publishes one")
        })?;
        Ok(match &self.document {
            Some(base) => diff(base, target),
            None => diff_from_none(target),
        })
    }
}

/// Loads sides of a comparison.
pub(crate) struct SideLoader<'a, T> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) context: &'a Context<'a>,
    pub(crate) client: &'a Client<T>,
    pub(crate) gateway: &'a Gateway,
}

impl<T: Transport> SideLoader<'_, T> {
    /// Loads what a selector names.
    ///
    /// # Errors
    /// If it does not exist, or is not valid.
    pub(super) fn load(&self, selector: &Selector) -> Result<Side, Error> {
        match selector {
            Selector::Files(paths) => load_files(self.invocation, self.context, paths),
            Selector::Version(version) => self.version("version", *version),
            Selector::Desired => self.desired(),
            Selector::Applied => match self.applied()? {
                Some(version) => self.version("applied", version),
                None => Err(Error::new(
                    Class::NotFound,
                    "no-version",
                    format!(
                        "gateway `{}` has no applied configuration",
                        self.gateway.name
                    ),
                )
                .hint("no instance is running; `desired` names what one will apply")),
            },
            Selector::AppliedOrDesired => match self.applied()? {
                Some(version) => self.version("applied", version),
                None => self.desired(),
            },
        }
    }

    /// Loads the desired version; nothing if none was published yet.
    ///
    /// # Errors
    /// If its content was pruned, or is not valid for this kt.
    pub(crate) fn desired(&self) -> Result<Side, Error> {
        match &self.gateway.desired {
            Some(desired) => self.version("desired", desired.version),
            None => Ok(Side {
                kind: "none",
                version: None,
                file: None,
                document: None,
            }),
        }
    }

    /// Loads a version.
    ///
    /// # Errors
    /// If it does not exist, its content was pruned, or it is not valid for this kt.
    pub(crate) fn version(&self, kind: &'static str, version: u64) -> Result<Side, Error> {
        check_version(self.gateway, version)?;
        let content = self
            .client
            .config_content(self.gateway.id.as_str(), version)?;
        let source = Source::new(format!("version {version}"), content);
        let document = kt_policy::parse(&[source]).map_err(|problems| {
            kt_policy_file::invalid_configuration(&problems).cause(format!(
                "version {version} of gateway `{}` is not valid in this version of kt",
                self.gateway.name
            ))
        })?;
        Ok(Side {
            kind,
            version: Some(version),
            file: None,
            document: Some(document),
        })
    }

    /// Returns the version that the live instance that reported last serves, if there is one.
    fn applied(&self) -> Result<Option<u64>, Error> {
        let live = self.gateway.live_instances();
        let Some(applied) = live.clone().find_map(|i| i.applied.as_ref()) else {
            return Ok(None);
        };
        applied.version.map(Some).ok_or_else(|| {
            Error::new(
                Class::Conflict,
                "applied-unpublished",
                "the applied configuration was never published, so it cannot be compared",
            )
            .hint("compare with `desired`, or restore the desired version with `kt gateway reconcile`")
        })
    }
}

/// Loads files, which needs no control plane.
///
/// # Errors
/// Class `usage` if one cannot be read, or if the configuration is not valid.
pub(super) fn load_files(
    invocation: &Invocation,
    context: &Context<'_>,
    paths: &[PathBuf],
) -> Result<Side, Error> {
    kt_policy_file::read(invocation, context, paths).map(Side::of_file)
}
