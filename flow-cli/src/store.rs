//! Where runs are kept: `--store` and `FLOW_STORE`.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use flow_runtime::{Sqlite, Store};

use crate::CliError;

/// The file that keeps the runs unless somebody says otherwise, in the working folder.
const FILE: &str = "flow.db";

/// Where runs are kept: `sqlite:flow.db`, `postgres://user@host/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(String),
}

impl Default for StoreUrl {
    fn default() -> Self {
        StoreUrl::Sqlite(PathBuf::from(FILE))
    }
}

impl FromStr for StoreUrl {
    type Err = CliError;

    fn from_str(text: &str) -> Result<Self, CliError> {
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        match text.split_once(':') {
            _ if is_postgres => Ok(StoreUrl::Postgres(text.to_owned())),
            Some(("postgres", url)) if !url.is_empty() => Ok(StoreUrl::Postgres(url.to_owned())),
            Some(("sqlite", path)) if !path.is_empty() => Ok(StoreUrl::Sqlite(path.into())),
            // A path is most likely meant as one.
            None if text.ends_with(".db") || text.ends_with(".sqlite") => Ok(StoreUrl::Sqlite(text.into())),
            _ => Err(CliError::StoreUrl { given: text.to_owned() }),
        }
    }
}

impl fmt::Display for StoreUrl {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreUrl::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            StoreUrl::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
                match user.map(|user| user.split_once(':').map_or(user, |(user, _)| user)) {
                    Some(user) => write!(f, "{scheme}://{user}@{host}"),
                    None => write!(f, "{scheme}://{host}"),
                }
            }
        }
    }
}

impl StoreUrl {
    /// Opens it. A file that is not there is made only with `create`.
    ///
    /// # Errors
    /// [`CliError::NoFile`], [`CliError::NoPostgres`], and those of the store.
    pub(crate) async fn open(&self, create: bool) -> Result<Arc<dyn Store>, CliError> {
        match self {
            StoreUrl::Sqlite(path) if !create && !path.exists() => Err(CliError::NoFile(path.clone())),
            StoreUrl::Sqlite(path) => Ok(Arc::new(Sqlite::open(path)?)),
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => Ok(Arc::new(flow_postgres::Postgres::connect(url.as_str()).await?)),
            #[cfg(not(feature = "postgres"))]
            StoreUrl::Postgres(_) => Err(CliError::NoPostgres),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let shown = |text: &str| text.parse::<StoreUrl>().unwrap().to_string();
        assert_eq!(shown("sqlite:a/b.db"), "sqlite:a/b.db");
        assert_eq!(shown("runs.db"), "sqlite:runs.db");
        assert_eq!(shown("postgres://ann:secret@host/db"), "postgres://ann@host/db");
        assert_eq!(shown("postgres:postgresql://host/db"), "postgresql://host/db");
        for text in ["", "flow", "mysql://x", "sqlite:"] {
            assert!(text.parse::<StoreUrl>().is_err(), "{text}");
        }
    }
}
