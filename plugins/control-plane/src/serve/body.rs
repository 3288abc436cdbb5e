//! Between HTTP and the API's requests and responses.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Incoming};
use kt_control_api::{MAX_CONTENT_BYTES, Method, Problem, ProblemCode, Request, Response};

use super::flow::Flow;
use crate::api::nowhere;

/// Largest body: the largest configuration, with room for what JSON adds by escaping.
const MAX_BODY: usize = 4 * MAX_CONTENT_BYTES;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// The headers the API knows. Others, the token above all, stop here.
const HEADERS: [&str; 5] = [
    "content-type",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "last-event-id",
];

/// The body of an answer: all of it, or one that goes on.
pub(super) type Answer = Either<Full<Bytes>, Flow>;

type Refusal = Box<Problem>;

/// Reads a whole request.
pub(super) async fn read(request: hyper::Request<Incoming>) -> Result<Request, Refusal> {
    let (head, body) = request.into_parts();
    let method = Method::from_http(head.method.as_str())
        .ok_or_else(|| nowhere(head.method.as_str(), head.uri.path()))?;
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let (path, query) = Request::split_target(target)
        .ok_or_else(|| refuse(ProblemCode::MalformedRequest, "the query cannot be read"))?;
    let mut read = Request {
        query,
        ..Request::new(method, path)
    };
    for name in HEADERS {
        if let Some(value) = head.headers.get(name) {
            let text = value.to_str().map_err(|_| {
                refuse(
                    ProblemCode::MalformedRequest,
                    format!("the header `{name}` is not ASCII"),
                )
            })?;
            read.headers.insert(name.to_owned(), text.to_owned());
        }
    }
    read.body = text_of(body).await?;
    Ok(read)
}

async fn text_of(body: Incoming) -> Result<Option<String>, Refusal> {
    // Whoever announces too much is told before sending it.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    let whole = tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| {
            refuse(
                ProblemCode::RequestTimeout,
                "the body did not arrive within 10 seconds",
            )
        })?;
    let bytes = match whole {
        Ok(whole) => whole.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(too_large());
        }
        Err(_) => return Err(refuse(ProblemCode::MalformedRequest, "the body broke off")),
    };
    let text = String::from_utf8(bytes.into())
        .map_err(|_| refuse(ProblemCode::MalformedRequest, "the body is not UTF-8"))?;
    Ok((!text.is_empty()).then_some(text))
}

/// A response whose body is bytes, and need not be text.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Bytes,
}

impl Whole {
    /// Sets a header; `name` must be in lower case.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.headers.insert(name.to_owned(), value.to_owned());
    }
}

impl From<Response> for Whole {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body.unwrap_or_default().into(),
        }
    }
}

/// Writes a response.
pub(super) fn write(response: Whole, close: bool) -> hyper::Response<Answer> {
    let mut written = hyper::Response::builder()
        .status(response.status)
        .header("x-content-type-options", "nosniff");
    for (name, value) in &response.headers {
        written = written.header(name, value);
    }
    if response.status == 401 {
        written = written.header("www-authenticate", "Bearer");
    }
    if close {
        written = written.header("connection", "close");
    }
    written
        .body(Either::Left(Full::new(response.body)))
        .expect("the API makes only headers that HTTP allows")
}

/// Writes the beginning of an answer that goes on.
pub(super) fn begin(
    flow: Flow,
    media_type: &'static str,
    request_id: &str,
) -> hyper::Response<Answer> {
    let written = hyper::Response::builder()
        .header("content-type", media_type)
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
        // nginx, and who follows it, would otherwise collect events before passing them on.
        .header("x-accel-buffering", "no")
        .header("x-request-id", request_id);
    written
        .body(Either::Right(flow))
        .expect("every request id is a header that HTTP allows")
}

fn too_large() -> Refusal {
    refuse(
        ProblemCode::BodyTooLarge,
        format!("a body has at most {MAX_BODY} bytes"),
    )
}

fn refuse(slug: ProblemCode, detail: impl Into<String>) -> Refusal {
    Box::new(Problem::new(slug, detail))
}
