//! The result never depends on how a text arrives.

use kt_policy::{Chain, Limits, MAX_HOLD_BYTES, compile};

use crate::sample::{good, single};

/// A chain of one text, compiled without limits that matter. Its streams are strict, so that what
/// is released does not depend on the split.
pub(crate) fn chain(text: &str) -> Chain {
    let mut text = text.to_owned();
    for kind in ["pii-detector", "secrets"] {
        let block = format!("{kind}: {{");
        text = text.replace(&block, &format!("{block}streaming: strict, "));
    }
    compile(&good(&text), &Limits::default()).unwrap()
}

/// Released text and the reason of a block, for a text in these pieces.
pub(crate) fn run<'t>(
    chain: &Chain,
    pieces: impl Iterator<Item = &'t str>,
) -> (String, Option<&'static str>) {
    let mut filter = chain.response_filter();
    let mut released = String::new();
    for piece in pieces {
        let output = filter.push(piece);
        released.push_str(&output.release);
        assert!(filter.held_bytes() <= MAX_HOLD_BYTES);
        if let Some(block) = output.block {
            return (released, Some(block.reason));
        }
    }
    let output = filter.finish();
    released.push_str(&output.release);
    (released, output.block.map(|block| block.reason))
}

/// Asserts that every split in two, and one character at a time, gives what
/// the whole text gives, and returns that.
pub(crate) fn every_split(chain: &Chain, text: &str) -> (String, Option<&'static str>) {
    let whole = run(chain, [text].into_iter());
    for (at, _) in text.char_indices() {
        let (left, right) = text.split_at(at);
        assert_eq!(
            run(chain, [left, right].into_iter()),
            whole,
            "{left:?} | {right:?}"
        );
    }
    let single = text
        .char_indices()
        .map(|(at, c)| &text[at..at + c.len_utf8()]);
    assert_eq!(
        run(chain, single),
        whole,
        "character by character: {text:?}"
    );
    whole
}

const BOTH: &str = "\
pack: {name: t, version: 1.0.0, enabled: true}
policies: {chain: [pii-detector, dlp-filter]}
policy:
  pii-detector:
    streaming: strict
    detect_patterns: ['EMP-[0-9]{3,6}', 'note: .*']
  dlp-filter:
    detect_patterns: ['[a-z]+@corp', '\\bkey=\\S+', 'x+y?', '(?i)straße\\b', '^first', 'last$']
    blocked_terms: [falcon ledger, 社外秘, ab]
";

const SAMPLES: &[&str] = &[
    "",
    "x",
    "mail ann@corp.example.com or bob@corp now",
    "EMP-12 EMP-123 EMP-1234567 EMP-123456",
    "card 4111 1111 1111 1111, 4111-1111-1111-1112, 378282246310005.",
    "ssn 078-05-1120 078-05-11201 666-12-1234",
    "key=abc.def,4111111111111111 and key=",
    "Falcon  Ledger FALCON\nLEDGER falconledger falcon ledge",
    "これは社外秘です。社外 秘",
    "STRASSE Straße straßen STRAßE",
    "call +1 415-555-0132 or (415) 555-0199 ext 5; 415-555-01320",
    "note: everything to the end of the line\nnot this note: x",
    "first last\nfirst last",
    "2001:db8::8a2e:370:7334 fe80::1 ::1 std::vec::Vec 10.0.0.300 10.1.2.3 1.2.3.4.5",
    "DE89 3704 0044 0532 0130 00 and GB82 WEST 1234 5698 7654 32 THE end",
    "CPF 390.533.447-05, SIN 046 454 286; AB 12 34 56 C, X2482300W",
    "PESEL 44051401359 bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "tel. 030 1234567 ext. 45, 131052-308T 1EG4-TE5-MK73",
    "xxxxxxxxxxxxxxy xxxyxxx y",
    "ab aab ab-ab áb ab",
    "émile.ünal@exämple.org müller@example.de x@y.z a@b@c.org",
];

#[test]
fn every_split_of_every_sample_gives_the_same() {
    for action in ["redact", "block"] {
        let text = BOTH.replace(
            "  dlp-filter:\n",
            &format!("  dlp-filter:\n    action: {action}\n"),
        );
        let chain = chain(&text);
        for sample in SAMPLES {
            every_split(&chain, sample);
        }
        every_split(&chain, &SAMPLES.join(" | "));
    }
}

#[test]
fn every_three_way_split_gives_the_same() {
    let chain = chain(BOTH);
    for sample in SAMPLES {
        let whole = run(&chain, [*sample].into_iter());
        for (a, _) in sample.char_indices() {
            for (b, _) in sample.char_indices().filter(|(b, _)| *b > a) {
                let pieces = [&sample[..a], &sample[a..b], &sample[b..]];
                assert_eq!(run(&chain, pieces.into_iter()), whole, "{pieces:?}");
            }
        }
    }
}

