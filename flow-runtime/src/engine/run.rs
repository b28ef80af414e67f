//! Handles of runs: wait for them, see what they ask, answer.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;

use super::{
    app::{Driven, Inner},
    registry::Left,
};
use crate::{
    Failure, OpenPause, Pause, RunError, Workflow,
    clock::now_ms,
    error::AnswerError,
    json,
    machine::{CallKind, RunState},
    store::{Answer, AnswerReceipt, PauseRecord, RunRecord, RunStatus, StoreError},
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
    app: Arc<Inner>,
    id: String,
    workflow: String,
    /// The driver this handle last saw.
    driven: Arc<Mutex<Option<Arc<Driven>>>>,
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
        f.debug_struct("Run").field("id", &self.id).field("workflow", &self.workflow).finish_non_exhaustive()
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

    /// Answers the run's open pause of kind `P`. The answer is given when this is awaited; from then on it is durable, and
    /// the run goes on.
    ///
    /// # Errors
    /// When awaited: [`AnswerError`]. Nothing has changed then.
    pub fn answer<P: Pause>(&self, answer: P::Answer) -> AnswerRun {
        let value = serde_json::to_string(&answer).map_err(json::JsonError::from);
        AnswerRun { run: self.run.clone(), pause: P::META.name.to_owned(), value, by: None }
    }

    /// Answers the pause of this id, or the only open one of this name, with a JSON value.
    ///
    /// # Errors
    /// When awaited: [`AnswerError`], for a value that does not fit with the field and what was expected there.
    pub fn answer_json(&self, pause: &str, answer: Value) -> AnswerRun {
        self.run.answer_json(pause, answer)
    }
}

