//! Reading what may take long: searches, counts and whole histories.
//!
//! It has a connection of its own, so that what takes microseconds does not wait for it, and happens on a thread where it may
//! take its time.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::runtime::Handle;

use super::{super::fold::Folds, Sqlite, StoreFuture, about, fault::Fault, reader::Opening};
use crate::lock::lock;

/// The connection, opened when it is first needed, and what is remembered of what it has read.
#[derive(Debug)]
pub(super) struct Large {
    opening: Opening,
    conn: Option<Connection>,
    folds: Folds,
}

impl Large {
    pub(super) fn new(opening: Opening) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Large { opening, conn: None, folds: Folds::default() }))
    }

    fn read<T>(&mut self, read: impl FnOnce(&Connection, &mut Folds) -> Result<T, Fault>) -> Result<T, Fault> {
        read(self.opening.of(&mut self.conn)?, &mut self.folds)
    }
}

impl Sqlite {
    /// Reads on a thread where it may take long; outside of a tokio runtime, on the spot.
    pub(super) fn read_large<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        read: impl FnOnce(&Connection, &mut Folds) -> Result<T, Fault> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            // Not the store: a reader that nobody waits for any more does not hold its claims.
            let large = self.inner.large.clone();
            let read = move || lock(&large).read(read);
            let found = match Handle::try_current() {
                Ok(runtime) => match runtime.spawn_blocking(read).await {
                    Ok(found) => found,
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => Err(std::io::Error::other(error).into()),
                    },
                },
                Err(_) => read(),
            };
            found.map_err(|fault| self.failed(fault, || about(doing, run)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, sync::mpsc, time::Duration};

    use futures::FutureExt;

    use super::{
        super::super::{Prune, RunFilter, SessionFilter, Store},
        *,
    };

    fn open() -> Result<(tempfile::TempDir, Sqlite), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let store = Sqlite::open(folder.path().join("flow.db"))?;
        Ok((folder, store))
    }

    #[tokio::test]
    async fn others_go_on_while_something_large_is_read() -> Result<(), Box<dyn Error>> {
        let (_folder, store) = open()?;
        let (go_on, wait) = mpsc::channel();
        let large = store.read_large("read", "", move |_, _| Ok(wait.recv_timeout(Duration::from_secs(30)).is_ok()));
        let others = async {
            let found = store.find("r").await;
            let _ = go_on.send(());
            found
        };
        let (told, found) = tokio::join!(large, others);
        assert!(told?, "the thread has looked for the run in the meantime");
        assert_eq!(found?, None);
        Ok(())
    }

    #[tokio::test]
    async fn what_may_be_large_is_read_apart() -> Result<(), Box<dyn Error>> {
        let (_folder, store) = open()?;
        let (runs, sessions) = (RunFilter { limit: 10, ..RunFilter::default() }, SessionFilter::default());
        let prune = Prune { ended_before: None, checkpoints: Some(1), limit: 10 };
        let (mut list, mut stats) = (store.list(&runs), store.stats(&runs));
        let (mut sessions, mut prune) = (store.sessions(&sessions), store.prune(&prune));
        let (mut history, mut frames_at) = (store.history("r"), store.frames_at("r", 1));
        {
            let _large = lock(&store.inner.large);
            let pending = [
                (&mut list).now_or_never().is_none(),
                (&mut stats).now_or_never().is_none(),
                (&mut sessions).now_or_never().is_none(),
                (&mut prune).now_or_never().is_none(),
                (&mut history).now_or_never().is_none(),
                (&mut frames_at).now_or_never().is_none(),
            ];
            assert_eq!(pending, [true; 6]);
            assert!(store.find("r").now_or_never().is_some(), "what is small waits for nobody");
        }
        assert!(list.await?.is_empty() && stats.await?.is_empty() && sessions.await?.is_empty());
        assert_eq!(prune.await?.checkpoints, 0);
        assert!(history.await.is_err() && frames_at.await.is_err());
        Ok(())
    }

    #[test]
    fn it_needs_no_runtime() -> Result<(), Box<dyn Error>> {
        let (_folder, store) = open()?;
        assert_eq!(store.list(&RunFilter::default()).now_or_never().transpose()?, Some(Vec::new()));
        Ok(())
    }

    #[tokio::test]
    async fn a_panic_travels_on_and_the_next_reads() -> Result<(), Box<dyn Error>> {
        let (_folder, store) = open()?;
        let read = store.read_large("read", "", |_, _| -> Result<(), Fault> { std::panic::resume_unwind(Box::new(7)) });
        let panicked = std::panic::AssertUnwindSafe(read).catch_unwind().await;
        assert_eq!(panicked.err().and_then(|panic| panic.downcast_ref::<i32>().copied()), Some(7));
        assert_eq!(store.list(&RunFilter::default()).await?, []);
        Ok(())
    }
}
