//! What stands before every route: headers that keep browsers from harm, hosts and origins, how much at once, and counting.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{problem::Problem, state::Shared};

/// What the page may load and do: what comes from this server, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every response, unless it has its own.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Counts a request, and gives its response the headers that every one has.
pub(crate) async fn outermost(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    allow_origin(&state, headers, origin);
    let method = if is_known(&method) { method.as_str() } else { "other" };
    state.counters.answered(method, route.as_deref().unwrap_or("none"), response.status().as_u16(), begun.elapsed());
    response
}

fn is_known(method: &Method) -> bool {
    [Method::GET, Method::POST, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PUT]
        .contains(method)
}

/// Lets a page of another origin read the response, if it is one of those that may.
fn allow_origin(state: &Shared, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    if state.options.origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin.filter(|origin| is_allowed(state, origin)) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static("location, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
}

fn is_allowed(state: &Shared, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| state.options.origins.contains(origin))
}

/// Refuses requests to other names than this server's, and changes that a page of another origin asks for. Answers what a
/// browser asks before it lets a page of another origin ask.
pub(crate) async fn same_site(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // Probes ask by the address, and learn nothing that anybody else would not.
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    if !probe && !state.options.hosts.is_empty() && !state.options.hosts.contains(&name_of(host)) {
        let detail = "This server does not go by the name it was asked under.";
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "other_host", detail).into_response();
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let allowed = is_allowed(&state, origin);
        if allowed && request.method() == Method::OPTIONS {
            return preflight();
        }
        let own = origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(|(_, at)| at == host)
            // A proxy may have rewritten the host.
            || state.options.public_url.as_ref().is_some_and(|url| url.is_origin(origin));
        if !allowed && !own && !request.method().is_safe() {
            let detail = "A page of another origin asks for this, which this server does not allow.";
            return Problem::new(StatusCode::FORBIDDEN, "other_origin", detail).into_response();
        }
    }
    next.run(request).await
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, idempotency-key, last-event-id, prefer"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Names of this machine itself.
pub(crate) const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether a host is this machine itself, with a port or without.
pub(crate) fn is_local(host: &str) -> bool {
    let name = name_of(host);
    let port = host.get(name.len()..).unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    LOCAL.contains(&name.as_str()) && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// The name of a host, without its port.
pub(crate) fn name_of(host: &str) -> String {
    let end = match host.rfind(']') {
        Some(end) => end + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host.get(..end).unwrap_or(host).to_ascii_lowercase()
}

/// Refuses a request when there are as many as can be dealt with.
pub(crate) async fn not_too_many(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let Ok(_place) = state.requests.clone().try_acquire_owned() else {
        return Problem::busy("This server has as many requests as it takes at once: ask again.", 1).into_response();
    };
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::{is_local, name_of};

    #[test]
    fn hosts_have_names() {
        let names = ["localhost:8080", "127.0.0.1", "[::1]:8080", "[::1]", "Example.COM:1"].map(name_of);
        assert_eq!(names, ["localhost", "127.0.0.1", "[::1]", "[::1]", "example.com"]);
        let local = ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:1", "[::1]"];
        assert!(local.into_iter().all(is_local));
        let foreign = ["", "localhost.x", "localhost:@x", "localhost:1/x", "127.0.0.1.x", "x", "[::1]x", "[::2]"];
        assert!(!foreign.into_iter().any(is_local));
    }
}
