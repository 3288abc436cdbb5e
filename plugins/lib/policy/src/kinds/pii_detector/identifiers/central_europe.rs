//! Germany, Austria, Switzerland, Poland, Czechia, Slovakia, Hungary.

use super::checksum::{
    base_36, digit, digits, letter, mod_10, mod_11_10, number, remainder_11, weighted,
};
use super::date::{is_day, ymd};
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "de-steuer-id",
        "Steuer-Identifikationsnummer of Germany",
        &[
            named("ddddddddddd"),
            named("dd ddd ddd ddd"),
            named("dd/ddd/ddd/ddd"),
            named("dd.ddd.ddd.ddd"),
        ],
        steuer_id,
        &[
            "steuer id",
            "steuerid",
            "idnr",
            "steueridentifikationsnummer*",
            "identifikationsnummer*",
            "steuernummer*",
            "steuerliche*",
            "tin",
            "idno",
            "id nr",
        ],
    )
    .national(),
    Identifier::new(
        "de-svnr",
        "Rentenversicherungsnummer of Germany",
        &[
            alone("ddddddddAddd"),
            alone("dd dddddd A ddd"),
            named("dd dd dd dd A ddd"),
        ],
        rentenversicherung,
        &[
            "rentenversicherung*",
            "rentenversicherungsnummer*",
            "sozialversicherung*",
            "svnr",
            "sv nummer*",
            "rvnr",
            "vsnr",
        ],
    )
    .national(),
    Identifier::new(
        "de-personalausweis",
        "Number of an identity card of Germany",
        &[named("XXXXXXXXXd"), named("XXXXXXXXX")],
        personalausweis,
        &[
            "personalausweis*",
            "personalausweisnummer*",
            "ausweis*",
            "ausweisnummer*",
        ],
    ),
    Identifier::new(
        "at-svnr",
        "Sozialversicherungsnummer of Austria",
        &[
            named("dddd dddddd"),
            named("dddd-dddddd"),
            named("dddddddddd"),
        ],
        austrian,
        &[
            "sozialversicherung*",
            "sozialversicherungsnummer*",
            "svnr",
            "sv nummer*",
            "sv nr",
            "versicherungsnummer*",
        ],
    )
    .national(),
    Identifier::new(
        "ch-ahv",
        "AHV number of Switzerland and Liechtenstein",
        &[
            alone("ddd.dddd.dddd.dd"),
            alone("ddddddddddddd"),
            named("ddd dddd dddd dd"),
        ],
        |id| id.starts_with(b"756") && mod_10(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]),
        &["ahv", "avs", "ahvn", "navs"],
    )
    .national(),
    Identifier::new(
        "pl-pesel",
        "PESEL of Poland",
        &[named("ddddddddddd")],
        pesel,
        &["pesel*", "ewidencyjn*"],
    )
    .national(),
    Identifier::new(
        "pl-nip",
        "NIP (tax number) of Poland",
        &[
            alone("ddd-ddd-dd-dd"),
            alone("ddd-dd-dd-ddd"),
            named("dddddddddd"),
        ],
        |id| remainder_11(id, &[6, 5, 7, 2, 3, 4, 5, 6, 7], None),
        &["nip", "podatkow*"],
    )
    .national(),
    Identifier::new(
        "pl-regon",
        "REGON of a company in Poland",
        &[named("ddddddddd"), named("dddddddddddddd")],
        |id| remainder_11(&id[..9], &[8, 9, 2, 3, 4, 5, 6, 7], Some(0)),
        &["regon*"],
    ),
    Identifier::new(
        "pl-dowod",
        "Number of an identity card of Poland",
        &[named("AAAdddddd"), named("AAA dddddd")],
        dowod,
        &["dowod*", "dowodu", "osobist*", "identity card", "id card"],
    ),
    Identifier::new(
        "cz-rodne-cislo",
        "Rodné číslo of Czechia and Slovakia",
        &[
            alone("dddddd/dddd"),
            named("dddddd/ddd"),
            named("dddddddddd"),
        ],
        rodne_cislo,
        &[
            "rodne cislo",
            "rodneho cisla",
            "rodnym cislem",
            "rodnych cisel",
            "rc",
        ],
    )
    .national(),
    Identifier::new(
        "hu-szemelyi-szam",
        "Personal number of Hungary",
        &[
            alone("d-dddddd-dddd"),
            named("d dddddd dddd"),
            named("ddddddddddd"),
        ],
        szemelyi_szam,
        &[
            "szemelyi*",
            "azonosito*",
            "szemelyi szam*",
            "szemelyi azonosito*",
        ],
    )
    .national(),
    Identifier::new(
        "hu-taj",
        "TAJ (health insurance) number of Hungary",
        &[named("ddd_ddd_ddd"), named("ddddddddd")],
        |id| weighted(&id[..8], &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == digit(id[8]),
        &["taj", "taj szam*", "tajszam*"],
    ),
    Identifier::new(
        "hu-adoazonosito",
        "Tax number of Hungary",
        &[named("dddddddddd")],
        |id| id[0] == b'8' && remainder_11(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9], None),
        &["adoazonosito*", "ado*", "adoszam*"],
    ),
];

