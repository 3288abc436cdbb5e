//! The encoding of the parts of a manifest.

use super::binary::{Encoded, Reader, encode_bytes, encoded_fields};
use super::file_identity::FileIdentity;
use kt_plugin_api::manifest::{
    ArgSpec, ArgType, CommandSpec, DetectRule, Example, GroupSpec, Isolation, OutcomeSpec,
    PluginKind, ProvidesSpec, SettingSpec,
};

encoded_fields!(FileIdentity {
    dev,
    ino,
    size,
    mtime,
    ctime
});

encoded_fields!(SettingSpec {
    key,
    about,
    env,
    flag,
    default,
    secret
});

encoded_fields!(GroupSpec {
    path,
    about,
    heading,
    aliases
});

encoded_fields!(ProvidesSpec {
    interface,
    name,
    os,
    detect,
    priority
});

encoded_fields!(Example { about, command });

encoded_fields!(OutcomeSpec { name, code, about });

encoded_fields!(CommandSpec {
    path,
    about,
    heading,
    long_about,
    alias_paths,
    examples,
    mutates,
    dry_run,
    long_running,
    creates_profile,
    hidden,
    args,
    outcomes,
});

encoded_fields!(ArgSpec {
    name,
    about,
    kind,
    long,
    aliases,
    positional,
    short,
    env,
    default,
    required,
    repeatable,
    conflicts,
    values,
    value_name,
    default_missing,
    dynamic,
    hidden,
});

/// Implements [`Encoded`] for an enum without fields, by the position in the list. A variant
/// that is missing here does not compile.
macro_rules! encoded_variants {
    ($type:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        impl Encoded for $type {
            fn encode(&self, to: &mut Vec<u8>) {
                to.push(match self {
                    $(Self::$variant => $number),*
                });
            }

            fn decode(from: &mut Reader<'_>) -> Option<Self> {
                match u8::decode(from)? {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

encoded_variants!(ArgType {
    String = 0,
    Integer = 1,
    Boolean = 2,
    Path = 3,
    Duration = 4,
    Enum = 5,
});

encoded_variants!(PluginKind {
    Library = 0,
    Process = 1,
});

encoded_variants!(Isolation {
    InProcess = 0,
    Process = 1,
});

impl Encoded for DetectRule {
    fn encode(&self, to: &mut Vec<u8>) {
        let (number, text) = match self {
            Self::Dir(text) => (0_u8, text),
            Self::File(text) => (1, text),
            Self::Program(text) => (2, text),
        };
        number.encode(to);
        text.encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let (number, text) = (u8::decode(from)?, String::decode(from)?);
        match number {
            0 => Some(Self::Dir(text)),
            1 => Some(Self::File(text)),
            2 => Some(Self::Program(text)),
            _ => None,
        }
    }
}

/// Encodes commands: what lists need of each, and then the command.
pub(super) fn encode_commands(commands: &[CommandSpec]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in commands {
        command.path.encode(&mut bytes);
        command.about.encode(&mut bytes);
        command.heading.encode(&mut bytes);
        command.alias_paths.encode(&mut bytes);
        command.hidden.encode(&mut bytes);
        let mut spec = Vec::new();
        command.encode(&mut spec);
        encode_bytes(&spec, &mut bytes);
    }
    bytes
}
