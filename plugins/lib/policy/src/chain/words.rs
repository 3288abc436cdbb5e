//! Words that announce what the number after them is.

use super::pattern::CONTEXT_BYTES;

/// What a word says of the number behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// A phone number.
    Phone,
    /// A social security number.
    SocialSecurity,
    /// A number of an order, an invoice, a part or the like.
    Other,
    /// A version or a section, not an IP address.
    Version,
}

use Announcement::{Other, Phone, SocialSecurity, Version};

/// The words, sorted.
const WORDS: [(&str, &[Announcement]); 75] = [
    ("account", &[Other]),
    ("appendix", &[Version]),
    ("article", &[Version]),
    ("build", &[Version]),
    ("builds", &[Version]),
    ("byte", &[Other]),
    ("bytes", &[Other]),
    ("call", &[Phone]),
    ("case", &[Other]),
    ("cell", &[Phone]),
    ("cellphone", &[Phone]),
    ("chapter", &[Version]),
    ("clause", &[Version]),
    ("contact", &[Phone]),
    ("dial", &[Phone]),
    ("driver", &[Version]),
    ("error", &[Other]),
    ("fax", &[Phone]),
    ("figure", &[Version]),
    ("firmware", &[Version]),
    ("handset", &[Phone]),
    ("handy", &[Phone]),
    ("hotline", &[Phone]),
    ("id", &[Other]),
    ("ids", &[Other]),
    ("invoice", &[Other]),
    ("invoices", &[Other]),
    ("isbn", &[Other]),
    ("landline", &[Phone]),
    ("mobile", &[Phone]),
    ("model", &[Other]),
    ("order", &[Other]),
    ("orders", &[Other]),
    ("pager", &[Phone]),
    ("paragraph", &[Version]),
    ("part", &[Other]),
    ("patch", &[Version]),
    ("ph", &[Phone]),
    ("phone", &[Phone]),
    ("phones", &[Phone]),
    ("reach", &[Phone]),
    ("ref", &[Other]),
    ("reference", &[Other]),
    ("release", &[Version]),
    ("releases", &[Version]),
    ("rfc", &[Version]),
    ("ring", &[Phone]),
    ("row", &[Other]),
    ("rows", &[Other]),
    ("rule", &[Version]),
    ("section", &[Version]),
    ("sections", &[Version]),
    ("serial", &[Other]),
    ("size", &[Other]),
    ("sku", &[Other]),
    ("sms", &[Phone]),
    ("ssn", &[SocialSecurity]),
    ("ssns", &[SocialSecurity]),
    ("table", &[Version]),
    ("tel", &[Phone]),
    ("telefon", &[Phone]),
    ("telephone", &[Phone]),
    ("text", &[Phone]),
    ("ticket", &[Other]),
    ("tickets", &[Other]),
    ("timestamp", &[Other]),
    ("tracking", &[Other]),
    ("update", &[Version]),
    ("uuid", &[Other]),
    ("v", &[Version]),
    ("ver", &[Version]),
    ("version", &[Other, Version]),
    ("versions", &[Version]),
    ("voicemail", &[Phone]),
    ("whatsapp", &[Phone]),
];

/// Words that announce a number in prose, but mean something else as the name of a value.
const NO_LABELS: [&str; 6] = ["call", "cell", "dial", "reach", "ring", "text"];

const KINDS: usize = 4;

/// For each first letter the lengths of the words above, as bits: they exclude
/// most words of a text.
const LENGTHS: [u16; 26] = {
    let mut lengths = [0; 26];
    let mut index = 0;
    while index < WORDS.len() {
        let word = WORDS[index].0.as_bytes();
        lengths[(word[0] - b'a') as usize] |= 1 << word.len();
        index += 1;
    }
    // The words of pairs: social, soc, security, sec; upgrade, upgraded; to.
    lengths[(b's' - b'a') as usize] |= 1 << 6 | 1 << 3 | 1 << 8;
    lengths[(b'u' - b'a') as usize] |= 1 << 7 | 1 << 8;
    lengths[(b't' - b'a') as usize] |= 1 << 2;
    lengths
};

/// The index of the first word above that begins with each letter or a later
/// one.
const FIRST: [usize; 27] = {
    let mut first = [WORDS.len(); 27];
    let mut index = WORDS.len();
    while index > 0 {
        index -= 1;
        let letter = (WORDS[index].0.as_bytes()[0] - b'a') as usize;
        let mut earlier = 0;
        while earlier <= letter {
            first[earlier] = index;
            earlier += 1;
        }
    }
    first
};

/// The last announcement of each kind, by where the word begins, counted from
/// the beginning of the whole text.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentWords {
    last: [Option<usize>; KINDS],
    previous: Option<Pair>,
    label: Label,
}

/// The label of a text, such as the key of a value.
#[derive(Debug, Clone, Copy)]
struct Label {
    bytes: [u8; CONTEXT_BYTES],
    length: usize,
}

