//! Asia.

use super::checksum::{
    base_36, digit, letter, luhn, mod_11_2, number, unchecked, verhoeff, weighted,
};
use super::date::{is_day, is_year};
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "in-aadhaar",
        "Aadhaar number of India",
        &[
            alone("dddd-dddd-dddd"),
            named("dddd dddd dddd"),
            named("dddddddddddd"),
        ],
        |id| !matches!(id[0], b'0' | b'1') && verhoeff(id),
        &[
            "aadhaar",
            "aadhar",
            "adhar",
            "uidai",
            "uid",
            "vid",
            "आधार",
            "ఆధార్",
            "ஆதார்",
            "আধার",
        ],
    )
    .national(),
    Identifier::new(
        "in-pan",
        "Permanent Account Number of India",
        &[alone("AAAAAddddA"), named("aaaaadddda")],
        |id| b"PCHABGJLFTE".contains(&id[3]),
        &["pan", "permanent account", "income tax", "पैन"],
    ),
    Identifier::new(
        "in-gstin",
        "GSTIN of a business in India",
        &[alone("ddAAAAAddddAXAX")],
        gstin,
        &["gstin", "gst"],
    ),
    Identifier::new(
        "in-voter-id",
        "EPIC (voter) number of India",
        &[named("AAAddddddd")],
        unchecked,
        &["voter", "epic", "election", "elector*"],
    ),
    Identifier::new(
        "pk-cnic",
        "CNIC of Pakistan",
        &[alone("ddddd-ddddddd-d"), named("ddddddddddddd")],
        |id| id[0] != b'0' && id[12] != b'0',
        &["cnic", "nic", "nicop", "شناختی"],
    )
    .national(),
    Identifier::new(
        "bd-nid",
        "National identity number of Bangladesh",
        &[
            named("dddddddddd"),
            named("ddd ddd dddd"),
            named("ddddddddddddd"),
            named("ddddddddddddddddd"),
        ],
        unchecked,
        &[
            "nid",
            "national id",
            "national identity",
            "এনআইডি",
            "জাতীয় পরিচয়",
        ],
    ),
    Identifier::new(
        "cn-resident-id",
        "Resident identity number of China",
        &[alone("dddddddddddddddddk"), named("dddddd dddddddd dddk")],
        resident,
        &["身份证", "身分证", "公民身份", "证件", "sfz", "resident id"],
    )
    .national(),
    Identifier::new(
        "hk-hkid",
        "Identity card number of Hong Kong",
        &[
            alone("Adddddd(X)"),
            alone("AAdddddd(X)"),
            named("AddddddX"),
            named("AAddddddX"),
        ],
        hkid,
        &[
            "hkid",
            "身份證",
            "身分證",
            "hong kong id",
            "hong kong identity",
        ],
    )
    .national(),
    Identifier::new(
        "tw-id",
        "Identity card number of Taiwan",
        &[named("Addddddddd"), named("addddddddd")],
        taiwanese,
        &["身分證", "身份證", "居留證", "taiwan id"],
    )
    .national(),
    Identifier::new(
        "jp-my-number",
        "My Number of Japan",
        &[named("dddd_dddd_dddd"), named("dddddddddddd")],
        my_number,
        &[
            "my number",
            "mynumber",
            "マイナンバー",
            "個人番号",
            "kojin bango",
        ],
    )
    .national(),
    Identifier::new(
        "kr-rrn",
        "Resident registration number of South Korea",
        &[
            alone("dddddd-ddddddd"),
            named("dddddd ddddddd"),
            named("ddddddddddddd"),
        ],
        rrn,
        &[
            "rrn",
            "주민등록번호",
            "주민번호",
            "외국인등록번호",
            "등록번호",
            "resident registration",
            "jumin",
        ],
    )
    .national(),
    Identifier::new(
        "sg-nric",
        "NRIC or FIN of Singapore",
        &[alone("AdddddddA"), named("addddddda")],
        nric,
        &["nric", "fin", "uin"],
    )
    .national(),
    Identifier::new(
        "my-nric",
        "MyKad number of Malaysia",
        &[
            alone("dddddd-dd-dddd"),
            named("dddddddddddd"),
            named("dddddd dd dddd"),
        ],
        mykad,
        &["mykad", "nric", "kad pengenalan", "pengenalan", "ic"],
    )
    .national(),
    Identifier::new(
        "th-tnin",
        "Identification number of Thailand",
        &[
            alone("d-dddd-ddddd-dd-d"),
            alone("d dddd ddddd dd d"),
            named("ddddddddddddd"),
        ],
        thai,
        &["บัตรประชาชน", "ประชาชน", "เลขประจำตัว", "thai id", "tnin"],
    )
    .national(),
    Identifier::new(
        "id-nik",
        "NIK of Indonesia",
        &[named("dddddddddddddddd"), named("dddd dddd dddd dddd")],
        nik,
        &["nik", "ktp", "induk kependudukan", "kependudukan"],
    )
    .national(),
    Identifier::new(
        "vn-cccd",
        "Citizen identity number of Vietnam",
        &[named("dddddddddddd"), named("ddd ddd ddd ddd")],
        |id| id[0] == b'0' && number(&id[..3]) <= 96,
        &["cccd", "can cuoc", "cmnd", "chung minh", "cong dan"],
    )
    .national(),
    Identifier::new(
        "ph-sss",
        "SSS or UMID number of the Philippines",
        &[
            named("dd-ddddddd-d"),
            named("dddd-ddddddd-d"),
            named("dddddddddd"),
            named("dddddddddddd"),
        ],
        unchecked,
        &["sss", "umid", "crn", "gsis", "social security"],
    ),
    Identifier::new(
        "il-id",
        "Identity number (teudat zehut) of Israel",
        &[
            named("ddddddddd"),
            named("dddddddd-d"),
            named("d-ddddddd-d"),
        ],
        luhn,
        &[
            "teudat zehut",
            "teudat",
            "israeli id",
            "תעודת זהות",
            "ת.ז",
            "תז",
            "זהות",
        ],
    )
    .national(),
    Identifier::new(
        "ir-melli",
        "National code of Iran",
        &[named("dddddddddd"), named("ddd-dddddd-d")],
        melli,
        &[
            "کد ملی",
            "کدملی",
            "شماره ملی",
            "ملی",
            "code melli",
            "kode melli",
        ],
    )
    .national(),
    Identifier::new(
        "sa-id",
        "National identity or iqama number of Saudi Arabia",
        &[named("dddddddddd")],
        |id| matches!(id[0], b'1' | b'2') && luhn(id),
        &[
            "iqama",
            "saudi id",
            "الهوية",
            "هوية",
            "الاقامة",
            "الإقامة",
            "اقامة",
        ],
    )
    .national(),
    Identifier::new(
        "ae-emirates-id",
        "Emirates ID of the United Arab Emirates",
        &[
            alone("ddd-dddd-ddddddd-d"),
            named("ddddddddddddddd"),
            named("ddd dddd ddddddd d"),
        ],
        |id| id.starts_with(b"784") && is_year(&id[3..7]) && luhn(id),
        &["emirates id", "eid", "الهوية", "هوية"],
    )
    .national(),
];

