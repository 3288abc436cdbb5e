//! A manifest in memory. The arguments and the help of a command stay encoded until they are
//! used: one command of a run needs its own.

use super::binary::{Encoded, Reader, encode_bytes};
use kt_plugin_api::manifest::{
    CommandSpec, GroupSpec, Isolation, Manifest, PluginKind, ProvidesSpec, SettingSpec,
};
use std::ops::Range;
use std::sync::Arc;

/// A valid manifest.
#[derive(Debug, Clone)]
pub(crate) struct PluginManifest {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) api: String,
    pub(crate) kind: PluginKind,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) license: String,
    pub(crate) homepage: String,
    pub(crate) settings: Vec<SettingSpec>,
    pub(crate) groups: Vec<GroupSpec>,
    pub(crate) commands: Vec<CommandSummary>,
    pub(crate) provides: Vec<ProvidesSpec>,
    /// The file name of the library or the program on this operating system.
    pub(crate) code_file: String,
    /// The plugin can be loaded on this operating system.
    pub(crate) supports_this_os: bool,
    /// The encoded commands.
    encoded: Arc<Vec<u8>>,
}

/// What lists and the search for a command need of it.
#[derive(Debug, Clone)]
pub(crate) struct CommandSummary {
    /// See [`CommandSpec::path`].
    pub(crate) path: Vec<String>,
    /// See [`CommandSpec::about`].
    pub(crate) about: String,
    /// See [`CommandSpec::heading`].
    pub(crate) heading: Option<String>,
    /// See [`CommandSpec::alias_paths`].
    pub(crate) alias_paths: Vec<Vec<String>>,
    /// See [`CommandSpec::hidden`].
    pub(crate) hidden: bool,
    /// Where the encoded command is.
    encoded: Range<usize>,
}

/// The encoding of a manifest, except its commands. A field that is missing here is not
/// decoded, and then does not compile.
macro_rules! with_fields {
    ($macro:ident) => {
        $macro!(
            name,
            version,
            description,
            api,
            kind,
            isolation,
            license,
            homepage,
            settings,
            groups,
            provides,
            code_file,
            supports_this_os
        )
    };
}

impl PluginManifest {
    /// Returns the command with this path, with its arguments and help.
    pub(crate) fn command(&self, path: &[String]) -> Option<CommandSpec> {
        let summary = self.commands.iter().find(|c| c.path == path)?;
        self.decode_command(summary)
    }

    /// Returns the commands, with their arguments and help.
    pub(crate) fn command_specs(&self) -> impl Iterator<Item = CommandSpec> {
        self.commands.iter().filter_map(|c| self.decode_command(c))
    }

    /// Returns `None` never: the index has a checksum, and its name the version of kt.
    fn decode_command(&self, summary: &CommandSummary) -> Option<CommandSpec> {
        CommandSpec::decode(&mut Reader::new(&self.encoded, summary.encoded.start))
    }

    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        macro_rules! encode {
            ($($field:ident),*) => {$( self.$field.encode(to); )*};
        }
        with_fields!(encode);
        let count = u32::try_from(self.commands.len()).unwrap_or(u32::MAX);
        count.encode(to);
        for command in &self.commands {
            command.path.encode(to);
            command.about.encode(to);
            command.heading.encode(to);
            command.alias_paths.encode(to);
            command.hidden.encode(to);
            let encoded = self.encoded.get(command.encoded.clone());
            encode_bytes(encoded.unwrap_or_default(), to);
        }
    }

    /// Decodes a manifest whose commands remain in `bytes`.
    pub(super) fn decode(bytes: &Arc<Vec<u8>>, from: &mut Reader<'_>) -> Option<Self> {
        macro_rules! decode {
            ($($field:ident),*) => {
                Self {
                    $($field: Encoded::decode(from)?,)*
                    commands: Vec::new(),
                    encoded: Arc::clone(bytes),
                }
            };
        }
        let mut manifest = with_fields!(decode);
        for _ in 0..u32::decode(from)? {
            manifest.commands.push(CommandSummary {
                path: Encoded::decode(from)?,
                about: Encoded::decode(from)?,
                heading: Encoded::decode(from)?,
                alias_paths: Encoded::decode(from)?,
                hidden: Encoded::decode(from)?,
                encoded: from.range()?,
            });
        }
        Some(manifest)
    }
}

impl From<Manifest> for PluginManifest {
    fn from(manifest: Manifest) -> Self {
        let mut encoded = Vec::new();
        let commands = manifest.commands.iter().map(|spec| {
            let start = encoded.len();
            spec.encode(&mut encoded);
            CommandSummary {
                path: spec.path.clone(),
                about: spec.about.clone(),
                heading: spec.heading.clone(),
                alias_paths: spec.alias_paths.clone(),
                hidden: spec.hidden,
                encoded: start..encoded.len(),
            }
        });
        let commands = commands.collect();
        Self {
            code_file: manifest.code_file(std::env::consts::OS),
            supports_this_os: manifest.supports_os(std::env::consts::OS),
            name: manifest.name,
            version: manifest.version,
            description: manifest.description,
            api: manifest.api,
            kind: manifest.kind,
            isolation: manifest.isolation,
            license: manifest.license,
            homepage: manifest.homepage,
            settings: manifest.settings,
            groups: manifest.groups,
            commands,
            provides: manifest.provides,
            encoded: Arc::new(encoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::binary::Reader;
    use super::PluginManifest;
    use kt_plugin_api::manifest::Manifest;
    use std::sync::Arc;

    /// Every key of a manifest that the bundled plugins use is in one of them.
    fn manifests() -> Vec<Manifest> {
        let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins");
        let dirs = std::fs::read_dir(plugins).unwrap();
        let files = dirs.map(|dir| dir.unwrap().path().join("plugin.toml"));
        let all: Vec<_> = files
            .filter(|file| file.exists())
            .map(|file| toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
            .collect();
        assert!(all.len() > 5, "{}", all.len());
        all
    }

    #[test]
    fn a_manifest_survives_its_encoding() {
        for manifest in manifests() {
            let parsed = PluginManifest::from(manifest.clone());
            let mut bytes = vec![7; 3];
            parsed.encode(&mut bytes);
            let bytes = Arc::new(bytes);
            let mut reader = Reader::new(&bytes, 3);
            let decoded = PluginManifest::decode(&bytes, &mut reader).unwrap();
            assert!(reader.is_at_end());
            let commands: Vec<_> = decoded.command_specs().collect();
            assert_eq!(commands, manifest.commands);
            for command in &manifest.commands {
                assert_eq!(decoded.command(&command.path).as_ref(), Some(command));
            }
            assert_eq!(decoded.settings, manifest.settings);
            assert_eq!(decoded.groups, manifest.groups);
            assert_eq!(decoded.provides, manifest.provides);
            assert_eq!(decoded.name, manifest.name);
            assert_eq!(decoded.code_file, parsed.code_file);
        }
    }

    #[test]
    fn damaged_bytes_are_not_decoded() {
        for manifest in manifests() {
            let mut bytes = Vec::new();
            PluginManifest::from(manifest).encode(&mut bytes);
            for cut in 0..bytes.len() {
                let cut = Arc::new(bytes[..cut].to_vec());
                assert!(PluginManifest::decode(&cut, &mut Reader::new(&cut, 0)).is_none());
            }
            for at in (0..bytes.len()).step_by(7) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0xff;
                let damaged = Arc::new(damaged);
                drop(PluginManifest::decode(
                    &damaged,
                    &mut Reader::new(&damaged, 0),
                ));
            }
        }
    }
}
