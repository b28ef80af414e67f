//! A file in an input.

use std::{io, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::routes::files::path_of;

/// A file in the input of a workflow: what a part of a form with a file becomes. Small ones stand in the input, larger ones
/// in the [folder](crate::Server::files) of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("format" = "file"))]
pub struct File {
    /// What it was called.
    pub name: String,
    /// What it was said to be: `image/png`.
    pub content_type: String,
    /// How large it is, in bytes.
    pub size: u64,
    /// Its content, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("contentEncoding" = "base64"))]
    pub data: Option<String>,
    /// The name of its content in the folder of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

impl File {
    /// Its content. `folder` is that of the server.
    ///
    /// # Errors
    /// Those of reading it, and [`io::ErrorKind::InvalidData`] for a content that is no base64, or none at all.
    pub fn read(&self, folder: &Path) -> io::Result<Vec<u8>> {
        let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        match (&self.data, &self.href) {
            (Some(data), _) => STANDARD.decode(data).map_err(|error| invalid(&error.to_string())),
            (None, Some(href)) => std::fs::read(path_of(folder, href).ok_or_else(|| invalid("it is in no folder"))?),
            (None, None) => Err(invalid("it has no content")),
        }
    }
}
