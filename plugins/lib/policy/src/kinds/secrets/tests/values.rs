//! Passwords in addresses, values behind names, and texts without secrets.

use proptest::prelude::*;
use serde_json::Value;

use super::super::format::Class;
use super::samples::{Random, assert_split_independent, chain, redact, released};
use crate::chain::{Decision, PromptText};

#[test]
fn only_the_password_of_an_address_is_replaced() {
    let chain = chain("{}");
    for (text, redacted) in [
        (
            "postgres://app:s3cr3t-pa55@db.example.com:5432/app",
            "postgres://app:[PASSWORD_IN_URL]@db.example.com:5432/app",
        ),
        (
            "mongodb+srv://admin:Zx81zx81@cluster0.example.net",
            "mongodb+srv://admin:[PASSWORD_IN_URL]@cluster0.example.net",
        ),
        (
            "redis://:p4ssphrase9@localhost",
            "redis://:[PASSWORD_IN_URL]@localhost",
        ),
        (
            "amqp://u:$ecret1!@[::1]:5672",
            "amqp://u:$ecret1!@[::1]:5672",
        ),
        ("amqp://u:#ecret@host", "amqp://u:#ecret@host"),
        ("amqp://u:!ecret77@host", "amqp://u:[PASSWORD_IN_URL]@host"),
        (
            "https://user:password@example.com",
            "https://user:password@example.com",
        ),
        (
            "https://user:<password>@example.com",
            "https://user:<password>@example.com",
        ),
        (
            "https://user:${DB_PASS}@example.com",
            "https://user:${DB_PASS}@example.com",
        ),
        (
            "https://example.com:8080/@scope",
            "https://example.com:8080/@scope",
        ),
        ("ssh://git@example.com:22", "ssh://git@example.com:22"),
        (
            "postgres://u:p@ss:w0rd!@h.example/db",
            "postgres://u:[PASSWORD_IN_URL]@h.example/db",
        ),
        (
            "https://example.com:8080/a and ann@example.com",
            "https://example.com:8080/a and ann@example.com",
        ),
        ("https://user:@example.com", "https://user:@example.com"),
    ] {
        assert_eq!(assert_split_independent(&chain, text), redacted);
    }
    let off = self::chain("{addresses: false}");
    let text = "postgres://app:s3cr3t-pa55@db";
    assert_eq!(redact(&off, text).0, text);
}

#[test]
fn values_behind_the_name_of_a_secret_are_replaced() {
    let chain = chain("{}");
    let value = Random(7).text(Class::Alnum, 20);
    for text in [
        "DB_PASSWORD={}",
        "export API_KEY='{}'",
        "\"clientSecret\": \"{}\"",
        "password: {}",
        "secret => `{}`",
        "config['auth_token'] = \"{}\"",
        "{\\\"api_key\\\": \\\"{}\\\"}",
        "x-api-key: {}",
        "Authorization: Bearer {}",
        "curl -H 'authorization: basic {}'",
        "aws_secret_access_key = {}",
        "my passphrase is: passphrase = {} .",
        "the password is {}, ann",
        "Password is: {}",
        "**Password:** {}",
        "Passwort: {}",
        "Kennwort = {}",
        "mot de passe : {}",
        "palavra-passe: {}",
        "contraseña: {}",
        "La CONTRASEÑA={}",
        "Пароль: {}",
        "密码: {}",
        "mật khẩu: {}",
        "db_pw: {}",
        "PASS={}",
        "curl -u bob:{} https://example.com",
        "curl --user 'bob:{}' https://example.com",
    ] {
        let text = text.replacen("{}", &value, 1);
        let redacted = assert_split_independent(&chain, &text);
        assert_eq!(redacted, text.replace(&value, "[SECRET]"));
    }
    for text in [
        "password: correct horse battery staple",
        "password = os.environ['DB_PASSWORD_2']",
        "password=${DB_PASSWORD_1}",
        "password: <your-password-1>",
        "api_key = get_secret_2024('production')",
        "next_page_token: 8f3KqLz0a9Xw",
        "max_tokens: 4096, token: 8",
        "secret santa list 2024: ann, bob",
        "The password is between 8-64 characters long",
        "token = changeme123",
        "password: https://example.com/reset?id=1a2b3c",
        "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 4d5424c0e7b0a9f5d5c0b6a7a4bb6d54ef50d1a3",
        "bypass: 8f3KqLz0a9Xw",
        "this is 8f3KqLz0a9Xw",
        "the name of the token is base64url2",
        "docker run -u 1000:1000 node20alpine3",
    ] {
        assert_eq!(assert_split_independent(&chain, text), text);
    }
    let off = self::chain("{assignments: false}");
    let text = format!("password={value}");
    assert_eq!(redact(&off, &text).0, text);
}

