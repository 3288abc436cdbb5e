//! `providers.targets[]`.

use super::aliases::aliases;
use crate::credential::{
    SECRET_HELP, read_header, read_scheme, read_secret_ref, reject_credential,
};
use crate::decode::{
    Diagnostics, InvalidUrl, Keys, LengthRange, Mapping, truncate, validate_base_url,
};
use crate::model::{DataPolicy, PRESETS, SecretRef, Target, find_preset};
use crate::problem::code;
use crate::problem::secret_text::has_key_prefix;
use crate::settings::group;

pub(super) const KEYS: Keys = Keys {
    known: &[
        "id",
        "provider",
        "model",
        "aliases",
        "base_url",
        "secret_key_ref",
        "api_key_header",
        "api_key_prefix",
        "weight",
        "data_policy",
        "zdr",
        "data_collection",
        "timeouts",
        // Rejected below, with a better message than "unknown key".
        "api_key",
    ],
    unsupported: &["provider_type", "format", "escalation_routing", "config"],
};
pub(super) const DATA_KEYS: Keys = Keys {
    known: &["zero_data_retention", "training_opt_out", "retention_days"],
    unsupported: &[],
};

const ID: LengthRange = LengthRange { min: 1, max: 100 };

/// Reads all targets, and reports duplicate ids.
pub(crate) fn decode_all(
    providers: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let Some(items) = providers.sequence("targets", diagnostics) else {
        return targets;
    };
    for item in &items {
        let Some(mapping) = Mapping::open(
            item.node,
            &item.path,
            item.location,
            Some(&KEYS),
            diagnostics,
        ) else {
            continue;
        };
        let target = decode(&mapping, diagnostics);
        if !target.id.is_empty()
            && targets.iter().any(|other| other.id == target.id)
            && let Some(field) = mapping.field("id", diagnostics)
        {
            let message = format!("the id `{}` occurs twice", target.id);
            diagnostics.report(code::DUPLICATE, field.location, &field.path, message);
        }
        targets.push(target);
    }
    targets
}

