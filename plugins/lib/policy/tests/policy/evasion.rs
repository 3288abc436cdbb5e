//! Texts where nobody expects one: numbers, encoded URLs, and what is split into parts.

use kt_policy::chat::evaluate_response;
use serde_json::json;

use crate::documents::{blocked, guards, redacted, request};
use crate::sample::single;
use crate::stream::{chain, every_split};

#[test]
fn only_known_numbers_of_a_request_are_protocol() {
    let guards = guards();
    let document = r#"{"model":"m","seed":4111111111111111,"x":4111111111111111,"y":[4111111111111111],
        "usage":{"total_tokens":4111111111111111},"logit_bias":{"50256":-100},"temperature":0.7000000000000001,"messages":[]}"#;
    let expected = document
        .replace("4111111111111111", "\"[CARD_1]\"")
        .replace("\"seed\":\"[CARD_1]\"", "\"seed\":4111111111111111");
    assert_eq!(redacted(&guards, document), expected);
    let zero = chain(&single("pii-detector", "{redaction: {numbers: zero}}"));
    assert_eq!(redacted(&zero, r#"{"x":4111111111111111}"#), r#"{"x":0}"#);
    let response = r#"{"created":1764500000,"x":4111111111111111,"usage":{"cost":0.00411111}}"#;
    let evaluated = evaluate_response(&guards, response).unwrap();
    assert_eq!(
        evaluated.redact(response),
        r#"{"created":1764500000,"x":"[CARD]","usage":{"cost":0.00411111}}"#
    );
}

#[test]
fn text_in_a_data_url_with_escapes_is_decoded() {
    let chain = guards();
    let file = |url: &str| {
        let file = json!({ "type": "file", "file": { "filename": "a.txt", "file_data": url } });
        request(&json!([file]))
    };
    for (url, expected) in [
        (
            "data:text/plain,mail%20bob%40example.com%0Anow",
            "data:text/plain,mail%20%5BEMAIL_1%5D%0Anow",
        ),
        (
            "data:text/plain;charset=utf-8,caf%C3%A9%204111%201111%201111%201111",
            "data:text/plain;charset=utf-8,caf%C3%A9%20%5BCARD_1%5D",
        ),
        ("data:,bob%40example.com", "data:,%5BEMAIL_1%5D"),
        (
            "data:text/plain;x=bob@example.com;base64,YWI=",
            "data:text/plain;x=[EMAIL_1];base64,YWI=",
        ),
    ] {
        assert_eq!(redacted(&chain, &file(url)), file(expected));
        let harmless = file("data:text/plain,caf%C3%A9%20%ff%zz");
        assert_eq!(redacted(&chain, &harmless), harmless);
    }
    for url in [
        "data:text/plain,project%20nightjar",
        "data:text/html;charset=utf-8,caf%C3%A9%20bleu",
    ] {
        assert_eq!(blocked(&chain, &file(url)), Some("dlp.detected"), "{url}");
    }
}

#[test]
fn letters_that_look_latin_are_latin_in_latin_words() {
    let guards = chain(&single(
        "dlp-filter",
        "{action: redact, blocked_terms: [falcon ledger, маяк]}",
    ));
    for (text, redacted) in [
        ("see fаlcоn lеdgеr now", "see [REDACTED] now"),
        (
            "see fаlcоn\u{a0}ｌｅｄｇｅｒ\u{200b} now",
            "see [REDACTED]\u{200b} now",
        ),
        ("см. маяк, сорт", "см. [REDACTED], сорт"),
        ("фаlcоn ledger", "фаlcоn ledger"),
    ] {
        let (released, _) = every_split(&guards, text);
        assert_eq!(released, redacted, "{text:?}");
    }
    let long = format!("х{}k {}оk", "а".repeat(40), "о".repeat(40));
    every_split(&guards, &long);
    let cards = chain(&single("pii-detector", "{}"));
    let (released, _) = every_split(&cards, "е-mail bоb@examplе.cоm, sure");
    assert_eq!(released, "е-mail [EMAIL], sure");
}

#[test]
fn parts_of_a_message_are_judged_together_whatever_stands_between() {
    let chain = guards();
    for between in [
        json!({ "type": "image_url", "image_url": { "url": "https://x.test/a.png", "detail": "High 2" } }),
        json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }),
        json!({ "type": "file", "file": { "filename": "a.txt", "file_id": "file-1" } }),
        json!({ "type": "input_audio", "input_audio": { "data": "a b c", "format": "wav" } }),
        json!({ "type": "Image Part", "n": 1 }),
    ] {
        let parts = |first: &str, second: &str| json!([{ "type": "text", "text": first }, between, { "type": "text", "text": second }]);
        let text = parts("card 4111 1111 ", "1111 1111, thanks");
        assert_eq!(
            redacted(&chain, &request(&text)),
            request(&parts("card [CARD_1]", ", thanks"))
        );
        assert_eq!(
            blocked(&chain, &request(&parts("project night", "jar"))),
            Some("dlp.detected")
        );
        let answer = json!({ "choices": [{ "index": 0, "message": { "content": text } }] });
        let answer = answer.to_string();
        let evaluated = evaluate_response(&chain, &answer).unwrap();
        assert!(!evaluated.redact(&answer).contains("1111"));
    }
}

