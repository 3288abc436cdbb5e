//! Disguised characters, and numbers that are no personal data.

use kt_policy::{Decision, PromptText};

use crate::sample::single;
use crate::stream::{chain, every_split};

#[test]
fn invisible_and_composed_characters_hide_nothing() {
    let chain = chain(
        "pack: {name: t, version: 1.0.0, enabled: true}\n\
         policies: {chain: [pii-detector, dlp-filter]}\n\
         policy: {pii-detector: {}, dlp-filter: {blocked_terms: [project nightjar, café bleu]}}\n",
    );
    // The last five: joiners, variation selectors, and a direction mark.
    for c in "\u{ad}\u{200b}\u{200c}\u{2060}\u{feff}\u{34f}\u{e0020}\u{e0100}\u{200d}\u{fe0f}\u{fe00}\u{180b}\u{200e}"
        .chars()
    {
        let text = format!("see project night{c}jar, card 4111 11{c}11 1111 1111");
        let (released, _) = every_split(&chain, &text);
        assert_eq!(
            released, "see [REDACTED], card [CARD]",
            "U+{:04X}",
            c as u32
        );
    }
    for separator in ["\u{a0}", "\u{2009}", "\u{2011}", "\u{2013}"] {
        let text = format!("card {}", ["4111", "1111", "1111", "1111"].join(separator));
        assert_eq!(every_split(&chain, &text).0, "card [CARD]", "{separator:?}");
    }
    for (text, released) in [
        ("cafe\u{301} bleu, CAFÉ BLEU", "[REDACTED], [REDACTED]"),
        ("ｐｒｏｊｅｃｔ　ｎｉｇｈｔｊａｒ.", "[REDACTED]."),
        ("ann＠example．org", "[EMAIL]"),
        ("card ４１１１　１１１１　１１１１　１１１１", "card [CARD]"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "[CARD]"),
    ] {
        assert_eq!(every_split(&chain, text).0, released, "{text:?}");
    }
}

#[test]
fn an_accented_word_is_left_as_it_is() {
    let chain = chain(&single("pii-detector", "{}"));
    let text = "Łódź, naïve façade, привет, 社外秘 and \u{200b}nothing else";
    let verdict = chain.inspect_prompt(&[PromptText { role: "user", text }]);
    assert_eq!(verdict.decision, Decision::Allow);
}

#[test]
fn plain_numbers_are_no_phone_numbers() {
    let chain = chain(&single("pii-detector", "{}"));
    for text in [
        "physical memory 16777216 bytes",
        "photos: 12345678",
        "phase 20240101",
        "tell me why 16777216 fails",
        "cells 15000000",
        "called 10024578 times",
        "callback 10024578",
        "ringbuffer size 16777216",
        "reached 100000000 rows",
        "contacts table has 12345678 rows",
        "dialog 12345678",
        "at 1748503543012 ms",
        "id 47223179-9330-4259-b66c-f2db26efb20c",
        "call id 47223179",
        "text 2024-01-01 10:00:00",
        "ring 1.2.3",
    ] {
        assert_eq!(every_split(&chain, text).0, text);
    }
    for text in [
        "call 415-555-2671",
        "phone: 030 1234567",
        "tel. 02079460958",
    ] {
        let released = every_split(&chain, text).0;
        assert!(
            released.ends_with("[PHONE]"),
            "{text:?} became {released:?}"
        );
    }
}

#[test]
fn spaces_of_any_kind_separate_the_words_of_a_term() {
    let chain = chain(&single(
        "dlp-filter",
        "{action: block, blocked_terms: [project nightjar]}",
    ));
    for space in [
        "\u{a0}",
        "\u{2009}",
        "\u{202f}",
        "\u{3000}",
        "\n",
        "\t",
        "  ",
        " \u{200b} ",
    ] {
        let text = format!("see project{space}nightjar now");
        let (_, reason) = every_split(&chain, &text);
        assert_eq!(reason, Some("dlp.detected"), "{space:?}");
    }
}

#[test]
fn programs_and_markup_separate_the_words_of_a_term() {
    let chain = chain(&single(
        "dlp-filter",
        "{action: block, blocked_terms: [project nightjar]}",
    ));
    for text in [
        "project-nightjar",
        "project_nightjar",
        "ProjectNightjar",
        "PROJECT_NIGHTJAR",
        "project.nightjar",
        "src/project/nightjar",
        "project **nightjar**",
        "project\u{2013}nightjar",
    ] {
        let (_, reason) = every_split(&chain, &format!("see {text} now"));
        assert_eq!(reason, Some("dlp.detected"), "{text:?}");
    }
    for text in [
        "the project, nightjar",
        "a project. Nightjars sing",
        "projects nightjar",
        "projectnightjar",
    ] {
        assert_eq!(every_split(&chain, text).1, None, "{text:?}");
    }
}

#[test]
fn networks_are_no_hosts() {
    let chain = chain(&single("pii-detector", "{}"));
    for text in [
        "route 10.0.0.0/8 there",
        "fc00::/7",
        "allow 203.0.113.0/24, 2001:db8::/32",
    ] {
        assert_eq!(every_split(&chain, text).0, text);
    }
    for (text, left) in [
        ("from 203.0.113.7/24", "from [IP]/24"),
        ("2001:db8::7/128", "[IP]/128"),
        ("2001:db80::/128", "[IP]/128"),
        ("from 203.0.113.7/x", "from [IP]/x"),
    ] {
        assert_eq!(every_split(&chain, text).0, left);
    }
}

#[test]
fn more_plain_numbers_are_no_phone_numbers() {
    let chain = chain(&single("pii-detector", "{}"));
    for text in [
        "telemetry 16777216",
        "phoneme table 12345678",
        "smartphones sold: 12345678 units",
        "textures 20240101",
        "contacts: 12345678 rows",
        "commit 4f1c2d3e 1048576 bytes",
        "2024-01-01T00:00:00Z 1704067200",
    ] {
        assert_eq!(every_split(&chain, text), (text.to_owned(), None));
    }
}
