//! What tells a random value from a word or a placeholder.

/// Words that stand for a value.
const PLACEHOLDERS: [&str; 22] = [
    "changeme",
    "change_me",
    "change-me",
    "example",
    "placeholder",
    "your_",
    "your-",
    "yourpass",
    "yourtoken",
    "my_secret",
    "mypassword",
    "insert",
    "replace",
    "redacted",
    "dummy",
    "todo",
    "xxxx",
    "****",
    "....",
    "12345678",
    "abcdefgh",
    "none",
];

/// Returns whether a value stands for another one: a word such as `changeme`, a reference to a
/// variable, or few different characters.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in value {
        seen[usize::from(*byte)] = true;
    }
    let different = seen.iter().filter(|seen| **seen).count();
    if different < 5 || matches!(value, [b'$' | b'<' | b'{' | b'%' | b'[', ..]) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    let has = |word: &str| {
        lower
            .windows(word.len())
            .any(|part| part == word.as_bytes())
    };
    PLACEHOLDERS.iter().any(|word| has(word))
}

/// Returns whether a value looks random: it has the least entropy, in bits for each character.
pub(super) fn is_random(value: &[u8], min_entropy: f64) -> bool {
    entropy(value) >= min_entropy
}

/// Returns the Shannon entropy of the bytes, in bits for each.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u16; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let shares = counts.iter().filter(|count| **count > 0);
    shares
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{is_placeholder, is_random};

    #[test]
    fn random_values_differ_from_words() {
        for value in ["hunter2x9Q", "8f3KqLz0", "a1b2c3d4e5f6"] {
            assert!(is_random(value.as_bytes(), 3.0), "{value}");
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["aaaaaaaa", "1111", "secret"] {
            assert!(!is_random(value.as_bytes(), 3.0), "{value}");
        }
        for value in [
            "xxxxxxxx",
            "${DB_PASS}",
            "<token>",
            "ChangeMe123",
            "your_api_key",
            "{{ x }}",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
