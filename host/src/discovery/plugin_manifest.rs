//! A manifest in memory. Its commands are read when they are needed, and the arguments and the
//! help of a command when it is used: most runs need those of one command.

use super::binary::{Encoded, Reader, encoded_fields};
use super::details::Details;
use super::index_checksum::checksum;
use super::manifest_encoding::encode_commands;
use kt_plugin_api::manifest::{
    CommandSpec, GroupSpec, Isolation, Manifest, PluginKind, ProvidesSpec, SettingSpec,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

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
    pub(crate) provides: Vec<ProvidesSpec>,
    /// The file name of the library or the program on this operating system.
    pub(crate) code_file: String,
    /// The plugin can be loaded on this operating system.
    pub(crate) supports_this_os: bool,
    /// The first words of its commands and their aliases.
    pub(crate) roots: Vec<CommandRoot>,
    /// A hash of the path of each command: what has no common hash has no common path.
    pub(super) path_hashes: Vec<u64>,
    details: Details,
    commands: OnceLock<Commands>,
}

/// The first word of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandRoot {
    /// Only this word.
    pub(crate) path: Vec<String>,
    /// It is itself a command.
    pub(crate) is_command: bool,
    /// Help lists a command below it.
    pub(crate) has_visible_below: bool,
}

encoded_fields!(CommandRoot {
    path,
    is_command,
    has_visible_below
});

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

/// The commands, of which lists need only the summaries.
#[derive(Debug, Clone)]
struct Commands {
    summaries: Vec<CommandSummary>,
    encoded: Arc<Vec<u8>>,
}

/// The fields that are encoded as they are. One that is missing here is not decoded, and then
/// does not compile.
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
            supports_this_os,
            roots,
            path_hashes
        )
    };
}

impl PluginManifest {
    /// Returns the commands of the plugin.
    pub(crate) fn commands(&self) -> &[CommandSummary] {
        &self.read_commands().summaries
    }

    pub(crate) fn has_commands(&self) -> bool {
        !self.path_hashes.is_empty()
    }

    /// Returns whether a command or an alias begins with the word.
    pub(crate) fn has_root(&self, word: &str) -> bool {
        let mut words = self.roots.iter().flat_map(|root| &root.path);
        words.any(|root| root == word)
    }

    /// Returns the command with this path, with its arguments and help.
    pub(crate) fn command(&self, path: &[String]) -> Option<CommandSpec> {
        if !path.first().is_some_and(|word| self.has_root(word)) {
            return None;
        }
        let commands = self.read_commands();
        let summary = commands.summaries.iter().find(|c| c.path == path)?;
        commands.decode(summary)
    }

    /// Returns the commands, with their arguments and help.
    pub(crate) fn command_specs(&self) -> impl Iterator<Item = CommandSpec> {
        let commands = self.read_commands();
        let summaries = commands.summaries.iter();
        summaries.filter_map(|summary| commands.decode(summary))
    }

    fn read_commands(&self) -> &Commands {
        self.commands
            .get_or_init(|| Commands::decode_all(self.details.bytes()))
    }

    /// Returns the encoded commands.
    pub(super) fn encoded_commands(&self) -> Arc<Vec<u8>> {
        self.details.bytes()
    }

    /// Encodes everything but the commands.
    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        macro_rules! encode {
            ($($field:ident),*) => {$( self.$field.encode(to); )*};
        }
        with_fields!(encode);
    }

    /// Decodes a manifest, whose commands are in `details`.
    pub(super) fn decode(details: Details, from: &mut Reader<'_>) -> Option<Self> {
        macro_rules! decode {
            ($($field:ident),*) => {
                Self {
                    $($field: Encoded::decode(from)?,)*
                    details,
                    commands: OnceLock::new(),
                }
            };
        }
        Some(with_fields!(decode))
    }
}

