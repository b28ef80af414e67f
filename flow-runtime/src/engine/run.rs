//! Handles of runs: wait for them, see what they ask, answer.

use std::{
    future::Future,
    marker::PhantomData,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::Value;

use super::{
    answer::AnswerRun,
    drive::Left,
    driver::{Driven, Engine},
    handle::{Handle, standing},
};
use crate::{
    AskedPause, Failure, OpenPause, Pause, RunError, Workflow,
    clock::millis,
    json,
    store::{PauseRecord, RunRecord, RunStatus, StoreError},
};

/// What a run has come to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// It returned this.
    Done(T),
    /// It waits for answers: every open pause of the run, in the order in which they were asked.
    Paused(Vec<OpenPause>),
}

/// A run of workflow `W`. Cheap to clone; dropping it does not stop the run.
pub struct Run<W> {
    run: AnyRun,
    workflow: PhantomData<fn() -> W>,
}

/// A run whose workflow is known by id only. Outputs and answers are JSON.
#[derive(Clone)]
pub struct AnyRun {
    handle: Arc<Handle>,
}

impl<W> Clone for Run<W> {
    fn clone(&self) -> Self {
        Run { run: self.run.clone(), workflow: PhantomData }
    }
}

impl<W> From<AnyRun> for Run<W> {
    fn from(run: AnyRun) -> Self {
        Run { run, workflow: PhantomData }
    }
}

impl<W> std::fmt::Debug for Run<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.run.fmt(f)
    }
}

impl std::fmt::Debug for AnyRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.handle.id)
            .field("workflow", &self.handle.workflow)
            .finish_non_exhaustive()
    }
}

impl<W: Workflow> Run<W> {
    /// The run's id.
    pub fn id(&self) -> &str {
        self.run.id()
    }

    /// The handle without the workflow's type.
    pub fn any(&self) -> &AnyRun {
        &self.run
    }

    /// Where the run stands.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn status(&self) -> Result<RunStatus, RunError> {
        self.run.status().await
    }

    /// Takes the run up, if nobody drives it, and waits until it is done or waits for answers only.
    ///
    /// # Errors
    /// [`RunError::Failed`] if the run has failed, now or before; [`RunError::Refused`] if what is stored of it does not
    /// fit this program; those of the store.
    pub async fn wait(&self) -> Result<Outcome<W::Output>, RunError> {
        Ok(match self.run.wait_for_text().await? {
            Outcome::Done(text) => Outcome::Done(json::decode(&text).map_err(|source| self.run.output_error(source))?),
            Outcome::Paused(pauses) => Outcome::Paused(pauses),
        })
    }

    /// The pauses that wait for an answer.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn pauses(&self) -> Result<Vec<OpenPause>, RunError> {
        self.run.pauses().await
    }

    /// All questions of the run, in the order in which they were asked, and what became of each.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn asked(&self) -> Result<Vec<AskedPause>, RunError> {
        self.run.asked().await
    }

    /// Answers the run's open pause of kind `P`. The answer is given when this is awaited; from then on it is durable, and
    /// the run goes on.
    ///
    /// # Errors
    /// When awaited: [`AnswerError`](crate::AnswerError). Nothing has changed then.
    pub fn answer<P: Pause>(&self, answer: P::Answer) -> AnswerRun {
        let value = serde_json::to_string(&answer).map_err(json::JsonError::from);
        AnswerRun::new(self.run.handle.clone(), P::META.name, value)
    }

    /// Answers the pause of this id, or the only open one of this name, with a JSON value.
    ///
    /// # Errors
    /// When awaited: [`AnswerError`](crate::AnswerError), for a value that does not fit with the field and what was expected there.
    pub fn answer_json(&self, pause: &str, answer: Value) -> AnswerRun {
        self.run.answer_json(pause, answer)
    }
}

impl AnyRun {
    pub(super) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(crate) fn new(engine: Arc<Engine>, id: String, workflow: String, driven: Option<Arc<Driven>>) -> Self {
        AnyRun { handle: Arc::new(Handle::new(engine, id, workflow, driven)) }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.handle.id
    }

    /// Id of its workflow.
    pub fn workflow(&self) -> &str {
        &self.handle.workflow
    }

