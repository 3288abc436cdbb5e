//! Conversion between HTTP messages and the requests and responses of the API.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Incoming};
use kt_control_api::{MAX_CONTENT_BYTES, Method, Problem, ProblemCode, Request, Response};

use super::streaming_body::StreamingBody;
use crate::api::{ApiError, no_such_operation};

/// Largest body: the largest configuration, with room for the escapes of JSON.
const MAX_BODY_BYTES: usize = 4 * MAX_CONTENT_BYTES;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The headers that the API uses. Others, above all the token, are not passed on.
const HEADERS: [&str; 5] = [
    "content-type",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "last-event-id",
];

/// The body of an HTTP response: complete, or a stream.
pub(super) type ResponseBody = Either<Full<Bytes>, StreamingBody>;

/// Reads a request with its body.
pub(super) async fn read_request(request: hyper::Request<Incoming>) -> Result<Request, ApiError> {
    let (head, body) = request.into_parts();
    let method = Method::from_http(head.method.as_str())
        .ok_or_else(|| no_such_operation(head.method.as_str(), head.uri.path()))?;
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let (path, query) = Request::split_target(target)
        .ok_or_else(|| problem(ProblemCode::MalformedRequest, "the query cannot be parsed"))?;
    let mut read = Request {
        query,
        ..Request::new(method, path)
    };
    for name in HEADERS {
        if let Some(value) = head.headers.get(name) {
            let text = value.to_str().map_err(|_| {
                problem(
                    ProblemCode::MalformedRequest,
                    format!("the header `{name}` is not ASCII"),
                )
            })?;
            read.headers.insert(name.to_owned(), text.to_owned());
        }
    }
    read.body = read_body(body).await?;
    Ok(read)
}

async fn read_body(body: Incoming) -> Result<Option<String>, ApiError> {
    // A client that announces too much gets the error before it sends the body.
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    let collected =
        tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY_BYTES).collect())
            .await
            .map_err(|_| {
                problem(
                    ProblemCode::RequestTimeout,
                    "the body did not arrive within 10 seconds",
                )
            })?;
    let bytes = match collected {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(too_large());
        }
        Err(_) => {
            return Err(problem(
                ProblemCode::MalformedRequest,
                "the body is incomplete",
            ));
        }
    };
    let text = String::from_utf8(bytes.into())
        .map_err(|_| problem(ProblemCode::MalformedRequest, "the body is not UTF-8"))?;
    Ok((!text.is_empty()).then_some(text))
}

/// A response whose body need not be text.
#[derive(Debug)]
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Bytes,
}

impl HttpResponse {
    /// Sets a header; `name` must be in lower case.
    pub(super) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.insert(name.to_owned(), value.to_owned());
    }
}

impl From<Response> for HttpResponse {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body.unwrap_or_default().into(),
        }
    }
}

/// Builds the HTTP message of a response.
pub(super) fn build_response(response: HttpResponse, close: bool) -> hyper::Response<ResponseBody> {
    let mut builder = hyper::Response::builder()
        .status(response.status)
        .header("x-content-type-options", "nosniff");
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    if response.status == 401 {
        builder = builder.header("www-authenticate", "Bearer");
    }
    if close {
        builder = builder.header("connection", "close");
    }
    builder
        .body(Either::Left(Full::new(response.body)))
        .expect("the API sets only headers that HTTP allows")
}

/// Builds the HTTP message of a response with a stream.
pub(super) fn build_streaming_response(
    body: StreamingBody,
    media_type: &'static str,
    request_id: &str,
) -> hyper::Response<ResponseBody> {
    let builder = hyper::Response::builder()
        .header("content-type", media_type)
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
        // nginx and compatible proxies would otherwise buffer events.
        .header("x-accel-buffering", "no")
        .header("x-request-id", request_id);
    builder
        .body(Either::Right(body))
        .expect("every request id is a header value that HTTP allows")
}

fn too_large() -> ApiError {
    problem(
        ProblemCode::BodyTooLarge,
        format!("a body has at most {MAX_BODY_BYTES} bytes"),
    )
}

fn problem(code: ProblemCode, detail: impl Into<String>) -> ApiError {
    Box::new(Problem::new(code, detail))
}
