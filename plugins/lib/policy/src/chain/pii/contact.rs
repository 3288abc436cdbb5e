//! E-mail addresses and phone numbers.

use super::person::{announced, digits, is_inside_number};

/// Words that announce a phone number.
const PHONE_WORDS: [&str; 20] = [
    "phone",
    "tel",
    "telephone",
    "call",
    "mobile",
    "cell",
    "fax",
    "text",
    "ring",
    "dial",
    "whatsapp",
    "reach",
    "contact",
    "hotline",
    "sms",
    "voicemail",
    "handset",
    "landline",
    "pager",
    "ph",
];

/// Words that say a number is something else.
const OTHER: [&str; 16] = [
    "order",
    "invoice",
    "ticket",
    "sku",
    "part",
    "tracking",
    "serial",
    "isbn",
    "model",
    "version",
    "case",
    "error",
    "reference",
    "ref",
    "id",
    "account",
];

/// An address with a plausible local part and domain (RFC 5321 lengths). The
/// `git@host:path` form of repositories is nobody's address.
pub(super) fn is_email(before: &str, found: &str, after: &[u8]) -> bool {
    let Some((local, domain)) = found.split_once('@') else {
        return false;
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    let labels = domain.split('.').all(|label| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    });
    let whole = after
        .first()
        .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'@');
    let repository = local == "git" && after.first() == Some(&b':');
    let in_address = before.ends_with('/') && before.ends_with("//");
    (1..=64).contains(&local.len())
        && !local.contains("..")
        && !local.ends_with('.')
        && labels
        && (2..=24).contains(&top.chars().count())
        && !is_file_ending(top)
        && whole
        && !repository
        && !in_address
}

/// `icon@2x.png` and `styles@print.css` are files.
fn is_file_ending(top: &str) -> bool {
    matches!(
        top.to_ascii_lowercase().as_str(),
        "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "svg"
            | "css"
            | "js"
            | "json"
            | "yaml"
            | "yml"
            | "webp"
            | "html"
    )
}

/// 8 to 15 digits after the plus (ITU-T E.164).
pub(super) fn is_international(before: &str, found: &str, after: &[u8]) -> bool {
    let count = digits(found).len() - if found.starts_with("00") { 2 } else { 0 };
    let balanced = found.matches('(').count() == found.matches(')').count();
    let sum = before
        .trim_end()
        .ends_with(|c: char| c.is_ascii_digit() || c == '=')
        || before.ends_with(|c: char| c.is_alphanumeric());
    let bare_zeros = found.starts_with("00") && !announced(before, 32, &PHONE_WORDS);
    (8..=15).contains(&count) && balanced && !sum && !bare_zeros && !is_inside_number("", after)
}

/// A complete number of the North American plan, not part of a longer one.
pub(super) fn is_north_american(before: &str, found: &str, after: &[u8]) -> bool {
    let named = announced(before, 32, &PHONE_WORDS);
    let separators: Vec<char> = found
        .chars()
        .filter(|c| matches!(c, '-' | '.' | ' '))
        .collect();
    let even = found.contains('(') || separators.windows(2).all(|pair| pair[0] == pair[1]);
    !is_inside_number(before, after) && (named || (even && !announced(before, 20, &OTHER)))
}

/// Seven to fourteen digits right after a word that announces a number.
pub(super) fn is_announced(before: &str, found: &str, after: &[u8]) -> bool {
    let count = digits(found).len();
    let dated = found.matches('/').count() > 0;
    (7..=14).contains(&count)
        && !dated
        && found.parse::<std::net::Ipv4Addr>().is_err()
        && announced(before, 28, &PHONE_WORDS)
        && !announced(before, 20, &OTHER)
        && !is_inside_number(before, after)
        && !found.contains("..")
        && found.matches('(').count() == found.matches(')').count()
}
