//! Detection of keys that hold secrets, and masking of source lines.

/// Whether the value of a key is a secret and must never be printed.
///
/// `api_key_header` and `api_key_prefix` are the name of a header, not a secret.
fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if matches!(key.as_str(), "api_key_header" | "api_key_prefix") {
        return false;
    }
    key.starts_with("secret")
        || key.ends_with("_key")
        || key.ends_with("-key")
        || key.ends_with("apikey")
        || key.contains("token")
        || key.contains("password")
        || key.contains("passwd")
        || key.contains("authorization")
}

/// Whether the value of the last key of a path is a secret.
pub(crate) fn is_secret_path(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    is_secret_key(last.split('[').next().unwrap_or(last))
}

/// Replaces everything in a line that could be a secret by `*`, character by character, so that
/// columns stay the same.
pub(crate) fn mask_line(line: &str) -> String {
    // Both the key of a secret and an address with a password contain a colon.
    if !line.contains(':') {
        return line.to_owned();
    }
    let mut chars: Vec<char> = line.chars().collect();
    mask_values(&mut chars);
    mask_userinfo(&mut chars);
    chars.into_iter().collect()
}

/// Replaces everything after the first colon of a line.
pub(crate) fn mask_after_colon(line: &str) -> String {
    let mut chars: Vec<char> = line.chars().collect();
    let from = chars.iter().position(|c| *c == ':').unwrap_or(0);
    mask_chars(&mut chars[from..]);
    if let Some(colon) = chars.get_mut(from).filter(|_| line.contains(':')) {
        *colon = ':';
    }
    chars.into_iter().collect()
}

/// Masks from the colon after the key of a secret to the end of the line. In a flow mapping this
/// masks the following entries too, which is safe.
fn mask_values(chars: &mut [char]) {
    let is_key_char = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut start = 0;
    while start < chars.len() {
        if !is_key_char(chars[start]) {
            start += 1;
            continue;
        }
        let end = (start..chars.len())
            .find(|&i| !is_key_char(chars[i]))
            .unwrap_or(chars.len());
        let colon = (end..chars.len()).find(|&i| !matches!(chars[i], ' ' | '"' | '\''));
        let is_secret = || is_secret_key(&String::from_iter(&chars[start..end]));
        if let Some(colon) = colon.filter(|&i| chars[i] == ':' && is_secret()) {
            mask_chars(&mut chars[colon + 1..]);
            return;
        }
        start = end;
    }
}

/// Masks `user:password` in `scheme://user:password@host`.
fn mask_userinfo(chars: &mut [char]) {
    let mut from = 0;
    while let Some(index) = find(&chars[from..], &[':', '/', '/']) {
        let start = from + index + 3;
        let end = (start..chars.len())
            .find(|&i| matches!(chars[i], '/' | ' ' | '"' | '\'' | ',' | '}'))
            .unwrap_or(chars.len());
        if let Some(index) = chars[start..end].iter().rposition(|&c| c == '@') {
            mask_chars(&mut chars[start..start + index]);
        }
        from = end;
    }
}

fn find(chars: &[char], needle: &[char]) -> Option<usize> {
    chars
        .windows(needle.len())
        .position(|window| window == needle)
}

fn mask_chars(chars: &mut [char]) {
    for c in chars {
        if !matches!(c, ' ' | '{' | '}' | '[' | ']') {
            *c = '*';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_secret_key, mask_line};

    #[test]
    fn secret_values_are_masked_and_columns_stay() {
        let line = r#"  - {id: a, api_key: "sk-1", model: m}"#;
        let masked = mask_line(line);
        assert_eq!(masked.chars().count(), line.chars().count());
        assert!(!masked.contains("sk-1"), "{masked}");
        assert!(masked.starts_with("  - {id: a, api_key:"), "{masked}");
    }

    #[test]
    fn userinfo_is_masked() {
        let masked = mask_line("base_url: https://bob:hunter2@host/v1");
        assert_eq!(masked, "base_url: https://***********@host/v1");
    }

    #[test]
    fn header_names_are_not_secrets() {
        assert!(!is_secret_key("api_key_header"));
        assert!(is_secret_key("api_key"));
        assert!(is_secret_key("secret_key_ref"));
    }
}
