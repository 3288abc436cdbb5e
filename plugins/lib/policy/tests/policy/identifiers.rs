//! Identifiers of `pii-detector`: published examples of every kind, in every disguise and split.

use std::collections::BTreeSet;

use kt_policy::{Chain, json_schema};

use crate::sample::single;
use crate::stream::{chain, every_split, run};

const EXAMPLES: &str = include_str!("../../src/kinds/pii_detector/corpus/identifiers.tsv");

/// Kinds without a check digit, or whose check misses single errors by its definition: weights that
/// share a factor with the modulus, a remainder of ten that is written as zero, digits that are not
/// checked.
const WEAK: [&str; 57] = [
    "mx-rfc",
    "au-acn",
    "au-medicare",
    "is-kennitala",
    "kz-iin",
    "mx-curp",
    "th-tnin",
    "tw-id",
    "us-dea",
    "uy-cedula",
    "vin",
    "ssn",
    "us-itin",
    "us-ein",
    "us-mbi",
    "ar-dni",
    "co-cedula",
    "co-nit",
    "ve-cedula",
    "uk-nino",
    "uk-driving-license",
    "fr-spi",
    "dk-cpr",
    "az-fin",
    "de-personalausweis",
    "ru-passport",
    "in-pan",
    "in-voter-id",
    "pk-cnic",
    "bd-nid",
    "kr-rrn",
    "my-nric",
    "id-nik",
    "vn-cccd",
    "ph-sss",
    "ng-nin",
    "eg-id",
    "dz-nin",
    "ma-cin",
    "passport",
    "mac",
    "mt-id",
    "ethereum-address",
    "br-cpf",
    "br-cnpj",
    "ru-inn",
    "ru-snils",
    "pt-nif",
    "ua-rnokpp",
    "ir-melli",
    "jp-my-number",
    "ee-isikukood",
    "hu-szemelyi-szam",
    "uk-utr",
    "tr-tckn",
    "bg-egn",
    "gr-afm",
];

struct Example {
    kind: &'static str,
    text: String,
    id: &'static str,
}

fn examples() -> impl Iterator<Item = Example> {
    let rows = EXAMPLES.lines().filter(|row| !row.starts_with('#'));
    rows.map(|row| {
        let [kind, words, id] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        Example {
            kind,
            text: format!("see {words} {id}, then"),
            id,
        }
    })
}

fn everything() -> Chain {
    chain(&single(
        "pii-detector",
        "{detect: {mac: true, ethereum-address: true}}",
    ))
}

/// Returns the text that is left, and the kinds that were found.
fn redacted(chain: &Chain, text: &str) -> (String, Vec<&'static str>) {
    let mut filter = chain.response_filter();
    let mut left = filter.push(text).release;
    left.push_str(&filter.finish().release);
    let kinds = filter.findings().iter().map(|finding| finding.kind);
    (left, kinds.collect())
}

fn label(kind: &str) -> String {
    format!("[{}]", kind.to_uppercase().replace('-', "_"))
}

#[test]
fn every_kind_has_an_example() {
    let schema = json_schema();
    let kinds = &schema["properties"]["policy"]["properties"]["pii-detector"]["properties"]["detect"]
        ["properties"];
    let kinds: BTreeSet<&str> = kinds
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let own = ["card", "email", "phone", "ip", "iban"];
    let examples: BTreeSet<&str> = examples().map(|e| e.kind).chain(own).collect();
    assert_eq!(kinds, examples);
}

#[test]
fn examples_are_found_however_they_arrive() {
    let chain = everything();
    for Example { kind, text, id } in examples() {
        let expected = text.replace(id, &label(kind));
        assert_eq!(
            redacted(&chain, &text),
            (expected.clone(), vec![kind]),
            "{text}"
        );
        assert_eq!(every_split(&chain, &text).0, expected);
    }
}

#[test]
fn numbers_need_the_words_of_their_kind() {
    let chain = everything();
    for Example { kind, text, id } in examples() {
        let bare = id.bytes().all(|byte| byte.is_ascii_digit());
        if bare && id.len() <= 11 {
            let alone = format!("see {id}, then");
            assert_eq!(redacted(&chain, &alone).0, alone, "{kind} of {text}");
        }
    }
}

#[test]
fn one_wrong_digit_is_no_identifier() {
    let chain = everything();
    let mut unexpected = BTreeSet::new();
    for Example { kind, text, id } in examples().filter(|e| !WEAK.contains(&e.kind)) {
        for (at, byte) in id.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
            for other in (b'0'..=b'9').filter(|other| *other != byte) {
                let mut wrong = id.as_bytes().to_vec();
                wrong[at] = other;
                let wrong = String::from_utf8(wrong).unwrap();
                let (_, kinds) = redacted(&chain, &text.replace(id, &wrong));
                if kinds.contains(&kind) {
                    unexpected.insert((kind, wrong));
                }
            }
        }
    }
    assert!(unexpected.is_empty(), "{unexpected:#?}");
}

#[test]
fn identifiers_are_found_in_every_disguise() {
    let chain = everything();
    let full = |text: &str| -> String {
        let wide = |c: char| match c {
            '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap(),
            c => c,
        };
        text.chars().map(wide).collect()
    };
    let arabic = |text: &str| -> String {
        let digit = |c: char| match c.to_digit(10) {
            Some(digit) => char::from_u32(0x660 + digit).unwrap(),
            None => c,
        };
        text.chars().map(digit).collect()
    };
    let zero_width = |text: &str| text.split("").collect::<Vec<_>>().join("\u{200b}");
    type Disguise<'d> = (&'d str, &'d dyn Fn(&str) -> String);
    let disguises: [Disguise<'_>; 7] = [
        ("full width", &full),
        ("Arabic digits", &arabic),
        ("zero width", &zero_width),
        ("no-break space", &|text| text.replace(' ', "\u{a0}")),
        ("en dash", &|text| text.replace('-', "–")),
        ("minus", &|text| text.replace('-', "\u{2212}")),
        ("line break", &|text| text.replacen(' ', "\n", 1)),
    ];
    for (disguise, apply) in disguises {
        for Example { kind, text, id } in examples() {
            let text = text.replace(id, &apply(id));
            let (left, kinds) = redacted(&chain, &text);
            assert_eq!(kinds, [kind], "{disguise}: {text:?} became {left:?}");
            let single = text
                .char_indices()
                .map(|(at, c)| &text[at..at + c.len_utf8()]);
            assert_eq!(run(&chain, single).0, left, "{disguise}: {text:?}");
        }
    }
}

#[test]
fn kinds_are_selected() {
    let text = "CPF 390.533.447-05, MAC 00:1a:2b:3c:4d:5e, tel. 02079460958";
    for (settings, left) in [
        ("{}", "CPF [BR_CPF], MAC 00:1a:2b:3c:4d:5e, tel. [PHONE]"),
        (
            "{detect: {br-cpf: false, mac: true, phone: false}}",
            "CPF 390.533.447-05, MAC [MAC], tel. 02079460958",
        ),
        (
            "{detect: {mac: true}, redaction: {custom_markers: {br-cpf: X}}}",
            "CPF X, MAC [MAC], tel. [PHONE]",
        ),
    ] {
        let chain = chain(&single("pii-detector", settings));
        assert_eq!(redacted(&chain, text).0, left);
    }
    let problems = crate::sample::bad(&single("pii-detector", "{detect: {br-cpg: true}}"));
    assert!(problems.to_string().contains("br-cpf"), "{problems}");
}
