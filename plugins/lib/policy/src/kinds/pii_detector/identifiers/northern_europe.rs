//! The Nordic and the Baltic countries.

use super::checksum::{digit, luhn, mod_11, number, unchecked, weighted};
use super::date::{dmy, is_day, is_year, ymd};
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "se-personnummer",
        "Personnummer or samordningsnummer of Sweden",
        &[
            alone("dddddd-dddd"),
            alone("dddddd+dddd"),
            alone("dddddddd-dddd"),
            named("dddddd dddd"),
            named("dddddddd dddd"),
            named("dddddddddd"),
            named("dddddddddddd"),
        ],
        personnummer,
        &[
            "personnummer*",
            "personnr",
            "pnr",
            "samordningsnummer*",
            "folkbokf*",
        ],
    )
    .national(),
    Identifier::new(
        "fi-hetu",
        "Henkilötunnus of Finland",
        &[alone("ddddddsdddX"), named("ddddddsdddk")],
        hetu,
        &["hetu", "henkilotunnu*", "sotu", "personbeteckning*"],
    )
    .national(),
    Identifier::new(
        "dk-cpr",
        "CPR number of Denmark",
        &[
            named("dddddd-dddd"),
            named("dddddd dddd"),
            named("dddddddddd"),
        ],
        dmy_first,
        &["cpr", "cprnr", "cprnummer*", "personnummer*"],
    )
    .national(),
    Identifier::new(
        "no-fodselsnummer",
        "Fødselsnummer or D-number of Norway",
        &[
            alone("dddddd ddddd"),
            named("ddddddddddd"),
            named("dddddd-ddddd"),
        ],
        fodselsnummer,
        &[
            "fodselsnummer*",
            "fodselsnr",
            "fnr",
            "personnummer*",
            "d nummer*",
        ],
    )
    .national(),
    Identifier::new(
        "is-kennitala",
        "Kennitala of Iceland",
        &[alone("dddddd-dddd"), named("dddddddddd")],
        kennitala,
        &["kennitala*", "kennitolu*", "kt"],
    )
    .national(),
    Identifier::new(
        "ee-isikukood",
        "Personal code of Estonia or Lithuania",
        &[named("ddddddddddd")],
        isikukood,
        &["isikukood*", "isikukoodi*", "asmens kod*", "ak"],
    )
    .national(),
    Identifier::new(
        "lv-personas-kods",
        "Personas kods of Latvia",
        &[alone("dddddd-ddddd"), named("ddddddddddd")],
        personas_kods,
        &["personas kod*"],
    )
    .national(),
    Identifier::new(
        "az-fin",
        "Personal identification number (FIN) of Azerbaijan",
        &[named("XXXXXXX")],
        |id| id.iter().any(u8::is_ascii_digit) && !id.iter().any(|b| matches!(b, b'I' | b'O')),
        &["fin", "fin kod*", "sexsiyyet*"],
    ),
];

/// The day of a coordination number is 60 more.
fn personnummer(id: &[u8]) -> bool {
    let short = &id[id.len() - 10..];
    let day = number(&short[4..6]);
    let day = if day > 60 { day - 60 } else { day };
    let century = id.len() == 10 || is_year(&id[..4]);
    century && is_day(number(&short[2..4]), day) && luhn(short)
}

/// The sign of the century, and the check character modulo 31.
fn hetu(id: &[u8]) -> bool {
    let [head @ .., sign, _, _, _, check] = id else {
        return false;
    };
    if head.len() != 6 || sign.is_ascii_digit() {
        return false;
    }
    let value = number(head) * 1000 + number(&id[7..10]);
    dmy(head) && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(value % 31) as usize] == *check
}

fn dmy_first(id: &[u8]) -> bool {
    dmy(&id[..6])
}

/// The day of a D-number is 40 more, the month of a synthetic one 40 or 80.
fn fodselsnummer(id: &[u8]) -> bool {
    let day = number(&id[..2]) % 40;
    let month = number(&id[2..4]) % 40;
    let first = mod_11(&id[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2], None);
    let second = mod_11(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2], None);
    is_day(month, day) && first && second
}

fn kennitala(id: &[u8]) -> bool {
    let century = matches!(id[9], b'8' | b'9' | b'0');
    let day = number(&id[..2]) % 40;
    let check = mod_11(&id[..9], &[3, 2, 7, 6, 5, 4, 3, 2], None);
    century && is_day(number(&id[2..4]), day) && check
}

/// Two rows of weights: the second where the first one gives ten.
fn isikukood(id: &[u8]) -> bool {
    let check = match weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(id, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        check => check,
    };
    matches!(id[0], b'1'..=b'8') && ymd(&id[1..7]) && check == digit(id[10])
}

/// Since 2017 the number begins with 32 and has no date, and no check digit.
fn personas_kods(id: &[u8]) -> bool {
    let sum = weighted(id, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let check = (1101 - sum) % 11 % 10;
    id.starts_with(b"32") && unchecked(id) || dmy(&id[..6]) && check == digit(id[10])
}
