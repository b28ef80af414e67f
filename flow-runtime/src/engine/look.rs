//! Looking at runs without taking them up, also at those of workflows that this program does not have.

use std::sync::Arc;

use super::{
    app::App,
    driver::Engine,
    handle::{is_open, standing},
    stream::EventStream,
};
use crate::{
    AskedPause, OpenPause,
    store::{NewPause, RunRecord, RunStatus, Store, StoreError},
};

impl App {
    /// The store this App works on: to read from it what has no name here. What is written past the App is not heard by it.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.engine.store
    }

    /// How many runs this App drives now, those included that wait for a [place](crate::AppBuilder::limit_workflow).
    pub fn driving(&self) -> usize {
        self.engine.driving()
    }

    /// As [`AnyRun::events`](crate::AnyRun::events), of any run in the store, also one of a workflow that is not registered. A
    /// run that is not there is the stream's first item, an error.
    pub fn events(&self, run: &str, from: u64) -> EventStream {
        self.engine.read_events(run, from)
    }

    /// As [`Run::asked`](crate::Run::asked), of any run in the store.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn asked(&self, run: &str) -> Result<Vec<AskedPause>, StoreError> {
        self.engine.asked(run).await
    }

    /// As [`Run::pauses`](crate::Run::pauses), of any run in the store, of which this was just read.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn open_pauses(&self, run: &RunRecord) -> Result<Vec<OpenPause>, StoreError> {
        Ok(self.engine.open_pauses(run).await?.into_iter().map(OpenPause::from).collect())
    }
}

impl Engine {
    /// All questions of a run, and what became of each.
    pub(super) async fn asked(&self, run: &str) -> Result<Vec<AskedPause>, StoreError> {
        // Read before and after where the run stands: what was asked before, is not answered after, and has no frame is left.
        let before = self.store.pauses(run).await?;
        let (frames, record) = (self.store.frames(run).await?, self.record(run).await?);
        let ended = (record.status.has_ended() || record.status == RunStatus::Undoing).then_some(record.updated_at);
        let asked = self.store.pauses(run).await?.into_iter().map(|pause| {
            let is_new = || before.iter().all(|known| known.pause.id != pause.pause.id);
            let open = is_open(&pause, &record, &frames) || ended.is_none() && is_new();
            AskedPause::new(pause, open, ended)
        });
        Ok(asked.collect())
    }

    /// The pauses at which a run waits, in the order in which they were asked.
    pub(super) async fn open_pauses(&self, record: &RunRecord) -> Result<Vec<NewPause>, StoreError> {
        let run = &record.run.id;
        let frames = self.store.frames(run).await?;
        let pauses = standing(&*self.store, run, &frames).await?;
        Ok(pauses.into_iter().filter(|pause| is_open(pause, record, &frames)).map(|pause| pause.pause).collect())
    }
}
