//! Answers about to be given: found, checked, written down, and brought to their run.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use super::{
    driver::detached,
    handle::{Handle, is_open, standing},
};
use crate::{
    Allowed, CheckedAnswer, JsonError, Names,
    error::AnswerError,
    event::Tag,
    machine::{CallKind, CallMeta, RunState},
    observe,
    store::{Answer, AnswerReceipt, FrameRecord, PauseRecord, RunRecord},
};

/// An answer about to be given; see [`Run::answer`](crate::Run::answer).
#[must_use = "an answer is given when this is awaited"]
pub struct AnswerRun {
    run: Arc<Handle>,
    pause: String,
    value: Result<String, JsonError>,
    given: Given,
}

/// Who gives an answer, and what they say with it.
#[derive(Default)]
struct Given {
    by: Option<String>,
    roles: Vec<String>,
    comment: Option<String>,
}

impl AnswerRun {
    /// An answer to the pause of this id, or to the only open one of this name.
    pub(super) fn new(run: Arc<Handle>, pause: &str, value: Result<String, JsonError>) -> Self {
        AnswerRun { run, pause: pause.to_owned(), value, given: Given::default() }
    }

    /// Who answers.
    pub fn by(mut self, by: impl Into<String>) -> Self {
        self.given.by = Some(by.into());
        self
    }

    /// The roles of whoever answers, for a pause that asks [a role](crate::Ask::to_role). It is for the program that takes the
    /// answer to know them. One role, several or none; may be said again.
    pub fn roles(mut self, roles: impl Names) -> Self {
        self.given.roles.extend(roles.into_names());
        self
    }

    /// What is said with the answer. It is kept with it, and told in its event.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.given.comment = Some(comment.into());
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
            self.run.answer(&pause, value, self.given).await
        })
    }
}

impl Handle {
    async fn answer(self: &Arc<Self>, pause: &str, value: String, given: Given) -> Result<(), AnswerError> {
        let record = self.record().await?;
        let entry = self.engine.workflow(&record.run.workflow)?.clone();
        let store = &self.engine.store;
        let frames = store.frames(&self.id).await?;
        let mut pauses = standing(&**store, &self.id, &frames).await?;
        let is_meant = |asked: &PauseRecord| asked.pause.id == pause || asked.pause.name == pause;
        if !pauses.iter().any(|asked| is_meant(asked) && is_open(asked, &record, &frames)) {
            // What was asked once, to be told what became of it.
            pauses = store.pauses(&self.id).await?;
        }
        let asked = self.find_pause(&record, &frames, &pauses, pause)?;
        let Given { by, roles, comment } = given;
        let allowed = Allowed::stored(asked.pause.allowed.as_deref());
        if !allowed.lets(by.as_deref(), &roles) {
            return Err(AnswerError::NotAllowed { pause: asked.pause.id.clone(), by, allowed: allowed.into() });
        }
        if is_open(asked, &record, &frames) {
            let state = RunState::new(self.id.clone(), entry.code(), None, frames, Vec::new());
            if let Err(reason) = entry.check_state(state, &record.run.input) {
                return Err(self.refused(reason).await.into());
            }
            check_value(&entry.calls(), asked, &value)?;
        }
        let (deadline, name) = (asked.pause.deadline, asked.pause.name.clone());
        let (handle, id) = (self.clone(), asked.pause.id.clone());
        let answer = Answer { value, by, at: self.engine.clock.now_ms(), comment };
        let event = self.engine.events.event(&record.run, Tag::PauseAnswered, answer.at, &asked.pause.path, |text| {
            let text = text.text("pause", &id).maybe(answer.by.as_deref(), |text, by| text.text("by", by));
            text.maybe(answer.comment.as_deref(), |text, comment| text.text("comment", comment))
        });
        let written = async move {
            let receipt = handle.engine.store.answer(&handle.id, &id, &answer, event.events()).await?;
            if receipt == AnswerReceipt::Accepted {
                event.happened();
                observe::answered(&handle.id, &id, &name, answer.by.as_deref());
            }
            let counts = match &receipt {
                AnswerReceipt::Accepted => Some(&answer),
                AnswerReceipt::AlreadyAnswered(before) => Some(before),
                AnswerReceipt::Expired | AnswerReceipt::NotWaiting => None,
            };
            if let Some(counts) = counts {
                handle.go_on(&id, counts).await;
            }
            Ok((id, receipt))
        };
        // An answer that is written must reach its run, even if whoever gave it does not wait for that.
        match detached(written).await? {
            (_, AnswerReceipt::Accepted) => Ok(()),
            (pause, AnswerReceipt::AlreadyAnswered(answer)) => {
                Err(AnswerError::AlreadyAnswered { pause, answer: answer.into() })
            }
            (pause, AnswerReceipt::Expired) => {
                Err(AnswerError::Expired { pause, deadline: deadline.unwrap_or_default() })
            }
            (pause, AnswerReceipt::NotWaiting) => {
                Err(AnswerError::NotWaiting { run: self.id.clone(), pause, status: self.record().await?.status })
            }
        }
    }

