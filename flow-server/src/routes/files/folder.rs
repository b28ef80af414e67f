//! The folder for large files. Each has the name of its content there, so what comes twice is kept once.
//!
//! The time of a file is when a start last named it. That says what is old, and, since it changes with each start, whether a
//! file that one start has brought is wanted by another by now.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use flow_runtime::{AnyRun, RunError, StartRun};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::{hex::hex, problem::Problem, state::Shared};

/// The end of the name of a file that is being written.
const PART: &str = ".part";

/// Who puts a file in its place or takes it away is alone, so that nothing is taken away that somebody else just found there.
static PLACING: Mutex<()> = Mutex::new(());

/// Makes the folder, and removes what was begun and will not be finished: what nobody has written to for so long.
pub(crate) fn prepare(folder: &Path, idle: Duration) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(is_part) {
            continue;
        }
        let written = entry.metadata().and_then(|known| known.modified());
        if written.is_ok_and(|written| written.elapsed().is_ok_and(|since| since > idle)) {
            // Another server may do the same; what cannot be removed only takes room.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn is_part(name: &str) -> bool {
    let number = name.strip_suffix(PART);
    number.is_some_and(|number| number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A file that is being written into the folder. It gets the name of its content when all is there.
pub(super) struct Large {
    folder: PathBuf,
    part: PathBuf,
    file: tokio::fs::File,
    digest: Sha256,
    size: u64,
    finished: bool,
}

impl Large {
    /// Begins a file, in a folder that is made if it is not there.
    pub(super) async fn begin(folder: PathBuf) -> Result<Self, Problem> {
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(|error| Problem::internal(&error))?;
        let part = folder.join(format!("{}{PART}", hex(&number)));
        let file = async {
            tokio::fs::create_dir_all(&folder).await?;
            tokio::fs::File::create_new(&part).await
        };
        let file = file.await.map_err(|error| Problem::internal(&error))?;
        Ok(Large { folder, part, file, digest: Sha256::new(), size: 0, finished: false })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(|error| Problem::internal(&error))
    }

    /// Its size and its name.
    pub(super) async fn finish(mut self, brought: &mut Brought) -> Result<(u64, String), Problem> {
        let id = hex(&self.digest.clone().finalize());
        let (part, path) = (self.part.clone(), self.folder.join(&id));
        let kept = async {
            // The run that names it is stored for good, so the file is, too.
            self.file.sync_all().await?;
            tokio::task::spawn_blocking(move || place(&part, &path)).await?
        };
        let placed = kept.await.map_err(|error| Problem::internal(&error))?;
        self.finished = true;
        brought.0.extend(placed);
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

/// A file that was not in the folder before.
struct Placed {
    path: PathBuf,
    /// Its time, as long as nobody else names it.
    named: SystemTime,
}

/// Gives a file its name, for good. `None` if it was there before.
fn place(part: &Path, path: &Path) -> io::Result<Option<Placed>> {
    let _placing = PLACING.lock().unwrap_or_else(PoisonError::into_inner);
    let now = SystemTime::now();
    let was_there = name_again(path, now) || {
        std::fs::OpenOptions::new().write(true).open(part)?.set_modified(now)?;
        match std::fs::hard_link(part, path) {
            // Another server was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => name_again(path, now),
            // A folder of a kind without such links.
            Err(_) => {
                std::fs::rename(part, path)?;
                false
            }
            Ok(()) => false,
        }
    };
    // It is gone if it was renamed.
    let _ = std::fs::remove_file(part);
    sync(path)?;
    match was_there {
        true => Ok(None),
        false => Ok(Some(Placed { path: path.to_owned(), named: std::fs::metadata(path)?.modified()? })),
    }
}

/// Notes that one more start names a file. Returns whether there is one.
fn name_again(path: &Path, now: SystemTime) -> bool {
    let Ok(known) = std::fs::metadata(path) else { return false };
    // It has to change, also where times are coarse or a clock was set back.
    let last = known.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let time = now.max(last + Duration::from_secs(2));
    // One that may not be written is there all the same.
    let _ = std::fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_modified(time));
    true
}

/// Waits until the disk has the name of a file.
#[cfg(unix)]
fn sync(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

/// Folders cannot be opened here, and need not be.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Placed {
    /// Whether a stored text names it.
    fn is_named_in(&self, text: &str) -> bool {
        self.path.file_name().and_then(|name| name.to_str()).is_some_and(|id| text.contains(id))
    }

    /// Removes it, unless another start has named it since.
    fn remove(&self) {
        let _placing = PLACING.lock().unwrap_or_else(PoisonError::into_inner);
        let named = std::fs::metadata(&self.path).and_then(|known| known.modified());
        if named.is_ok_and(|named| named == self.named) {
            // What cannot be removed only takes room.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What a request alone has brought into the folder. It goes again when nothing comes of the request.
#[derive(Default)]
pub(crate) struct Brought(Vec<Placed>);

impl Brought {
    /// Starts the run that all this was brought for, and keeps what that run names.
    pub(crate) async fn start(mut self, state: &Shared, start: StartRun<AnyRun>) -> Result<AnyRun, RunError> {
        // Should nobody wait for this any more, the run may be stored all the same.
        let brought = std::mem::take(&mut self.0);
        let started = start.await;
        match &started {
            // It may be an earlier run of the same key, and what has no place in the type of the input is left out.
            Ok(run) if !brought.is_empty() => {
                if let Ok(Some(record)) = state.app.store().find(run.id()).await {
                    self.0 = brought.into_iter().filter(|file| !file.is_named_in(&record.run.input)).collect();
                }
            }
            Err(RunError::Input { .. } | RunError::NotRegistered { .. } | RunError::KeyReused { .. }) => {
                self.0 = brought
            }
            // The store may have the run all the same.
            Ok(_) | Err(_) => {}
        }
        started
    }
}

impl Drop for Brought {
    fn drop(&mut self) {
        self.0.iter().for_each(Placed::remove);
    }
}
