//! What can go wrong outside of a workflow's own code.

use std::{any::Any, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Allowed, DefinitionDiff, JsonError, OpenPause,
    store::{Answer, RunStatus, StoreError},
};

/// Why a run gave no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The workflow returned an error, its code panicked, or a loop ran past its bound.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// Somebody cancelled the run.
    #[error("run `{run}` was cancelled")]
    Cancelled {
        /// The run.
        run: String,
    },
    /// The [`App`](crate::App) was shut down, and the run goes on elsewhere.
    #[error(
        "this App was shut down, and run `{run}` is not done: it goes on where another App is on the store, open it there"
    )]
    Shutdown {
        /// The run.
        run: String,
    },
    /// A workflow run without an [`App`](crate::App) asked somebody, and nobody can answer there.
    #[error("the run waits at {}: start it in an `App` to answer it", pause_list(.0))]
    Paused(Vec<OpenPause>),
    /// What is stored of the run does not fit this program.
    #[error("run `{run}` of workflow `{workflow}` cannot go on in this program{}", since(.changed.as_deref()))]
    Refused {
        /// The run.
        run: String,
        /// Id of its workflow.
        workflow: String,
        /// What does not fit.
        #[source]
        reason: Box<Refusal>,
        /// How the program has changed since the run was started, if the definition of that time is stored.
        changed: Option<Box<DefinitionDiff>>,
    },
    /// The workflow is not registered with the [`App`](crate::App).
    #[error("workflow `{workflow}` is not registered: add `.register::<…>(deps)` to the builder of the App")]
    NotRegistered {
        /// Id of the workflow.
        workflow: String,
    },
    /// The run is one of another workflow.
    #[error("run `{run}` is a run of workflow `{found}`, not of `{expected}`")]
    OtherWorkflow {
        /// The run.
        run: String,
        /// The workflow the caller expected.
        expected: String,
        /// The workflow it belongs to.
        found: String,
    },
    /// There is a run of this [key](crate::StartRun::strict_key), and it was started with something else.
    #[error("the key `{key}` belongs to run `{run}`, which was started with another {differs}")]
    KeyReused {
        /// The key.
        key: String,
        /// The run there is.
        run: String,
        /// What is not the same: `input`, `session` or `user`.
        differs: &'static str,
    },
    /// The input of a run does not fit, or cannot be written as JSON.
    #[error("the input of workflow `{workflow}` does not fit")]
    Input {
        /// Id of the workflow.
        workflow: String,
        /// The field, and what was expected there.
        #[source]
        source: JsonError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output of a completed run is not of the workflow's output type any more.
    #[error("the stored output of run `{run}` does not fit")]
    Output {
        /// The run.
        run: String,
        /// The field, and what was expected there.
        #[source]
        source: JsonError,
    },
}

fn since(changed: Option<&DefinitionDiff>) -> String {
    changed.map(|changed| format!(", which has changed since: {changed}")).unwrap_or_default()
}

fn pause_list(pauses: &[OpenPause]) -> String {
    let names: Vec<String> = pauses.iter().map(|pause| format!("pause `{}`", pause.id())).collect();
    names.join(" and ")
}

/// Why an answer was not taken. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Somebody was faster.
    #[error("pause `{pause}` was answered before, with {}", .answer.value)]
    AlreadyAnswered {
        /// The pause.
        pause: String,
        /// The answer that counts.
        answer: Box<Answer>,
    },
    /// Nobody answered in time.
    #[error("pause `{pause}` was to be answered before {}, and was not", crate::clock::utc(*.deadline))]
    Expired {
        /// The pause.
        pause: String,
        /// Until when it could be answered, in milliseconds since the Unix epoch.
        deadline: i64,
    },
    /// The run does not wait at this pause any more.
    #[error("run `{run}` no longer waits at pause `{pause}`: it is {status}")]
    NotWaiting {
        /// The run.
        run: String,
        /// The pause.
        pause: String,
        /// Where the run stands.
        status: RunStatus,
    },
    /// The run does not wait at a pause of this kind.
    #[error("run `{run}` does not wait at a pause `{name}`; {}", open_list(.open))]
    NoSuchPause {
        /// The run.
        run: String,
        /// The id or name that was asked for.
        name: String,
        /// Ids of the pauses that are open.
        open: Vec<String>,
    },
    /// The run waits at several pauses of this kind; the answer has to name one.
    #[error("run `{run}` waits at several pauses `{name}`: answer one of {} by its id", .ids.join(", "))]
    Ambiguous {
        /// The run.
        run: String,
        /// Name of the pause.
        name: String,
        /// Ids of the open pauses of that name.
        ids: Vec<String>,
    },
    /// The answer is not what the pause asks for.
    #[error("the answer does not fit pause `{pause}`")]
    Mismatch {
        /// The pause.
        pause: String,
        /// The field, and what was expected there.
        #[source]
        source: JsonError,
    },
    /// The pause says who may answer, and this one may not.
    #[error("pause `{pause}` is for {allowed}{}", not_for(.by.as_deref()))]
    NotAllowed {
        /// The pause.
        pause: String,
        /// Who wanted to answer, if they said so.
        by: Option<String>,
        /// Who may.
        allowed: Box<Allowed>,
    },
    /// The answer has the right type, but is none of the options, or breaks other rules of the pause.
    #[error("the answer to pause `{pause}` is not valid: {}", json_errors(.errors))]
    Invalid {
        /// The pause.
        pause: String,
        /// All that is wrong, each with its place in the answer.
        errors: Vec<JsonError>,
    },
    /// The run cannot be driven by this program, or the store failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

