//! Detection of keys that hold secrets, and masking of source lines.

use super::secret_text::looks_like_secret;

/// Authentication schemes, after which a credential follows.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];

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

/// Masks the lines of a source one after the other, since the value of a secret may continue on
/// the lines after its key.
#[derive(Default)]
pub(crate) struct LineMask {
    /// The value of a secret that may continue.
    value: Option<OpenValue>,
}

/// A value that may continue on the next line.
struct OpenValue {
    /// Further lines of the value are indented by more than this.
    indent: usize,
    /// The number of open brackets, within which the indentation does not matter.
    brackets: isize,
}

impl LineMask {
    /// Replaces everything in the next line that could be a secret by `*`, character by character,
    /// so that columns stay the same.
    pub(crate) fn mask(&mut self, line: &str) -> String {
        let mut chars: Vec<char> = line.chars().collect();
        let indent = indent(&chars);
        if let Some(value) = &mut self.value {
            if indent == chars.len() {
                return line.to_owned();
            }
            if value.brackets > 0 || indent > value.indent {
                value.brackets += open_brackets(&chars);
                mask_chars(&mut chars);
                return chars.into_iter().collect();
            }
        }
        let key = find_secret_key(&chars);
        let is_comment = chars.get(indent) == Some(&'#');
        self.value = key.as_ref().filter(|_| !is_comment).map(|key| OpenValue {
            // A key after other keys is in a flow mapping, which is within brackets.
            indent: if is_first_key(&chars[..key.start]) {
                key.start
            } else {
                indent
            },
            brackets: open_brackets(&chars),
        });
        mask_userinfo(&mut chars);
        mask_query(&mut chars);
        mask_words(&mut chars);
        if let Some(key) = key {
            mask_chars(&mut chars[key.colon + 1..]);
        }
        chars.into_iter().collect()
    }
}

/// Returns the number of spaces at the beginning of a line.
fn indent(chars: &[char]) -> usize {
    let text = chars.iter().position(|c| !c.is_whitespace());
    text.unwrap_or(chars.len())
}

/// Returns the number of brackets that a line opens and does not close.
fn open_brackets(chars: &[char]) -> isize {
    chars.iter().fold(0, |open, c| match c {
        '{' | '[' => open + 1,
        '}' | ']' => open - 1,
        _ => open,
    })
}

/// Whether nothing but list markers and quotes is before a key.
fn is_first_key(before: &[char]) -> bool {
    before.iter().all(|c| matches!(c, ' ' | '-' | '"' | '\''))
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

/// The key of a secret in a line.
struct SecretKey {
    start: usize,
    colon: usize,
}

/// Finds the first key of a secret. In a flow mapping the entries after it are masked too, which
/// is safe.
fn find_secret_key(chars: &[char]) -> Option<SecretKey> {
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
        let is_secret = || {
            let key = String::from_iter(&chars[start..end]);
            // Some write the credential after its scheme.
            is_secret_key(&key) || key == "api_key_prefix"
        };
        if let Some(colon) = colon.filter(|&i| chars[i] == ':' && is_secret()) {
            return Some(SecretKey { start, colon });
        }
        start = end;
    }
    None
}

/// Masks every word that looks like a credential, or follows an authentication scheme.
fn mask_words(chars: &mut [char]) {
    let is_word_char = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut start = 0;
    let mut after_scheme = false;
    while let Some(offset) = chars[start..].iter().position(is_word_char) {
        start += offset;
        let length = chars[start..].iter().position(|c| !is_word_char(c));
        let end = length.map_or(chars.len(), |length| start + length);
        let word = String::from_iter(&chars[start..end]);
        if after_scheme || looks_like_secret(&word) {
            mask_chars(&mut chars[start..end]);
        }
        after_scheme =
            SCHEMES.contains(&word.to_ascii_lowercase().as_str()) && chars.get(end) == Some(&' ');
        start = end;
    }
}

/// Masks the values in the query of every address.
fn mask_query(chars: &mut [char]) {
    let mut from = 0;
    while let Some(index) = find(&chars[from..], &[':', '/', '/']) {
        let start = from + index + 3;
        let end = (start..chars.len())
            .find(|&i| matches!(chars[i], ' ' | '"' | '\'' | ',' | '}'))
            .unwrap_or(chars.len());
        let mut in_query = false;
        let mut in_value = false;
        for c in &mut chars[start..end] {
            match c {
                '?' => (in_query, in_value) = (true, false),
                '&' => in_value = false,
                '=' if in_query => in_value = true,
                c if in_value => *c = '*',
                _ => {}
            }
        }
        from = end;
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
    use super::{LineMask, is_secret_key};

    fn mask_line(line: &str) -> String {
        LineMask::default().mask(line)
    }

    #[test]
    fn a_secret_on_further_lines_is_masked() {
        for text in [
            "a:\n  secret_key_ref:\n    env: canary\n  b: kept",
            "a:\n  - api_key: >-\n\n      canary\n    b: kept",
            "- {id: a, secret_key_ref: {env:\n  canary}, c: d}\n- b: kept",
            "{\"a\": {\"api_key\": [\n\"canary\"\n]}}\n\"b\": kept",
            "api_key_prefix: 'Bearer\n  canary'\nb: kept",
            "# token: canary\na:\n  b: kept",
        ] {
            let mut mask = LineMask::default();
            let masked: Vec<String> = text.lines().map(|line| mask.mask(line)).collect();
            let masked = masked.join("\n");
            assert!(!masked.contains("canary"), "{masked}");
            assert!(masked.ends_with("kept"), "{masked}");
            assert_eq!(masked.chars().count(), text.chars().count());
        }
    }

    #[test]
    fn credentials_are_masked_wherever_they_are() {
        for line in [
            "model: sk-canary",
            "  sk-canary",
            "description: sent as Bearer canary",
            "base_url: https://h/v1?key=canary&x=canary",
            "base_url: https://h/sk-canary/v1",
            "id: a, api_key_prefix: Bearer canary",
        ] {
            let masked = mask_line(line);
            assert!(!masked.contains("canary"), "{masked}");
        }
        let harmless = "{id: main, model: gpt-4o, base_url: 'https://h/v1'}";
        assert_eq!(mask_line(harmless), harmless);
    }

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
