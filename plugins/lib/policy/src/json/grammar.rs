//! The grammar of JSON (RFC 8259).

use std::ops::Range;

use memchr::memchr2;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// The length up to which a string is read byte by byte, as most keys are: a search for many
/// bytes at once costs more before it begins.
const SHORT: usize = 16;

/// The bytes that stand for themselves in a string.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

/// Why a document is not accepted, with the byte offset of the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON.
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What could stand there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// A key occurs twice in an object: of two readers one would use the first
    /// and the other the last.
    #[error("the key `{key}` occurs twice in one object, at byte {offset}")]
    DuplicateKey {
        /// The key, at most 40 characters of it.
        key: String,
        /// Where it occurs again.
        offset: usize,
    },
    /// It is nested deeper than [`MAX_DEPTH`].
    #[error("more than {MAX_DEPTH} levels of nesting at byte {offset}")]
    TooDeep {
        /// Where.
        offset: usize,
    },
}

/// Receives the parts of a document in order. Ranges are those of its bytes: of a string
/// without its quotes.
pub(super) trait Sink {
    /// An object begins.
    fn object(&mut self) {}
    /// An object ends.
    fn end_object(&mut self) {}
    /// The key of a member, whose value follows.
    ///
    /// # Errors
    /// When the member is not accepted.
    fn key(&mut self, key: Range<usize>) -> Result<(), JsonError>;
    /// An item of an array begins.
    fn item(&mut self, _index: usize) {}
    /// The value of the last key or item has ended.
    fn end_value(&mut self, value: Range<usize>);
    /// A string, which is no key.
    fn string(&mut self, _text: Range<usize>) {}
    fn number(&mut self, _text: Range<usize>) {}
}

/// Reads a document.
///
/// # Errors
/// When it is not JSON, nested too deep, or the sink refuses a key.
pub(super) fn read(document: &str, sink: &mut impl Sink) -> Result<(), JsonError> {
    read_except(document, &[], sink)
}

/// Reads a document without the values that stand at `known`, which are known to be JSON. They are
/// in order, and no value is in another.
///
/// # Errors
/// As [`read`].
pub(super) fn read_except(
    document: &str,
    known: &[Range<usize>],
    sink: &mut impl Sink,
) -> Result<(), JsonError> {
    let mut grammar = Grammar {
        bytes: document.as_bytes(),
        at: 0,
        depth: 0,
        known,
        sink,
    };
    grammar.value()?;
    grammar.blanks();
    if grammar.at < document.len() {
        return Err(grammar.expected("the end of the document"));
    }
    Ok(())
}

struct Grammar<'d, 's, S> {
    bytes: &'d [u8],
    at: usize,
    depth: usize,
    /// The values ahead that are not read.
    known: &'s [Range<usize>],
    sink: &'s mut S,
}

impl<S: Sink> Grammar<'_, '_, S> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn expected(&self, expected: &'static str) -> JsonError {
        JsonError::Syntax {
            expected,
            offset: self.at,
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a value and the blanks before it; returns its bytes.
    fn value(&mut self) -> Result<Range<usize>, JsonError> {
        self.blanks();
        let start = self.at;
        if let [first, rest @ ..] = self.known
            && first.start == start
        {
            self.at = first.end;
            self.known = rest;
            return Ok(first.clone());
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => {
                let text = self.text()?;
                self.sink.string(text);
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => return Err(self.expected("a value")),
        }
        Ok(start..self.at)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep { offset: self.at });
        }
        self.depth += 1;
        self.at += 1;
        read(self)?;
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    /// Reads the members of an object up to its brace.
    fn object(&mut self) -> Result<(), JsonError> {
        self.sink.object();
        self.blanks();
        if self.peek() != Some(b'}') {
            loop {
                self.blanks();
                let key = self.text()?;
                self.sink.key(key)?;
                self.blanks();
                self.take(b':', "`:`")?;
                let value = self.value()?;
                self.sink.end_value(value);
                self.blanks();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return Err(self.expected("`,` or `}`")),
                }
            }
        }
        self.sink.end_object();
        Ok(())
    }

    /// Reads the items of an array up to its bracket.
    fn array(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.peek() == Some(b']') {
            return Ok(());
        }
        for index in 0.. {
            self.sink.item(index);
            let value = self.value()?;
            self.sink.end_value(value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        Ok(())
    }

    /// Reads a string; returns what is between its quotes.
    fn text(&mut self) -> Result<Range<usize>, JsonError> {
        self.take(b'"', "a string")?;
        let start = self.at;
        loop {
            self.at += plain(self.rest());
            match self.peek() {
                None => return Err(self.expected("`\"`")),
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.expected("an escape instead of a control character")),
            }
        }
        self.at += 1;
        Ok(start..self.at - 1)
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = rest.get(1..5).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.expected("`\\u` and four hexadecimal digits"));
                }
                6
            }
            _ => return Err(self.expected("an escape of JSON")),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.sink.number(start..self.at);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let digits = self.rest().iter();
        let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.expected("a digit"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }
}

/// The number of bytes up to a quote, an escape or a control character.
fn plain(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| PLAIN[usize::from(*byte)];
    let (first, rest) = bytes.split_at(bytes.len().min(SHORT));
    let length = first.iter().take_while(|byte| is_plain(byte)).count();
    if length < first.len() {
        return length;
    }
    let length = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    // The minimum, unlike a search, is computed for many bytes at once.
    let bytes = rest[..length].iter();
    if bytes.fold(u8::MAX, |smallest, byte| smallest.min(*byte)) >= 0x20 {
        return first.len() + length;
    }
    first.len() + rest.iter().take_while(|byte| is_plain(byte)).count()
}
