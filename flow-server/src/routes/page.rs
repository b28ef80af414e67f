//! The page, built into the program.

use axum::{
    extract::OriginalUri,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use crate::{extract::Part, problem::Problem};

/// The files of the page: name, type, content.
const ASSETS: [(&str, &str, &[u8]); 4] = [
    ("index.html", "text/html; charset=utf-8", include_bytes!("../../assets/index.html")),
    ("pause.html", "text/html; charset=utf-8", include_bytes!("../../assets/pause.html")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js")),
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")),
];

/// A file of the page, or that it is still what the browser has.
fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some((_, kind, content)) = ASSETS.iter().find(|(known, ..)| *known == name) else {
        return Problem::not_found("not_found", "There is nothing here.").into_response();
    };
    let tag: String = Sha256::digest(content).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let mut response = match known {
        Some(known) if known == tag => StatusCode::NOT_MODIFIED.into_response(),
        _ => ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], *content).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// `GET /`
pub(crate) async fn index(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    if uri.path().ends_with('/') {
        return file("index.html", &headers);
    }
    // Where this server is nested at `/flow`, the page's relative addresses count from `/flow/`.
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    match HeaderValue::from_str(&format!("{last}/")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => Problem::not_found("not_found", "There is nothing here.").into_response(),
    }
}

/// `GET /p/{token}`
pub(crate) async fn pause(headers: HeaderMap) -> Response {
    file("pause.html", &headers)
}

/// `GET /assets/{*path}`
pub(crate) async fn asset(Part(path): Part<String>, headers: HeaderMap) -> Response {
    file(&path, &headers)
}

/// Everything else.
pub(crate) async fn fallback() -> Response {
    Problem::not_found("not_found", "There is nothing here.").into_response()
}