/// The check character modulo 36: every second value is doubled, and its digits in base 36 added.
fn gstin(id: &[u8]) -> bool {
    let values = id[..14].iter().enumerate().map(|(index, byte)| {
        let product = base_36(*byte) * (1 + u32::from(index % 2 == 1));
        product / 36 + product % 36
    });
    let check = (36 - values.sum::<u32>() % 36) % 36;
    matches!(number(&id[..2]), 1..=38 | 97 | 99) && check == base_36(id[14])
}

fn resident(id: &[u8]) -> bool {
    let day = is_day(number(&id[10..12]), number(&id[12..14]));
    let place = matches!(id[0], b'1'..=b'9');
    place && is_year(&id[6..10]) && day && id[17] != b'K' && mod_11_2(id)
}

/// Letters count from 10, a missing one 36.
fn hkid(id: &[u8]) -> bool {
    let first = if id.len() == 8 { 36 } else { base_36(id[0]) };
    let (head, check) = id[id.len() - 8..].split_at(7);
    let values = head.iter().zip((2..=8).rev());
    let sum: u32 = values.map(|(byte, weight)| base_36(*byte) * weight).sum();
    let check = match check[0] {
        b'A' => 10,
        byte if byte.is_ascii_digit() => digit(byte),
        _ => return false,
    };
    (first * 9 + sum + check).is_multiple_of(11)
}

/// The letter is a place of registration, which counts as two digits.
fn taiwanese(id: &[u8]) -> bool {
    const PLACES: [u32; 26] = [
        10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32,
        30, 31, 33,
    ];
    let place = PLACES[letter(id[0]) as usize % 26];
    let sum = place / 10 + place % 10 * 9 + weighted(&id[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(id[1], b'1' | b'2' | b'8' | b'9') && sum.is_multiple_of(10)
}

fn my_number(id: &[u8]) -> bool {
    let check = match weighted(id, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    check == digit(id[11])
}

/// Since 2020 the last six digits are random: only the date and the sex are checked.
fn rrn(id: &[u8]) -> bool {
    number(&id[2..4]) <= 12 && number(&id[4..6]) <= 31
}

fn nric(id: &[u8]) -> bool {
    let offset = match id[0] {
        b'S' | b'F' => 0,
        b'T' | b'G' => 4,
        b'M' => 3,
        _ => return false,
    };
    let sum = weighted(&id[1..8], &[2, 7, 6, 5, 4, 3, 2]) + offset;
    let rest = sum as usize % 11;
    let check = match id[0] {
        b'S' | b'T' => b"JZIHGFEDCBA"[rest],
        b'M' => b"KLJNPQRTUWX"[10 - rest],
        _ => b"XWUTRQPNMLK"[rest],
    };
    check == id[8]
}

fn mykad(id: &[u8]) -> bool {
    let place = number(&id[6..8]);
    is_day(number(&id[2..4]), number(&id[4..6]))
        && !matches!(place, 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97)
}

fn thai(id: &[u8]) -> bool {
    let sum = weighted(id, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    id[0] != b'0' && (11 - sum % 11) % 10 == digit(id[12])
}

/// Province, and a date whose day is 40 more for women.
fn nik(id: &[u8]) -> bool {
    let day = number(&id[6..8]) % 40;
    matches!(number(&id[..2]), 11..=96) && is_day(number(&id[8..10]), day)
}

fn melli(id: &[u8]) -> bool {
    let rest = weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest < 2 { rest } else { 11 - rest };
    check == digit(id[9])
}
