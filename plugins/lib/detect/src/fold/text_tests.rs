//! What the fold keeps, whatever the text.

use proptest::prelude::*;

use super::{fold, fold_of};

const TEXTS: &str =
    "[a-c 1٤.,\\-\u{a0}\u{200b}\u{ad}\u{301}éＡｂß½ﬁㅤаеоЖд社は한\u{e0041}\u{e0020}🅰\n…]{0,40}";

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
        ("fаlcоn lеdgеr", "falcon ledger"),
        ("the соре of it", "the cope of it"),
        ("Это сорт хлеба, ок", "Это сорт хлеба, ок"),
        ("Лучший ТВ-сервис от Яндекс", "Лучшии ТВ-сервис от Яндекс"),
    ] {
        assert_eq!(fold(text).text, folded, "{text:?}");
    }
}

#[test]
fn spans_lead_back_to_the_original() {
    for (text, found, original) in [
        (
            "my Ｆａｌｃｏｎ　ｌｅｄｇｅｒ.",
            "Falcon ledger",
            "Ｆａｌｃｏｎ　ｌｅｄｇｅｒ",
        ),
        (
            "a f\u{200b}alcon\u{a0}ledger b",
            "falcon ledger",
            "f\u{200b}alcon\u{a0}ledger",
        ),
        ("a fаlcоn\u{ad} b", "falcon", "fаlcоn\u{ad}"),
        ("x ½ y", "1", "½"),
        ("é ﬁn z", "in", "ﬁn"),
    ] {
        let folded = fold(text);
        let at = folded.text.find(found).unwrap();
        let range = folded.original(at..at + found.len());
        assert_eq!(&text[range], original, "{text:?}");
    }
}

#[test]
fn the_fold_of_every_character_is_folded() {
    for c in '\u{80}'..=char::MAX {
        for part in fold_of(c).unwrap_or_default().chars() {
            assert_eq!(fold_of(part), None, "{c:?} folds to {part:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_whole_characters_and_in_order(text in TEXTS) {
        let folded = fold(&text);
        let mut end = 0;
        for (at, c) in folded.text.char_indices() {
            let range = folded.original(at..at + c.len_utf8());
            prop_assert!(!range.is_empty() && text.get(range.clone()).is_some(), "{range:?}");
            prop_assert!(range.start >= end || text[range.clone()].chars().count() > 0);
            prop_assert!(range.end >= end);
            end = range.end;
        }
        // Everything behind the last visible character belongs to it.
        prop_assert!(folded.text.is_empty() || end == text.len());
    }

    #[test]
    fn the_original_of_a_range_folds_to_it(text in TEXTS, from in 0..40usize, count in 1..8usize) {
        let folded = fold(&text);
        let bounds: Vec<usize> = folded.text.char_indices().map(|(at, _)| at).collect();
        if let Some(start) = bounds.get(from) {
            let end = bounds.get(from + count).copied().unwrap_or(folded.text.len());
            let original = &text[folded.original(*start..end)];
            // A part of a character stands for all of it, and a look-alike
            // depends on its word.
            let parts = |text: &str| fold(text).text.chars().count();
            prop_assert!(parts(original) >= folded.text[*start..end].chars().count());
        }
    }

    #[test]
    fn ascii_is_borrowed(text in "[ -~\n]{0,80}") {
        prop_assert!(matches!(fold(&text).text, std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn folding_again_changes_nothing(text in "[a-cé社は한Жд ½ﬁ\u{200b}]{0,40}") {
        let once = fold(&text).text.into_owned();
        prop_assert_eq!(fold(&once).text, once.as_str());
    }
}
