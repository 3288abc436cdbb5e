//! Formats with a prefix, private keys and tokens.

use super::super::allowed;
use super::super::format::Class;
use super::super::formats::FORMATS;
use super::samples::{Random, assert_split_independent, chain, redact};

#[test]
fn the_table_is_sorted_and_has_the_kinds() {
    assert!(FORMATS.is_sorted_by_key(|format| format.prefix.as_bytes()));
    let mut kinds: Vec<&str> = FORMATS.iter().map(|format| format.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() >= 120, "{}", kinds.len());
    for format in &FORMATS {
        assert!(format.prefix.len() >= 2 && format.prefix.is_ascii());
        assert!(format.length.0 <= format.length.1, "{}", format.prefix);
    }
}

#[test]
fn every_format_is_found_in_any_context() {
    let chain = chain("{}");
    let mut random = Random(1);
    for format in &FORMATS {
        for context in [
            "{}",
            "use {} please",
            "KEY={}\nnext",
            "\"{}\",",
            "({}).",
            "x: {}",
        ] {
            let secret = random.secret(format);
            let text = context.replace("{}", &secret);
            let (redacted, kinds) = redact(&chain, &text);
            assert!(
                !redacted.contains(&secret[format.prefix.len()..]),
                "{text} {redacted}"
            );
            assert_eq!(kinds.len(), 1, "{text} {kinds:?}");
        }
    }
}

#[test]
fn every_split_of_every_format_gives_the_same() {
    let chain = chain("{}");
    let mut random = Random(2);
    for format in FORMATS.iter().filter(|format| format.length.1 <= 300) {
        assert_split_independent(&chain, &format!("a {} b", random.secret(format)));
        // Too short, and so none.
        let short: String = random.secret(format).chars().take(12).collect();
        assert_split_independent(&chain, &format!("{short}, and {short}"));
    }
}

#[test]
fn keys_are_replaced_up_to_their_end() {
    let chain = chain("{}");
    let mut random = Random(3);
    for (name, lines) in [
        ("PRIVATE KEY", 3),
        ("RSA PRIVATE KEY", 25),
        ("OPENSSH PRIVATE KEY", 6),
        ("ENCRYPTED PRIVATE KEY", 30),
        ("PGP PRIVATE KEY BLOCK", 100),
    ] {
        for line_break in ["\n", "\r\n", "\\n", " ", "\n    "] {
            let key = random.key(name, lines, line_break);
            let (redacted, kinds) = redact(&chain, &format!("key:\n{key}\nthanks"));
            assert_eq!(redacted, "key:\n[PRIVATE_KEY]\nthanks", "{key}");
            assert_eq!(kinds, ["private-key"]);
        }
    }
    let key = random.key("EC PRIVATE KEY", 3, "\n");
    assert_split_independent(&chain, &format!("see {key}, and -----BEGIN nothing"));
    let headers = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n";
    let encrypted = random
        .key("RSA PRIVATE KEY", 2, "\n")
        .replacen("-----\n", headers, 1);
    let whole = assert_split_independent(&chain, &format!("{encrypted} end"));
    assert_eq!(whole, "[PRIVATE_KEY] end");
}

#[test]
fn nothing_of_a_key_is_held_but_its_first_line() {
    let chain = chain("{}");
    let key = Random(4).key("PRIVATE KEY", 50, "\n");
    let mut filter = chain.response_filter();
    let mut most = 0;
    for (at, _) in key.char_indices() {
        filter.push(&key[at..=at]);
        most = most.max(filter.held_bytes());
    }
    assert!(most < 64, "{most}");
    assert_eq!(filter.push(" end").release, " end");
    assert_eq!(filter.findings().len(), 1);
    assert_eq!(filter.findings()[0].count, 1);
}

#[test]
fn a_key_without_an_end_swallows_no_prose() {
    let chain = chain("{}");
    let key = Random(5).key("PRIVATE KEY", 2, "\n");
    let (cut, _) = key.rsplit_once("\n-----END").unwrap();
    let (redacted, _) = redact(
        &chain,
        &format!("{cut}\n\nWhat is wrong with my key? It fails."),
    );
    assert!(
        redacted.ends_with("is wrong with my key? It fails."),
        "{redacted}"
    );
    for text in [
        "A file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ7\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZ\n-----END PUBLIC KEY-----",
    ] {
        assert_eq!(assert_split_independent(&chain, text), text);
    }
}

#[test]
fn tokens_are_replaced_as_a_whole() {
    let chain = chain("{}");
    let mut random = Random(6);
    for _ in 0..20 {
        let token = random.jwt();
        let text = format!("Authorization: Bearer {token}, or so");
        assert_eq!(
            assert_split_independent(&chain, &text),
            "Authorization: Bearer [JWT], or so"
        );
    }
    let long = format!("{}{}", random.jwt(), random.text(Class::Alnum, 20_000));
    assert_eq!(redact(&chain, &format!("{long} end")).0, "[JWT] end");
    let example = String::from_utf8(allowed::JWT.to_vec()).unwrap() + "IiwibmFtZSI6.sig";
    assert_eq!(assert_split_independent(&chain, &example), example);
}
