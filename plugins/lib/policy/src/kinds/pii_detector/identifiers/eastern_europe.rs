//! Romania, Bulgaria, Ukraine, Russia, Kazakhstan.

use super::checksum::{digit, number, remainder_11, unchecked, weighted};
use super::date::{is_day, ymd};
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "ro-cnp",
        "CNP of Romania",
        &[named("ddddddddddddd")],
        cnp,
        &["cnp", "cod numeric personal", "codul numeric"],
    )
    .national(),
    Identifier::new(
        "bg-egn",
        "EGN of Bulgaria",
        &[named("dddddddddd")],
        egn,
        &["egn", "егн", "единен граждански"],
    )
    .national(),
    Identifier::new(
        "ua-rnokpp",
        "Tax number (RNOKPP) of Ukraine",
        &[named("dddddddddd")],
        rnokpp,
        &[
            "rnokpp",
            "рнокпп",
            "іпн",
            "ипн",
            "інн",
            "идентификацион*",
            "ідентифікаційн*",
            "податков*",
        ],
    )
    .national(),
    Identifier::new(
        "ru-inn",
        "INN (tax number) of Russia",
        &[named("dddddddddddd"), named("dddddddddd")],
        inn,
        &["inn", "инн", "налогоплательщик*"],
    )
    .national(),
    Identifier::new(
        "ru-snils",
        "SNILS of Russia",
        &[
            alone("ddd-ddd-ddd dd"),
            named("ddd-ddd-ddd-dd"),
            named("ddddddddddd"),
            named("ddd ddd ddd dd"),
        ],
        snils,
        &["snils", "снилс", "страхов*"],
    )
    .national(),
    Identifier::new(
        "ru-passport",
        "Number of an internal passport of Russia",
        &[
            named("dd dd dddddd"),
            named("dddd dddddd"),
            named("dddddddddd"),
        ],
        unchecked,
        &["паспорт*", "сери*", "passport*"],
    ),
    Identifier::new(
        "kz-iin",
        "IIN of Kazakhstan",
        &[named("dddddddddddd")],
        iin,
        &["iin", "иин", "жсн"],
    )
    .national(),
];

fn cnp(id: &[u8]) -> bool {
    let weights = &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9];
    let county = number(&id[7..9]);
    let place = matches!(county, 1..=52 | 70..=79);
    id[0] != b'0' && ymd(&id[1..7]) && place && remainder_11(id, weights, Some(1))
}

/// The month tells the century: 20 or 40 more.
fn egn(id: &[u8]) -> bool {
    let month = number(&id[2..4]);
    let month = match month {
        21..=32 => month - 20,
        41..=52 => month - 40,
        month => month,
    };
    is_day(month, number(&id[4..6])) && remainder_11(id, &[2, 4, 8, 5, 10, 9, 7, 3, 6], Some(0))
}

/// One weight is negative.
fn rnokpp(id: &[u8]) -> bool {
    let sum = weighted(&id[1..], &[5, 7, 9, 4, 6, 10, 5, 7]) + 11 - digit(id[0]);
    sum % 11 % 10 == digit(id[9])
}

fn inn(id: &[u8]) -> bool {
    let check = |length: usize, weights: &[u32]| {
        weighted(&id[..length], weights) % 11 % 10 == digit(id[length])
    };
    match id.len() {
        10 => check(9, &[2, 4, 10, 3, 5, 9, 4, 6, 8]),
        _ => {
            check(10, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8])
                && check(11, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8])
        }
    }
}

fn snils(id: &[u8]) -> bool {
    let sum = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 1]);
    u64::from(sum % 101 % 100) == number(&id[9..])
}

/// Two rows of weights: the second where the first one gives ten.
fn iin(id: &[u8]) -> bool {
    let first = mod_11_sum(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let check = match first {
        10 => mod_11_sum(id, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]),
        first => first,
    };
    ymd(&id[..6]) && check == digit(id[11])
}

fn mod_11_sum(id: &[u8], weights: &[u32]) -> u32 {
    weighted(id, weights) % 11
}
