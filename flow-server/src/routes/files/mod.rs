//! Files that come with the start of a run: in the input, or, above a size, in a folder.

mod folder;
mod form;
mod places;

use std::path::{Path, PathBuf};

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use futures::stream;
use tokio::io::AsyncReadExt as _;

use crate::{extract::Part, problem::Problem, state::Shared};

pub(crate) use folder::{Brought, prepare};
pub(crate) use form::{longest, read_form};

/// How much of a file is read at a time.
const CHUNK: usize = 64 << 10;

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
