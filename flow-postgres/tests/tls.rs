//! Connections over TLS.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::{error::Error as _, time::Duration};

use common::{Place, create};
use flow_postgres::Postgres;
use flow_runtime::{Store, store::Change};
use flow_test_server::Server;
use futures::StreamExt as _;

#[tokio::test]
async fn a_server_is_trusted_by_its_certificate_only() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let trusted = certificate.clone();
    let server = tokio::task::spawn_blocking(move || Server::start_tls(&certificate, &key)).await.unwrap().unwrap();
    let place = Place::at(server.url());
    let url = format!("postgres://postgres@localhost:{}/postgres?sslmode=require", server.port());
    let options = |url: &str| Postgres::options(url).schema(&place.schema).patience(Duration::ZERO);

    let store = options(&url).root_certificates(trusted.clone()).open().await.unwrap();
    create(&store, "r").await;
    let other = options(&url).root_certificates(trusted.clone()).open().await.unwrap();
    let mut changes = other.listen().await.unwrap().unwrap();
    assert!(store.park("r", 1, &[]).await.unwrap());
    assert_eq!(changes.next().await, Some(Change::Run("r".to_owned())));
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE ssl AND application_name = 'flow' AND usename IS NOT NULL";
    assert!(place.sql(encrypted).await[0].get::<_, i64>(0) >= 4, "both pools, the lease and the listener");

    // Nobody vouches for it, or it is another one.
    let stranger = options(&url).open().await.unwrap_err();
    assert!(stranger.source().is_some(), "{stranger:?}");
    assert!(format!("{stranger:?}").contains("UnknownIssuer"), "{stranger:?}");
    let by_number = url.replace("localhost", "127.0.0.1");
    let misnamed = options(&by_number).root_certificates(trusted).open().await.unwrap_err();
    assert!(format!("{misnamed:?}").contains("NotValidForName"), "{misnamed:?}");
    let no_pem = options(&url).root_certificates("nothing").open().await.unwrap_err();
    assert!(format!("{no_pem:?}").contains("PEM"), "{no_pem:?}");
}