fn not_for(by: Option<&str>) -> String {
    by.map_or_else(|| ": say who answers with `.by(…)`".to_owned(), |by| format!(", and not for {by}"))
}

fn json_errors(errors: &[JsonError]) -> String {
    errors.iter().map(JsonError::to_string).collect::<Vec<_>>().join("; ")
}

impl From<StoreError> for AnswerError {
    fn from(error: StoreError) -> Self {
        AnswerError::Run(error.into())
    }
}

fn open_list(open: &[String]) -> String {
    if open.is_empty() { "it waits at none".to_owned() } else { format!("it waits at {}", open.join(", ")) }
}

/// Why a run could not be cancelled, tried again or copied. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is nothing to cancel.
    #[error("run `{run}` cannot be cancelled: it is {status}")]
    Ended {
        /// The run.
        run: String,
        /// Where it stands.
        status: RunStatus,
    },
    /// Only a run that has failed can be tried again.
    #[error("run `{run}` cannot be tried again: it is {status}, and only a failed run can")]
    NotFailed {
        /// The run.
        run: String,
        /// Where it stands.
        status: RunStatus,
    },
    /// What the run had done has been undone, so there is nothing to go on with.
    #[error("run `{run}` cannot be tried again: what it had done was undone; start a new run, or fork this one")]
    Undone {
        /// The run.
        run: String,
    },
    /// The run has no such checkpoint.
    #[error("run `{run}` has no checkpoint {checkpoint}: it has 0 to {last}")]
    UnknownCheckpoint {
        /// The run.
        run: String,
        /// The number that was asked for.
        checkpoint: u64,
        /// The last one there is.
        last: u64,
    },
    /// The checkpoint is not kept any more.
    #[error("checkpoint {checkpoint} of run `{run}` is not kept any more; {}", oldest_kept(*.oldest))]
    Pruned {
        /// The run.
        run: String,
        /// The number that was asked for.
        checkpoint: u64,
        /// The oldest one that is kept, if any is.
        oldest: Option<u64>,
    },
    /// The copy was to begin with another value of a binding that does not live there.
    #[error("there is no binding `{name}`{} at this checkpoint; {}", branch_of(.path), live_list(.known))]
    UnknownBinding {
        /// Path of the frame.
        path: String,
        /// The name that was asked for.
        name: String,
        /// The bindings that live there.
        known: Vec<String>,
    },
    /// A new value of a binding has no JSON form.
    #[error("the new value cannot be written")]
    Edit {
        /// Why.
        #[source]
        source: JsonError,
    },
    /// The run cannot be driven by this program, or the store failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

fn oldest_kept(oldest: Option<u64>) -> String {
    let oldest = oldest.map(|oldest| format!("the oldest that is kept is {oldest}"));
    oldest.unwrap_or_else(|| "none is kept".to_owned()) + ": the retention of the App says how many are"
}

fn live_list(known: &[String]) -> String {
    if known.is_empty() { "none lives there".to_owned() } else { format!("there are: {}", known.join(", ")) }
}