impl Commands {
    fn decode_all(encoded: Arc<Vec<u8>>) -> Self {
        let mut from = Reader::new(&encoded, 0);
        let mut summaries = Vec::new();
        // The bytes have a checksum.
        while !from.is_at_end()
            && let Some(summary) = CommandSummary::decode(&mut from)
        {
            summaries.push(summary);
        }
        Self { summaries, encoded }
    }

    fn decode(&self, summary: &CommandSummary) -> Option<CommandSpec> {
        CommandSpec::decode(&mut Reader::new(&self.encoded, summary.encoded.start))
    }
}

impl CommandSummary {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            path: Encoded::decode(from)?,
            about: Encoded::decode(from)?,
            heading: Encoded::decode(from)?,
            alias_paths: Encoded::decode(from)?,
            hidden: Encoded::decode(from)?,
            encoded: from.range()?,
        })
    }
}

impl From<Manifest> for PluginManifest {
    fn from(manifest: Manifest) -> Self {
        Self {
            code_file: manifest.code_file(std::env::consts::OS),
            supports_this_os: manifest.supports_os(std::env::consts::OS),
            roots: roots(&manifest.commands),
            path_hashes: manifest.commands.iter().map(|c| hash(&c.path)).collect(),
            details: Details::Parsed(Arc::new(encode_commands(&manifest.commands))),
            commands: OnceLock::new(),
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
            provides: manifest.provides,
        }
    }
}

fn hash(path: &[String]) -> u64 {
    checksum(path.join(" ").as_bytes())
}

fn roots(commands: &[CommandSpec]) -> Vec<CommandRoot> {
    let mut roots: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for command in commands {
        let own = std::iter::once((&command.path, !command.hidden));
        let aliases = command.alias_paths.iter().map(|path| (path, false));
        for (path, is_visible) in own.chain(aliases) {
            let Some(word) = path.first() else { continue };
            let (is_command, has_visible_below) = roots.entry(word).or_default();
            *is_command |= path.len() == 1;
            *has_visible_below |= path.len() > 1 && is_visible;
        }
    }
    let root = |(word, (is_command, has_visible_below)): (&str, _)| CommandRoot {
        path: vec![word.to_owned()],
        is_command,
        has_visible_below,
    };
    roots.into_iter().map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::super::binary::Reader;
    use super::super::details::Details;
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
            let mut reader = Reader::new(&bytes, 3);
            let details = Details::Parsed(parsed.encoded_commands());
            let decoded = PluginManifest::decode(details, &mut reader).unwrap();
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
            let parsed = PluginManifest::from(manifest);
            let mut bytes = Vec::new();
            parsed.encode(&mut bytes);
            let commands = parsed.encoded_commands();
            let decode = |bytes: &[u8]| {
                let details = Details::Parsed(Arc::clone(&commands));
                PluginManifest::decode(details, &mut Reader::new(bytes, 0))
            };
            for cut in 0..bytes.len() {
                assert!(decode(&bytes[..cut]).is_none());
            }
            for at in (0..bytes.len()).step_by(7) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0xff;
                drop(decode(&damaged));
            }
        }
    }

    #[test]
    fn the_first_words_of_commands_are_known() {
        let text = "manifest = 1\nname = 'x'\nversion = '1.0.0'\ndescription = 'X'\napi = '^1.0'\n\
                    library = 'x'\n[[command]]\npath = ['a', 'b']\nabout = 'A'\nalias_paths = [['c']]\n\
                    [[command]]\npath = ['d', 'e']\nabout = 'D'\nhidden = true\n";
        let manifest: Manifest = toml::from_str(text).unwrap();
        let parsed = PluginManifest::from(manifest);
        let roots = parsed.roots.iter();
        let roots = roots.map(|r| (r.path.join(" "), r.is_command, r.has_visible_below));
        let expected = [("a", false, true), ("c", true, false), ("d", false, false)];
        let expected = expected.map(|(word, command, below)| (word.to_owned(), command, below));
        assert_eq!(roots.collect::<Vec<_>>(), expected);
        assert!(parsed.has_root("c") && !parsed.has_root("b"));
    }
}
