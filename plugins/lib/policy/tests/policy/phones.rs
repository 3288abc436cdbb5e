//! Phone numbers of `pii-detector`: forms, extensions, announcing words, and what is none.

use crate::sample::single;
use crate::stream::{chain, every_split};

#[test]
fn numbers_are_found_with_their_extensions() {
    let chain = chain(&single("pii-detector", "{}"));
    for (text, left) in [
        ("+49 30 901820 now", "[PHONE] now"),
        ("+44 (0)20 7946 0958", "[PHONE]"),
        ("0049 30 901820", "[PHONE]"),
        ("+86 138 0013 8000,", "[PHONE],"),
        ("tel:+4930901820", "tel:[PHONE]"),
        ("(415) 555-2671 x123", "[PHONE]"),
        ("415-555-2671x1", "[PHONE]"),
        ("415-555-2671 ext. 45 please", "[PHONE] please"),
        ("+1 415 555 2671 #12", "[PHONE]"),
        ("415-555-2671, extension 123456", "[PHONE]"),
        ("415-555-2671 x1234567", "[PHONE] x1234567"),
        ("415-555-2671 exit", "[PHONE] exit"),
        ("fax: 030/901820", "fax: [PHONE]"),
        ("user_phone=07700900123", "user_phone=[PHONE]"),
        ("homePhone: 07700900123", "homePhone: [PHONE]"),
        ("(415)5552671", "[PHONE]"),
        ("T: 020 7946 0958", "T: [PHONE]"),
        ("M 07911 123456", "M [PHONE]"),
        ("**F.** 030 90182000", "**F.** 030 90182000"),
        ("Ann Lee | P: 212 736 5000 x9", "Ann Lee | P: [PHONE]"),
        ("my number is 07911 123456", "my number is [PHONE]"),
        ("Telefonnummer 0171-1234567", "Telefonnummer [PHONE]"),
        ("Můj telefon je 601 234 567", "Můj telefon je [PHONE]"),
        ("мой телефон: 8 912 345-67-89", "мой телефон: [PHONE]"),
        ("電話番号は03-1234-5678です", "電話番号は[PHONE]です"),
        ("เบอร์โทร 081-234-5678", "เบอร์โทร [PHONE]"),
        ("הטלפון 03-1234567", "הטלפון [PHONE]"),
        ("phone ٠٣٠ ١٢٣٤٥٦٧", "phone [PHONE]"),
        ("phone 030\u{a0}1234\u{2011}567", "phone [PHONE]"),
        ("phone 0\u{200b}301234567", "phone [PHONE]"),
    ] {
        assert_eq!(every_split(&chain, text).0, left, "{text}");
    }
}

#[test]
fn other_numbers_are_no_phone_numbers() {
    let chain = chain(&single("pii-detector", "{}"));
    for text in [
        "physical memory 16777216 bytes",
        "phase 20240101",
        "tell me why 16777216 fails",
        "called 10024578 times",
        "contacts table has 12345678 rows",
        "at 1748503543012 ms",
        "id 47223179-9330-4259-b66c-f2db26efb20c",
        "call at 2024-05-17T12:30:45Z",
        "phone screen at 20240517",
        "mobile users: 12345678",
        "ISBN 978-3-16-148410-0",
        "phone 9783161484100",
        "price $1,234,567.89, EUR 1.234.567,89",
        "52.520008, 13.404954",
        "sha256 12345678901234567890123456789012",
        "Contact: a, Copyright: 2000-2001 b",
        "text 1.2.840.113549.1.1.1",
        "100 200 300 400",
        "x = +12345678",
        "a+123456789012",
        "+100 points and +1000000 users",
        "+999 123 456 789",
        "00 12 34 56 78",
        "order 415-555-2671",
        "411-411-2671 is no area",
        "T: 1234567",
        "model M 123456789",
        "vitamin C 012345678901234567",
        "(123)4567890",
    ] {
        assert_eq!(every_split(&chain, text).0, text);
    }
}

#[test]
fn what_is_counted_is_no_phone_number() {
    let chain = chain(&single("pii-detector", "{}"));
    for text in [
        "call 10024578 times",
        "mobile 5551234 users",
        "tel 1000000 rows, then stop",
        "dial tone 440440440 Hz",
        "ring 16777216 entries",
        "cell 12345678 of the table",
        "call me in 1000000 years",
        "call stack depth 12345678",
        "telephone exchange 1234567",
        "phones sold: 10024578",
        "phone bill 12345678 EUR",
        "call sid 12345678901",
    ] {
        assert_eq!(every_split(&chain, text).0, text);
    }
    for (text, expected) in [
        ("call 4155552671 tomorrow", "call [PHONE] tomorrow"),
        ("call 02079460958 times two", "call [PHONE] times two"),
        ("phone 415-555-2671 times two", "phone [PHONE] times two"),
        ("tel 12345678", "tel [PHONE]"),
    ] {
        assert_eq!(every_split(&chain, text).0, expected);
    }
}