    /// Where the run stands.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn status(&self) -> Result<RunStatus, RunError> {
        Ok(self.record().await?.status)
    }

    /// The run as it is stored: input, output, session, user, metadata, times.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn record(&self) -> Result<RunRecord, RunError> {
        Ok(self.handle.record().await?)
    }

    /// As [`Run::wait`], with the output as JSON.
    ///
    /// # Errors
    /// As [`Run::wait`].
    pub async fn wait(&self) -> Result<Outcome<Value>, RunError> {
        Ok(match self.wait_for_text().await? {
            Outcome::Done(text) => Outcome::Done(json::decode(&text).map_err(|source| self.output_error(source))?),
            Outcome::Paused(pauses) => Outcome::Paused(pauses),
        })
    }

    /// The pauses that wait for an answer.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn pauses(&self) -> Result<Vec<OpenPause>, RunError> {
        let record = self.record().await?;
        Ok(self.handle.engine.open_pauses(&record).await?.into_iter().map(OpenPause::from).collect())
    }

    /// As [`Run::asked`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn asked(&self) -> Result<Vec<AskedPause>, RunError> {
        Ok(self.handle.engine.asked(&self.handle.id).await?)
    }

    /// As [`Run::answer_json`].
    ///
    /// # Errors
    /// As [`Run::answer_json`].
    pub fn answer_json(&self, pause: &str, answer: Value) -> AnswerRun {
        AnswerRun::new(self.handle.clone(), pause, Ok(answer.to_string()))
    }

    async fn wait_for_text(&self) -> Result<Outcome<String>, RunError> {
        self.handle.engine.watch_timers();
        let engine = &self.handle.engine;
        let mut pace = Pace::default();
        let news = engine.news(&self.handle.id);
        loop {
            // What comes after the look is heard.
            let mut heard = std::pin::pin!(news.notified());
            heard.as_mut().enable();
            let seen = self.handle.take_seen();
            if let Some(driven) = seen
                && let Some(left) = driven.left().await
            {
                self.check(left).await?;
            }
            let record = self.record().await?;
            match record.status {
                RunStatus::Completed => return Ok(Outcome::Done(record.output.unwrap_or_default())),
                RunStatus::Failed => return Err(Failure::stored(record.failure.as_deref()).into()),
                RunStatus::Cancelled => return Err(RunError::Cancelled { run: self.handle.id.clone() }),
                RunStatus::Paused if !self.is_due(&record).await? => match self.pauses().await? {
                    // It waits for a time, or went on between two looks.
                    open if open.is_empty() => {
                        self.check_open()?;
                        pace.rest_until(engine, heard, record.wake).await;
                    }
                    open => return Ok(Outcome::Paused(open)),
                },
                RunStatus::Paused | RunStatus::Running | RunStatus::Undoing => {
                    match engine.take_up(&self.handle.id).await? {
                        Some(driven) => self.handle.see(Some(driven)),
                        // Another process drives it.
                        None => {
                            self.check_open()?;
                            pace.rest(engine, heard).await;
                        }
                    }
                }
            }
        }
    }

    async fn check(&self, left: Left) -> Result<(), RunError> {
        match left {
            Left::Ended(None) | Left::Parked(_) | Left::Cancelled | Left::Stopped => Ok(()),
            // Whoever has the run now says what becomes of it.
            Left::Store(StoreError::Fenced { .. }) => Ok(()),
            Left::Ended(Some(failure)) => Err(failure.into()),
            Left::Store(error) => Err(error.into()),
            Left::Refused(reason) => Err(self.handle.refused(reason).await),
        }
    }

    /// Whether the run may still go on here.
    fn check_open(&self) -> Result<(), RunError> {
        match self.handle.engine.is_closed() {
            true => Err(RunError::Shutdown { run: self.handle.id.clone() }),
            false => Ok(()),
        }
    }

    fn output_error(&self, source: json::JsonError) -> RunError {
        RunError::Output { run: self.handle.id.clone(), source }
    }

    /// Whether a paused run has something to go on with: an answer it has not read, a time that has come.
    async fn is_due(&self, record: &RunRecord) -> Result<bool, StoreError> {
        if record.wake.is_some_and(|wake| wake <= self.handle.engine.clock.now_ms()) {
            return Ok(true);
        }
        let store = &self.handle.engine.store;
        let frames = store.frames(&self.handle.id).await?;
        let pauses = standing(&**store, &self.handle.id, &frames).await?;
        let settled = |pause: &PauseRecord| pause.answer.is_some() || pause.expired_at.is_some();
        let answered = |id: &String| pauses.iter().any(|pause| pause.pause.id == *id && settled(pause));
        Ok(frames.iter().filter_map(|frame| frame.pause.as_ref()).any(answered))
    }
}

/// The rests between two looks at a run that another process drives, or may drive.
struct Pace(Duration);

impl Default for Pace {
    fn default() -> Self {
        Pace(Duration::from_millis(10))
    }
}

impl Pace {
    const SLOWEST: Duration = Duration::from_millis(500);
    /// Where the store tells, for what it may have missed, and for what another App does through the same handle of the store,
    /// which it does not tell.
    const HEARS: Duration = Duration::from_secs(5);
    /// How many times longer a rest is there.
    const CALMER: u32 = 50;
    /// Of a run that sleeps: the App wakes it, and this is for what others do to it meanwhile.
    const ASLEEP: Duration = Duration::from_secs(5);

    /// Rests until there is news of the run. Where the store does not tell, others may have done something all the same.
    async fn rest(&mut self, engine: &Engine, news: impl Future<Output = ()>) {
        let hears = engine.hears.load(Ordering::Relaxed);
        let rest = if hears { (self.0 * Self::CALMER).min(Self::HEARS) } else { self.0 };
        let _ = tokio::time::timeout(rest, news).await;
        self.0 = (self.0 * 2).min(Self::SLOWEST);
    }

    /// Rests while the run sleeps until this time.
    async fn rest_until(&mut self, engine: &Engine, news: impl Future<Output = ()>, wake: Option<i64>) {
        let asleep = wake.map(|wake| wake.saturating_sub(engine.clock.now_ms()));
        if asleep.is_some_and(|left| left > millis(Self::ASLEEP)) {
            let _ = tokio::time::timeout(Self::ASLEEP, news).await;
            return;
        }
        self.rest(engine, news).await;
    }
}