fn decode(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Target {
    mapping.require("id", diagnostics);
    mapping.require("provider", diagnostics);
    reject_literal_credential(mapping, diagnostics);
    let id = id(mapping, diagnostics).unwrap_or_default();
    let provider = provider(mapping, diagnostics).unwrap_or_default();
    let target = Target {
        base_url: base_url(mapping, &provider, diagnostics),
        id,
        provider,
        model: bounded(
            mapping,
            "model",
            &LengthRange { min: 1, max: 200 },
            diagnostics,
        ),
        aliases: aliases(mapping, diagnostics),
        secret_key_ref: secret(mapping, diagnostics),
        api_key_header: header(mapping, diagnostics),
        api_key_prefix: prefix(mapping, diagnostics),
        weight: mapping.integer("weight", 0..=10_000, diagnostics),
        data_policy: data_policy(mapping, diagnostics),
        zdr: mapping.boolean("zdr", diagnostics),
        data_collection: mapping.variant("data_collection", diagnostics),
        timeouts: group().decode(mapping, "timeouts", diagnostics),
    };
    reject_contradiction(&target, mapping, diagnostics);
    target
}

/// Rejects a shorthand that contradicts what it is short for.
fn reject_contradiction(target: &Target, mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) {
    let stated = target
        .data_policy
        .as_ref()
        .and_then(|p| p.zero_data_retention);
    if let (Some(zdr), Some(stated)) = (target.zdr, stated)
        && zdr != stated
        && let Some(field) = mapping.field("zdr", diagnostics)
    {
        let message = format!(
            "`{}` contradicts `data_policy.zero_data_retention`",
            field.path
        );
        field.reject(message, diagnostics);
    }
}

fn bounded(
    mapping: &Mapping<'_>,
    key: &str,
    length: &LengthRange,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    mapping
        .field(key, diagnostics)?
        .bounded_string(length, diagnostics)
}

/// Rejects a credential in the file: it would end up in version control and backups.
fn reject_literal_credential(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) {
    if let Some(location) = mapping.key_location("api_key") {
        let path = mapping.path_of("api_key");
        diagnostics
            .report(
                code::SECRET,
                location,
                &path,
                "the file must not contain credentials",
            )
            .help(SECRET_HELP);
    }
}

/// Reads the id, which is part of logs and metrics.
fn id(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let field = mapping.field("id", diagnostics)?;
    let text = field.bounded_string(&ID, diagnostics)?;
    if has_key_prefix(&text) {
        reject_credential(&field, diagnostics);
        return None;
    }
    Some(text)
}

fn provider(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let field = mapping.field("provider", diagnostics)?;
    let text = field.string(diagnostics)?;
    if has_key_prefix(&text) {
        reject_credential(&field, diagnostics);
        return None;
    }
    if let Some((name, model)) = text.split_once(':') {
        let model = model.rsplit(':').next().unwrap_or_default();
        let message = format!("`{}` must be the plain name of a provider", field.path);
        diagnostics
            .report(code::INVALID_VALUE, field.location, &field.path, message)
            .help(format!("use provider: {name} and model: {model}"));
        return None;
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if text.is_empty() || text.len() > 60 || !text.bytes().all(plain) {
        let message = format!(
            "`{}` must be 1 to 60 of a-z, 0-9, `-`, `_`, `.`",
            field.path
        );
        field.reject(message, diagnostics);
        return None;
    }
    Some(text)
}

fn base_url(
    mapping: &Mapping<'_>,
    provider: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    let Some(field) = mapping.field("base_url", diagnostics) else {
        require_base_url(mapping, provider, diagnostics);
        return None;
    };
    let text = field.string(diagnostics)?;
    match validate_base_url(&text) {
        Ok(()) => Some(text),
        Err(reason) => {
            let message = format!("`{}` is not a valid upstream address: {reason}", field.path);
            let problem =
                diagnostics.report(code::INVALID_URL, field.location, &field.path, message);
            if !matches!(reason, InvalidUrl::Form(_)) {
                problem.help(SECRET_HELP);
            }
            None
        }
    }
}

fn require_base_url(mapping: &Mapping<'_>, provider: &str, diagnostics: &mut Diagnostics<'_>) {
    let has_address = find_preset(provider).is_some_and(|preset| preset.base_url.is_some());
    if provider.is_empty() || provider == "echo" || has_address {
        return;
    }
    if let Some(field) = mapping.field("provider", diagnostics) {
        let message = format!("the provider `{}` needs a `base_url`", truncate(provider));
        let with_address = PRESETS.iter().filter(|preset| preset.base_url.is_some());
        let names: Vec<&str> = std::iter::once("echo")
            .chain(with_address.map(|preset| preset.name))
            .collect();
        diagnostics
            .report(
                code::MISSING,
                field.location,
                &mapping.path_of("base_url"),
                message,
            )
            .suggest(provider, names.iter().copied())
            .help(format!(
                "the providers with a default address are {}",
                names.join(", ")
            ));
    }
}

fn data_policy(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<DataPolicy> {
    let mapping = mapping.mapping("data_policy", &DATA_KEYS, diagnostics)?;
    Some(DataPolicy {
        zero_data_retention: mapping.boolean("zero_data_retention", diagnostics),
        training_opt_out: mapping.boolean("training_opt_out", diagnostics),
        retention_days: mapping.integer("retention_days", 0..=36_500, diagnostics),
    })
}

fn header(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let field = mapping.field("api_key_header", diagnostics)?;
    read_header(&field, diagnostics)
}

fn prefix(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let field = mapping.field("api_key_prefix", diagnostics)?;
    read_scheme(&field, diagnostics)
}

fn secret(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<SecretRef> {
    let field = mapping.field("secret_key_ref", diagnostics)?;
    let location = mapping.key_location("secret_key_ref");
    read_secret_ref(&field, location.unwrap_or(field.location), diagnostics)
}