#[test]
fn passwords_that_people_choose_are_replaced_whole() {
    let chain = chain("{}");
    for (text, redacted) in [
        ("password: hunter2hunter2", "password: [SECRET]"),
        ("token: hunter2hunter2", "token: hunter2hunter2"),
        (
            r#"{"password":"Xk9mQ2vL7p\"rest9"}"#,
            r#"{"password":"[SECRET]"}"#,
        ),
        (
            r#"{"password":"Xk9mQ2vL7p\\rest9"}"#,
            r#"{"password":"[SECRET]"}"#,
        ),
    ] {
        assert_eq!(assert_split_independent(&chain, text), redacted);
    }
}

#[test]
fn the_key_of_a_value_announces_it() {
    let chain = chain("{}");
    let value = Random(9).text(Class::Alnum, 20);
    let found = |label: &str| {
        let evaluation = chain.inspect_response(&[(value.as_str(), label)]);
        evaluation.decision != Decision::Allow
    };
    assert!(found("apiKey") && found("DB_PASSWORD"));
    assert!(!found("") && !found("commit") && !found("next_page_token"));
}

#[test]
fn examples_of_issuers_are_no_secrets() {
    let chain = chain("{}");
    let access = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    let secret = ["wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat();
    let github = ["ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let stripe = ["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat();
    let x = format!("sk-{}", "x".repeat(48));
    for example in [
        access,
        format!("aws_secret_access_key={secret}"),
        github,
        stripe,
        x,
    ] {
        assert_eq!(assert_split_independent(&chain, &example), example);
    }
}

#[test]
fn a_blocked_secret_ends_the_text_before_it() {
    let chain = chain("{action: block}");
    let key = Random(8).key("PRIVATE KEY", 3, "\n");
    let mut filter = chain.response_filter();
    let output = filter.push(&format!("see {key}"));
    assert_eq!(output.release, "see ");
    assert_eq!(output.block.unwrap().reason, "secrets.detected");
}

/// The harmless texts of the other kinds: prose, code, numbers, lists, and texts about attacks.
#[test]
fn harmless_texts_are_left_alone() {
    let chain = chain("{}");
    let mut alarms = Vec::new();
    let mut count = 0;
    for corpus in [
        include_str!("../../audit_logger/corpus/harmless.jsonl"),
        include_str!("../../dlp_filter/corpus/harmless.jsonl"),
        include_str!("../../pii_detector/corpus/harmless.jsonl"),
        include_str!("../../prompt_injection/corpus/harmless.jsonl"),
        include_str!("../corpus/harmless.jsonl"),
    ] {
        for line in corpus.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = case.as_str().or_else(|| case["text"].as_str()).unwrap();
            count += 1;
            let evaluation = chain.inspect_prompt(&[PromptText { role: "user", text }]);
            if evaluation.decision != Decision::Allow {
                alarms.push(format!("{:?} {text}", evaluation.findings));
            }
        }
    }
    assert!(count > 1600, "{count}");
    assert!(alarms.is_empty(), "{}: {alarms:#?}", alarms.len());
}

/// Pieces that formats begin with, go on with, or nearly do.
const PIECES: [&str; 30] = [
    "sk-",
    "sk_",
    "ghp_",
    "eyJ",
    "eyJ.",
    "eyJ-",
    ".eyJ",
    "-----BEGIN ",
    "PRIVATE KEY",
    "-----",
    "-----END",
    "://",
    "a:",
    "@",
    "pwd=",
    "token: \"",
    "Bearer ",
    "AKIA",
    "a1b2",
    "-",
    ".",
    " ",
    "\n",
    "xoxb-",
    "hvs.",
    "=",
    "0123456789abcdef",
    "é",
    "https://hooks.slack.com/services/",
    "'",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_any_text_gives_the_same(
        pieces in proptest::collection::vec(0..PIECES.len(), 1..40),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let text: String = pieces.iter().map(|index| PIECES[*index]).collect();
        let chain = chain("{}");
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| places[cut.index(places.len())]).collect();
        cuts.sort_unstable();
        let mut from = 0;
        let mut parts = Vec::new();
        for cut in cuts.into_iter().chain([text.len()]) {
            parts.push(&text[from..cut]);
            from = cut;
        }
        prop_assert_eq!(released(&chain, parts), redact(&chain, &text).0);
    }
}
