//! Folding of characters to what a reader sees.
//!
//! One character becomes zero or more plain ones: compatibility forms (NFKC,
//! UAX #15) are replaced, invisible characters (`Default_Ignorable_Code_Point`)
//! and Latin combining marks are removed, and spaces, dashes, quotation marks
//! and decimal digits of every script become the ASCII ones. The case of
//! letters stays. ASCII is its own fold.

use std::sync::OnceLock;

use unicode_normalization::char::decompose_compatible;

/// Below this code point the folds are tabulated; above it nearly everything
/// is an ideograph or a syllable, which is its own fold.
const TABLE_END: u32 = 0x3100;
/// Table entry of a character that is its own fold.
const SAME: u16 = 0;

struct Table {
    entries: Vec<u16>,
    strings: Vec<String>,
}

/// Returns the fold of a text.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut out);
    }
    out
}

/// Appends the fold of one character.
pub(crate) fn fold_char(c: char, out: &mut String) {
    let code = u32::from(c);
    if code < 0x80 || is_own_fold(code) {
        out.push(c);
    } else if code < TABLE_END {
        let table = table();
        match table.entries[code as usize] {
            SAME => out.push(c),
            entry => out.push_str(&table.strings[usize::from(entry)]),
        }
    } else {
        compute(c, out);
    }
}

/// Ideographs and Hangul syllables, which make up nearly all non-Latin text
/// above the table.
fn is_own_fold(code: u32) -> bool {
    matches!(code, 0x3400..=0x9fff | 0xac00..=0xd7a3)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table {
            entries: vec![SAME; TABLE_END as usize],
            strings: vec![String::new()],
        };
        for c in (0x80..TABLE_END).filter_map(char::from_u32) {
            let mut folded = String::new();
            compute(c, &mut folded);
            let mut chars = folded.chars();
            if (chars.next(), chars.next()) == (Some(c), None) {
                continue;
            }
            let known = table.strings.iter().skip(1).position(|s| *s == folded);
            let index = known.map_or_else(
                || {
                    table.strings.push(folded);
                    table.strings.len() - 1
                },
                |position| position + 1,
            );
            // Fewer than 2,000 strings: checked by a test.
            table.entries[u32::from(c) as usize] = u16::try_from(index).unwrap_or(SAME);
        }
        table
    })
}

fn compute(c: char, out: &mut String) {
    if let Some(folded) = special(c) {
        out.extend(folded);
        return;
    }
    decompose_compatible(c, |part| {
        if let Some(folded) = special(part) {
            out.extend(folded);
            return;
        }
        // Kana with a sound mark are composed again, or they would match nothing.
        let mark = matches!(part, '\u{3099}' | '\u{309a}');
        let composed = out
            .chars()
            .next_back()
            .filter(|_| mark)
            .and_then(|base| unicode_normalization::char::compose(base, part));
        if let Some(composed) = composed {
            out.pop();
            out.push(composed);
        } else {
            out.push(part);
        }
    });
}

/// The fold of characters that NFKC leaves alone or treats otherwise: `None`
/// when there is none, `Some(None)` when the character is removed.
fn special(c: char) -> Option<Option<char>> {
    let code = u32::from(c);
    if is_ignorable(code) || is_mark(code) {
        return Some(None);
    }
    if let Some(tag) = tag(code) {
        return Some(Some(tag));
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
    if let Some(digit) = decimal_digit(code) {
        return Some(Some(digit));
    }
    small_capital(c)
        .or_else(|| enclosed_letter(code))
        .or_else(|| stroked(c))
        .map(Some)
}

/// `Default_Ignorable_Code_Point` of Unicode 17, but for the tag characters
/// that carry text.
fn is_ignorable(code: u32) -> bool {
    matches!(code,
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
        | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
        | 0xe0000..=0xe0020 | 0xe007f..=0xe0fff)
}

/// Combining marks of Latin letters. The vowel signs of Indic scripts, Arabic,
/// Hebrew and Thai are letters to their readers and stay.
fn is_mark(code: u32) -> bool {
    matches!(code, 0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// The ASCII character that an invisible tag character stands for. The tag
/// for a space is ignorable: it is used to break words, not to write them.
fn tag(code: u32) -> Option<char> {
    let ascii = code.checked_sub(0xe0000)?;
    char::from_u32(ascii).filter(|_| (0x21..0x7f).contains(&ascii))
}

/// The value of a decimal digit (general category Nd) of the Basic
/// Multilingual Plane. Each script has its ten digits in a row.
fn decimal_digit(code: u32) -> Option<char> {
    const ZEROS: [u32; 37] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
        0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
        0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
        0xff10, 0x104a0,
    ];
    let zero = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

fn small_capital(c: char) -> Option<char> {
    const CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡ\u{0}ʏᴢ";
    let index = CAPITALS.chars().position(|capital| capital == c)?;
    char::from_digit(10 + u32::try_from(index).ok()?, 36)
}

/// Letters in squares, which have no compatibility form.
fn enclosed_letter(code: u32) -> Option<char> {
    [0x1f130, 0x1f150, 0x1f170, 0x1f1e6]
        .into_iter()
        .find(|first| (*first..*first + 26).contains(&code))
        .and_then(|first| char::from_digit(10 + code - first, 36))
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
        'ı' => 'i',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{fold, table};

    #[test]
    fn readers_see_the_fold() {
        for (text, folded) in [
            ("plain ASCII, 1-2", "plain ASCII, 1-2"),
            ("Ｆａｌｃｏｎ　ｌｅｄｇｅｒ", "Falcon ledger"),
            ("night\u{ad}j\u{200b}ar\u{e0100}\u{34f}", "nightjar"),
            ("café cafe\u{301} Zürich Łódź", "cafe cafe Zurich Lodz"),
            ("a\u{a0}b\u{2009}c\u{2011}d\u{2013}e", "a b c-d-e"),
            ("٤١١١ ４１", "4111 41"),
            ("ꜰᴀʟᴄᴏɴ 🅰🄱", "falcon ab"),
            ("社外秘 です ガ 한국", "社外秘 です ガ 한국"),
            ("ﬁn ½", "fin 1⁄2"),
            ("x\u{e0041}\u{e0020}y", "xAy"),
            ("กำ नि שָׁ", "กํา नि שָׁ"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn the_table_has_room_and_agrees_with_the_fold() {
        assert!(table().strings.len() < 4_000);
        let twice = |text: &str| fold(&fold(text));
        for text in ["ⅷ ㎏ ㌀ Ω Å", "ǆ ﬄ"] {
            assert_eq!(twice(text), fold(text), "folding is idempotent: {text:?}");
        }
    }
}
