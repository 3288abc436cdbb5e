//! Spain, Portugal, Italy, Malta, Greece, the countries of former Yugoslavia, Turkey.

use super::checksum::{base_36, digit, digits, letter, luhn, mod_11, mod_11_10, number, weighted};
use super::date::{dmy, is_day};
use super::form::{alone, named};
use super::identifier::Identifier;

/// The check letters of Spain.
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "es-dni",
        "DNI or NIF of Spain",
        &[
            alone("ddddddddA"),
            alone("dddddddd-A"),
            alone("dd.ddd.ddd-A"),
            named("dddddddda"),
            named("dddddddd-a"),
            named("dddddddd a"),
            named("dd.ddd.ddda"),
            named("ddddddda"),
        ],
        dni,
        &[
            "dni",
            "nif",
            "documento nacional",
            "documento de identidad",
            "identidad",
        ],
    )
    .national(),
    Identifier::new(
        "es-nie",
        "NIE of a foreigner in Spain",
        &[
            alone("AdddddddA"),
            alone("A-ddddddd-A"),
            named("a-ddddddd-a"),
            named("addddddda"),
            named("Addddddd-A"),
        ],
        nie,
        &["nie", "extranjero*", "dni", "nif"],
    )
    .national(),
    Identifier::new(
        "es-nss",
        "Number of the social security of Spain",
        &[
            named("dd/dddddddd/dd"),
            named("dd dddddddd dd"),
            named("dddddddddddd"),
            named("dd/dddddddd-dd"),
        ],
        nss,
        &["nss", "naf", "seguridad social", "afiliacion"],
    )
    .national(),
    Identifier::new(
        "pt-nif",
        "NIF (tax number) of Portugal",
        &[named("ddddddddd"), named("ddd ddd ddd")],
        |id| id[0] != b'0' && mod_11(id, &[9, 8, 7, 6, 5, 4, 3, 2], Some(0)),
        &["nif", "nipc", "contribuinte", "fiscal"],
    )
    .national(),
    Identifier::new(
        "pt-cartao-cidadao",
        "Number of a cartão de cidadão of Portugal",
        &[
            named("dddddddd d AAd"),
            named("ddddddddd AAd"),
            named("dddddddddAAd"),
        ],
        cartao_cidadao,
        &["cartao", "cidadao", "cc", "bilhete de identidade"],
    )
    .national(),
    Identifier::new(
        "it-codice-fiscale",
        "Codice fiscale of Italy",
        &[alone("AAAAAAXXAXXAXXXA"), named("AAA AAA XXAXX AXXXA")],
        codice_fiscale,
        &["codice fiscale", "cf", "fiscale"],
    )
    .national(),
    Identifier::new(
        "it-partita-iva",
        "Partita IVA of Italy",
        &[named("ddddddddddd")],
        luhn,
        &["partita iva", "p iva", "piva", "iva"],
    ),
    Identifier::new(
        "mt-id",
        "Number of an identity card of Malta",
        &[named("dddddddA"), named("dddddda")],
        |id| id.last().is_some_and(|last| b"MGAPLHBZ".contains(last)),
        &["karta", "identita", "maltese id"],
    )
    .national(),
    Identifier::new(
        "gr-amka",
        "AMKA of Greece",
        &[named("ddddddddddd")],
        |id| dmy(&id[..6]) && luhn(id),
        &["amka", "αμκα"],
    )
    .national(),
    Identifier::new(
        "gr-afm",
        "AFM (tax number) of Greece",
        &[named("ddddddddd")],
        |id| weighted(id, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == digit(id[8]),
        &["afm", "αφμ", "φορολογικο*"],
    )
    .national(),
    Identifier::new(
        "hr-oib",
        "OIB of Croatia",
        &[named("ddddddddddd")],
        mod_11_10,
        &["oib", "osobni identifikacijski"],
    )
    .national(),
    Identifier::new(
        "jmbg",
        "JMBG or EMŠO of Serbia, Bosnia and Herzegovina, Montenegro, North Macedonia and Slovenia",
        &[named("ddddddddddddd")],
        jmbg,
        &[
            "jmbg",
            "emso",
            "embg",
            "maticni*",
            "matican*",
            "јмбг",
            "ембг",
            "матични*",
            "матичен*",
        ],
    )
    .national(),
    Identifier::new(
        "tr-tckn",
        "T.C. kimlik numarası of Turkey",
        &[named("ddddddddddd")],
        tckn,
        &["tckn", "tc", "t c", "kimlik*", "tc kimlik", "vatandaslik"],
    )
    .national(),
];

fn dni(id: &[u8]) -> bool {
    let Some((last, head)) = id.split_last() else {
        return false;
    };
    digits(head) && LETTERS[(number(head) % 23) as usize] == *last
}

/// The first letter counts as a digit.
fn nie(id: &[u8]) -> bool {
    let first = match id[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        _ => return false,
    };
    let value = first * 10_000_000 + number(&id[1..8]);
    LETTERS[(value % 23) as usize] == id[8]
}

/// Province, number, and the remainder modulo 97 of both; a short number has no leading zeros.
fn nss(id: &[u8]) -> bool {
    let (province, serial) = (number(&id[..2]), number(&id[2..10]));
    let value = if serial < 10_000_000 {
        province * 10_000_000 + serial
    } else {
        province * 100_000_000 + serial
    };
    matches!(province, 1..=53 | 66) && value % 97 == number(&id[10..])
}

/// Every second character from the right is doubled, as in Luhn's algorithm.
fn cartao_cidadao(id: &[u8]) -> bool {
    let values = id.iter().rev().enumerate().map(|(index, byte)| {
        let value = base_36(*byte);
        let double = value * 2;
        match index % 2 {
            0 => value,
            _ if double >= 10 => double - 9,
            _ => double,
        }
    });
    values.sum::<u32>().is_multiple_of(10)
}

/// The check letter, and the places of digits, where a letter may stand for one.
fn codice_fiscale(id: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let position = |byte: u8| {
        if byte.is_ascii_digit() {
            digit(byte)
        } else {
            letter(byte)
        }
    };
    let values = id[..15]
        .iter()
        .enumerate()
        .map(|(index, byte)| match index % 2 {
            0 => ODD[position(*byte) as usize % 26],
            _ => position(*byte),
        });
    let number = [6, 7, 9, 10, 12, 13, 14].iter().all(|at| {
        let byte = id[*at];
        byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte)
    });
    number && b"ABCDEHLMPRST".contains(&id[8]) && values.sum::<u32>() % 26 == letter(id[15])
}

fn jmbg(id: &[u8]) -> bool {
    let date = is_day(number(&id[2..4]), number(&id[..2]));
    date && mod_11(id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2], Some(0))
}

/// Two check digits over the odd and the even places.
fn tckn(id: &[u8]) -> bool {
    let odd = weighted(id, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(id, &[0, 1, 0, 1, 0, 1, 0, 1]);
    let tenth = (odd * 7 + 1000 - even) % 10;
    let sum: u32 = id[..10].iter().map(|byte| digit(*byte)).sum();
    id[0] != b'0' && tenth == digit(id[9]) && sum % 10 == digit(id[10])
}
