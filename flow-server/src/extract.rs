//! Reading requests: bodies, queries and paths, with problems for what does not fit.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, OriginalUri, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    accept,
    auth::Caller,
    pointer::pointer,
    problem::{FieldError, Problem},
    state::Shared,
};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            let detail = "The body has to be JSON: send it with `Content-Type: application/json`.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        decode_object(&read(body, state).await?).map(Json)
    }
}

/// A JSON body, or none at all.
pub(crate) struct MaybeJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<Shared> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, state).await?;
        if bytes.is_empty() {
            return Ok(MaybeJson(T::default()));
        }
        let again = Request::from_parts(parts, Body::from(bytes));
        Json::from_request(again, state).await.map(|Json(value)| MaybeJson(value))
    }
}

/// Whether the body is said to be JSON.
fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"))
}

/// What the body is said to be, in lower case and without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.split(';').next()?.trim().to_ascii_lowercase())
}

/// The whole body, if it is not too large and comes in time.
async fn read(body: Body, state: &Shared) -> Result<Bytes, Problem> {
    let limit = state.options.max_body;
    match tokio::time::timeout(state.options.body_time, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large(limit)),
        Ok(Err(_)) => Err(Problem::bad_request("The body ends in the middle.")),
        Err(_) => Err(too_slow()),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {limit} bytes, which is the most this server takes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with("limit", limit)
}

pub(crate) fn too_slow() -> Problem {
    let detail = "The body has not come in time.";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
}

/// Reads a body.
///
/// A body is an object. Without this, serde would take an array of the fields in their order as well.
pub(crate) fn decode_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n')
            if decode::<serde::de::IgnoredAny>(bytes).is_ok() =>
        {
            let detail = "The body has to be an object.";
            let errors = vec![FieldError { pointer: "#".to_owned(), detail: detail.to_owned() }];
            Err(Problem::invalid("invalid_body", detail, errors))
        }
        _ => decode(bytes),
    }
}

/// Reads JSON, and says at which field it does not fit.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut deserializer);
    if let Err(error) = &read
        && error.inner().is_data()
        && let Some(value) = again(bytes)
    {
        return Ok(value);
    }
    let value = read.map_err(|error| {
        let inner = error.inner();
        if inner.is_syntax() || inner.is_eof() {
            return not_json(inner);
        }
        let path = match error.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        let text = inner.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let errors = vec![FieldError { pointer: pointer("", &path, &text), detail: text.clone() }];
        let place = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        Problem::invalid("invalid_body", format!("The body does not fit{place}: {text}."), errors)
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// Reads JSON that does not fit as it was written, with its whole numbers written as such.
fn again<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_value(whole(serde_json::from_slice(bytes).ok()?)).ok()
}

/// Writes whole numbers without a fraction: to JSON Schema `5.0` is an integer, and some clients send it so; to serde it is none.
pub(crate) fn whole(mut value: Value) -> Value {
    make_whole(&mut value);
    value
}

fn make_whole(value: &mut Value) {
    /// From here on a float cannot tell one whole number from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT);
            if let Some(float) = float {
                // Within these bounds nothing is cut off.
                #[allow(clippy::cast_possible_truncation)]
                let integer = float as i64;
                *value = integer.into();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(make_whole),
        Value::Object(object) => object.values_mut().for_each(make_whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "not_json", format!("The body is not JSON: {error}."))
}

/// The parameters of the query.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Params(query)),
            Err(error) => {
                let source = std::error::Error::source(&error);
                let why = source.map_or_else(|| error.to_string(), ToString::to_string);
                Err(Problem::bad_request(format!("The query does not fit: {why}.")))
            }
        }
    }
}

/// All parameters of the query as they were given.
pub(crate) struct RawParams(pub(crate) Vec<(String, String)>);

impl FromRequestParts<Shared> for RawParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Problem> {
        Params::from_request_parts(parts, state).await.map(|Params(pairs)| RawParams(pairs))
    }
}

/// A part of the path.
pub(crate) struct Part<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Part<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Part(value)).map_err(|_| Problem::not_found("not_found", "There is nothing here."))
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Caller>().cloned().unwrap_or(Caller::Unknown))
    }
}

/// The path under which this server is nested: empty, or `/flow`.
pub(crate) struct Base(pub(crate) String);

impl FromRequestParts<Shared> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let inner = parts.uri.path();
        let whole = parts.extensions.get::<OriginalUri>().map_or(inner, |OriginalUri(uri)| uri.path());
        Ok(Base(whole.strip_suffix(inner).unwrap_or_default().to_owned()))
    }
}

/// What of the headers says how an answer is wanted.
pub(crate) struct Wanted {
    accept: String,
    /// How long to wait for the run, as `Prefer: wait=…` says.
    pub(crate) wait: Option<std::time::Duration>,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
}

impl FromRequestParts<Shared> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let wait = text("prefer").and_then(|prefer| {
            let wait = prefer.split([',', ';']).find_map(|part| part.trim().strip_prefix("wait="))?;
            wait.trim().parse().ok().map(std::time::Duration::from_secs)
        });
        let key = key(&parts.headers)?;
        Ok(Wanted { accept: text("accept").unwrap_or_default().to_ascii_lowercase(), wait, key })
    }
}

/// The key of a request that may come twice. One that cannot be read is refused: without it, twice would be two.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(key) = given.next() else { return Ok(None) };
    // The draft has it as a string in quotes; most send it without.
    let key = key.to_str().ok().map(|key| key.trim().trim_matches('"'));
    let fits = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    match key.filter(fits) {
        Some(key) if given.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(Problem::bad_request("There is one `Idempotency-Key`, of 1 to 255 visible ASCII characters.")),
    }
}

impl Wanted {
    /// Nothing special.
    pub(crate) fn nothing() -> Self {
        Wanted { accept: String::new(), wait: None, key: None }
    }

    /// Whether this kind is asked for, by its name.
    pub(crate) fn accepts(&self, kind: &str) -> bool {
        accept::wants(&self.accept, kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::whole;

    #[test]
    fn whole_numbers_have_no_fraction() {
        let given = json!({ "a": [1.0, -0.0, 1.5, 1e15], "b": 1e300, "c": "1.0", "d": u64::MAX });
        let expected = json!({ "a": [1, 0, 1.5, 1_000_000_000_000_000_i64], "b": 1e300, "c": "1.0", "d": u64::MAX });
        assert_eq!(whole(given), expected);
    }
}