/// Why an [`App`](crate::App) could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two workflows of one id were registered.
    #[error("workflow `{workflow}` is registered twice: give one of them another id with `register_as`")]
    Duplicate {
        /// The id.
        workflow: String,
    },
    /// A kind of event was named that does not exist.
    #[error("there is no kind of event `{kind}`: there are {known}")]
    UnknownEvent {
        /// The name that was given.
        kind: String,
        /// The names there are.
        known: String,
    },
    /// A limit was given for something that is not there.
    #[error("there is no {kind} `{name}` to limit{}", perhaps(.nearest.as_deref()))]
    UnknownLimit {
        /// `workflow` or `step`.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
    },
    /// A test has put something in the place of a step that is not there.
    #[error("there is no step `{name}` to replace{}", perhaps(.nearest.as_deref()))]
    UnknownStep {
        /// The name that was given.
        name: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
    },
    /// A limit lets nothing through.
    #[error("the limit of {kind} `{name}` is 0, so that none would ever run: leave it out, or give it 1 at least")]
    LimitOfZero {
        /// `workflow` or `step`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

/// The name that may have been meant.
pub(crate) fn perhaps(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!(": did you mean `{nearest}`?")).unwrap_or_default()
}

/// What of a stored run does not fit this program's definition of its workflow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A frame stands at a point the workflow does not have any more.
    #[error("it stands at point `{point}`{}, which the workflow no longer has", branch_of(.path))]
    UnknownPoint {
        /// Path of the frame.
        path: String,
        /// Name of the point.
        point: String,
    },
    /// A binding is needed that was not stored.
    #[error("at point `{point}`{} the workflow needs binding `{binding}`, which was not saved there", branch_of(.path))]
    MissingBinding {
        /// Path of the frame.
        path: String,
        /// Name of the point.
        point: String,
        /// Name of the binding.
        binding: String,
    },
    /// A stored binding is not of the type it has now.
    #[error("at point `{point}`{} binding `{binding}` no longer fits: {error}", branch_of(.path))]
    Binding {
        /// Path of the frame.
        path: String,
        /// Name of the point.
        point: String,
        /// Name of the binding.
        binding: String,
        /// The field, and what was expected there.
        error: JsonError,
    },
    /// The stored input is not of the type it has now.
    #[error("its input no longer fits: {error}")]
    Input {
        /// The field, and what was expected there.
        error: JsonError,
    },
    /// A stored answer is not of the type it has now.
    #[error("the answer of pause `{pause}` no longer fits: {error}")]
    Answer {
        /// The pause.
        pause: String,
        /// The field, and what was expected there.
        error: JsonError,
    },
    /// What a step has returned in a transaction is not of the type it has now.
    #[error("what step `{step}`{} has returned no longer fits: {error}", branch_of(.path))]
    Output {
        /// Path of the frame.
        path: String,
        /// Name of the step.
        step: String,
        /// The field, and what was expected there.
        error: JsonError,
    },
    /// A frame stands at a pause, but does not say which was asked.
    #[error("a frame{} stands at pause `{pause}`, which was never asked", branch_of(.path))]
    NoPause {
        /// Path of the frame.
        path: String,
        /// Name of the pause.
        pause: String,
    },
}

impl Refusal {
    pub(crate) fn unknown_point(path: &str, point: &str) -> Self {
        Refusal::UnknownPoint { path: path.to_owned(), point: point.to_owned() }
    }

    pub(crate) fn missing_binding(path: &str, point: &str, binding: &str) -> Self {
        Refusal::MissingBinding { path: path.to_owned(), point: point.to_owned(), binding: binding.to_owned() }
    }

    pub(crate) fn binding(path: &str, point: &str, binding: &str, error: JsonError) -> Self {
        Refusal::Binding { path: path.to_owned(), point: point.to_owned(), binding: binding.to_owned(), error }
    }

    pub(crate) fn answer(pause: &str, error: JsonError) -> Self {
        Refusal::Answer { pause: pause.to_owned(), error }
    }

    pub(crate) fn output(path: &str, step: &str, error: JsonError) -> Self {
        Refusal::Output { path: path.to_owned(), step: step.to_owned(), error }
    }

    pub(crate) fn no_pause(path: &str, pause: &str) -> Self {
        Refusal::NoPause { path: path.to_owned(), pause: pause.to_owned() }
    }
}

fn branch_of(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" in branch `{path}`") }
}

/// Why and where a run failed.
pub struct Failure(Box<Parts>);

