//! What the example programs share: amounts of money, and the files that come along.
//!
//! The command line around their workflows is [`flow_cli`].

mod money;

use std::path::{Path, PathBuf};

pub use money::{Money, MoneyError};

/// A file of the examples' own data: relative to the current folder where that is possible.
pub fn data_file(name: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    let here = std::env::current_dir().ok();
    here.and_then(|here| data.strip_prefix(here).map(Path::to_path_buf).ok()).unwrap_or(data)
}

/// The whole path of a file or folder that is to be read, because the run may go on in a process in another folder.
///
/// # Errors
/// A text for the person who typed it, if there is nothing.
pub fn readable(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| format!("there is nothing to read at `{}`: {error}", path.display()))
}
