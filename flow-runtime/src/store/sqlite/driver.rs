//! Whether the driver of a run is alive, without a timeout.
//!
//! An open store holds an exclusive lock of the operating system on a file of its own beside the database. The lock ends
//! with the process, however the process ends, so "is it locked?" is the exact answer to "is it alive?", and a run whose
//! driver was killed can be taken over at once.
//!
//! All functions here are called inside a write transaction. SQLite has one writer at a time over all processes, so nobody
//! sees a lock file in the moment between its creation and its lock, and no two look at one file at the same time.

use crate::lock::lock;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::super::StoreError;

/// The driver that one open store is.
#[derive(Debug)]
pub(super) struct Driver {
    /// Canonical, so that processes with different working folders mean the same lock file.
    database: PathBuf,
    token: String,
    /// Locked from the first claim on; a store that only reads leaves no file behind.
    lock: Mutex<Option<File>>,
}

impl Driver {
    /// A driver of its own for the database at `database`.
    pub(super) fn new(database: PathBuf) -> Self {
        Driver { database, token: uuid::Uuid::now_v7().simple().to_string(), lock: Mutex::new(None) }
    }

    /// The name under which runs are claimed, after making sure that others find this driver alive.
    pub(super) fn hold(&self) -> Result<&str, StoreError> {
        let mut held = lock(&self.lock);
        if held.is_none() {
            let path = self.lock_file(&self.token);
            let failed = |error| StoreError::backend(format!("lock `{}`", path.display()), error);
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
            if let Err(error) = file.try_lock() {
                // Nobody may find the file later and take it for a driver.
                let _ = fs::remove_file(&path);
                return Err(failed(error.into()));
            }
            show(&file);
            *held = Some(file);
            self.sweep();
        }
        Ok(&self.token)
    }

    /// Whether this is the name of this very driver.
    pub(super) fn is_own(&self, token: &str) -> bool {
        self.token == token
    }

    /// Whether the driver of this name still runs. The file of a dead one is removed.
    pub(super) fn is_alive(&self, token: &str) -> Result<bool, StoreError> {
        let path = self.lock_file(token);
        is_locked(&path)
            .map_err(|error| StoreError::backend(format!("see whether the lock `{}` is held", path.display()), error))
    }

    /// Removes what killed processes left behind. A file that cannot be judged now stays for the next one.
    fn sweep(&self) {
        let (Some(folder), Some(prefix)) = (self.database.parent(), self.lock_file("").file_name().map(OsString::from))
        else {
            return;
        };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(token) = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes())
                && token != self.token.as_bytes()
            {
                let _ = is_locked(&entry.path());
            }
        }
    }

    fn lock_file(&self, token: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push("-driver-");
        path.push(token);
        PathBuf::from(path)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let lock = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if lock.is_some() {
            // Should it fail, the lock ends all the same, and the next driver sweeps.
            let _ = fs::remove_file(self.lock_file(&self.token));
        }
    }
}

/// Lets every user look at the lock, whatever `umask` says: nothing is in the file, and who cannot open it has to take its
/// driver for alive for ever.
fn show(file: &File) {
    #[cfg(unix)]
    let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    #[cfg(not(unix))]
    let _ = file;
}

/// Whether somebody holds the lock of this file. A missing file is not locked; a file without a holder is removed, since
/// no driver comes back under an old name. One that belongs to another user and cannot be opened at all counts as locked: its
/// runs are not ours to take, and those of others should not have to wait for them.
fn is_locked(path: &Path) -> std::io::Result<bool> {
    // To read only, which is all that another user's file may allow, and enough to try the lock.
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(true),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {
            let _ = fs::remove_file(path);
            Ok(false)
        }
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
