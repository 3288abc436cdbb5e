//! Parsing server-sent events.
//!
//! The rules are those of the HTML standard, section "Parsing an event stream": lines
//! end with CR LF, LF or CR, an empty line dispatches an event, several `data` lines
//! are joined by a line feed, and events without data are ignored.

/// The maximum size of an event, bytes; no chunk of a chat completion is larger.
const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Parses events from bytes that are split anywhere.
#[derive(Default)]
pub(super) struct SseParser {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    /// The stream has begun: a byte order mark is no longer skipped.
    begun: bool,
    size: usize,
}

/// An element of an event stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SseItem {
    /// The data of an event.
    Event(String),
    /// A comment, which servers send as keep-alive.
    Comment,
}

impl SseParser {
    /// Whether the stream has begun, and nothing of an event has arrived.
    pub(super) fn is_idle(&self) -> bool {
        self.begun && !self.after_cr && self.line.is_empty() && self.data.is_none()
    }

    /// Parses bytes, and returns what they complete.
    ///
    /// # Errors
    /// A message, when an event is too large or not UTF-8.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseItem>, &'static str> {
        let mut items = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr)
                && let Some(second_half) = rest.strip_prefix(b"\n")
            {
                rest = second_half;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = end.unwrap_or(rest.len());
            let (text, end) = rest.split_at(length);
            self.size += text.len();
            if self.size > MAX_EVENT_BYTES {
                return Err("an event of the upstream is too large");
            }
            self.line.extend_from_slice(text);
            let Some((byte, next)) = end.split_first() else {
                break;
            };
            self.after_cr = *byte == b'\r';
            items.extend(self.end_line()?);
            rest = next;
        }
        Ok(items)
    }

    /// Ends the stream. Unlike the standard, an event without its empty line is
    /// returned: some servers omit it after the last one.
    ///
    /// # Errors
    /// As [`SseParser::push`].
    pub(super) fn finish(&mut self) -> Result<Option<String>, &'static str> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        // An event that was cut within a character is incomplete.
        Ok(self.dispatch().unwrap_or_default())
    }

    fn end_line(&mut self) -> Result<Option<SseItem>, &'static str> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            self.size = 0;
            return Ok(self.dispatch()?.map(SseItem::Event));
        }
        if line.starts_with(b":") {
            return Ok(Some(SseItem::Comment));
        }
        let value = match line.strip_prefix(b"data:") {
            Some(value) => value.strip_prefix(b" ").unwrap_or(value),
            None if line == b"data" => b"",
            None => return Ok(None),
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        Ok(None)
    }

    fn dispatch(&mut self) -> Result<Option<String>, &'static str> {
        let Some(data) = self.data.take().filter(|data| !data.is_empty()) else {
            return Ok(None);
        };
        let text = String::from_utf8(data).map_err(|_| "an event of the upstream is not UTF-8")?;
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{SseItem, SseParser};

    fn parse(parts: &[&[u8]]) -> Vec<String> {
        let mut parser = SseParser::default();
        let mut events = Vec::new();
        for part in parts {
            events.extend(
                parser
                    .push(part)
                    .unwrap()
                    .into_iter()
                    .filter_map(|item| match item {
                        SseItem::Event(data) => Some(data),
                        SseItem::Comment => None,
                    }),
            );
        }
        events.extend(parser.finish().unwrap());
        events
    }

    #[test]
    fn events_do_not_depend_on_how_bytes_are_split() {
        let text = "\u{feff}: hi\r\ndata: {\"a\":1}\r\n\r\nevent: x\ndata: one\ndata:two\n\n\
                    event: empty\n\ndata:\n\ndata\n\nid: 5\n\ndata: [DONE]\r\rdata: ü\n\ndata:  x "
            .as_bytes();
        let expected = ["{\"a\":1}", "one\ntwo", "[DONE]", "ü", " x "];
        assert_eq!(parse(&[text]), expected);
        for cut in 0..=text.len() {
            assert_eq!(
                parse(&[&text[..cut], &text[cut..]]),
                expected,
                "cut at {cut}"
            );
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(parse(&bytes), expected);
    }

    #[test]
    fn comments_are_reported() {
        let mut parser = SseParser::default();
        assert_eq!(parser.push(b": ping\n\n"), Ok(vec![SseItem::Comment]));
    }
}
