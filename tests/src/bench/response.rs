//! Responses of HTTP/1.1 on connections that benchmarks keep open.

/// Removes a response from a buffer if it is complete, and returns its status and its body. One
/// without a length has no body.
#[must_use]
pub fn take_response(buffer: &mut Vec<u8>) -> Option<(u16, String)> {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
    let length = head.split_once("content-length: ");
    let length = length.map_or("0", |(_, rest)| rest);
    let length: usize = length.split("\r\n").next()?.parse().ok()?;
    let body = buffer.get(end..end + length)?;
    let body = String::from_utf8_lossy(body).into_owned();
    buffer.drain(..end + length);
    Some((head.get(9..12)?.parse().ok()?, body))
}
