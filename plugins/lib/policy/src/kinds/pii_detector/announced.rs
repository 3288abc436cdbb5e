//! Words and signs before an address.

/// Bytes before a word in which they are looked for.
const REACH: usize = 24;

/// What announces an address, in lower case; parts of words. Chosen on the addresses of Faker in
/// sentences of six languages: they announce three of five, and one word in fifty of prose.
const STEMS: [&str; 17] = [
    "@",
    "mail",
    "contact",
    "kontakt",
    "contatt",
    "contat",
    "correo",
    "courriel",
    "correio",
    "write to",
    "schreib",
    "escrib",
    "poczt",
    "очт",
    "邮",
    "郵",
    "メール",
];

/// Whether an address is announced that begins at `at`, by what stands before it or by the label
/// of the text.
pub(super) fn is_announced(text: &[u8], at: usize, label: &[u8]) -> bool {
    let before = &text[at.saturating_sub(REACH)..at];
    before.trim_ascii_end().ends_with(b"<") || has_stem(before) || has_stem(label)
}

fn has_stem(text: &[u8]) -> bool {
    STEMS.iter().any(|stem| {
        let stem = stem.as_bytes();
        let mut windows = text.windows(stem.len());
        windows.any(|window| window.eq_ignore_ascii_case(stem))
    })
}

#[cfg(test)]
mod tests {
    use super::is_announced;

    #[test]
    fn addresses_are_announced_by_what_stands_before_them() {
        for (before, announced) in [
            ("Ann <", true),
            ("mailto:", true),
            ("Her E-Mail is ", true),
            ("ann@example.org or ", true),
            ("{\"email\": \"", true),
            ("по почте ", true),
            ("メールは", true),
            ("a < b, and then ", false),
            ("the mail of yesterday says that ", false),
            ("", false),
        ] {
            assert_eq!(
                is_announced(before.as_bytes(), before.len(), b""),
                announced,
                "{before}"
            );
        }
    }

    #[test]
    fn the_key_of_a_value_announces_it() {
        assert!(is_announced(b"ann", 0, b"workEmail"));
        assert!(!is_announced(b"ann", 0, b"name"));
    }
}
