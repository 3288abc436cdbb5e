//! The status line and the headers of a response.

use super::body::BodyDecoder;
use super::chunked::ChunkedDecoder;
use super::error::Http1Error;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{ParserConfig, Status};
use std::mem::MaybeUninit;

/// The maximum number of headers.
const MAX_HEADERS: usize = 100;
/// The maximum size of a head, and of all informational ones before it, bytes.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// The status and the headers of a response.
#[derive(Debug)]
pub(in super::super) struct ResponseHead {
    pub(in super::super) status: StatusCode,
    pub(in super::super) headers: HeaderMap,
}

/// A head, with what it says about the message and the connection.
#[derive(Debug)]
pub(super) struct ParsedHead {
    pub(super) head: ResponseHead,
    pub(super) body: BodyDecoder,
    /// The connection remains open after the response.
    pub(super) keep_alive: bool,
}

/// Reads the head of a response that arrives in parts. Informational responses before it are
/// discarded.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    /// The method of the request is HEAD.
    is_head: bool,
    /// What has arrived of an incomplete head.
    partial: Vec<u8>,
    /// The size of informational heads.
    informational_bytes: usize,
}

impl HeadReader {
    pub(super) fn new(is_head: bool) -> Self {
        Self {
            is_head,
            ..Self::default()
        }
    }

    /// Reads bytes; returns the head once it is complete, and how many of these bytes belong
    /// to it.
    ///
    /// # Errors
    /// When it is not valid, or too large.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<(ParsedHead, usize)>, Http1Error> {
        let mut at = 0;
        if !self.partial.is_empty() {
            let before = self.partial.len();
            self.partial.extend_from_slice(bytes);
            // Parsed only when it is complete, so that small parts do not cost the square of
            // their number.
            if !has_end(&self.partial, before) {
                return self.check_size().map(|()| None);
            }
            let partial = std::mem::take(&mut self.partial);
            let Some((status, length)) = parse_head(&partial, self.is_head)? else {
                self.partial = partial;
                return self.check_size().map(|()| None);
            };
            at = length.saturating_sub(before);
            if let Some(head) = status {
                return Ok(Some((head, at)));
            }
            self.informational_bytes += length;
        }
        loop {
            // Empty lines before a message are skipped.
            let rest = bytes.get(at..).unwrap_or_default();
            let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
            at += rest.iter().take_while(|byte| is_line_end(byte)).count();
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return self.check_size().map(|()| None);
            }
            match parse_head(rest, self.is_head)? {
                None => {
                    self.partial.extend_from_slice(rest);
                    return self.check_size().map(|()| None);
                }
                Some((Some(head), length)) => return Ok(Some((head, at + length))),
                Some((None, length)) => {
                    self.informational_bytes += length;
                    at += length;
                }
            }
        }
    }

    fn check_size(&self) -> Result<(), Http1Error> {
        if self.partial.len() + self.informational_bytes > MAX_HEAD_BYTES {
            return Err(Http1Error::Malformed("its head is too large"));
        }
        Ok(())
    }
}

/// Whether an empty line ends after the first `from` bytes.
fn has_end(bytes: &[u8], from: usize) -> bool {
    let recent = &bytes[from.saturating_sub(3)..];
    recent.windows(2).any(|pair| pair == b"\n\n")
        || recent.windows(3).any(|three| three == b"\n\r\n")
}

/// Parses a head: `None` as long as it is incomplete, and no head if it is informational.
fn parse_head(
    bytes: &[u8],
    is_head: bool,
) -> Result<Option<(Option<ParsedHead>, usize)>, Http1Error> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut fields)
        .map_err(|error| Http1Error::Malformed(reason(error)))?;
    let Status::Complete(length) = parsed else {
        return Ok(None);
    };
    if length > MAX_HEAD_BYTES {
        return Err(Http1Error::Malformed("its head is too large"));
    }
    let status = response
        .code
        .and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or(Http1Error::Malformed("the status"))?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        let error = "it changes the protocol, which was not requested";
        return Err(Http1Error::Malformed(error));
    }
    if status.is_informational() {
        return Ok(Some((None, length)));
    }
    let is_http_1_1 = response.version == Some(1);
    let headers = header_map(&bytes[..length], response.headers)?;
    let has_body = !is_head && !matches!(status.as_u16(), 204 | 304);
    let framing = body_of(&headers, is_http_1_1)?;
    let head = ParsedHead {
        body: if has_body {
            framing
        } else {
            BodyDecoder::default()
        },
        keep_alive: stays_open(&headers, is_http_1_1),
        head: ResponseHead { status, headers },
    };
    Ok(Some((Some(head), length)))
}

fn reason(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "the name of a header",
        httparse::Error::HeaderValue => "the value of a header",
        httparse::Error::NewLine => "a line break",
        httparse::Error::Status => "the status",
        httparse::Error::Token => "the status line",
        httparse::Error::TooManyHeaders => "it has too many headers",
        httparse::Error::Version => "the version",
    }
}

