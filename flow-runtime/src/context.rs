//! What a workflow and its steps can learn of their run: who it is for, its session, what came before.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    JsonError, Saved, Workflow,
    event::{Tag, Text},
    json,
    lock::lock,
    machine::{RunState, change, current_run, with_changes},
    store::{RunFilter, RunRecord, RunStatus, Store, StoreError},
};

/// The run around the code: a reference parameter `cx: &Context<S>` of a workflow, passed on to the steps that want it. `S` is
/// the state of the run's session.
///
/// Nothing in it belongs to one run; it tells of the run whose code calls it, so it is asked where the code of a workflow or a
/// step runs, and not on threads and tasks that a step starts.
///
/// ```
/// use flow_runtime::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Visits {
///     count: u32,
/// }
///
/// #[step]
/// async fn greet(cx: &Context<Visits>, name: &str) -> Result<String, String> {
///     let count = cx.session().update(|visits| {
///         visits.count += 1;
///         visits.count
///     });
///     Ok(format!("Hello, {name}, for the {}. time", count.await?))
/// }
///
/// workflow! {
///     async fn hello(cx: &Context<Visits>, name: String) -> Result<String, String> {
///         greet(cx, &name).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::builder().register::<Hello>(()).build()?;
/// for _ in 0..2 {
///     app.start::<Hello>("Ann".to_owned()).session("ann").await?.wait().await?;
/// }
/// let visits: Visits = app.session("ann").read().await?;
/// assert_eq!(visits.count, 2);
///
/// // In a unit test a step gets one that stands alone.
/// let cx = Context::detached(Visits { count: 6 });
/// assert_eq!(greet(&cx, "Bob").await?, "Hello, Bob, for the 7. time");
/// # Ok(())
/// # }
/// ```
pub struct Context<S = ()> {
    detached: Option<Arc<Mutex<S>>>,
    state: PhantomData<fn() -> S>,
}

/// Why a session's state, or the history of a session, could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The code does not run as a part of a run.
    #[error(
        "there is no run around this code, so there is no session: in a unit test give it `Context::detached(state)`"
    )]
    NoRun,
    /// The code undoes a step, which has no checkpoint to be written with.
    #[error("a step that undoes another cannot change the session: the run it belongs to is over")]
    Undoing,
    /// The state that is stored is not of the type it has now.
    #[error("the state of session `{session}` does not fit")]
    State {
        /// The session.
        session: String,
        /// The field, and what was expected there.
        #[source]
        source: JsonError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For programs whose errors are texts.
impl From<SessionError> for String {
    fn from(error: SessionError) -> Self {
        match &error {
            SessionError::State { source, .. } => format!("{error}: {source}"),
            _ => error.to_string(),
        }
    }
}

/// What a reference parameter of a workflow is whose type is called `Context`.
#[diagnostic::on_unimplemented(
    message = "a workflow's `&Context` is `flow_runtime::Context`, and `{Self}` is another type",
    label = "give a dependency another name than `Context`"
)]
#[doc(hidden)]
pub trait IsContext: 'static {
    /// What workflows get.
    const IN_RUN: &'static Self;
}

impl<S: 'static> IsContext for Context<S> {
    const IN_RUN: &'static Self = &Context { detached: None, state: PhantomData };
}

impl<S> Context<S> {
    /// One that stands alone, for unit tests: with this state, and without a run.
    pub fn detached(state: S) -> Self {
        Context { detached: Some(Arc::new(Mutex::new(state))), state: PhantomData }
    }

    fn of_run<T>(&self, read: impl FnOnce(&RunState) -> T) -> Option<T> {
        if self.detached.is_some() {
            return None;
        }
        current_run().map(|(run, ..)| read(&run))
    }

    /// Id of the run. Empty outside of one.
    pub fn run_id(&self) -> String {
        self.of_run(|run| run.id.clone()).unwrap_or_default()
    }

    /// The session the run was started in, if any.
    pub fn session_id(&self) -> Option<String> {
        self.of_run(|run| run.about.session.clone()).flatten()
    }

