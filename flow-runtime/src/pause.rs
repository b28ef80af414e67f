//! Questions to somebody outside: what `#[pause]` declares, and what an open one looks like.

use std::{
    future::{Future, IntoFuture, Pending},
    marker::PhantomData,
    pin::Pin,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{TimedOut, machine::HasMeta, store::NewPause};

/// A kind of question, declared by `#[pause] fn approve(draft: &Draft) -> Approval;`. The macro makes a marker type of its
/// name, here `Approve`, which names the pause where it is answered: `run.answer::<Approve>(…)`.
pub trait Pause: HasMeta + Send + Sync {
    /// What the answer is.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
}

/// A question about to be asked: the call of a `#[pause]` function, waiting to be passed to [`pause`].
#[must_use = "a question is asked by `pause(…).await` inside `workflow!`"]
pub struct Ask<P> {
    prompt: Result<String, serde_json::Error>,
    pause: PhantomData<fn() -> P>,
}

impl<P: Pause> Ask<P> {
    /// A question with its arguments. Called by `#[pause]`.
    #[doc(hidden)]
    pub fn new(prompt: Result<String, serde_json::Error>) -> Self {
        Ask { prompt, pause: PhantomData }
    }

    pub(crate) fn into_prompt(self) -> Result<String, serde_json::Error> {
        self.prompt
    }
}

/// Marks the place in a workflow where a person, or any other program, is asked: `pause(approve(&draft)).await`.
///
/// The workflow is saved with the question, leaves memory once nothing else of it can go on, and continues with the answer,
/// a second or a year later and in any process. Takes the call of a `#[pause]` function; the result has the type that
/// function returns. Outside of `workflow!` there is nobody to ask, and the wait never ends.
pub fn pause<P: Pause>(ask: Ask<P>) -> Ask<P> {
    ask
}

impl<P: Pause> IntoFuture for Ask<P> {
    type Output = P::Answer;
    type IntoFuture = Pending<P::Answer>;

    fn into_future(self) -> Pending<P::Answer> {
        std::future::pending()
    }
}

impl<P: Pause> Ask<P> {
    /// Gives the question a deadline, this long from when it is asked: the result is then `Ok(answer)`, or
    /// [`Err(TimedOut)`](crate::TimedOut) if nobody has answered by that time. An answer that comes later is refused.
    pub fn timeout(self, after: Duration) -> AskInTime<P> {
        AskInTime { ask: self, after }
    }
}

/// A question with a deadline: `pause(approve(&draft)).timeout(two_days)`.
#[must_use = "a question is asked by `pause(…).timeout(…).await` inside `workflow!`"]
pub struct AskInTime<P> {
    pub(crate) ask: Ask<P>,
    pub(crate) after: Duration,
}

impl<P: Pause> IntoFuture for AskInTime<P> {
    type Output = Result<P::Answer, TimedOut>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Outside of `workflow!` nobody answers, so the time runs out.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            tokio::time::sleep(self.after).await;
            Err(TimedOut::pause(P::META.name, self.after))
        })
    }
}

/// The JSON Schema of the answer of a pause.
pub(crate) fn answer_schema<P: Pause>() -> Value {
    crate::machine::schema::<P::Answer>()
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenPause {
    id: String,
    name: String,
    path: String,
    question: String,
    prompt: Value,
    schema: Value,
    asked_at: i64,
    deadline: Option<i64>,
}

impl OpenPause {
    /// Unique in the run: the name of the pause and a number, as in `approve-2`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name of the `#[pause]` function.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the frame that asks: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The question in words: the doc comment of the `#[pause]` function.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// What the question is about: the arguments of the call, as an object keyed by the parameters' names.
    pub fn prompt(&self) -> &Value {
        &self.prompt
    }

    /// JSON Schema of the answer.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// When it was asked, in milliseconds since the Unix epoch.
    pub fn asked_at(&self) -> i64 {
        self.asked_at
    }

    /// By when it has to be answered, in milliseconds since the Unix epoch; `None` if any time will do.
    pub fn deadline(&self) -> Option<i64> {
        self.deadline
    }
}

impl From<NewPause> for OpenPause {
    fn from(pause: NewPause) -> Self {
        // Both texts were written by serde_json; a store that hands out something else gets it shown as a string.
        let parse = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        OpenPause {
            id: pause.id,
            name: pause.name,
            path: pause.path,
            question: pause.question,
            prompt: parse(pause.prompt),
            schema: parse(pause.schema),
            asked_at: pause.asked_at,
            deadline: pause.deadline,
        }
    }
}
