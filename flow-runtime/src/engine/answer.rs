//! Answers about to be given: found, checked, written down, and brought to their run.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use super::handle::Handle;
use crate::{
    JsonError, RunError,
    clock::now_ms,
    error::AnswerError,
    machine::{CallKind, RunState},
    store::{Answer, AnswerReceipt, PauseRecord, RunRecord, RunStatus},
};

/// An answer about to be given; see [`Run::answer`](crate::Run::answer).
#[must_use = "an answer is given when this is awaited"]
pub struct AnswerRun {
    run: Arc<Handle>,
    pause: String,
    value: Result<String, JsonError>,
    by: Option<String>,
}

impl AnswerRun {
    /// An answer to the pause of this id, or to the only open one of this name.
    pub(super) fn new(run: Arc<Handle>, pause: &str, value: Result<String, JsonError>) -> Self {
        AnswerRun { run, pause: pause.to_owned(), value, by: None }
    }

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

impl Handle {
    async fn answer(&self, pause: &str, value: String, by: Option<String>) -> Result<(), AnswerError> {
        let record = self.record().await?;
        let entry = self.engine.workflow(&record.run.workflow)?.clone();
        let pauses = self.engine.store.pauses(&self.id).await?;
        let asked = self.find_pause(&record, &pauses, pause)?;
        let id = asked.pause.id.clone();
        if asked.answer.is_none() {
            let frames = self.engine.store.frames(&self.id).await?;
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
        match self.engine.store.answer(&self.id, &id, &answer).await? {
            AnswerReceipt::AlreadyAnswered(answer) => Err(AnswerError::AlreadyAnswered { pause: id, answer }),
            AnswerReceipt::NotWaiting => {
                Err(AnswerError::NotWaiting { run: self.id.clone(), pause: id, status: self.record().await?.status })
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
        let driven = match self.engine.driven(&self.id) {
            Some(driven) => {
                driven.state.deliver(pause, answer);
                Some(driven)
            }
            None => self.engine.take_up(&self.id).await?,
        };
        self.see(driven);
        Ok(())
    }
}