    /// The user the run was started for, if any.
    pub fn user_id(&self) -> Option<String> {
        self.of_run(|run| run.about.user.clone()).flatten()
    }

    /// What was given at the start to be kept with the run; `null` if nothing was.
    pub fn metadata(&self) -> Value {
        let text = self.of_run(|run| run.about.metadata.clone()).flatten();
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// As [`attempt`](crate::attempt).
    pub fn attempt(&self) -> u32 {
        crate::attempt()
    }

    /// As [`idempotency_key`](crate::idempotency_key).
    pub fn idempotency_key(&self) -> Option<String> {
        crate::idempotency_key()
    }

    /// Tells an event, [`Custom`](crate::EventKind::Custom), which is stored with the run like all others. A value that has no
    /// JSON form is told as a text that says why.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, data: &T) {
        self.tell(Tag::Custom, false, |text| text.text("name", name).json("data", &to_json(data)));
    }

    /// As [`emit`](Self::emit), but nothing is stored: it is for those who read along right now, in this process. For what
    /// comes often and soon does not matter any more, the words of a model for instance.
    pub fn emit_live<T: Serialize + ?Sized>(&self, name: &str, data: &T) {
        self.tell(Tag::Custom, true, |text| text.text("name", name).json("data", &to_json(data)));
    }

    /// Tells how far the step has got: from 0 to 1, and in words, either of which may be left out.
    pub fn progress<'t>(&self, fraction: impl Into<Option<f64>>, message: impl Into<Option<&'t str>>) {
        let (fraction, message) = (fraction.into().filter(|fraction| fraction.is_finite()), message.into());
        let step = current_run().map_or("", |(.., step)| step);
        self.tell(Tag::StepProgress, false, |text| {
            let text = text.text("step", step).maybe(fraction, |text, fraction| text.number("fraction", fraction));
            text.maybe(message, |text, message| text.text("message", message))
        });
    }

    fn tell(&self, tag: Tag, live: bool, write: impl FnOnce(Text) -> Text) {
        if self.detached.is_some() {
            return;
        }
        let Some((run, path, _)) = current_run() else { return };
        match run.events() {
            Some(events) if live => events.tell_live(tag, run.clock.now_ms(), &path, write),
            Some(events) => {
                events.tell(tag, run.clock.now_ms(), &path, write);
                // It may be told on another thread, and is to be written soon.
                run.wake_driver();
            }
            None => {}
        }
    }

    /// The session of the run: its own, private one if it was started in none.
    pub fn session(&self) -> ContextSession<'_, S> {
        ContextSession { context: self }
    }

    /// The last `n` runs of the session that have ended, the newest first. None for a run that was started in no session.
    ///
    /// # Errors
    /// [`SessionError::NoRun`], and those of the store.
    pub async fn history(&self, n: u32) -> Result<Vec<PastRun>, SessionError> {
        if self.detached.is_some() {
            return Ok(Vec::new());
        }
        let (run, ..) = current_run().ok_or(SessionError::NoRun)?;
        match (&run.about.session, &run.store) {
            (Some(session), Some((store, _))) => Ok(past_runs(&**store, session, n).await?),
            _ => Ok(Vec::new()),
        }
    }
}

impl<S> std::fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("detached", &self.detached.is_some()).finish_non_exhaustive()
    }
}

fn to_json<T: Serialize + ?Sized>(data: &T) -> String {
    serde_json::to_string(data).unwrap_or_else(|error| Value::String(error.to_string()).to_string())
}

/// The session of the run around the code; see [`Context::session`].
#[derive(Debug)]
#[must_use = "a session does nothing until it is read or updated"]
pub struct ContextSession<'c, S> {
    context: &'c Context<S>,
}

