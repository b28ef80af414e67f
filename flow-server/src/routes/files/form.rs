//! Reading a form: JSON and files, of which those that are large go to the folder while they come.

use std::time::Duration;

use axum::{
    extract::{FromRequest as _, Multipart, Request, multipart::Field, multipart::MultipartError},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    folder::{Brought, Large},
    places::{Found, shortened},
};
use crate::{
    extract::{decode, decode_object, too_large, too_slow},
    problem::Problem,
    routes::start::StartBody,
    state::{Options, Shared},
};

/// How many times longer a form with files may take than a body without.
const SLOWER: u32 = 10;

/// The longest a form may take to arrive.
pub(crate) fn longest(options: &Options) -> Duration {
    options.body_time * SLOWER
}

/// A start with files: a part `request` or `input` with JSON, and files, which come into the input under the names of their
/// parts. Also what it has brought into the folder.
pub(crate) async fn read_form(request: Request, state: &Shared) -> Result<(StartBody, Brought), Problem> {
    let form = Multipart::from_request(request, state).await;
    let form = form.map_err(|error| Problem::bad_request(format!("The form cannot be read: {error}.")))?;
    let reading = tokio::time::timeout(longest(&state.options), read_parts(form, state));
    reading.await.unwrap_or_else(|_| Err(too_slow()))
}

async fn read_parts(mut form: Multipart, state: &Shared) -> Result<(StartBody, Brought), Problem> {
    let (mut body, mut brought, mut found) = (StartBody::default(), Brought::default(), Found::default());
    let mut room = Room { left: state.options.max_body, most: state.options.max_body };
    while let Some(part) = form.next_field().await.map_err(|error| failed(state, &error))? {
        let name = part.name().unwrap_or_default().to_owned();
        found.count(&name)?;
        room.take(name.len())?;
        if part.file_name().is_some() {
            let file = read_file(part, state, &mut room, &mut brought).await?;
            found.add(name, file);
            continue;
        }
        let bytes = read_small(part, state, &mut room).await?;
        match name.as_str() {
            "request" => body = decode_object(&bytes)?,
            "input" => body.input = decode(&bytes)?,
            // What is no JSON is most likely meant as a text.
            _ => {
                let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
                found.add(name, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()));
            }
        }
    }
    found.put(&mut body.input)?;
    Ok((body, brought))
}

/// What may still come to stand in the input: all parts together, without what is in the folder.
struct Room {
    left: usize,
    most: usize,
}

impl Room {
    fn has(&self, bytes: usize) -> bool {
        bytes <= self.left
    }

    fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| too_large(self.most))?;
        Ok(())
    }
}

/// A part that is no file.
async fn read_small(mut part: Field<'_>, state: &Shared, room: &mut Room) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| failed(state, &error))? {
        room.take(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A file, as it stands in the input.
async fn read_file(
    mut part: Field<'_>,
    state: &Shared,
    room: &mut Room,
    brought: &mut Brought,
) -> Result<Value, Problem> {
    // A name and no path: browsers of old sent whole ones.
    let name = part.file_name().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let kind = part.content_type().unwrap_or("application/octet-stream").to_owned();
    room.take(name.len() + kind.len())?;
    let inline = state.options.inline_file;
    let mut bytes = Vec::new();
    let mut large: Option<Large> = None;
    while let Some(chunk) = part.chunk().await.map_err(|error| failed(state, &error))? {
        match &mut large {
            Some(large) => large.write(&chunk).await?,
            None => {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > inline || !room.has(coded(bytes.len())) {
                    let Some(folder) = state.options.files.clone() else {
                        return Err(no_folder(&name, bytes.len() > inline, state));
                    };
                    let mut begun = Large::begin(folder).await?;
                    begun.write(&std::mem::take(&mut bytes)).await?;
                    large = Some(begun);
                }
            }
        }
    }
    match large {
        None => {
            let size = bytes.len();
            room.take(coded(size))?;
            Ok(json!({ "name": name, "content_type": kind, "size": size, "data": STANDARD.encode(&bytes) }))
        }
        Some(large) => {
            let (size, id) = large.finish(brought).await?;
            Ok(json!({ "name": name, "content_type": kind, "size": size, "href": id }))
        }
    }
}

/// How long so many bytes are in base64.
fn coded(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// That a file does not fit into the input, by itself or with the others, and there is no folder.
fn no_folder(name: &str, alone: bool, state: &Shared) -> Problem {
    let (name, options) = (shortened(name), &state.options);
    let (what, limit) = match alone {
        true => (format!("File `{name}` is larger than"), options.inline_file),
        false => (format!("With file `{name}` the form is larger than"), options.max_body),
    };
    let detail = format!("{what} {limit} bytes, and this server has no folder for such.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with("limit", limit)
}

fn failed(state: &Shared, error: &MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(state.options.max_upload),
        _ => Problem::bad_request(format!("The form cannot be read: {}.", error.body_text())),
    }
}