/// Boxed, so that a `Result` with an error of this crate stays small.
#[derive(Serialize, Deserialize)]
struct Parts {
    /// The error and its sources, the outermost first.
    chain: Vec<String>,
    /// Path of the frame that failed; empty for the workflow's body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    path: String,
    /// The last point the frame had reached, `None` if it had reached none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// What was done and could not be undone, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    not_undone: Vec<String>,
    /// Whether the frame at `path` returned an error; if not, its code was stopped somewhere.
    #[serde(default)]
    returned: bool,
    /// Whether the run was cancelled, and failed only because something could not be undone.
    #[serde(default)]
    cancelled: bool,
    #[serde(skip)]
    cause: Option<Cause>,
    #[serde(skip)]
    error: Option<Box<dyn Any + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(chain: Vec<String>, path: &str, after: Option<&str>) -> Self {
        let (path, after) = (path.to_owned(), after.map(str::to_owned));
        let (not_undone, returned, cancelled) = (Vec::new(), false, false);
        Parts { chain, path, after, not_undone, returned, cancelled, cause: None, error: None }.linked()
    }

    /// A failure as it is stored.
    pub(crate) fn stored(text: Option<&str>) -> Self {
        match text.map(serde_json::from_str::<Parts>) {
            Some(Ok(parts)) => parts.linked(),
            // What the store holds is still the best there is to show.
            Some(Err(_)) | None => {
                Failure::new(vec![text.unwrap_or("the store does not say why").to_owned()], "", None)
            }
        }
    }

    /// The form in which it is stored.
    pub(crate) fn to_json(&self) -> String {
        // A struct of texts always has a JSON form.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    pub(crate) fn with_not_undone(mut self, not_undone: Vec<String>) -> Self {
        self.0.not_undone = not_undone;
        self
    }

    /// The same failure, without the error itself.
    pub(crate) fn text_only(&self) -> Self {
        let Parts { chain, path, after, not_undone, returned, cancelled, .. } = &*self.0;
        let mut text = Failure::new(chain.clone(), path, after.as_deref()).with_not_undone(not_undone.clone());
        (text.0.returned, text.0.cancelled) = (*returned, *cancelled);
        text
    }

    /// The failure of a run that was cancelled, of which something could not be undone.
    pub(crate) fn cancelled() -> Self {
        let mut failure = Failure::new(vec!["the run was cancelled".to_owned()], "", None);
        failure.0.cancelled = true;
        failure
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled
    }

    /// A failure that the frame at its path returned.
    pub(crate) fn returned(mut self) -> Self {
        self.0.returned = true;
        self
    }

    /// Whether the frame of this path returned the error, so that none of its steps was interrupted.
    pub(crate) fn was_returned_by(&self, path: &str) -> bool {
        self.0.returned && self.0.path == path
    }

    pub(crate) fn with_error(mut self, error: Box<dyn Any + Send + Sync>) -> Self {
        self.0.error = Some(error);
        self
    }

    /// The error and its sources as texts, the outermost first.
    pub fn chain(&self) -> &[String] {
        &self.0.chain
    }

    /// Path of the frame that failed: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The last point the frame had reached, `None` if it had reached none.
    pub fn after(&self) -> Option<&str> {
        self.0.after.as_deref()
    }

    /// What was done before the run failed and could not be undone, and why: one text per step with an `undo` that failed.
    /// [`Run::retry`](crate::Run::retry) tries these again.
    pub fn not_undone(&self) -> &[String] {
        &self.0.not_undone
    }

    /// The workflow's own error, if it was returned in this process and is of type `E`.
    pub fn error<E: 'static>(&self) -> Option<&E> {
        self.0.error.as_ref()?.downcast_ref()
    }

    /// As [`error`](Self::error), by value.
    ///
    /// # Errors
    /// The failure itself, if there is no error of type `E`.
    pub fn into_error<E: 'static>(mut self) -> Result<E, Self> {
        match self.0.error.take().map(Box::<dyn Any + Send + Sync>::downcast::<E>) {
            Some(Ok(error)) => Ok(*error),
            Some(Err(other)) => Err(self.with_error(other)),
            None => Err(self),
        }
    }
}

impl Parts {
    /// Builds the chain of sources from the texts.
    fn linked(mut self) -> Failure {
        let sources = self.chain.iter().skip(1).rev();
        self.cause =
            sources.fold(None, |source, text| Some(Cause { text: text.clone(), source: source.map(Box::new) }));
        Failure(Box::new(self))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("chain", &self.0.chain)
            .field("path", &self.0.path)
            .field("after", &self.0.after)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run failed")?;
        f.write_str(&branch_of(&self.0.path))?;
        if let Some(after) = &self.0.after {
            write!(f, " after `{after}`")?;
        }
        if let Some(error) = self.0.chain.first() {
            write!(f, ": {error}")?;
        }
        self.0.not_undone.iter().try_for_each(|text| write!(f, "; {text}"))
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}

/// A source of an error of which only the text is left.
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
