//! Names in Rust of what a manifest names.

/// The keywords of the edition 2024; the four that cannot be raw identifiers end with `_`.
const KEYWORDS: &str = " abstract as async await become box break const continue do dyn else \
     enum extern false final fn for gen if impl in let loop macro match mod move mut override \
     priv pub ref return static struct trait true try type typeof unsafe unsized use virtual \
     where while yield ";

/// Returns the name of a field: `if-match` is `if_match`.
pub(super) fn field(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    match name.as_str() {
        "self" | "Self" | "super" | "crate" => format!("{name}_"),
        keyword if KEYWORDS.contains(&format!(" {keyword} ")) => format!("r#{name}"),
        digit if digit.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        _ => name,
    }
}

/// Returns the name of a type or variant: `json-patch` is `JsonPatch`.
pub(super) fn camel(words: &str) -> String {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let joined: String = words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) && joined != "Self" {
        joined
    } else {
        format!("V{joined}")
    }
}

#[cfg(test)]
mod tests {
    use super::{camel, field};

    #[test]
    fn names_are_those_of_rust() {
        assert_eq!(field("if-match"), "if_match");
        assert_eq!(field("type"), "r#type");
        assert_eq!(field("self"), "self_");
        assert_eq!(field("2fa"), "_2fa");
        assert_eq!(camel("gateway diff"), "GatewayDiff");
        assert_eq!(camel("json-patch"), "JsonPatch");
        assert_eq!(camel("1.2"), "V12");
        assert_eq!(camel("self"), "VSelf");
    }
}
