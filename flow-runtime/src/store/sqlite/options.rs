//! How a file is opened.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    Inner, Sqlite, StoreError,
    commit::Writer,
    driver::Driver,
    fault::Fault,
    large::Large,
    reader::{Opening, Reader},
    schema,
    tx::Lent,
};

/// When a commit counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Synchronous {
    /// When the operating system has it. A killed process loses nothing; a power failure can lose the last commits, never
    /// the file's consistency. Several times faster than `Full` on most disks.
    Normal,
    /// When the disk has it. Nothing acknowledged is lost, not even when the power fails.
    #[default]
    Full,
}

impl Synchronous {
    /// The value of SQLite's `PRAGMA synchronous`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        }
    }
}

/// How to open an SQLite store; from [`Sqlite::options`].
#[derive(Debug, Clone)]
#[must_use = "options do nothing until `open`"]
pub struct SqliteOptions {
    synchronous: Synchronous,
    busy_timeout: Duration,
    max_size: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions { synchronous: Synchronous::default(), busy_timeout: Duration::from_secs(10), max_size: None }
    }
}

impl SqliteOptions {
    /// When a commit counts as kept. [`Synchronous::Full`] unless said otherwise.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long to wait while another process writes, before giving up. Ten seconds unless said otherwise.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How large the file may become, in bytes: as large as the disk unless said otherwise. What would make it larger fails as
    /// on a full disk, and runs go on when the file is opened with more room, or something was
    /// [pruned](crate::Store::prune).
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] for a file of a newer version of this crate; [`StoreError::Backend`] for a file that
    /// cannot be opened or is no database.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        let path = path.as_ref();
        self.open_at(path).map_err(|fault| fault.doing(|| format!("open `{}`", path.display())))
    }

    fn open_at(self, path: &Path) -> Result<Sqlite, Fault> {
        let refused = |why: &str| Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, why).into());
        if path.as_os_str().is_empty() {
            return refused("the path is empty");
        }
        if path.as_os_str() == ":memory:" {
            return refused("a store of several connections needs a file; for a store in memory use `Memory`");
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return refused(&format!("there is no folder `{}`", folder.display()));
        }
        let lent = Lent::default();
        let writer = schema::open_writer(path, self.synchronous, self.busy_timeout, &lent)?;
        if let Some(bytes) = self.max_size {
            schema::limit(&writer, bytes)?;
        }
        let path = path.canonicalize()?;
        let opening = Opening { path: path.clone(), patience: self.busy_timeout };
        let (reader, large) = (Reader::new(opening.clone()), Large::new(opening));
        let driver = Driver::new(path.clone());
        let writer = Writer::new(writer, driver, self.synchronous, self.busy_timeout);
        Ok(Sqlite { inner: Arc::new(Inner { path, writer, lent, reader, large }) })
    }
}
