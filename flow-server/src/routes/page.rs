//! The page, built into the program.

use std::{io::Write as _, sync::LazyLock};

use axum::{
    extract::OriginalUri,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

use crate::{accept, extract::Part, hex::hex, problem::Problem};

/// The files of the page: name, type, content.
const FILES: [(&str, &str, &[u8]); 4] = [
    ("index.html", "text/html; charset=utf-8", include_bytes!("../../assets/index.html")),
    ("pause.html", "text/html; charset=utf-8", include_bytes!("../../assets/pause.html")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js")),
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")),
];

/// A file of the page, as it is sent.
struct Asset {
    name: &'static str,
    kind: &'static str,
    plain: Bytes,
    /// The same, compressed.
    gzipped: Bytes,
    /// What changes with the content.
    digest: String,
}

/// Compressed once, when the first of them is asked for.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(name, kind, content): (&'static str, &'static str, &'static [u8])| {
        let digest = hex(&Sha256::digest(content)[..12]);
        Asset { name, kind, plain: Bytes::from_static(content), gzipped: gzip(content), digest }
    };
    FILES.into_iter().map(asset).collect()
});

fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default().into()
}

/// A file of the page, or that it is still what the browser has.
fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Problem::not_found("not_found", "There is nothing here.").into_response();
    };
    let gzip = listed(headers, &header::ACCEPT_ENCODING).any(|list| accept::wants(list, "gzip"));
    // Each form has a tag of its own: they are not the same bytes.
    let (content, tag) = match gzip {
        true => (&asset.gzipped, format!("\"{}-gzip\"", asset.digest)),
        false => (&asset.plain, format!("\"{}\"", asset.digest)),
    };
    let known = is_known(headers, &tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind))], content.clone()).into_response(),
    };
    let sent = response.headers_mut();
    if gzip && !known {
        sent.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    sent.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    sent.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        sent.insert(header::ETAG, tag);
    }
    response
}

/// Whether the browser has what this is the tag of. A proxy that has compressed it marks it as weak: `W/"…"`.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let mut known = listed(headers, &header::IF_NONE_MATCH).flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The values of a header that may come several times.
fn listed<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
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
