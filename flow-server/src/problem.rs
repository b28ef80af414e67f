//! What is sent instead of an answer: problem details, RFC 9457.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Why a request was not answered as wanted: `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A name for this kind of problem, as a URI: `urn:flow:problem:unknown_run`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in one sentence.
    pub detail: String,
    /// The kind as one word, for programs: `unknown_run`.
    pub code: String,
    /// What is wrong with single fields of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What else is known; it depends on the kind.
    #[serde(flatten)]
    pub more: Map<String, Value>,
    /// Headers that go with it.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// The field: a JSON Pointer into the body of the request, as a URI fragment: `#/input/age`.
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let mut title = code.replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Problem {
            kind: format!("urn:flow:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
        }
    }

    /// What the request itself got wrong, so that it cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// What is not there.
    pub(crate) fn not_found(code: &str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// What does not go with how things stand.
    pub(crate) fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::CONFLICT, code, detail)
    }

    /// A body that can be read, with fields that do not fit.
    pub(crate) fn invalid(code: &str, detail: impl Into<String>, errors: Vec<FieldError>) -> Self {
        Problem { errors, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail) }
    }

    /// Something that is not the caller's fault. What it is goes into the log and nowhere else.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(below) = source {
            chain.push(below.to_string());
            source = below.source();
        }
        tracing::error!(error = chain.join(": "), "a request failed");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong; the log of the server says what.",
        )
    }

    /// That this has to wait.
    pub(crate) fn busy(detail: impl Into<String>, seconds: u32) -> Self {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(seconds)
    }

    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A struct of texts and JSON always has a JSON form.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_as_the_rfc_says() {
        let problem = Problem::not_found("unknown_run", "There is no such run.").with("run", "r");
        let json = serde_json::to_value(&problem).unwrap_or_default();
        let expected = serde_json::json!({
            "type": "urn:flow:problem:unknown_run", "title": "Unknown run", "status": 404,
            "detail": "There is no such run.", "code": "unknown_run", "run": "r",
        });
        assert_eq!(json, expected);
    }
}