#[test]
fn numbers_with_check_digits_are_found_whatever_separates_their_blocks() {
    let guards = chain(&single("pii-detector", "{}"));
    for separator in ["\t", "\n", "\r\n", "  ", ".", "/", " - ", " / ", "-\n"] {
        for blocks in [
            &["4111", "1111", "1111", "1111"][..],
            &["3782", "822463", "10005"],
            &["3056", "930902", "5904"],
        ] {
            let text = format!("card {}, thanks", blocks.join(separator));
            let (released, _) = every_split(&guards, &text);
            assert_eq!(released, "card [CARD], thanks", "{text:?}");
            let (released, _) = every_split(&guards, &blocks.join(separator));
            assert_eq!(released, "[CARD]", "{text:?}");
        }
        let account = ["DE89", "3704", "0044", "0532", "0130", "00"].join(separator);
        let (released, _) = every_split(&guards, &format!("iban {account}, thanks"));
        assert_eq!(released, "iban [IBAN], thanks", "{account:?}");
    }
    for (text, expected) in [
        ("4111 1111\n1111 1111 ok", "[CARD] ok"),
        ("iban DE89 3704 0044\n0532 0130 00", "iban [IBAN]"),
        ("ssn 123 - 45 - 6789", "ssn [SSN]"),
        ("ssn 123.45.6789", "ssn [SSN]"),
        ("ssn: 123/45/6789.", "ssn: [SSN]."),
    ] {
        let (released, _) = every_split(&guards, text);
        assert_eq!(released, expected, "{text:?}");
    }
}

#[test]
fn columns_of_numbers_are_no_cards() {
    let guards = chain(&single("pii-detector", "{}"));
    for text in [
        "4111\n1111\n1111\n1111\n2048",
        "7\t4111\t1111\t1111\t1111",
        "4111\n1111\n1111\n1112",
        "41\n11\n11\n11\n11\n11\n11\n11",
        "4111111\n111\n111111",
        "1.4111.1111.1111.1111",
        "4111.1111.1111.1111.1",
        "rows 2021\n2022\n2023\n2024",
        "part 123.45.6789",
        "DE89\nThe words of a list go on here",
    ] {
        let (released, _) = every_split(&guards, text);
        assert_eq!(released, text);
    }
}

#[test]
fn entities_and_escapes_of_urls_are_decoded() {
    let chain = guards();
    for (text, expected) in [
        ("write to bob&#64;example.com!", "write to [EMAIL_1]!"),
        (
            "write to bob&commat;example&period;com!",
            "write to [EMAIL_1]!",
        ),
        (
            "see /users?email=bob%40example.com&x=1",
            "see /users?email=[EMAIL_1]&x=1",
        ),
        ("phone %2B1%20415%20555%202671", "phone [PHONE_1]"),
        (
            "card 4111&nbsp;1111&nbsp;1111&nbsp;1111 &amp; more",
            "card [CARD_1] &amp; more",
        ),
        (
            "&#98;&#111;&#98;&#64;&#98;&#46;&#111;&#114;&#103; is here",
            "[EMAIL_1] is here",
        ),
        (
            "100%25 sure, a%20b, &lt;i&gt; and &#169;",
            "100%25 sure, a%20b, &lt;i&gt; and &#169;",
        ),
    ] {
        let content = json!(text);
        let request = redacted(&chain, &request(&content));
        let message: serde_json::Value = serde_json::from_str(&request).unwrap();
        assert_eq!(message["messages"][0]["content"], expected, "{text}");
    }
    let split = request(&json!("the project%20nightjar"));
    assert_eq!(blocked(&chain, &split), Some("dlp.detected"));
}