impl<S: Default + Saved> ContextSession<'_, S> {
    /// Reads the state: what is stored now, with all that this run has changed. A session without a state has the default one.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn read<R>(self, read: impl FnOnce(&S) -> R) -> Result<R, SessionError> {
        if let Some(state) = &self.context.detached {
            return Ok(read(&lock(state)));
        }
        let (run, text) = now().await?;
        Ok(read(&decode(&run, &text)?))
    }

    /// Changes the state, and returns what `update` returns. The change is written together with the result of the step, once:
    /// a step that fails, or is tried again, changes nothing.
    ///
    /// Other runs may change the session at the same time. Then `update` is called again on what they have made of it, so
    /// nothing of it is lost; it should do nothing else than change the state.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn update<R>(self, mut update: impl FnMut(&mut S) -> R + Send + 'static) -> Result<R, SessionError> {
        if let Some(state) = &self.context.detached {
            return Ok(update(&mut lock(state)));
        }
        let (run, text) = now().await?;
        if run.undoing().is_some() {
            return Err(SessionError::Undoing);
        }
        let result = update(&mut decode(&run, &text)?);
        change(Box::new(move |text| {
            let mut state: S = state_of(text)?;
            update(&mut state);
            Ok(serde_json::to_string(&state)?)
        }));
        Ok(result)
    }
}

/// The state as the run sees it now.
async fn now() -> Result<(Arc<RunState>, String), SessionError> {
    let (run, ..) = current_run().ok_or(SessionError::NoRun)?;
    let stored = run.session().await?.map_or_else(|| "null".to_owned(), |session| session.state);
    let misfit = |source| SessionError::State { session: run.session_id().to_owned(), source };
    let text = run.about.apply(stored).map_err(misfit)?;
    let own = with_changes(|changes| changes.iter_mut().try_fold(text.clone(), |text, change| change(&text)));
    let text = own.unwrap_or(Ok(text)).map_err(misfit)?;
    Ok((run, text))
}

/// The state of a JSON text, the default one for `null`.
pub(crate) fn state_of<S: Default + DeserializeOwned>(text: &str) -> Result<S, JsonError> {
    if text == "null" { Ok(S::default()) } else { json::decode(text) }
}

fn decode<S: Default + Saved>(run: &RunState, text: &str) -> Result<S, SessionError> {
    state_of(text).map_err(|source| SessionError::State { session: run.session_id().to_owned(), source })
}

/// A run that has ended, as the history of its session tells of it.
#[derive(Debug, Clone)]
pub struct PastRun {
    record: RunRecord,
}

impl PastRun {
    /// Id of the run.
    pub fn id(&self) -> &str {
        &self.record.run.id
    }

    /// Id of its workflow.
    pub fn workflow(&self) -> &str {
        &self.record.run.workflow
    }

    /// How it has ended.
    pub fn status(&self) -> RunStatus {
        self.record.status
    }

    /// When it was started, in milliseconds since the Unix epoch.
    pub fn started_at(&self) -> i64 {
        self.record.run.created_at
    }

    /// When it has ended, in milliseconds since the Unix epoch.
    pub fn ended_at(&self) -> i64 {
        self.record.updated_at
    }

    /// All that is stored of it: input, output and failure as JSON, among others.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Its input, if it was a run of workflow `W`.
    ///
    /// # Errors
    /// Which field does not fit.
    pub fn input<W: Workflow>(&self) -> Result<W::Input, JsonError> {
        W::input_from_json(&self.record.run.input)
    }

    /// Its output, if it was a run of workflow `W`; `None` if it has not completed.
    ///
    /// # Errors
    /// Which field does not fit.
    pub fn output<W: Workflow>(&self) -> Result<Option<W::Output>, JsonError> {
        self.record.output.as_deref().map(json::decode).transpose()
    }
}

/// The last `n` runs of a session that have ended, the newest first.
pub(crate) async fn past_runs(store: &dyn Store, session: &str, n: u32) -> Result<Vec<PastRun>, StoreError> {
    let filter = RunFilter {
        session: Some(session.to_owned()),
        status: vec![RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled],
        limit: n,
        ..RunFilter::default()
    };
    Ok(store.list(&filter).await?.into_iter().map(|record| PastRun { record }).collect())
}
