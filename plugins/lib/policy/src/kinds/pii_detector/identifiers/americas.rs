//! North and South America.

use super::checksum::{
    base_36, digit, digits, luhn, luhn_sum, mod_10, mod_11, number, unchecked, weighted,
};
use super::date::ymd;
use super::form::{alone, named};
use super::identifier::Identifier;

pub(super) const ROWS: &[Identifier] = &[
    Identifier::new(
        "ssn",
        "Social Security number of the United States",
        &[
            alone("ddd-dd-dddd"),
            alone("ddd dd dddd"),
            named("ddd - dd - dddd"),
            named("ddd.dd.dddd"),
            named("ddd/dd/dddd"),
            named("ddddddddd"),
        ],
        ssn,
        &["ssn", "ssns", "social security", "soc sec", "social sec"],
    ),
    Identifier::new(
        "us-itin",
        "Individual Taxpayer Identification Number of the United States",
        &[
            alone("ddd-dd-dddd"),
            named("ddd dd dddd"),
            named("ddddddddd"),
        ],
        itin,
        &["itin", "taxpayer"],
    ),
    Identifier::new(
        "us-ein",
        "Employer Identification Number of the United States",
        &[named("dd-ddddddd"), named("ddddddddd")],
        ein,
        &["ein", "employer identification", "fein"],
    ),
    Identifier::new(
        "us-npi",
        "National Provider Identifier of health care in the United States",
        &[named("dddddddddd")],
        npi,
        &["npi", "national provider", "provider identifier"],
    ),
    Identifier::new(
        "us-mbi",
        "Medicare Beneficiary Identifier of the United States",
        &[alone("dAXd-AXd-AAdd"), named("dAXdAXdAAdd")],
        mbi,
        &["mbi", "medicare", "beneficiary"],
    ),
    Identifier::new(
        "us-dea",
        "Registration number of the Drug Enforcement Administration of the United States",
        &[named("AAddddddd"), named("Addddddddd")],
        dea,
        &["dea", "drug enforcement"],
    ),
    Identifier::new(
        "us-aba-routing",
        "Routing number of a bank in the United States",
        &[named("ddddddddd"), named("dddd-dddd-d")],
        routing,
        &["aba", "routing", "rtn", "transit"],
    ),
    Identifier::new(
        "ca-sin",
        "Social Insurance Number of Canada",
        &[
            alone("ddd-ddd-ddd"),
            named("ddd ddd ddd"),
            named("ddddddddd"),
        ],
        luhn,
        &["sin", "social insurance", "assurance sociale", "nas"],
    )
    .national(),
    Identifier::new(
        "br-cpf",
        "CPF of Brazil",
        &[
            alone("ddd.ddd.ddd-dd"),
            named("ddd_ddd_ddd_dd"),
            named("ddddddddddd"),
            named("ddddddddd-dd"),
        ],
        cpf,
        &["cpf", "cadastro de pessoa*", "contribuinte"],
    )
    .national(),
    Identifier::new(
        "br-cnpj",
        "CNPJ of a company in Brazil, also with letters",
        &[
            alone("XX.XXX.XXX/XXXX-dd"),
            named("XXXXXXXXXXXXdd"),
            named("XXXXXXXX/XXXX-dd"),
        ],
        cnpj,
        &["cnpj", "pessoa juridica"],
    ),
    Identifier::new(
        "mx-curp",
        "CURP of Mexico",
        &[alone("AAAAddddddAAAAAAXd")],
        curp,
        &["curp"],
    ),
    Identifier::new(
        "mx-rfc",
        "RFC of a person or a company in Mexico",
        &[alone("AAAAddddddXXX"), named("AAAddddddXXX")],
        rfc,
        &["rfc", "contribuyente*"],
    ),
    Identifier::new(
        "mx-nss",
        "Social security number of Mexico",
        &[named("ddddddddddd"), named("dd-dd-dd-dddd-d")],
        luhn,
        &["nss", "imss", "seguro social", "seguridad social"],
    )
    .national(),
    Identifier::new(
        "ar-cuit",
        "CUIT or CUIL of Argentina",
        &[alone("dd-dddddddd-d"), named("ddddddddddd")],
        cuit,
        &["cuit", "cuil"],
    ),
    Identifier::new(
        "ar-dni",
        "DNI of Argentina or Peru",
        &[named("dd.ddd.ddd"), named("dddddddd")],
        unchecked,
        &["dni", "documento nacional", "documento de identidad"],
    ),
    Identifier::new(
        "cl-rut",
        "RUT or RUN of Chile",
        &[
            alone("dd.ddd.ddd-k"),
            named("ddd.ddd-k"),
            alone("d.ddd.ddd-k"),
            named("dddddddd-k"),
            named("ddddddd-k"),
            named("ddddddddk"),
            named("dddddddk"),
        ],
        rut,
        &["rut", "run", "rol unico"],
    )
    .national(),
    Identifier::new(
        "co-nit",
        "NIT of Colombia",
        &[
            named("ddd.ddd.ddd-d"),
            named("ddddddddd-d"),
            named("dddddddddd"),
        ],
        nit,
        &["nit", "rut"],
    ),
    Identifier::new(
        "ec-cedula",
        "Cédula of Ecuador",
        &[named("dddddddddd"), named("ddddddddd-d")],
        luhn,
        &["cedula"],
    ),
    Identifier::new(
        "uy-cedula",
        "Cédula of Uruguay",
        &[alone("d.ddd.ddd-d"), named("ddddddd-d"), named("dddddddd")],
        |id| mod_10(id, &[2, 9, 8, 7, 6, 3, 4]),
        &["cedula"],
    ),
    Identifier::new(
        "do-cedula",
        "Cédula of the Dominican Republic",
        &[alone("ddd-ddddddd-d"), named("ddddddddddd")],
        luhn,
        &["cedula"],
    ),
    Identifier::new(
        "co-cedula",
        "Cédula de ciudadanía or NUIP of Colombia",
        &[
            named("ddddddd"),
            named("ddddddddd"),
            named("d.ddd.ddd.ddd"),
            named("dd.ddd.ddd"),
            named("dddddddddd"),
            named("dddddddd"),
        ],
        unchecked,
        &["cedula", "ciudadania", "nuip"],
    ),
    Identifier::new(
        "ve-cedula",
        "Cédula or RIF of Venezuela",
        &[
            named("A-dddddddd"),
            named("A-ddddddd"),
            named("Add.ddd.ddd"),
            named("A-dd.ddd.ddd"),
            named("Adddddddd"),
            alone("A-dddddddd-d"),
        ],
        |id| matches!(id[0], b'V' | b'E' | b'J' | b'G' | b'P'),
        &["cedula", "rif", "ci", "identidad"],
    ),
];

