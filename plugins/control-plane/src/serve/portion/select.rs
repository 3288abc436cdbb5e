//! Making of a whole text what a client wants of it.

use std::io::Write;
use std::ops::Range;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use kt_control_api::{Problem, ProblemCode, Response};

use super::range::Asked;
use super::wish::Wish;
use crate::api::problem_response;
use crate::serve::body::Whole;
use crate::serve::connection::off_loop;

/// Makes the answer of a response that has a strong tag.
pub(in crate::serve) async fn select(
    response: Response,
    wish: Wish,
) -> Result<Whole, Box<Problem>> {
    let mut whole = Whole::from(response);
    whole.set("vary", "Accept-Encoding");
    if whole.status != 200 {
        return Ok(whole);
    }
    let etag = whole.headers.get("etag").cloned().unwrap_or_default();
    let compressed = wish.gzip().then(|| tag_of_compressed(&etag));
    if let Some(tag) = compressed.as_deref().filter(|tag| wish.knows(tag)) {
        return Ok(known(whole, tag));
    }
    Ok(match (wish.asked(&etag, whole.body.len()), compressed) {
        (Asked::Part(part), _) => cut(whole, part),
        (Asked::Nothing, _) => nothing(&whole),
        (Asked::Whole, Some(tag)) => compress(whole, &tag).await?,
        (Asked::Whole, None) => {
            whole.set("accept-ranges", "bytes");
            whole
        }
    })
}

/// Weak, since another kt may compress the same text to other bytes.
fn tag_of_compressed(etag: &str) -> String {
    format!("W/{}-gzip\"", etag.trim_end_matches('"'))
}

fn known(mut whole: Whole, tag: &str) -> Whole {
    whole.status = 304;
    whole.headers.remove("content-type");
    whole.set("etag", tag);
    whole.body = Bytes::new();
    whole
}

fn cut(mut whole: Whole, part: Range<usize>) -> Whole {
    let (first, last, size) = (part.start, part.end - 1, whole.body.len());
    whole.status = 206;
    whole.set("accept-ranges", "bytes");
    whole.set("content-range", &format!("bytes {first}-{last}/{size}"));
    whole.body = whole.body.slice(part);
    whole
}

fn nothing(whole: &Whole) -> Whole {
    let size = whole.body.len();
    let detail = format!("the range asked for is not among the {size} bytes that there are");
    let id = whole.headers.get("x-request-id").cloned();
    let problem = Problem::new(ProblemCode::RangeNotSatisfiable, detail);
    let mut refused = Whole::from(problem_response(problem, &id.clone().unwrap_or_default()));
    refused
        .headers
        .extend(id.map(|id| ("x-request-id".to_owned(), id)));
    refused.set("content-range", &format!("bytes */{size}"));
    refused.set("vary", "Accept-Encoding");
    refused
}

async fn compress(mut whole: Whole, tag: &str) -> Result<Whole, Box<Problem>> {
    let body = whole.body.clone();
    whole.body = off_loop(move || compressed(&body)).await?.into();
    whole.set("content-encoding", "gzip");
    whole.set("etag", tag);
    Ok(whole)
}

/// Fast rather than small: after a change, many ask at once.
fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}