/// Of the first ten digits one occurs twice or three times, one or two are missing.
fn steuer_id(id: &[u8]) -> bool {
    let count = |wanted: u8| id[..10].iter().filter(|byte| **byte == wanted).count();
    let counts = (b'0'..=b'9').map(count);
    let repeated = counts.clone().filter(|count| *count > 1).count();
    let most = counts.max().unwrap_or_default();
    id[0] != b'0' && repeated == 1 && most <= 3 && mod_11_10(id)
}

/// Area, date of birth, letter, serial number, check digit; the letter counts as two digits.
fn rentenversicherung(id: &[u8]) -> bool {
    let place = letter(id[8]) + 1;
    let mut number = [0; 12];
    number[..8].copy_from_slice(&id[..8]);
    number[8] = b'0' + u8::try_from(place / 10).unwrap_or_default();
    number[9] = b'0' + u8::try_from(place % 10).unwrap_or_default();
    number[10..].copy_from_slice(&id[9..11]);
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let products = number.iter().zip(weights).map(|(b, w)| digit(*b) * w);
    let sum: u32 = products.map(|product| product / 10 + product % 10).sum();
    let month = super::checksum::number(&id[4..6]);
    // The day of a second number with the same beginning is 50 more.
    let day = super::checksum::number(&id[2..4]) % 50;
    is_day(month, day) && sum % 10 == digit(id[11])
}

/// Weights 7, 3, 1 over the characters; old and new cards have digits and some letters.
fn personalausweis(id: &[u8]) -> bool {
    let letters = b"CFGHJKLMNPRTVWXYZ";
    let used = |byte: &u8| byte.is_ascii_digit() || letters.contains(byte);
    let many = id.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4;
    let check = id.get(9).is_none_or(|last| {
        let values = id[..9].iter().zip([7, 3, 1].into_iter().cycle());
        values.map(|(b, w)| base_36(*b) * w).sum::<u32>() % 10 == digit(*last)
    });
    many && id[..9].iter().all(used) && check
}

/// The fourth digit is the check digit.
fn austrian(id: &[u8]) -> bool {
    let sum = weighted(id, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    // Months from 13 on are given out where a day has no numbers left.
    let date = matches!(number(&id[6..8]), 1..=15) && matches!(number(&id[4..6]), 1..=31);
    date && id[0] != b'0' && sum % 11 == digit(id[3])
}

/// The month tells the century: 80, 20, 40 or 60 more.
fn pesel(id: &[u8]) -> bool {
    let month = number(&id[2..4]) % 20;
    is_day(month, number(&id[4..6])) && mod_10(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3])
}

fn dowod(id: &[u8]) -> bool {
    let weights = [7, 3, 1, 9, 7, 3, 1, 7, 3];
    let sum: u32 = id.iter().zip(weights).map(|(b, w)| base_36(*b) * w).sum();
    digits(&id[3..]) && sum.is_multiple_of(10)
}

/// The month of a woman is 50 more, from 2004 on 20 more where a day has no numbers left. Before
/// 1954 there was no check digit.
fn rodne_cislo(id: &[u8]) -> bool {
    let month = number(&id[2..4]) % 50;
    let month = if month > 20 { month - 20 } else { month };
    let value = number(id);
    let check =
        id.len() == 9 || value.is_multiple_of(11) || (number(&id[..9]) % 11 == 10 && id[9] == b'0');
    is_day(month, number(&id[4..6])) && check
}

/// Until 1996 the weights rise, then they fall.
fn szemelyi_szam(id: &[u8]) -> bool {
    let rising = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
    let falling = weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
    let check = digit(id[10]);
    matches!(id[0], b'1'..=b'8') && ymd(&id[1..7]) && (rising == check || falling == check)
}
