//! Identifiers of devices, vehicles, travel documents and accounts, in any country.

use super::checksum::{base_36, digit, luhn, unchecked};
use super::crypto;
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "passport",
        "Number of a passport of any country",
        &[
            named("Addddddd"),
            named("Adddddddd"),
            named("AAddddddd"),
            named("AAdddddd"),
            named("ddddddddd"),
            named("AdddddddA"),
            named("ddAAddddd"),
            named("XXXXXXXXX"),
            named("dddddddd"),
        ],
        |id| id.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4,
        &[
            "passport*",
            "passnummer*",
            "reisepass*",
            "reisepassnummer*",
            "pass nr",
            "pasaporte*",
            "passeport*",
            "passaporto*",
            "passaporte*",
            "paspoort*",
            "paspoortnummer*",
            "paszport*",
            "pasport*",
            "pasaport*",
            "cestovni pas",
            "utlevel*",
            "passi",
            "pasas",
            "паспорт*",
            "διαβατηρι*",
            "护照",
            "護照",
            "パスポート",
            "旅券",
            "여권",
            "جواز",
            "דרכון",
            "หนังสือเดินทาง",
            "ho chieu",
            "paspor",
        ],
    ),
    Identifier::new(
        "imei",
        "IMEI of a mobile device",
        &[
            named("ddddddddddddddd"),
            named("dd_dddddd_dddddd_d"),
            named("dddddd_dd_dddddd_d"),
        ],
        luhn,
        &["imei", "meid"],
    ),
    Identifier::new(
        "vin",
        "Vehicle identification number",
        &[named("XXXXXXXXXXXXXXXXX")],
        vin,
        &[
            "vin",
            "vehicle identification",
            "chassis",
            "fahrgestellnummer*",
            "fahrgestell*",
            "fin",
            "bastidor",
            "telaio",
            "vehicle",
        ],
    ),
    Identifier::new(
        "mac",
        "MAC address of a network interface",
        &[
            alone("hh:hh:hh:hh:hh:hh"),
            alone("hh-hh-hh-hh-hh-hh"),
            alone("hhhh.hhhh.hhhh"),
        ],
        |id| id.iter().any(|byte| *byte != b'0') && id.iter().any(|byte| *byte != b'F'),
        &["mac"],
    )
    .optional(),
    Identifier::new(
        "crypto-address",
        "Address of Bitcoin or Litecoin",
        &[],
        unchecked,
        &[],
    )
    .read_by(b"13bltB", crypto::MIN_LENGTH, crypto::address),
    Identifier::new(
        "ethereum-address",
        "Address of Ethereum",
        &[],
        unchecked,
        &[],
    )
    .read_by(b"0", crypto::ETHEREUM_LENGTH, crypto::ethereum)
    .optional(),
];

/// Letters and digits; the check digit of North America where the announcing word is not enough
/// elsewhere.
fn vin(id: &[u8]) -> bool {
    let used = |byte: &u8| !matches!(byte, b'I' | b'O' | b'Q');
    let numbers = id.iter().filter(|byte| byte.is_ascii_digit()).count();
    id.iter().all(used) && (4..17).contains(&numbers) && (id[0] > b'5' || transliterated(id))
}

fn transliterated(id: &[u8]) -> bool {
    const VALUES: [u32; 26] = [
        1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9,
    ];
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |byte: u8| match base_36(byte) {
        value @ 0..=9 => value,
        value => VALUES[value as usize - 10],
    };
    let sum: u32 = id.iter().zip(WEIGHTS).map(|(b, w)| value(*b) * w).sum();
    match sum % 11 {
        10 => id[8] == b'X',
        check => id[8].is_ascii_digit() && digit(id[8]) == check,
    }
}
