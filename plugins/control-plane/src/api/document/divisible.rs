//! What is sent compressed or in part.

use serde_json::{Value, json};

/// The headers by which a caller asks for that.
pub(super) const ASKED: [(&str, &str); 3] = [
    (
        "Accept-Encoding",
        "With `gzip`, the answer comes compressed, under an `ETag` of its own. A `Range` that can \
         be had comes first, and is never compressed.",
    ),
    (
        "Range",
        "`bytes=` and one part. What is no range, or several, is answered with the whole.",
    ),
    (
        "If-Range",
        "The `ETag` of the whole that the part must belong to; otherwise the whole is sent.",
    ),
];

/// Describes the headers of an answer with this status.
pub(super) fn headers(status: u16) -> Value {
    let text = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let vary = text("`Accept-Encoding`.");
    let etag = text("Stands for the bytes; weak for compressed ones.");
    let ranges = text("`bytes`, unless it is compressed.");
    match status {
        200 => json!({
            "Accept-Ranges": ranges,
            "Content-Encoding": text("`gzip`, or absent."),
            "ETag": etag,
            "Vary": vary,
        }),
        206 => json!({
            "Content-Range": text("Which bytes these are, and how many there are."),
            "ETag": etag,
            "Vary": vary,
        }),
        416 => json!({"Content-Range": text("`bytes */` and how many there are.")}),
        _ => json!({"ETag": etag, "Vary": vary}),
    }
}
