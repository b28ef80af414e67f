//! How to open a store.

use std::{
    fmt,
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::Duration,
};

use deadpool_postgres::Pool;
use flow_runtime::StoreError;
use tokio::sync::Semaphore;

use crate::{
    Postgres,
    background::{Background, Plan, Way},
    client::{Patience, Shared},
    connect::Server,
    fault::Fault,
    schema,
};

/// How to open a PostgreSQL store; from [`Postgres::options`] or [`Postgres::with_pool`].
#[derive(Clone)]
#[must_use = "options do nothing until `open`"]
pub struct PostgresOptions {
    url: Option<String>,
    pool: Option<Pool>,
    connections: usize,
    schema: String,
    lease: Duration,
    patience: Duration,
    roots: Option<Vec<u8>>,
}

impl PostgresOptions {
    pub(crate) fn new(url: Option<String>, pool: Option<Pool>) -> Self {
        PostgresOptions {
            url,
            pool,
            connections: 16,
            schema: "flow".to_owned(),
            lease: Duration::from_secs(15),
            patience: Duration::from_secs(10),
            roots: None,
        }
    }

    /// The schema in which the tables are, made if it is not there. `flow` unless said otherwise. Stores in different schemas
    /// know nothing of each other.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// How many connections the store may have, besides the one of its own that keeps its lease and listens. 16 unless said
    /// otherwise, 2 at least. A pool that was handed in has its own limit, which should be 2 or more as well: a step with a
    /// transaction has one connection, and may want something of the store.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(2);
        self
    }

    /// How long the claims of this handle outlive its process, or its last word to the server. 15 seconds unless said otherwise,
    /// 100 milliseconds at least. It is renewed three times as often.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(100));
        self
    }

    /// How long an operation is tried again while the server cannot be reached. 10 seconds unless said otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where to listen for what others do. Needed with a pool that was handed in, which cannot be used for that: without it
    /// [`Store::listen`](flow_runtime::Store::listen) says `None`.
    pub fn listen_at(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Certificates in PEM to trust instead of those of the operating system.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Connects, and makes the tables or brings them up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] for tables of a newer version of this crate; [`StoreError::Backend`] if the server cannot be
    /// reached or refuses, if the URL is none, or if it asks for TLS and the feature `tls` is off.
    pub async fn open(self) -> Result<Postgres, StoreError> {
        let doing = || "open the PostgreSQL database".to_owned();
        self.opened().await.map_err(|fault| fault.doing(doing))
    }

    async fn opened(self) -> Result<Postgres, Fault> {
        let PostgresOptions { url, pool, connections, schema, lease, patience, roots } = self;
        schema::check(&schema)?;
        let server = url.as_deref().map(|url| Server::parse(url, roots.as_deref())).transpose()?;
        let server = server.map(Arc::new);
        let (pool, way) = match (pool, &server) {
            (Some(pool), Some(server)) => (pool, Way::Server(server.clone())),
            (Some(pool), None) => (pool.clone(), Way::Pool(pool)),
            (None, Some(server)) => (server.pool(connections)?, Way::Server(server.clone())),
            (None, None) => return Err(Fault::other("neither a URL nor a pool was given")),
        };
        let mut left = Patience::new(patience);
        while let Err(fault) = prepare(&pool, &schema).await {
            left.wait(fault).await?;
        }
        let id = uuid::Uuid::now_v7();
        let prefix = format!("{}.", schema::quoted(&schema));
        let (channel, token) = (schema::channel(&schema), id.simple().to_string());
        let hears = matches!(way, Way::Server(_));
        let (prefix_there, channel_there, token_there) = (prefix.clone(), channel.clone(), token.clone());
        let plan = Plan { way, prefix: prefix_there, channel: channel_there, token: token_there, lease, patience };
        let ops = AtomicI64::new(first_op(id));
        let background = Background::new(plan);
        let steps = Arc::new(Semaphore::new(pool.status().max_size.saturating_sub(1).max(1)));
        let shared = Shared {
            steps,
            pool,
            server,
            schema,
            prefix,
            channel,
            token,
            lease,
            patience,
            background,
            ops,
            folds: Mutex::default(),
        };
        Ok(Postgres { shared: Arc::new(shared), hears })
    }
}

/// Any number; two handles have the same one as good as never.
fn first_op(id: uuid::Uuid) -> i64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(id).cast_signed()
}

async fn prepare(pool: &Pool, schema: &str) -> Result<(), Fault> {
    let mut client = pool.get().await?;
    schema::migrate(&mut client, schema).await
}

impl fmt::Debug for PostgresOptions {
    /// Without the URL, in which there may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("connections", &self.connections)
            .field("lease", &self.lease)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
