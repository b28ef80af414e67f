//! Keeps the runs of [`flow_runtime`] in PostgreSQL: any number of processes, on any number of machines, work on one database.
//!
//! ```no_run
//! use flow_postgres::Postgres;
//! use flow_runtime::App;
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Postgres::connect("postgres://flow:secret@localhost/flow").await?;
//! let app = App::builder().store(store).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! A checkpoint is one statement. A worker that is killed loses its runs to the others when its lease has ended; a lease goes by
//! the clock of the server, so it does not matter what the clocks of the workers say. A connection that is cut, or a server that
//! restarts, is waited for, and a write whose answer was lost is made once all the same.

mod background;
mod client;
mod connect;
mod definitions;
mod fault;
mod labels;
mod notify;
mod options;
mod prune;
mod read;
mod schema;
mod sessions;
mod sql;
mod store;
mod tx;
mod write;

use std::sync::Arc;

use flow_runtime::StoreError;

pub use deadpool_postgres;
pub use options::PostgresOptions;
pub use tokio_postgres;
pub use tx::PgTx;

/// A store in a PostgreSQL database. Clones share their connections and count as one driver.
///
/// While it drives runs, a row in the table `drivers` says until when others leave them alone. It is renewed by a thread of the
/// store's own, and goes with the last clone.
#[derive(Clone)]
pub struct Postgres {
    shared: Arc<client::Shared>,
    /// Whether there is a way to listen.
    hears: bool,
}

impl Postgres {
    /// Connects with the default options: to `postgres://user:password@host/database`, or what else `libpq` takes.
    ///
    /// # Errors
    /// As [`PostgresOptions::open`].
    pub async fn connect(url: impl Into<String>) -> Result<Self, StoreError> {
        Self::options(url).open().await
    }

    /// The default options for a URL, to change some of them.
    pub fn options(url: impl Into<String>) -> PostgresOptions {
        PostgresOptions::new(Some(url.into()), None)
    }

    /// The default options for a pool of your own, to change some of them. See [`PostgresOptions::listen_at`].
    pub fn with_pool(pool: deadpool_postgres::Pool) -> PostgresOptions {
        PostgresOptions::new(None, Some(pool))
    }

    /// Whether others find this handle alive as far as it knows: whether it has renewed its lease in time. A handle that has
    /// driven nothing yet has none.
    pub fn has_lease(&self) -> bool {
        self.shared.background.lease().left().is_some()
    }

    /// Frees the claims of this handle, those of its clones included: nobody has to wait for the lease to end. Nothing can be
    /// claimed through it any more. Dropping the last clone does the same, but keeps a thread waiting for the server.
    pub async fn close(&self) {
        self.shared.background.close().await;
    }
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("schema", &self.shared.schema)
            .field("driver", &self.shared.token)
            .finish_non_exhaustive()
    }
}
