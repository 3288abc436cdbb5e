//! `providers.targets[]`.

use super::field::{Field, Keys, Table};
use super::files::Findings;
use super::node::Value;
use super::providers::timeouts;
use super::scalar::Spec;
use super::url::reject_base_url;
use crate::model::{DataPolicy, SecretRef, Target};
use crate::problem::code;

const KEYS: Keys = Keys {
    known: &[
        "id",
        "provider",
        "model",
        "base_url",
        "secret_key_ref",
        "api_key_header",
        "api_key_prefix",
        "weight",
        "data_policy",
        "zdr",
        "data_collection",
        "timeouts",
        // Known only to be refused with a better answer than "unknown".
        "api_key",
    ],
    unsupported: &["provider_type", "format", "escalation_routing", "config"],
};
const DATA_KEYS: Keys = Keys {
    known: &["zero_data_retention", "training_opt_out", "retention_days"],
    unsupported: &[],
};
const SECRET_KEYS: Keys = Keys {
    known: &["env", "store"],
    unsupported: &[],
};

const ID: Spec = Spec { min: 1, max: 100 };
const SHORT: Spec = Spec { min: 0, max: 100 };
const SECRET_HELP: &str = "write secret_key_ref: {env: NAME} or {store: NAME}";

/// Providers with an address of their own.
const BUILT_IN: [&str; 3] = ["echo", "openai", "anthropic"];

/// Reads all targets and reports ids that occur twice.
pub(crate) fn decode_all(providers: &Table<'_>, findings: &mut Findings<'_>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let Some(items) = providers.list("targets", findings) else {
        return targets;
    };
    for item in &items {
        let Some(table) = Table::open(item.node, &item.path, item.at, Some(&KEYS), findings) else {
            continue;
        };
        let target = decode(&table, findings);
        if !target.id.is_empty()
            && targets.iter().any(|other| other.id == target.id)
            && let Some(field) = table.field("id", findings)
        {
            let message = format!("the id `{}` occurs twice", target.id);
            findings.report(code::DUPLICATE, field.at, &field.path, message);
        }
        targets.push(target);
    }
    targets
}

fn decode(table: &Table<'_>, findings: &mut Findings<'_>) -> Target {
    table.require("id", findings);
    table.require("provider", findings);
    refuse_literal(table, findings);
    let id = bounded(table, "id", &ID, findings).unwrap_or_default();
    let provider = provider(table, findings).unwrap_or_default();
    Target {
        base_url: base_url(table, &provider, findings),
        id,
        provider,
        model: bounded(table, "model", &Spec { min: 1, max: 200 }, findings),
        secret_key_ref: secret(table, findings),
        api_key_header: header(table, findings),
        api_key_prefix: bounded(table, "api_key_prefix", &SHORT, findings),
        weight: table.integer("weight", 0..=10_000, findings),
        data_policy: data_policy(table, findings),
        zdr: table.flag("zdr", findings),
        data_collection: table.word("data_collection", findings),
        timeouts: timeouts(table, findings),
    }
}

fn bounded(
    table: &Table<'_>,
    key: &str,
    spec: &Spec,
    findings: &mut Findings<'_>,
) -> Option<String> {
    table.field(key, findings)?.bounded(spec, findings)
}

/// A credential in the file ends up in version control and backups.
fn refuse_literal(table: &Table<'_>, findings: &mut Findings<'_>) {
    if let Some(at) = table.key_place("api_key") {
        let path = table.path_of("api_key");
        findings
            .report(
                code::SECRET,
                at,
                &path,
                "a credential must not stand in the file",
            )
            .help(SECRET_HELP);
    }
}

fn provider(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let field = table.field("provider", findings)?;
    let text = field.text(findings)?;
    if let Some((name, model)) = text.split_once(':') {
        let model = model.rsplit(':').next().unwrap_or_default();
        let message = format!("`{}` must be the plain name of a provider", field.path);
        findings
            .report(code::BAD_VALUE, field.at, &field.path, message)
            .help(format!("write provider: {name} and model: {model}"));
        return None;
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if text.is_empty() || text.len() > 60 || !text.bytes().all(plain) {
        let message = format!(
            "`{}` must be 1 to 60 of a-z, 0-9, `-`, `_`, `.`",
            field.path
        );
        field.reject(message, findings);
        return None;
    }
    Some(text)
}

fn base_url(table: &Table<'_>, provider: &str, findings: &mut Findings<'_>) -> Option<String> {
    let Some(field) = table.field("base_url", findings) else {
        require_base_url(table, provider, findings);
        return None;
    };
    let text = field.text(findings)?;
    match reject_base_url(&text) {
        None => Some(text),
        Some(why) => {
            let message = format!("`{}` is not an upstream address: {why}", field.path);
            findings.report(code::BAD_URL, field.at, &field.path, message);
            None
        }
    }
}

fn require_base_url(table: &Table<'_>, provider: &str, findings: &mut Findings<'_>) {
    if provider.is_empty() || BUILT_IN.contains(&provider) {
        return;
    }
    if let Some(field) = table.field("provider", findings) {
        let message = format!("the provider `{provider}` needs a `base_url`");
        findings
            .report(code::MISSING, field.at, &table.path_of("base_url"), message)
            .suggest(provider, BUILT_IN.into_iter())
            .help("only echo, openai and anthropic have an address of their own");
    }
}

fn header(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let field = table.field("api_key_header", findings)?;
    let text = field.bounded(&ID, findings)?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if text.bytes().all(token) {
        return Some(text);
    }
    field.reject(format!("`{}` is not a header name", field.path), findings);
    None
}

fn data_policy(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<DataPolicy> {
    let table = table.table("data_policy", &DATA_KEYS, findings)?;
    Some(DataPolicy {
        zero_data_retention: table.flag("zero_data_retention", findings),
        training_opt_out: table.flag("training_opt_out", findings),
        retention_days: table.integer("retention_days", 0..=36_500, findings),
    })
}

fn secret(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<SecretRef> {
    let field = table.field("secret_key_ref", findings)?;
    if !matches!(field.node.value, Value::Table(_)) {
        let noun = field.node.value.noun();
        let message = format!("`{}` must be a table, not {noun}", field.path);
        let at = table.key_place("secret_key_ref").unwrap_or(field.at);
        findings
            .report(code::SECRET, at, &field.path, message)
            .help(SECRET_HELP);
        return None;
    }
    let inner = Table::open(
        field.node,
        &field.path,
        field.at,
        Some(&SECRET_KEYS),
        findings,
    )?;
    let env = inner.field("env", findings);
    let store = inner.field("store", findings);
    match (env, store) {
        (Some(env), None) => name(&env, findings).map(SecretRef::Env),
        (None, Some(store)) => name(&store, findings).map(SecretRef::Store),
        _ => {
            let message = format!("`{}` must name exactly one of env and store", field.path);
            findings
                .report(code::SECRET, field.at, &field.path, message)
                .help(SECRET_HELP);
            None
        }
    }
}

/// The name of a variable or secret. What does not look like a name may be the
/// secret itself, so it is never quoted.
fn name(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = field.text(findings)?;
    let valid = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(valid) {
        return Some(text);
    }
    let message = format!("`{}` is not a name", field.path);
    findings
        .report(code::SECRET, field.at, &field.path, message)
        .help("letters, digits, `_`, `-` and `.`, at most 128; it names the secret, it is not the secret");
    None
}
