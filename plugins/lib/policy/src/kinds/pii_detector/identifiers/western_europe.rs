//! The United Kingdom, Ireland, France, the Benelux countries.

use super::checksum::{letter, luhn, mod_11, mod_97, number, verhoeff, weighted};
use super::date::is_day;
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "uk-nhs",
        "NHS number of the United Kingdom",
        &[named("ddd_ddd_dddd"), named("dddddddddd")],
        |id| mod_11(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2], None),
        &[
            "nhs",
            "national health",
            "health service",
            "patient number",
            "patient id",
        ],
    ),
    Identifier::new(
        "uk-nino",
        "National Insurance number of the United Kingdom",
        &[
            alone("AAddddddA"),
            alone("AA dd dd dd A"),
            alone("AA-dd-dd-dd-A"),
            named("AAdddddd A"),
            named("AA dddddd A"),
            named("AAdddddd"),
            named("aadddddda"),
        ],
        nino,
        &[
            "nino",
            "national insurance",
            "insurance number",
            "ni number",
            "ni no",
        ],
    )
    .national(),
    Identifier::new(
        "uk-utr",
        "Unique Taxpayer Reference of the United Kingdom",
        &[
            named("dddddddddd"),
            named("ddddd ddddd"),
            named("dddddddddd"),
        ],
        utr,
        &["utr", "taxpayer", "tax reference", "self assessment"],
    ),
    Identifier::new(
        "uk-driving-license",
        "Number of a driving license of the United Kingdom",
        &[
            alone("XXXXXddddddXXXAA"),
            named("XXXXX ddddddXXXAA"),
            named("XXXXX dddddd XXXAA"),
        ],
        driving_license,
        &[
            "driving licen*",
            "driver licen*",
            "drivers licen*",
            "licen*",
        ],
    ),
    Identifier::new(
        "ie-pps",
        "Personal Public Service number of Ireland",
        &[
            named("dddddddAA"),
            named("dddddddA"),
            named("dddddddaa"),
            named("ddddddda"),
        ],
        pps,
        &["pps", "ppsn", "personal public service"],
    )
    .national(),
    Identifier::new(
        "fr-nir",
        "NIR (number of the social security) of France",
        &[
            alone("ddddddXdddddddd"),
            alone("d dd dd dX ddd ddd dd"),
            alone("ddddddXdddddd dd"),
            named("d dd dd dX ddd ddd"),
            named("ddddddXdddddd"),
        ],
        nir,
        &[
            "nir",
            "securite sociale",
            "secu",
            "insee",
            "social security",
            "carte vitale",
        ],
    )
    .national(),
    Identifier::new(
        "fr-spi",
        "Tax number of France",
        &[named("ddddddddddddd"), named("dd dd ddd ddd ddd")],
        |id| id[0] < b'4' && number(&id[..10]) % 511 == number(&id[10..]),
        &["spi", "fiscal", "numero fiscal", "impots"],
    )
    .national(),
    Identifier::new(
        "nl-bsn",
        "Burgerservicenummer of the Netherlands",
        &[
            named("ddddddddd"),
            named("dddd.dd.ddd"),
            named("ddd_ddd_ddd"),
            named("dddddddd"),
        ],
        bsn,
        &[
            "bsn",
            "burgerservice*",
            "burgerservicenummer*",
            "sofi",
            "sofinummer*",
            "identificatienummer*",
        ],
    )
    .national(),
    Identifier::new(
        "be-nrn",
        "National register number of Belgium",
        &[
            alone("dd.dd.dd-ddd.dd"),
            named("ddddddddddd"),
            named("dddddd-ddd-dd"),
            named("dddddd-ddd.dd"),
            named("dd dd dd ddd dd"),
        ],
        nrn,
        &[
            "nrn",
            "rijksregister*",
            "rijksregisternummer*",
            "registre national",
            "niss",
            "insz",
            "nationalregister*",
            "identificatienummer*",
        ],
    )
    .national(),
    Identifier::new(
        "lu-matricule",
        "Identification number of Luxembourg",
        &[named("ddddddddddddd"), named("dddd dd dd ddd dd")],
        |id| luhn(&id[..12]) && verhoeff_of(id),
        &["matricule", "identification nationale", "cns"],
    )
    .national(),
];

fn nino(id: &[u8]) -> bool {
    let prefix = &id[..2];
    let refused = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN"];
    let first = !matches!(prefix[0], b'D' | b'F' | b'I' | b'Q' | b'U' | b'V');
    let second = !matches!(prefix[1], b'D' | b'F' | b'I' | b'O' | b'Q' | b'U' | b'V');
    let suffix = id.get(8).is_none_or(|byte| matches!(byte, b'A'..=b'D'));
    first && second && suffix && !refused.iter().any(|other| *other == prefix)
}

fn utr(id: &[u8]) -> bool {
    let sum = weighted(&id[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]);
    b"21987654321".get(sum as usize % 11) == Some(&id[0])
}

/// Five letters of the name, padded with 9, and the date of birth, where the month of a woman is
/// 50 more.
fn driving_license(id: &[u8]) -> bool {
    let letters = id[..5].iter().take_while(|byte| byte.is_ascii_uppercase());
    let name = letters.count();
    let month = number(&id[6..8]) % 50;
    name > 0 && id[name..5].iter().all(|byte| *byte == b'9') && is_day(month, number(&id[8..10]))
}

fn pps(id: &[u8]) -> bool {
    let second = match id.get(8) {
        None | Some(b'W' | b'T') => 0,
        Some(byte @ b'A'..=b'I') => letter(*byte) + 1,
        Some(_) => return false,
    };
    let sum = weighted(&id[..7], &[8, 7, 6, 5, 4, 3, 2]) + 9 * second;
    let check = b"WABCDEFGHIJKLMNOPQRSTUV"[sum as usize % 23];
    check == id[7]
}

/// The key is the complement to 97; the departments of Corsica have letters.
fn nir(id: &[u8]) -> bool {
    let sex = matches!(id[0], b'1'..=b'4' | b'7' | b'8');
    let month = matches!(number(&id[3..5]), 1..=12 | 20..=42 | 50..=99);
    let mut number = [0; 13];
    number.copy_from_slice(&id[..13]);
    let less = match number[6] {
        b'A' if id[5] == b'2' => 1_000_000,
        b'B' if id[5] == b'2' => 2_000_000,
        byte if byte.is_ascii_digit() => 0,
        _ => return false,
    };
    if less > 0 {
        number[6] = b'0';
    }
    let rest = (mod_97(&number) + 97 - less % 97) % 97;
    let key = id.get(13..15);
    sex && month && key.is_none_or(|key| mod_97(key) == 97 - rest)
}

/// The test of eleven, with a negative weight for the last digit.
fn bsn(id: &[u8]) -> bool {
    let weights = &[9, 8, 7, 6, 5, 4, 3, 2, 10][9 - id.len()..];
    weighted(id, weights).is_multiple_of(11) && number(id) > 0
}

/// From 2000 on a 2 stands before the number.
fn nrn(id: &[u8]) -> bool {
    let head = number(&id[..9]);
    let check = number(&id[9..]);
    let date = matches!(number(&id[2..4]), 0..=12 | 20..=32 | 40..=52) && number(&id[4..6]) <= 31;
    date && (97 - head % 97 == check || 97 - (2_000_000_000 + head) % 97 == check)
}

/// The last digit is Verhoeff's of the first eleven.
fn verhoeff_of(id: &[u8]) -> bool {
    let mut number = [0; 12];
    number[..11].copy_from_slice(&id[..11]);
    number[11] = id[12];
    verhoeff(&number)
}
