//! Which keys hold secrets, and how a source line is masked before it is kept.

/// Whether values under this key are secrets and must never be shown.
///
/// `api_key_header` and `api_key_prefix` name a header, not a secret.
pub(crate) fn is_secret_key(key: &str) -> bool {
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

/// Returns the line with whatever could be a secret replaced by `*`, character
/// by character, so that columns stay where they are.
pub(crate) fn mask_line(line: &str) -> String {
    // Behind a key there is a colon, and so there is in an address.
    if !line.contains(':') {
        return line.to_owned();
    }
    let mut chars: Vec<char> = line.chars().collect();
    mask_values(&mut chars);
    mask_userinfo(&mut chars);
    chars.into_iter().collect()
}

/// Returns the line with everything behind its first colon replaced.
pub(crate) fn mask_after_colon(line: &str) -> String {
    let mut chars: Vec<char> = line.chars().collect();
    let from = chars.iter().position(|c| *c == ':').unwrap_or(0);
    star(&mut chars[from..]);
    if let Some(colon) = chars.get_mut(from).filter(|_| line.contains(':')) {
        *colon = ':';
    }
    chars.into_iter().collect()
}

/// Masks from the colon after a secret-like word to the end of the line: a
/// flow mapping may hide further pairs behind it, which is the safe side.
fn mask_values(chars: &mut [char]) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut start = 0;
    while start < chars.len() {
        if !is_word(chars[start]) {
            start += 1;
            continue;
        }
        let end = (start..chars.len())
            .find(|&i| !is_word(chars[i]))
            .unwrap_or(chars.len());
        let colon = (end..chars.len()).find(|&i| !matches!(chars[i], ' ' | '"' | '\''));
        let is_secret = || is_secret_key(&String::from_iter(&chars[start..end]));
        if let Some(colon) = colon.filter(|&i| chars[i] == ':' && is_secret()) {
            star(&mut chars[colon + 1..]);
            return;
        }
        start = end;
    }
}

/// Masks `user:password` in `scheme://user:password@host`.
fn mask_userinfo(chars: &mut [char]) {
    let mut from = 0;
    while let Some(at) = find(&chars[from..], &[':', '/', '/']) {
        let start = from + at + 3;
        let end = (start..chars.len())
            .find(|&i| matches!(chars[i], '/' | ' ' | '"' | '\'' | ',' | '}'))
            .unwrap_or(chars.len());
        if let Some(at) = chars[start..end].iter().rposition(|&c| c == '@') {
            star(&mut chars[start..start + at]);
        }
        from = end;
    }
}

fn find(chars: &[char], what: &[char]) -> Option<usize> {
    chars.windows(what.len()).position(|window| window == what)
}

fn star(chars: &mut [char]) {
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
    fn secret_values_disappear_and_columns_stay() {
        let line = r#"  - {id: a, api_key: "sk-1", model: m}"#;
        let masked = mask_line(line);
        assert_eq!(masked.chars().count(), line.chars().count());
        assert!(!masked.contains("sk-1"), "{masked}");
        assert!(masked.starts_with("  - {id: a, api_key:"), "{masked}");
    }

    #[test]
    fn userinfo_disappears() {
        let masked = mask_line("base_url: https://bob:hunter2@host/v1");
        assert_eq!(masked, "base_url: https://***********@host/v1");
    }

    #[test]
    fn header_names_are_no_secrets() {
        assert!(!is_secret_key("api_key_header"));
        assert!(is_secret_key("api_key"));
        assert!(is_secret_key("secret_key_ref"));
    }
}
