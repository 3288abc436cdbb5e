//! Africa, Australia, New Zealand.

use super::checksum::{digit, letter, luhn, number, unchecked, weighted};
use super::date::ymd;
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "au-tfn",
        "Tax file number of Australia",
        &[
            named("ddd_ddd_ddd"),
            named("ddddddddd"),
            named("dddddddd"),
            named("dd_ddd_ddd"),
        ],
        tfn,
        &["tfn", "tax file"],
    )
    .national(),
    Identifier::new(
        "au-abn",
        "Business number of Australia",
        &[
            alone("dd ddd ddd ddd"),
            named("ddddddddddd"),
            named("dd-ddd-ddd-ddd"),
        ],
        abn,
        &["abn", "business number"],
    ),
    Identifier::new(
        "au-acn",
        "Company number of Australia",
        &[named("ddd_ddd_ddd"), named("ddddddddd")],
        |id| (weighted(id, &[8, 7, 6, 5, 4, 3, 2, 1]) + digit(id[8])).is_multiple_of(10),
        &["acn", "company number"],
    ),
    Identifier::new(
        "au-medicare",
        "Medicare number of Australia",
        &[
            named("dddd ddddd d"),
            named("dddd-ddddd-d"),
            named("dddddddddd"),
            named("dddd ddddd d/d"),
            named("dddd ddddd d-d"),
            named("ddddddddddd"),
            named("dddd ddddd d d"),
            named("dddddddddd/d"),
        ],
        medicare,
        &["medicare"],
    ),
    Identifier::new(
        "nz-ird",
        "IRD number of New Zealand",
        &[
            named("dd-ddd-ddd"),
            named("ddd-ddd-ddd"),
            named("dddddddd"),
            named("ddddddddd"),
            named("ddd ddd ddd"),
        ],
        ird,
        &["ird", "inland revenue", "tax file"],
    )
    .national(),
    Identifier::new(
        "nz-nhi",
        "National Health Index number of New Zealand",
        &[named("AAAdddd"), named("AAAddAA")],
        nhi,
        &["nhi", "national health"],
    ),
    Identifier::new(
        "za-id",
        "Identity number of South Africa",
        &[
            alone("dddddd dddd dd d"),
            named("ddddddddddddd"),
            named("dddddd dddd ddd"),
            named("dddddd-dddd-ddd"),
        ],
        |id| ymd(&id[..6]) && matches!(id[10], b'0'..=b'2') && luhn(id),
        &[
            "said",
            "rsa id",
            "south african id",
            "identiteitsnommer*",
            "id nommer*",
        ],
    )
    .national(),
    Identifier::new(
        "ng-nin",
        "NIN or BVN of Nigeria",
        &[named("ddddddddddd"), named("dddd ddd dddd")],
        unchecked,
        &["nin", "bvn", "national identification", "bank verification"],
    ),
    Identifier::new(
        "eg-id",
        "National identity number of Egypt",
        &[named("dddddddddddddd")],
        |id| {
            matches!(id[0], b'2' | b'3')
                && ymd(&id[1..7])
                && matches!(number(&id[7..9]), 1..=35 | 88)
        },
        &["الرقم القومي", "القومي", "egyptian id"],
    )
    .national(),
    Identifier::new(
        "dz-nin",
        "National identification number of Algeria",
        &[named("dddddddddddddddddd")],
        unchecked,
        &[
            "nin",
            "identification national*",
            "numero national",
            "التعريف",
            "الوطني",
        ],
    )
    .national(),
    Identifier::new(
        "ma-cin",
        "Number of an identity card of Morocco",
        &[
            named("Adddddd"),
            named("AAdddddd"),
            named("Addddd"),
            named("AAddddd"),
        ],
        unchecked,
        &["cin", "cnie", "carte nationale"],
    ),
];

fn tfn(id: &[u8]) -> bool {
    let weights: &[u32] = match id.len() {
        9 => &[1, 4, 3, 7, 5, 8, 6, 9, 10],
        _ => &[10, 7, 8, 4, 6, 3, 5, 1],
    };
    weighted(id, weights).is_multiple_of(11)
}

/// One is subtracted from the first digit, and the weighted sum is a multiple of 89.
fn abn(id: &[u8]) -> bool {
    let sum = weighted(id, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    id[0] != b'0' && (sum - 10).is_multiple_of(89)
}

/// The ninth digit is the check digit; the issue and the number in the family follow.
fn medicare(id: &[u8]) -> bool {
    let sum = weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9]);
    matches!(id[0], b'2'..=b'6') && sum % 10 == digit(id[8])
}

/// Two rows of weights: the second where the first one gives ten.
fn ird(id: &[u8]) -> bool {
    let mut padded = [b'0'; 9];
    padded[9 - id.len()..].copy_from_slice(id);
    let check = |weights: &[u32]| match weighted(&padded, weights) % 11 {
        0 => 0,
        rest => 11 - rest,
    };
    let check = match check(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => check(&[7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    let range = 10_000_000..=150_000_000;
    range.contains(&number(&padded)) && check == digit(padded[8])
}

/// Letters count from 1 without I and O; the new form ends with two letters.
fn nhi(id: &[u8]) -> bool {
    let value = |byte: u8| match byte {
        byte if byte.is_ascii_digit() => Some(digit(byte)),
        b'I' | b'O' => None,
        byte => Some(letter(byte) + 1 - u32::from(byte > b'I') - u32::from(byte > b'O')),
    };
    let values = id[..6].iter().zip((2..=7).rev());
    let sum: Option<u32> = values
        .map(|(byte, weight)| Some(value(*byte)? * weight))
        .sum();
    match (sum, id[6]) {
        (Some(sum), last) if last.is_ascii_digit() => {
            sum % 11 != 0 && (11 - sum % 11) % 10 == digit(last)
        }
        (Some(sum), last) => value(last) == Some(23 - sum % 23),
        (None, _) => false,
    }
}