#[test]
fn text_that_can_become_nothing_is_released_at_once() {
    let chain = chain(&single(
        "dlp-filter",
        "{detect_patterns: ['secret-[0-9]{4}!']}",
    ));
    let mut filter = chain.response_filter();
    assert_eq!(filter.push("hello ").release, "hello ");
    assert_eq!(filter.push("sec").release, "");
    assert_eq!(filter.held_bytes(), 3);
    assert_eq!(filter.push("ond secret-12").release, "second ");
    assert_eq!(filter.held_bytes(), "secret-12".len());
    assert_eq!(filter.push("34!").release, "[REDACTED]");
    assert_eq!(filter.push(".").release, ".");
    assert_eq!(filter.held_bytes(), 0);
    assert_eq!(filter.finish().release, "");
    assert_eq!(filter.findings()[0].count, 1);
}

#[test]
fn long_matches_and_endless_ones_are_bounded() {
    let chain = chain(&single(
        "dlp-filter",
        "{detect_patterns: ['key=\\S+', 'a[^z]*z']}",
    ));
    let tail = "Q".repeat(3000);
    let (released, _) = run(&chain, [format!("key={tail} end").as_str()].into_iter());
    assert_eq!(released, "[REDACTED] end");
    let endless = format!("a{}", "b".repeat(20_000));
    let pieces: Vec<&str> = endless
        .as_bytes()
        .chunks(7)
        .map(|c| std::str::from_utf8(c).unwrap())
        .collect();
    assert_eq!(run(&chain, pieces.into_iter()).0, endless);
    let long = format!("key={} end", "Q".repeat(10_000));
    let whole = run(&chain, [long.as_str()].into_iter());
    let pieces: Vec<&str> = long
        .as_bytes()
        .chunks(11)
        .map(|c| std::str::from_utf8(c).unwrap())
        .collect();
    assert_eq!(run(&chain, pieces.into_iter()), whole);
}

#[test]
fn a_block_ends_the_text_before_the_match() {
    let chain = chain(&single(
        "dlp-filter",
        "{action: block, blocked_terms: [falcon ledger]}",
    ));
    let (released, reason) = every_split(&chain, "the plan is Falcon Ledger, by June");
    assert_eq!(
        (released.as_str(), reason),
        ("the plan is ", Some("dlp.detected"))
    );
    let mut filter = chain.response_filter();
    let block = filter.push("falcon ledger ").block.unwrap();
    assert_eq!(
        (block.code, block.policy.as_str()),
        ("output_blocked", "dlp-filter")
    );
    assert_eq!(filter.push("more").release, "", "nothing follows a block");
}

#[test]
fn a_redaction_never_hides_what_must_be_blocked() {
    let text = "\
pack: {name: t, version: 1.0.0, enabled: true}
policies: {chain: [pii-detector, dlp-filter]}
policy:
  pii-detector: {}
  dlp-filter: {action: block, blocked_terms: [nightjar]}
";
    let chain = chain(text);
    let (_, reason) = every_split(&chain, "mail ann@nightjar.example.com");
    assert_eq!(reason, Some("dlp.detected"));
}

#[test]
fn overlaps_go_to_the_leftmost_then_longest_then_first() {
    let chain = chain(&single(
        "dlp-filter",
        "{detect_patterns: ['abc', 'bcdef', 'ab']}",
    ));
    assert_eq!(every_split(&chain, "abcdef").0, "[REDACTED]def");
    let text = "\
pack: {name: t, version: 1.0.0, enabled: true}
policies: {chain: [dlp-filter, pii-detector]}
policy:
  pii-detector: {detect_patterns: ['abc']}
  dlp-filter: {detect_patterns: ['abc']}
";
    assert_eq!(every_split(&self::chain(text), "abc").0, "[REDACTED]");
    let swapped = text.replace("[dlp-filter, pii-detector]", "[pii-detector, dlp-filter]");
    assert_eq!(every_split(&self::chain(&swapped), "abc").0, "[PATTERN]");
}

/// A text that is interrupted and continues is the same text to the reader.
#[test]
fn a_text_that_continues_after_its_end_is_judged_together_with_it() {
    let chain = chain(BOTH);
    let continued = |pieces: &[&str]| {
        let mut filter = chain.response_filter();
        let mut released = String::new();
        for piece in pieces {
            let output = filter.push(piece);
            released.push_str(&output.release);
            let end = filter.finish();
            released.push_str(&end.release);
            assert_eq!(filter.held_bytes(), 0);
            if output.block.or(end.block).is_some() {
                return (released, None);
            }
        }
        (
            released,
            Some(filter.findings().iter().map(|f| f.count).sum::<usize>()),
        )
    };
    for (pieces, released, count) in [
        (
            &["card 4111 1111 ", "1111 1111, ok"][..],
            "card 4111 1111 [CARD], ok",
            1,
        ),
        (
            &["4111 ", "1111 ", "1111 ", "1111", " é"],
            "4111 1111 1111 [CARD] é",
            1,
        ),
        (&["mail bob@b", ".org"], "mail bob@b[EMAIL]", 1),
        (&["ssn 123-45-6789", " and more"], "ssn [SSN] and more", 1),
        (
            &["ssn 123-45-6789", "", "0, bob@b.org"],
            "ssn [SSN]0, [EMAIL]",
            2,
        ),
        (&["hello wor", "ld"], "hello world", 0),
    ] {
        assert_eq!(
            continued(pieces),
            (released.to_owned(), Some(count)),
            "{pieces:?}"
        );
    }
}