    /// The pause of this id, or the only open one of this name, or the last one of this name.
    fn find_pause<'p>(
        &self,
        run: &RunRecord,
        frames: &[FrameRecord],
        pauses: &'p [PauseRecord],
        wanted: &str,
    ) -> Result<&'p PauseRecord, AnswerError> {
        if let Some(exact) = pauses.iter().find(|pause| pause.pause.id == wanted) {
            return Ok(exact);
        }
        let ids = |pauses: &[&PauseRecord]| pauses.iter().map(|pause| pause.pause.id.clone()).collect();
        let open: Vec<&PauseRecord> = pauses.iter().filter(|pause| is_open(pause, run, frames)).collect();
        let named: Vec<&PauseRecord> = open.iter().copied().filter(|pause| pause.pause.name == wanted).collect();
        match named[..] {
            [only] => Ok(only),
            // The store's receipt says what became of it.
            [] => pauses.iter().rfind(|pause| pause.pause.name == wanted).ok_or_else(|| AnswerError::NoSuchPause {
                run: self.id.clone(),
                name: wanted.to_owned(),
                open: ids(&open),
            }),
            _ => Err(AnswerError::Ambiguous { run: self.id.clone(), name: wanted.to_owned(), ids: ids(&named) }),
        }
    }

    /// Brings an accepted answer to the run: to its driver, or to a new one. Whoever waits for the run hears of an error; the
    /// answer counts all the same.
    async fn go_on(&self, pause: &str, answer: &Answer) {
        let driven = match self.engine.deliver(&self.id, pause, answer) {
            Some(driven) => Some(driven),
            // Nobody can cut this off: it is detached already.
            None => self.engine.claim_and_drive(&self.id, Some(&self.workflow)).await.unwrap_or_default(),
        };
        self.see(driven);
    }
}

/// The names of the pauses a call can ask, and what their answers look like.
fn answers_of(call: &CallMeta) -> Vec<(String, CheckedAnswer)> {
    let mut answers = Vec::new();
    if let CallKind::Pause(answer) = call.kind {
        answers.push((call.name.to_owned(), answer));
    }
    answers.extend(call.policy.recover.map(|answer| (format!("recover-{}", call.name), answer)));
    answers.extend(call.policy.unknown.map(|answer| (format!("unknown-{}", call.name), answer)));
    answers
}

/// Checks an answer against the type its pause asks for, and against the rules of the pause.
fn check_value(calls: &[&CallMeta], asked: &PauseRecord, value: &str) -> Result<(), AnswerError> {
    let answers = calls.iter().flat_map(|call| answers_of(call)).filter(|(name, _)| *name == asked.pause.name);
    let kinds = answers.map(|(_, answer)| {
        let asks_for = (answer.schema)().to_string();
        (asks_for == asked.pause.schema, answer)
    });
    // Two pauses of one name differ in what they ask for. If none is left that asks for this, the program has changed, and
    // what counts is what it asks for now; or there are options, which only the run knows.
    let (same, others): (Vec<_>, Vec<_>) = kinds.partition(|(same, _)| *same);
    let checks = if same.is_empty() { others } else { same };
    let schema = serde_json::from_str(&asked.pause.schema).unwrap_or_default();
    let pause = || asked.pause.id.clone();
    let mut wrong = None;
    for (_, CheckedAnswer { check, rules, .. }) in checks {
        match check(value) {
            Ok(()) => match rules(value, &schema) {
                errors if errors.is_empty() => return Ok(()),
                errors => wrong = Some(AnswerError::Invalid { pause: pause(), errors }),
            },
            Err(source) if wrong.is_none() => wrong = Some(AnswerError::Mismatch { pause: pause(), source }),
            Err(_) => {}
        }
    }
    wrong.map_or(Ok(()), Err)
}
