//! [`JsonBlocks`]: how deep in strings of JSON a text is, which is JSON or has blocks of it.

use super::json_strings::JsonStrings;

/// Fewest marks that begin a fenced block of Markdown (CommonMark 0.31, section 4.5).
const FENCE: usize = 3;

/// Follows the strings of a text that is JSON, or of fenced blocks in it that are.
pub(super) struct JsonBlocks {
    whole: JsonStrings,
    /// The block that has begun and not ended.
    block: Option<JsonStrings>,
    line: Line,
    /// The marks that began the block, or the last line.
    fence: (char, usize),
}

/// What the current line is so far.
enum Line {
    /// Blanks and so many marks.
    Marks(usize),
    /// The name of a language behind the marks.
    Language,
    Other,
}

impl JsonBlocks {
    /// Returns the state at the beginning of a text. A string alone is JSON only if `any_value`.
    pub(super) fn new(any_value: bool) -> Self {
        Self::of(JsonStrings::new(any_value))
    }

    /// Returns the state at the beginning of JSON.
    pub(super) fn json() -> Self {
        Self::of(JsonStrings::json())
    }

    fn of(whole: JsonStrings) -> Self {
        Self {
            whole,
            block: None,
            line: Line::Marks(0),
            fence: ('`', 0),
        }
    }

    /// Takes the next characters.
    pub(super) fn push(&mut self, text: &str) {
        self.whole.push(text);
        for c in text.chars() {
            self.push_char(c);
        }
    }

    /// In how many strings the text is: so often a value is escaped.
    pub(super) fn depth(&self) -> usize {
        match self.whole.depth() {
            0 => self.block.as_ref().map_or(0, JsonStrings::depth),
            depth => depth,
        }
    }

    /// The character that stands before the next one, in a string of JSON.
    pub(super) fn before(&self) -> Option<char> {
        match (&self.block, self.whole.depth()) {
            (Some(block), 0) => block.before(),
            _ => self.whole.before(),
        }
    }

    fn push_char(&mut self, c: char) {
        let is_mark = matches!(c, '`' | '~');
        match self.line {
            Line::Marks(count) if is_mark && (count == 0 || c == self.fence.0) => {
                let of_block = self.block.as_ref().map(|_| self.fence);
                if of_block.is_some_and(|(mark, _)| mark != c) {
                    self.line = Line::Other;
                    return;
                }
                self.line = Line::Marks(count + 1);
                match of_block {
                    Some((_, least)) if count + 1 >= least => {
                        self.block = None;
                        self.line = Line::Other;
                    }
                    Some(_) => {}
                    None => self.fence = (c, count + 1),
                }
                return;
            }
            Line::Marks(0) if matches!(c, ' ' | '\t') => {}
            Line::Marks(count) if count >= FENCE && self.block.is_none() => {
                self.line = Line::Language;
            }
            Line::Marks(_) => self.line = Line::Other,
            Line::Language if c == '`' => self.line = Line::Other,
            Line::Language | Line::Other => {}
        }
        if let Some(block) = &mut self.block {
            block.push(c.encode_utf8(&mut [0; 4]));
        }
        if c == '\n' {
            if matches!(self.line, Line::Language) {
                self.block = Some(JsonStrings::new(false));
            }
            self.line = Line::Marks(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::JsonBlocks;

    #[test]
    fn fenced_blocks_of_json_are_followed() {
        for (text, depth) in [
            ("{\"a\": \"", 1),
            ("Here:\n```json\n{\"a\": \"", 1),
            ("Here:\n```\n[\"x\", \"", 1),
            ("```json\n{\"a\": \"b\"}\n```\nsaid \"", 0),
            ("~~~~ json\n{\"a\": \"b\"}\n~~~\n{\"a\": \"", 1),
            ("~~~ json\n{\"a\": \"b\"}\n~~~\n{\"a\": \"", 0),
            ("```text\nhe said \"", 0),
            ("``` not `a fence`\n{\"a\": \"", 0),
            ("``\n{\"a\": \"", 0),
            ("a ```json\n{\"a\": \"", 0),
            ("```json\n{\"a\": \"```", 1),
        ] {
            let mut blocks = JsonBlocks::new(false);
            blocks.push(text);
            assert_eq!(blocks.depth(), depth, "{text}");
            let mut single = JsonBlocks::new(false);
            text.chars().for_each(|c| single.push(&c.to_string()));
            assert_eq!(single.depth(), depth, "{text}");
        }
    }
}