impl AnyRun {
    pub(crate) fn new(app: Arc<Inner>, id: String, workflow: String, driven: Option<Arc<Driven>>) -> Self {
        AnyRun { app, id, workflow, driven: Arc::new(Mutex::new(driven)) }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Id of its workflow.
    pub fn workflow(&self) -> &str {
        &self.workflow
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
        Ok(self.app.record(&self.id).await?)
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
        let (record, frames) = (self.record().await?, self.app.store.frames(&self.id).await?);
        let ended = matches!(record.status, RunStatus::Completed | RunStatus::Failed);
        // A pause whose frame is gone was withdrawn: the other branches of its fork failed, for instance.
        let waits =
            |pause: &PauseRecord| !ended && frames.iter().any(|frame| frame.pause.as_ref() == Some(&pause.pause.id));
        let pauses = self.app.store.pauses(&self.id).await?;
        Ok(pauses.into_iter().filter(waits).filter_map(OpenPause::open).collect())
    }

    /// As [`Run::answer_json`].
    ///
    /// # Errors
    /// As [`Run::answer_json`].
    pub fn answer_json(&self, pause: &str, answer: Value) -> AnswerRun {
        AnswerRun { run: self.clone(), pause: pause.to_owned(), value: Ok(answer.to_string()), by: None }
    }

    async fn wait_for_text(&self) -> Result<Outcome<String>, RunError> {
        let mut pace = Pace::default();
        loop {
            let seen = self.driven.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(driven) = seen
                && let Some(left) = driven.left().await
            {
                self.check(left)?;
            }
            let record = self.record().await?;
            match record.status {
                RunStatus::Completed => return Ok(Outcome::Done(record.output.unwrap_or_default())),
                RunStatus::Failed => return Err(stored_failure(record.failure.as_deref()).into()),
                RunStatus::Paused if !self.has_unread_answer().await? => {
                    return Ok(Outcome::Paused(self.pauses().await?));
                }
                RunStatus::Paused | RunStatus::Running => match self.app.take_up(&self.id).await? {
                    Some(driven) => *self.driven.lock().unwrap_or_else(PoisonError::into_inner) = Some(driven),
                    // Another process drives it; a store has no way to call us.
                    None => pace.rest().await,
                },
            }
        }
    }

    fn check(&self, left: Left) -> Result<(), RunError> {
        match left {
            Left::Ended(None) | Left::Parked => Ok(()),
            Left::Ended(Some(failure)) => Err(failure.into()),
            Left::Store(error) => Err(error.into()),
            Left::Refused(reason) => Err(self.refused(reason)),
        }
    }

    fn refused(&self, reason: crate::Refusal) -> RunError {
        RunError::Refused { run: self.id.clone(), workflow: self.workflow.clone(), reason: Box::new(reason) }
    }

    fn output_error(&self, source: json::JsonError) -> RunError {
        RunError::Output { run: self.id.clone(), source }
    }

    async fn has_unread_answer(&self) -> Result<bool, StoreError> {
        let pauses = self.app.store.pauses(&self.id).await?;
        let frames = self.app.store.frames(&self.id).await?;
        let answered = |id: &String| pauses.iter().any(|pause| pause.pause.id == *id && pause.answer.is_some());
        Ok(frames.iter().filter_map(|frame| frame.pause.as_ref()).any(answered))
    }

    async fn answer(&self, pause: &str, value: String, by: Option<String>) -> Result<(), AnswerError> {
        let record = self.record().await?;
        let entry = self.app.workflow(&record.run.workflow)?.clone();
        let pauses = self.app.store.pauses(&self.id).await?;
        let asked = self.find_pause(&record, &pauses, pause)?;
        let id = asked.pause.id.clone();
        if asked.answer.is_none() {
            let frames = self.app.store.frames(&self.id).await?;
            let state = RunState::new(self.id.clone(), entry.points(), None, frames, Vec::new());
            entry.check_state(state, &record.run.input).map_err(|reason| self.refused(reason))?;
            let checks: Vec<_> = entry.calls().into_iter().filter(|call| call.name == asked.pause.name).collect();
            let mut mismatch = None;
            for call in &checks {
                if let CallKind::Pause { check, .. } = call.kind {
                    match check(&value) {
                        Ok(()) => {
                            mismatch = None;
                            break;
                        }
                        Err(error) => mismatch = Some(error),
                    }
                }
            }
            if let Some(source) = mismatch {
                return Err(AnswerError::Mismatch { pause: id, source });
            }
        }
        let answer = Answer { value, by, at: now_ms() };
        match self.app.store.answer(&self.id, &id, &answer).await? {
            AnswerReceipt::AlreadyAnswered(answer) => Err(AnswerError::AlreadyAnswered { pause: id, answer }),
            AnswerReceipt::NotWaiting => {
                Err(AnswerError::NotWaiting { run: self.id.clone(), pause: id, status: self.status().await? })
            }
            AnswerReceipt::Accepted => {
                self.go_on(&id, &answer.value).await?;
                Ok(())
            }
        }
    }

    fn find_pause<'p>(
        &self,
        record: &RunRecord,
        pauses: &'p [PauseRecord],
        wanted: &str,
    ) -> Result<&'p PauseRecord, AnswerError> {
        if let Some(exact) = pauses.iter().find(|pause| pause.pause.id == wanted) {
            return Ok(exact);
        }
        let named = |open: bool| {
            pauses.iter().filter(move |pause| pause.pause.name == wanted && pause.answer.is_none() == open)
        };
        let open: Vec<&PauseRecord> = named(true).collect();
        match open[..] {
            [only] => Ok(only),
            [] => match named(false).next_back() {
                // Somebody else answered it: the store's receipt says with what.
                Some(answered) => Ok(answered),
                None => {
                    let ended = matches!(record.status, RunStatus::Completed | RunStatus::Failed);
                    let open = pauses.iter().filter(|pause| pause.answer.is_none() && !ended);
                    Err(AnswerError::NoSuchPause {
                        run: self.id.clone(),
                        name: wanted.to_owned(),
                        open: open.map(|pause| pause.pause.id.clone()).collect(),
                    })
                }
            },
            _ => Err(AnswerError::Ambiguous {
                run: self.id.clone(),
                name: wanted.to_owned(),
                ids: open.iter().map(|pause| pause.pause.id.clone()).collect(),
            }),
        }
    }

    /// Brings an accepted answer to the run: to its driver, or to a new one.
    async fn go_on(&self, pause: &str, answer: &str) -> Result<(), RunError> {
        let driven = match self.app.driven(&self.id) {
            Some(driven) => {
                driven.state.deliver(pause, answer);
                Some(driven)
            }
            None => self.app.take_up(&self.id).await?,
        };
        *self.driven.lock().unwrap_or_else(PoisonError::into_inner) = driven;
        Ok(())
    }
}

fn stored_failure(text: Option<&str>) -> Failure {
    match text.map(Failure::from_json) {
        Some(Ok(failure)) => failure,
        // What the store holds is still the best there is to show.
        Some(Err(_)) | None => Failure::new(vec![text.unwrap_or("the store does not say why").to_owned()], "", None),
    }
}

/// The rests between two looks at a run that another process drives.
struct Pace(Duration);

impl Default for Pace {
    fn default() -> Self {
        Pace(Duration::from_millis(10))
    }
}

impl Pace {
    async fn rest(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Duration::from_millis(500));
    }
}

/// An answer about to be given; see [`Run::answer`].
#[must_use = "an answer is given when this is awaited"]
pub struct AnswerRun {
    run: AnyRun,
    pause: String,
    value: Result<String, json::JsonError>,
    by: Option<String>,
}

impl AnswerRun {
    /// Who answers.
    pub fn by(mut self, by: impl Into<String>) -> Self {
        self.by = Some(by.into());
        self
    }
}

impl IntoFuture for AnswerRun {
    type Output = Result<(), AnswerError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let pause = self.pause;
            let value = self.value.map_err(|source| AnswerError::Mismatch { pause: pause.clone(), source })?;
            self.run.answer(&pause, value, self.by).await
        })
    }
}
