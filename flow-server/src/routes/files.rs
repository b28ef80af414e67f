//! Files that come with the start of a run: in the input, or, above a size, in a folder.

use std::path::{Path, PathBuf};

use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Request, State, multipart::Field},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::stream;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::start::StartBody;
use crate::{
    extract::{Part, decode, decode_object, too_large, too_slow},
    problem::{FieldError, Problem},
    state::Shared,
};

/// How much of a file is read at a time.
const CHUNK: usize = 64 << 10;

/// How many times longer a form with files may take than a body without.
const SLOWER: u32 = 10;

/// A start with files: a part `request` or `input` with JSON, and files, which come into the input under the names of their parts.
pub(crate) async fn read_form(request: Request, state: &Shared) -> Result<StartBody, Problem> {
    let form = Multipart::from_request(request, state).await;
    let form = form.map_err(|error| Problem::bad_request(format!("The form cannot be read: {error}.")))?;
    let reading = tokio::time::timeout(state.options.body_time * SLOWER, read_parts(form, state));
    reading.await.unwrap_or_else(|_| Err(too_slow()))
}

async fn read_parts(mut form: Multipart, state: &Shared) -> Result<StartBody, Problem> {
    let mut body = StartBody::default();
    let mut found: Vec<(String, Value)> = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|error| failed(state, &error))? {
        let name = part.name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Problem::bad_request("Every part of the form needs a name."));
        }
        if part.file_name().is_some() {
            let file = read_file(part, state).await?;
            found.push((name, file));
            continue;
        }
        let bytes = read_small(part, state).await?;
        match name.as_str() {
            "request" => body = decode_object(&bytes)?,
            "input" => body.input = decode(&bytes)?,
            // What is no JSON is most likely meant as a text.
            _ => {
                let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
                found.push((name, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())));
            }
        }
    }
    put(&mut body.input, found)?;
    Ok(body)
}

/// Puts what was found into the input, where the names of the parts say: `document`, `documents/0`, `brief/scan`, JSON Pointers
/// without the first slash. Several of one name come as an array.
fn put(input: &mut Value, found: Vec<(String, Value)>) -> Result<(), Problem> {
    let mut fields: Vec<(String, Value, bool)> = Vec::new();
    for (name, value) in found {
        match fields.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, Value::Array(list), true)) => list.push(value),
            Some((_, first, several)) => {
                *first = json!([first.take(), value]);
                *several = true;
            }
            None => fields.push((name, value, false)),
        }
    }
    for (name, value, _) in fields {
        if name == "input" {
            *input = value;
            continue;
        }
        let parts = name.trim_start_matches('/').split('/');
        let Some(place) = parts.into_iter().try_fold(&mut *input, place_of) else {
            let detail = format!("Part `{name}` has no place in the input.");
            let errors = vec![FieldError { pointer: format!("#/input/{name}"), detail: detail.clone() }];
            return Err(Problem::invalid("invalid_body", detail, errors));
        };
        *place = value;
    }
    Ok(())
}

/// A field of an object or an item of an array, made if it is not there.
fn place_of<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    let name = name.replace("~1", "/").replace("~0", "~");
    match (&mut *value, name.parse::<usize>()) {
        (Value::Null, Ok(0)) => *value = json!([null]),
        (Value::Null, _) => *value = json!({}),
        (Value::Array(list), Ok(index)) if index == list.len() => list.push(Value::Null),
        _ => {}
    }
    match value {
        Value::Object(object) => Some(object.entry(name).or_insert(Value::Null)),
        Value::Array(list) => list.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// A part that is no file.
async fn read_small(mut part: Field<'_>, state: &Shared) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| failed(state, &error))? {
        if bytes.len() + chunk.len() > state.options.max_body {
            return Err(too_large(state.options.max_body));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A file, as it stands in the input.
async fn read_file(mut part: Field<'_>, state: &Shared) -> Result<Value, Problem> {
    // A name and no path: browsers of old sent whole ones.
    let name = part.file_name().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let kind = part.content_type().unwrap_or("application/octet-stream").to_owned();
    let mut bytes = Vec::new();
    let mut large: Option<Large> = None;
    while let Some(chunk) = part.chunk().await.map_err(|error| failed(state, &error))? {
        match &mut large {
            Some(large) => large.write(&chunk).await?,
            None => {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > state.options.inline_file {
                    let mut begun = Large::begin(state, &name).await?;
                    begun.write(&bytes).await?;
                    large = Some(begun);
                }
            }
        }
    }
    match large {
        None => {
            let size = bytes.len();
            Ok(json!({ "name": name, "content_type": kind, "size": size, "data": STANDARD.encode(&bytes) }))
        }
        Some(large) => {
            let (size, id) = large.finish().await?;
            Ok(json!({ "name": name, "content_type": kind, "size": size, "href": id }))
        }
    }
}

fn failed(state: &Shared, error: &axum::extract::multipart::MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(state.options.max_upload),
        _ => Problem::bad_request(format!("The form cannot be read: {}.", error.body_text())),
    }
}

/// A file that is being written into the folder. It gets the name of its content when all is there.
struct Large {
    folder: PathBuf,
    part: PathBuf,
    file: tokio::fs::File,
    digest: Sha256,
    size: u64,
    finished: bool,
}

impl Large {
    async fn begin(state: &Shared, name: &str) -> Result<Self, Problem> {
        let Some(folder) = state.options.files.clone() else {
            let limit = state.options.inline_file;
            let detail = format!("File `{name}` is larger than {limit} bytes, and this server has no folder for such.");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with("limit", limit));
        };
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(|error| Problem::internal(&error))?;
        let part = folder.join(format!("{}.part", hex(&number)));
        let file = tokio::fs::File::create(&part).await.map_err(|error| Problem::internal(&error))?;
        Ok(Large { folder, part, file, digest: Sha256::new(), size: 0, finished: false })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(|error| Problem::internal(&error))
    }

    /// Its size and its name.
    async fn finish(mut self) -> Result<(u64, String), Problem> {
        let id = hex(&self.digest.clone().finalize());
        // The run that names it is stored for good, so the file is, too.
        let kept = async {
            self.file.sync_all().await?;
            tokio::fs::rename(&self.part, self.folder.join(&id)).await
        };
        kept.await.map_err(|error| Problem::internal(&error))?;
        self.finished = true;
        Ok((self.size, id))
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody names it; what cannot be removed only takes room.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a file of this id is kept. An id is a number in hexadecimal, and leads nowhere else.
pub(crate) fn path_of(folder: &Path, id: &str) -> Option<PathBuf> {
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    is_id.then(|| folder.join(id))
}

/// `GET /api/files/{file}`
pub(crate) async fn read(State(state): State<Shared>, Part(id): Part<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("unknown_file", "There is no such file.");
    let path = state.options.files.as_deref().and_then(|folder| path_of(folder, &id)).ok_or_else(missing)?;
    let file = tokio::fs::File::open(&path).await.map_err(|_| missing())?;
    let size = file.metadata().await.map_err(|_| missing())?.len();
    let chunks = stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        // Whatever it is, a browser saves it and shows nothing.
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}