/// The area is neither 000, 666 nor from 900, the group not 00, the serial number not 0000.
fn ssn(id: &[u8]) -> bool {
    let area = number(&id[..3]);
    !matches!(area, 0 | 666 | 900..) && number(&id[3..5]) > 0 && number(&id[5..]) > 0
}

fn itin(id: &[u8]) -> bool {
    let group = number(&id[3..5]);
    id[0] == b'9' && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// The first two digits are a campus that assigns numbers.
fn ein(id: &[u8]) -> bool {
    let unused = [
        0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
    ];
    !unused.contains(&number(&id[..2]))
}

/// Luhn's algorithm over the number behind 80840.
fn npi(id: &[u8]) -> bool {
    matches!(id[0], b'1' | b'2') && (luhn_sum(id) + 24).is_multiple_of(10)
}

fn mbi(id: &[u8]) -> bool {
    let letters = id.iter().filter(|byte| byte.is_ascii_uppercase());
    let used = |byte: &u8| !matches!(byte, b'S' | b'L' | b'O' | b'I' | b'B' | b'Z');
    id[0] != b'0' && letters.into_iter().all(used)
}

fn dea(id: &[u8]) -> bool {
    let number = &id[id.len() - 7..];
    let sum = weighted(number, &[1, 2, 1, 2, 1, 2]);
    digits(number) && sum % 10 == digit(number[6])
}

fn routing(id: &[u8]) -> bool {
    let district = number(&id[..2]);
    let sum = weighted(id, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    matches!(district, 1..=12 | 21..=32 | 61..=72 | 80) && sum.is_multiple_of(10)
}

fn cpf(id: &[u8]) -> bool {
    cnpj_digit(&id[..10], &[10, 9, 8, 7, 6, 5, 4, 3, 2])
        && cnpj_digit(id, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn cnpj(id: &[u8]) -> bool {
    cnpj_digit(&id[..13], &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
        && cnpj_digit(id, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// A letter counts as its distance from the digit 0.
fn cnpj_digit(id: &[u8], weights: &[u32]) -> bool {
    let (head, last) = id.split_at(id.len() - 1);
    let values = head.iter().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = values
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum();
    let check = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    check == digit(last[0])
}

/// The check digit of the table with Ñ between N and O.
fn curp(id: &[u8]) -> bool {
    let value = |byte: u8| base_36(byte) + u32::from(byte > b'N');
    let values = id[..17].iter().zip(0..);
    let sum: u32 = values.map(|(byte, at)| value(*byte) * (18 - at)).sum();
    let sex = matches!(id[10], b'H' | b'M' | b'X');
    ymd(&id[4..10]) && sex && (10 - sum % 10) % 10 == digit(id[17])
}

/// A date: the check digit is wrong in numbers that were given by hand.
fn rfc(id: &[u8]) -> bool {
    ymd(&id[id.len() - 9..id.len() - 3])
}

fn cuit(id: &[u8]) -> bool {
    matches!(
        &id[..2],
        b"20" | b"23" | b"24" | b"25" | b"26" | b"27" | b"30" | b"33" | b"34"
    ) && mod_11(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2], Some(9))
}

fn rut(id: &[u8]) -> bool {
    let Some((last, head)) = id.split_last() else {
        return false;
    };
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let values = head.iter().rev().zip(weights);
    let sum: u32 = values.map(|(byte, weight)| digit(*byte) * weight).sum();
    let check = match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        check => u8::try_from(check).unwrap_or_default() + b'0',
    };
    digits(head) && *last == check
}

fn nit(id: &[u8]) -> bool {
    let sum = weighted(&id[..9], &[41, 37, 29, 23, 19, 17, 13, 7, 3]);
    let check = match sum % 11 {
        rest @ (0 | 1) => rest,
        rest => 11 - rest,
    };
    check == digit(id[9])
}