/// Copies headers. Their values are parts of one copy.
fn header_map(bytes: &[u8], fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Http1Error> {
    let copy = Bytes::copy_from_slice(bytes);
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let name = name.map_err(|_| Http1Error::Malformed("the name of a header"))?;
        let start = field.value.as_ptr().addr() - bytes.as_ptr().addr();
        let value = copy.slice(start..start + field.value.len());
        let value = HeaderValue::from_maybe_shared(value);
        let value = value.map_err(|_| Http1Error::Malformed("the value of a header"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Returns how the end of a body is known. What two readers could understand differently is an
/// error: the rest of one response would be the beginning of the next (RFC 9112, section 11.2).
fn body_of(headers: &HeaderMap, is_http_1_1: bool) -> Result<BodyDecoder, Http1Error> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let length = content_length(headers)?;
    let Some(coding) = codings.next() else {
        return Ok(length.map_or(BodyDecoder::UntilClose, BodyDecoder::Length));
    };
    let is_chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if !is_chunked || codings.next().is_some() {
        // No other was offered with `TE`.
        return Err(Http1Error::Malformed(
            "the transfer coding is not `chunked`",
        ));
    }
    if length.is_some() {
        let error = "it has both a length and a transfer coding";
        return Err(Http1Error::Malformed(error));
    }
    if !is_http_1_1 {
        let error = "a transfer coding needs HTTP/1.1";
        return Err(Http1Error::Malformed(error));
    }
    Ok(BodyDecoder::Chunked(ChunkedDecoder::default()))
}

/// Returns the length of a body. A list of equal lengths is one length (RFC 9110, section 8.6).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Http1Error> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for item in value.as_bytes().split(|byte| *byte == b',') {
            let item = parse_length(item.trim_ascii());
            let item = item.ok_or(Http1Error::Malformed("the length"))?;
            if length.is_some_and(|other| other != item) {
                return Err(Http1Error::Malformed("it has several lengths"));
            }
            length = Some(item);
        }
    }
    Ok(length)
}

/// Parses digits, without a sign, which `parse` would accept.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn stays_open(headers: &HeaderMap, is_http_1_1: bool) -> bool {
    let has = |option: &str| {
        let values = headers.get_all(CONNECTION).iter();
        let mut options = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        options.any(|value| value.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
    };
    !has("close") && (is_http_1_1 || has("keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::super::body::BodyDecoder;
    use super::{HeadReader, MAX_HEAD_BYTES, MAX_HEADERS, ParsedHead};

    /// Reads a head in parts of a length; returns it with the bytes that do not belong to it.
    fn read(head: &str, length: usize) -> Result<Option<(ParsedHead, String)>, String> {
        let mut reader = HeadReader::default();
        let mut at = 0;
        for part in head.as_bytes().chunks(length) {
            if let Some((parsed, used)) = reader.read(part).map_err(|e| e.to_string())? {
                return Ok(Some((parsed, head[at + used..].to_owned())));
            }
            at += part.len();
        }
        Ok(None)
    }

    fn parsed(head: &str) -> ParsedHead {
        let read = read(head, head.len());
        read.unwrap_or_else(|e| panic!("{head:?}: {e}")).unwrap().0
    }

    #[test]
    fn a_head_is_read_wherever_it_is_split() {
        let text = "\r\n\nHTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 103 Early Hints\nlink: a\n\nHTTP/1.1 200 OK\r\nA: \t b c \r\nb:\r\na: d\r\nContent-Length: 4\r\n\r\npong";
        for length in 1..=text.len() {
            let (head, rest) = read(text, length).unwrap().unwrap();
            assert_eq!(head.head.status, 200);
            assert_eq!(head.head.headers.len(), 4);
            let values: Vec<_> = head.head.headers.get_all("a").iter().collect();
            assert_eq!(values, ["b c", "d"]);
            assert_eq!(head.head.headers["b"], "");
            assert_eq!(head.body.exact_length(), Some(4));
            assert!(head.keep_alive);
            assert_eq!(rest, "pong", "{length}");
        }
        for end in 0..text.len() - 4 {
            assert!(read(&text[..end], 5).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn malformed_heads_are_errors() {
        for head in [
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
            "<html>",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n\tfolded\r\n\r\n",
            "HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\na\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0x4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4,\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4, 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n",
            "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, identity\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            for length in [1, head.len()] {
                assert!(read(head, length).is_err(), "{head:?}");
            }
        }
    }

    #[test]
    fn the_end_of_a_body_and_of_the_connection_are_known() {
        for (head, length) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", Some(4)),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 4 ,4\r\ncontent-length: 04\r\n\r\n",
                Some(4),
            ),
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 200\r\n\r\n", None),
            ("HTTP/1.0 200 OK\r\n\r\n", None),
            (
                "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n",
                Some(0),
            ),
            (
                "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n",
                Some(0),
            ),
        ] {
            assert_eq!(parsed(head).body.exact_length(), length, "{head:?}");
        }
        let chunked = parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n");
        assert!(matches!(chunked.body, BodyDecoder::Chunked(_)));
        let mut reader = HeadReader::new(true);
        let read = reader.read(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
        assert!(read.unwrap().unwrap().0.body.is_ended());
        for (head, keep_alive) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\n\r\n", false),
            (
                "HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\n\r\n",
                false,
            ),
            ("HTTP/1.0 200 OK\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n", true),
        ] {
            assert_eq!(parsed(head).keep_alive, keep_alive, "{head:?}");
        }
    }

    #[test]
    fn heads_have_limits() {
        let with = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(parsed(&with(MAX_HEADERS)).head.headers.len(), MAX_HEADERS);
        assert!(read(&with(MAX_HEADERS + 1), 999).is_err());
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(MAX_HEAD_BYTES));
        for length in [1, 1000, long.len()] {
            assert!(read(&long, length).is_err(), "{length}");
            assert!(
                read(&format!("{long}\r\n\r\n"), length).is_err(),
                "{length}"
            );
        }
        // Informational responses without an end are too many at some time.
        let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD_BYTES / 20);
        for length in [999, many.len()] {
            assert!(read(&many, length).is_err(), "{length}");
        }
    }
}
