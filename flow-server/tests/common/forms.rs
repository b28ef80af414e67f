//! Starts as forms.

use axum::{body::Body, http::request::Builder};

use super::{Reply, Web};

const BOUNDARY: &str = "a-line-between-parts";

/// A part of a form: its name, the name of its file and its type, and its content.
pub(crate) type FormPart<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

/// The bytes of a form, without its end.
pub(crate) fn open_form(parts: &[FormPart<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"").into_bytes());
        if let Some((file, kind)) = file {
            body.extend(format!("; filename=\"{file}\"\r\ncontent-type: {kind}").into_bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body
}

/// A start whose body is a form.
pub(crate) fn request(web: &Web, workflow: &str) -> Builder {
    let request = web.request("POST", &format!("/api/workflows/{workflow}/runs")).header("prefer", "wait=30");
    request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
}

pub(crate) async fn send(web: &Web, workflow: &str, parts: &[FormPart<'_>]) -> Reply {
    send_with(web, workflow, &[], parts).await
}

pub(crate) async fn send_with(web: &Web, workflow: &str, headers: &[(&str, &str)], parts: &[FormPart<'_>]) -> Reply {
    let mut body = open_form(parts);
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    let request = request(web, workflow);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    web.send(request.body(Body::from(body)).unwrap()).await
}