impl Default for Label {
    fn default() -> Self {
        Self {
            bytes: [0; CONTEXT_BYTES],
            length: 0,
        }
    }
}

/// The first word of a pair that announces only together with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    Social,
    Upgrade,
}

/// Longest word of the lists; a longer one announces nothing.
const LONGEST: usize = 9;

impl RecentWords {
    /// Takes the word that begins at `at`. Words have boundaries on both sides:
    /// `tell` is no `tel`.
    #[inline]
    pub(crate) fn push(&mut self, word: &[u8], at: usize) {
        let previous = self.previous.take();
        let first = word.first().map_or(b'a', u8::to_ascii_lowercase);
        let first = usize::from(first.wrapping_sub(b'a'));
        let lengths = LENGTHS.get(first);
        // Nearly all words.
        if word.len() > LONGEST || lengths.is_none_or(|l| l >> word.len() & 1 == 0) {
            return;
        }
        self.push_listed(word, first, previous, at);
    }

    /// Takes a word that may be listed, by its first letter and its length.
    fn push_listed(&mut self, word: &[u8], first: usize, previous: Option<Pair>, at: usize) {
        let mut lower = [0u8; LONGEST];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return;
        };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        let mut candidates = WORDS[FIRST[first]..FIRST[first + 1]].iter();
        if let Some((_, announcements)) = candidates.find(|(w, _)| w.as_bytes() == lower) {
            for announcement in *announcements {
                self.last[*announcement as usize] = Some(at);
            }
            return;
        }
        let announcement = match (&*lower, previous) {
            (b"security" | b"sec", Some(Pair::Social)) => SocialSecurity,
            (b"to", Some(Pair::Upgrade)) => Version,
            (b"social" | b"soc", _) => return self.previous = Some(Pair::Social),
            (b"upgrade" | b"upgraded", _) => return self.previous = Some(Pair::Upgrade),
            _ => return,
        };
        self.last[announcement as usize] = Some(at);
    }

    /// Takes the words of a label, such as the key of a value, that stands at the beginning of
    /// the text.
    pub(crate) fn push_label(&mut self, label: &str) {
        let bytes = label.as_bytes();
        if let Some(copy) = self.label.bytes.get_mut(..bytes.len()) {
            copy.copy_from_slice(bytes);
            self.label.length = bytes.len();
        }
        let mut start = 0;
        for at in 0..=bytes.len() {
            let letter = bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
            // `phoneNumber` is two words.
            let hump = at > start
                && bytes[at - 1].is_ascii_lowercase()
                && bytes.get(at).is_some_and(u8::is_ascii_uppercase);
            if letter && !hump {
                continue;
            }
            let word = &bytes[start..at];
            if !NO_LABELS
                .iter()
                .any(|no| word.eq_ignore_ascii_case(no.as_bytes()))
            {
                self.push(word, start);
            }
            start = if hump { at } else { at + 1 };
        }
    }

    /// Returns the label of the text; empty if there is none.
    pub(crate) fn label(&self) -> &[u8] {
        &self.label.bytes[..self.label.length]
    }

    /// Returns whether a word of this kind begins within the `within` bytes
    /// before `at`.
    pub(crate) fn announce(&self, what: Announcement, at: usize, within: usize) -> bool {
        self.last[what as usize].is_some_and(|word| word < at && at - word <= within)
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, LONGEST, RecentWords, WORDS};

    #[test]
    fn words_are_whole_and_near() {
        let mut words = RecentWords::default();
        words.push(b"tell", 0);
        assert!(!words.announce(Announcement::Phone, 5, 28));
        words.push(b"Tel", 10);
        assert!(words.announce(Announcement::Phone, 15, 28));
        assert!(!words.announce(Announcement::Phone, 39, 28));
        words.push(b"social", 40);
        words.push(b"security", 47);
        assert!(words.announce(Announcement::SocialSecurity, 60, 40));
    }

    #[test]
    fn labels_are_read_as_words() {
        for (label, announced) in [
            ("phone", true),
            ("phone_number", true),
            ("homePhone", true),
            ("homePhoneNumber", true),
            ("tel.", true),
            ("telescope", false),
            ("text", false),
            ("", false),
            ("número", false),
        ] {
            let mut words = RecentWords::default();
            words.push_label(label);
            let found = words.announce(Announcement::Phone, label.len() + 2, 28);
            assert_eq!(found, announced, "{label}");
        }
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(WORDS.is_sorted_by_key(|(word, _)| *word));
        for (word, announcements) in WORDS {
            let mut words = RecentWords::default();
            words.push(word.as_bytes(), 0);
            assert!(words.announce(announcements[0], 20, 20), "{word}");
        }
        assert!(WORDS.iter().all(|(word, _)| word.len() <= LONGEST));
    }
}
