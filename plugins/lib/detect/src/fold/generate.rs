//! The generator of `fold.bin` and `confusable.bin`. `KT_BLESS=1` writes them.

use std::collections::HashMap;
use std::fs;

use unicode_normalization::char::{compose, decompose_compatible};

use super::table::LIMIT;

/// The Unicode version of the tables.
const UNICODE: (u8, u8, u8) = (18, 0, 0);

fn compute(c: char) -> String {
    let mut out = String::new();
    if let Some(folded) = special(c) {
        out.extend(folded);
        return out;
    }
    // Hangul syllables and kana with a sound mark stay composed.
    decompose_compatible(c, |part| {
        if let Some(folded) = special(part) {
            out.extend(folded);
            return;
        }
        let base = out.chars().next_back();
        match base.and_then(|base| compose(base, part)) {
            Some(composed) => {
                out.pop();
                out.push(composed);
            }
            None => out.push(part),
        }
    });
    out
}

/// The fold of characters that NFKC leaves alone or treats otherwise: `None`
/// when there is none, `Some(None)` when the character is removed.
fn special(c: char) -> Option<Option<char>> {
    let code = u32::from(c);
    if is_ignorable(code) || is_latin_mark(code) {
        return Some(None);
    }
    match code {
        0x85 | 0x2028 | 0x2029 => return Some(Some('\n')),
        0x2010..=0x2015
        | 0x2212
        | 0x2043
        | 0x58a
        | 0x1806
        | 0x2e3a
        | 0x2e3b
        | 0xfe58
        | 0xfe63
        | 0xff0d => return Some(Some('-')),
        0x2018..=0x201b | 0x2032 | 0xb4 | 0x2bc | 0xff07 => return Some(Some('\'')),
        0x201c..=0x201f | 0x2033 | 0xab | 0xbb | 0xff02 => return Some(Some('"')),
        _ => {}
    }
    if c.is_whitespace() && !c.is_ascii() {
        return Some(Some(' '));
    }
    decimal_digit(code)
        .or_else(|| small_capital(c))
        .or_else(|| enclosed_letter(code))
        .or_else(|| stroked(c))
        .map(Some)
}

/// `Default_Ignorable_Code_Point` below [`LIMIT`].
fn is_ignorable(code: u32) -> bool {
    matches!(code,
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
        | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a)
}

/// Combining marks of Latin letters. The vowel signs of Indic scripts, Arabic,
/// Hebrew and Thai are letters to their readers and stay.
fn is_latin_mark(code: u32) -> bool {
    matches!(code, 0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// The value of a decimal digit (general category Nd): each script has its ten
/// digits in a row.
fn decimal_digit(code: u32) -> Option<char> {
    const ZEROS: [u32; 37] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
        0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
        0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
        0xff10, 0x104a0,
    ];
    let mut zeros = ZEROS.iter();
    let zero = zeros.find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

fn small_capital(c: char) -> Option<char> {
    const CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡ\u{0}ʏᴢ";
    let index = CAPITALS.chars().position(|capital| capital == c)?;
    char::from_digit(10 + u32::try_from(index).ok()?, 36)
}

/// Letters in squares and circles that have no compatibility form.
fn enclosed_letter(code: u32) -> Option<char> {
    let mut rows = [0x1f130, 0x1f150, 0x1f170, 0x1f1e6].into_iter();
    let first = rows.find(|first| (*first..*first + 26).contains(&code))?;
    char::from_digit(10 + code - first, 36)
}

/// Latin letters with a stroke, which do not decompose.
fn stroked(c: char) -> Option<char> {
    Some(match c {
        'ø' => 'o',
        'Ø' => 'O',
        'ł' => 'l',
        'Ł' => 'L',
        'đ' => 'd',
        'Đ' => 'D',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        _ => return None,
    })
}

fn table() -> Vec<u8> {
    let mut pages: Vec<[u16; 256]> = vec![[0; 256]];
    let mut list: Vec<u16> = Vec::new();
    let mut strings: Vec<String> = Vec::new();
    let mut indices: HashMap<String, u16> = HashMap::new();
    for first in (0..LIMIT).step_by(256) {
        let mut page = [0; 256];
        for (offset, entry) in page.iter_mut().enumerate() {
            let code = first + u32::try_from(offset).unwrap();
            let Some(c) = char::from_u32(code).filter(|c| !c.is_ascii()) else {
                continue;
            };
            let folded = compute(c);
            if folded.chars().eq([c]) {
                continue;
            }
            *entry = *indices.entry(folded.clone()).or_insert_with(|| {
                strings.push(folded);
                u16::try_from(strings.len()).unwrap()
            });
        }
        let known = pages.iter().position(|other| *other == page);
        let index = known.unwrap_or_else(|| {
            pages.push(page);
            pages.len() - 1
        });
        list.push(u16::try_from(index).unwrap());
    }
    let mut numbers = vec![
        u16::try_from(pages.len()).unwrap(),
        u16::try_from(strings.len()).unwrap(),
    ];
    numbers.extend(list);
    numbers.extend(pages.into_iter().flatten());
    let mut offset = 0;
    numbers.push(0);
    for string in &strings {
        offset += u16::try_from(string.len()).unwrap();
        numbers.push(offset);
    }
    let mut table: Vec<u8> = numbers.into_iter().flat_map(u16::to_le_bytes).collect();
    table.extend(strings.concat().into_bytes());
    table
}

/// Look-alikes that UTS #39 does not list, because they are no whole match.
const MORE: [(&str, &str); 2] = [
    (
        "авекмнорстухіјѕҽԁԛԝһгпьАВЕКМНОРСТУХІЈЅ",
        "abekmhopctyxijseedqwhrnbABEKMHOPCTYXIJS",
    ),
    (
        "αβεηικνορτυχγωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "abenikvoptuxywABEZHIKMNOPTYX",
    ),
];

fn confusables() -> Vec<u8> {
    let mut pairs: HashMap<char, char> = HashMap::new();
    for c in ('\u{180}'..'\u{ffff}').filter(|c| c.is_alphabetic()) {
        // A character that folds is read by its fold.
        if compute(c) != c.to_string() {
            continue;
        }
        let mut skeleton =
            unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<char>>();
        let Some(latin) = skeleton.pop().filter(|_| skeleton.is_empty()) else {
            continue;
        };
        if latin.is_ascii_alphanumeric() && latin != c {
            let latin = match latin {
                '0' => 'o',
                '1' => 'l',
                'l' if c.is_uppercase() => 'I',
                latin => latin,
            };
            pairs.insert(c, latin);
        }
    }
    for (others, latin) in MORE {
        pairs.extend(others.chars().zip(latin.chars()));
    }
    let mut pairs: Vec<(char, char)> = pairs.into_iter().collect();
    pairs.sort_unstable();
    let bytes = pairs.into_iter().flat_map(|(c, latin)| {
        let code = u32::from(c).to_le_bytes();
        [code[0], code[1], code[2], u8::try_from(latin).unwrap()]
    });
    bytes.collect()
}

#[test]
fn the_tables_are_generated() {
    assert_eq!(unicode_normalization::UNICODE_VERSION, UNICODE);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fold/");
    for (name, bytes) in [("fold.bin", table()), ("confusable.bin", confusables())] {
        let file = format!("{folder}{name}");
        if std::env::var_os("KT_BLESS").is_some() {
            fs::write(&file, &bytes).unwrap();
        }
        assert!(
            fs::read(&file).unwrap() == bytes,
            "{name} differs: set KT_BLESS=1 to write it"
        );
    }
}
