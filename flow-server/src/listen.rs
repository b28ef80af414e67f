//! Connections: taken, given a time for the head of each request, and led to their end.

use std::{sync::Arc, time::Duration};

use flow_runtime::Shutdown;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet};

use crate::{server::Bound, unread::EndsUnread};

/// How long to wait when connections cannot be taken: there may be no file descriptors left.
const REST: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is done, and then leaves.
pub(crate) async fn serve(bound: Bound, shutdown: impl Future<Output = ()> + Send) -> Shutdown {
    let Bound { listener, router, state, .. } = bound;
    let mut http = http1::Builder::new();
    // Whoever sends the head of a request bit by bit does not keep a connection.
    http.timer(TokioTimer::new()).header_read_timeout(state.options.header_time).max_headers(100);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(state.options.max_connections));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let take = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (taken, place) = tokio::select! {
            taken = take => taken,
            // Those that have ended are forgotten.
            Some(_) = connections.join_next() => continue,
            () = &mut shutdown => break,
        };
        match taken {
            Ok((stream, _)) => {
                ready(&stream);
                let stream = TokioIo::new(EndsUnread::after(state.options.write_time, stream));
                let connection = http.serve_connection(stream, TowerToHyperService::new(router.clone()));
                let connection = graceful.watch(connection);
                connections.spawn(async move {
                    // Whoever breaks a connection off has nothing to hear of it.
                    let _ = connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    state.closing.send_replace(true);
    let grace = state.options.grace;
    let requests = async {
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests did not finish in time, and were dropped");
        }
        // Nothing of a connection outlives the server.
        connections.shutdown().await;
    };
    // At the same time, so that one slow request does not use up the time that the steps have.
    let (left, ()) = tokio::join!(state.app.shutdown_within(grace), requests);
    left
}

/// Events are small, and wanted at once.
fn ready(stream: &TcpStream) {
    // Without it they come a little later.
    let _ = stream.set_nodelay(true);
}
