//! Getting to the server: what a URL says, and connections with and without TLS.

use std::{str::FromStr, time::Duration};

use deadpool::managed::QueueMode;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures::{StreamExt as _, stream};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, NoTls, config::SslMode};

use crate::fault::Fault;

/// Where a server is, and how to talk to it.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    tls: Tls,
}

#[derive(Clone)]
enum Tls {
    Off,
    #[cfg(feature = "tls")]
    On(tokio_postgres_rustls::MakeRustlsConnect),
}

/// A connection that is not of the pool, with what the server tells on it unasked: payloads of notifications. The stream ends
/// with the connection.
pub(crate) struct Alone {
    pub(crate) client: Client,
    pub(crate) told: mpsc::UnboundedReceiver<String>,
    task: JoinHandle<()>,
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Reads a URL, `postgres://…`, or a list of `key=value`.
    ///
    /// `roots` are certificates in PEM to trust instead of the operating system's.
    pub(crate) fn parse(url: &str, roots: Option<&[u8]>) -> Result<Self, Fault> {
        let mut config = Config::from_str(url).map_err(|error| Fault::other(without_secrets(&error)))?;
        if config.get_application_name().is_none() {
            config.application_name("flow");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // A server that is cut off is not waited for as long as the operating system would: two hours.
        if config.get_keepalives_idle() == Duration::from_secs(2 * 60 * 60) {
            config
                .keepalives_idle(Duration::from_secs(15))
                .keepalives_interval(Duration::from_secs(5))
                .keepalives_retries(3);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(30));
        }
        let tls = tls(config.get_ssl_mode(), roots)?;
        Ok(Server { config, tls })
    }

    /// A pool of so many connections at most. None is made yet.
    pub(crate) fn pool(&self, connections: usize) -> Result<Pool, Fault> {
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &self.tls {
            Tls::Off => Manager::from_config(self.config.clone(), NoTls, how),
            #[cfg(feature = "tls")]
            Tls::On(tls) => Manager::from_config(self.config.clone(), tls.clone(), how),
        };
        // The one that was used last has its statements prepared.
        Pool::builder(manager).max_size(connections).queue_mode(QueueMode::Lifo).build().map_err(Fault::other)
    }

    /// One connection beside the pool.
    pub(crate) async fn connect(&self) -> Result<Alone, Fault> {
        match &self.tls {
            Tls::Off => alone(self.config.connect(NoTls).await?),
            #[cfg(feature = "tls")]
            Tls::On(tls) => alone(self.config.connect(tls.clone()).await?),
        }
    }
}

impl Server {
    /// Asks the server of a connection to stop what it does there. A connection of a pool that was handed in may need TLS of
    /// which nothing is known here: then this fails.
    pub(crate) async fn cancel(server: Option<&Self>, token: &CancelToken) -> Result<(), Fault> {
        match server.map(|server| &server.tls) {
            None | Some(Tls::Off) => Ok(token.cancel_query(NoTls).await?),
            #[cfg(feature = "tls")]
            Some(Tls::On(tls)) => Ok(token.cancel_query(tls.clone()).await?),
        }
    }
}

fn alone<S, T>((client, mut connection): (Client, tokio_postgres::Connection<S, T>)) -> Result<Alone, Fault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (tell, told) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                // Nobody may listen any more.
                let _ = tell.send(notification.payload().to_owned());
            }
        }
    });
    Ok(Alone { client, told, task })
}

#[cfg(not(feature = "tls"))]
fn tls(mode: SslMode, _roots: Option<&[u8]>) -> Result<Tls, Fault> {
    match mode {
        SslMode::Disable | SslMode::Prefer => Ok(Tls::Off),
        _ => Err(Fault::other(
            "the URL asks for TLS (`sslmode=require`), and this program is built without it: \
             use flow-postgres with its feature `tls`",
        )),
    }
}

#[cfg(feature = "tls")]
fn tls(mode: SslMode, roots: Option<&[u8]>) -> Result<Tls, Fault> {
    use std::sync::Arc;

    use rustls::pki_types::{CertificateDer, pem::PemObject as _};

    if mode == SslMode::Disable {
        return Ok(Tls::Off);
    }
    let mut trusted = rustls::RootCertStore::empty();
    match roots {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                trusted.add(certificate.map_err(|error| no_certificates(&error.to_string()))?).map_err(Fault::other)?;
            }
            if trusted.is_empty() {
                return Err(no_certificates("there is none in it"));
            }
        }
        // A certificate that cannot be read is not trusted, that is all.
        None => {
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Fault::other)?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(Tls::On(tokio_postgres_rustls::MakeRustlsConnect::new(config)))
}

#[cfg(feature = "tls")]
fn no_certificates(why: &str) -> Fault {
    Fault::other(format!("the root certificates are no certificates in PEM: {why}"))
}

/// What is wrong with a URL, without a part of it: with a password that was not escaped, any part may be one of the password.
fn without_secrets(error: &tokio_postgres::Error) -> String {
    const OPTIONS: [&str; 7] =
        ["sslmode", "port", "connect_timeout", "target_session_attrs", "channel_binding", "sslnegotiation", "hostaddr"];
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match OPTIONS.into_iter().find(|option| cause == format!("invalid value for option `{option}`")) {
        Some(option) => format!("the URL has no valid value for `{option}`"),
        None => "this is no URL of PostgreSQL: it has to look like \
                 `postgres://user:password@host:5432/database?sslmode=require`, with what is special in the password \
                 written as `%40`"
            .to_owned(),
    }
}
