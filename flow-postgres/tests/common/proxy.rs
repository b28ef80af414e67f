//! A way to the server on which answers get lost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

/// A proxy that cuts connections on command.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The how manyth answer from now on gets lost; 0 for none.
    lose: AtomicUsize,
    lost: AtomicUsize,
    cut: Notify,
    /// Whether new connections have to wait once an answer is lost, and whether they wait.
    shuts: AtomicBool,
    shut: watch::Sender<bool>,
}

/// The first byte of what the server says to a statement that was carried out, and to one without values.
const DONE: [u8; 2] = *b"2C";

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let state = proxy.state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = state.clone();
                tokio::spawn(async move {
                    if state.shut.subscribe().wait_for(|shut| !shut).await.is_err() {
                        return;
                    }
                    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    pass_on(client, server, &state).await;
                });
            }
        });
        proxy
    }

    /// The server carries out the next statements, and the answer to the last of so many does not arrive.
    pub(crate) fn lose_answer(&self, to: usize) {
        self.state.lose.store(to, Ordering::SeqCst);
    }

    /// As [`lose_answer`](Self::lose_answer) of the next statement. Before it is made again, something else happens.
    pub(crate) async fn lose_answer_before<T>(
        &self,
        operation: impl Future<Output = T>,
        something_else: impl AsyncFnOnce(),
    ) -> T {
        let lost = self.lost();
        self.state.shuts.store(true, Ordering::SeqCst);
        self.lose_answer(1);
        let meanwhile = async {
            while self.lost() == lost {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            something_else().await;
            self.state.shuts.store(false, Ordering::SeqCst);
            self.state.shut.send_replace(false);
        };
        tokio::join!(operation, meanwhile).0
    }

    /// Cuts every connection there is.
    pub(crate) fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, state: &State) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asks = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
    let answers = async {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            if DONE.contains(&buffer[0]) {
                let left = state.lose.load(Ordering::SeqCst);
                state.lose.store(left.saturating_sub(1), Ordering::SeqCst);
                if left == 1 {
                    if state.shuts.load(Ordering::SeqCst) {
                        state.shut.send_replace(true);
                    }
                    state.lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            if to_client.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = asks => {}
        () = answers => {}
        () = state.cut.notified() => {}
    }
}
