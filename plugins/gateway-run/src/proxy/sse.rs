//! Server-sent events as they are cut from bytes, wherever those were split.
//!
//! The rules are those of the HTML standard, section "Parsing an event stream":
//! lines end with CR LF, LF or CR, an empty line ends an event, and several
//! `data` lines of an event are joined by a line feed.

/// An event longer than this is no chat chunk.
pub(crate) const MAX_FRAME: usize = 4 * 1024 * 1024;

/// Cuts events from bytes.
#[derive(Default)]
pub(crate) struct SseParser {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    size: usize,
}

impl SseParser {
    /// Takes bytes, and returns the data of each event that they complete.
    ///
    /// # Errors
    /// A sentence, when an event is larger than [`MAX_FRAME`] or not UTF-8.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, &'static str> {
        let mut complete = Vec::new();
        for byte in bytes {
            let second_half = self.after_cr && *byte == b'\n';
            self.after_cr = *byte == b'\r';
            if second_half {
                continue;
            }
            if matches!(byte, b'\n' | b'\r') {
                if let Some(data) = self.end_line() {
                    complete.push(String::from_utf8(data).map_err(|_| "an event is not UTF-8")?);
                }
                continue;
            }
            self.size += 1;
            if self.size > MAX_FRAME {
                return Err("an event is too large");
            }
            self.line.push(*byte);
        }
        Ok(complete)
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.size = 0;
            return self.data.take();
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::SseParser;

    #[test]
    fn events_are_the_same_wherever_bytes_are_split() {
        let text = ": hi\r\ndata: {\"a\":1}\r\n\r\nevent: x\ndata: one\ndata:two\n\ndata: [DONE]\r\rdata: ü\n\n".as_bytes();
        let expected = ["{\"a\":1}", "one\ntwo", "[DONE]", "ü"];
        for cut in 0..=text.len() {
            let mut frames = SseParser::default();
            let mut got = frames.push(&text[..cut]).unwrap();
            got.extend(frames.push(&text[cut..]).unwrap());
            assert_eq!(got, expected, "cut at {cut}");
            assert_eq!(frames.data, None, "an event was not ended");
        }
    }
}
