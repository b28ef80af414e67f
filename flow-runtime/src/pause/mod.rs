//! Questions to somebody outside: what `#[pause]` declares, those that are built in, and how each is asked.

mod allowed;
mod asks;
mod open;
mod options;
mod reply;

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use allowed::{Allowed, Names};
pub use asks::{
    Answerable, Choose, ChooseMany, Confirm, Confirmation, Form, Review, ReviewOf, Reviewable, ask, choose,
    choose_many, confirm, review,
};
#[cfg(feature = "garde")]
pub use asks::{ValidForm, Validated, ask_valid};
pub use open::{AskedPause, OpenPause, PauseState};
pub use reply::{Answered, InTime, Plain, Reply, Told, ToldInTime};

use crate::{JsonError, TimedOut, machine::HasMeta};
use options::{Many, Options};

/// A kind of question, declared by `#[pause] fn approve(draft: &Draft) -> Approval;`. The macro makes a marker type of its
/// name, here `Approve`, which names the pause where it is answered: `run.answer::<Approve>(…)`.
pub trait Pause: HasMeta + Send + Sync {
    /// What the answer is.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// What is wrong with an answer, besides its type, given the JSON Schema the question was asked with: everything at once,
    /// nothing if it is good.
    fn check(answer: &Self::Answer, schema: &Value) -> Vec<JsonError> {
        let _ = (answer, schema);
        Vec::new()
    }
}

/// A question about to be asked: the call of a `#[pause]` function or of an ask such as [`confirm`], waiting to be passed to
/// [`pause`]. What is said here of how it is asked may stand before `pause(…)` or after it.
///
/// `R` is what the workflow gets for the answer; see [`timeout`](Self::timeout) and [`answered`](Self::answered).
#[must_use = "a question is asked by `pause(…).await` inside `workflow!`"]
pub struct Ask<P, R = Plain> {
    // Boxed, because it is handed on by every call in the chain.
    parts: Box<Parts>,
    kind: PhantomData<fn() -> (P, R)>,
}

/// All that is said about how a question is asked.
struct Parts {
    prompt: Result<String, serde_json::Error>,
    about: Option<Result<Value, serde_json::Error>>,
    question: Option<String>,
    options: Option<Options>,
    allowed: Allowed,
    remind: Option<Duration>,
    within: Option<Duration>,
}

/// A question as it is written down.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) question: String,
    /// JSON.
    pub(crate) prompt: String,
    /// JSON.
    pub(crate) schema: String,
    /// JSON; `None` for anyone.
    pub(crate) allowed: Option<String>,
    pub(crate) remind: Option<Duration>,
    /// How long there is to answer.
    pub(crate) within: Option<Duration>,
}

impl<P: Pause> Ask<P> {
    /// A question with its arguments. Called by `#[pause]`.
    #[doc(hidden)]
    pub fn new(prompt: Result<String, serde_json::Error>) -> Self {
        let parts = Parts {
            prompt,
            about: None,
            question: None,
            options: None,
            allowed: Allowed::default(),
            remind: None,
            within: None,
        };
        Ask { parts: Box::new(parts), kind: PhantomData }
    }

    /// A question with a text of its own and no arguments.
    fn built_in(question: String) -> Self {
        Ask::new(Ok("{}".to_owned())).question(question)
    }

    fn with_options(mut self, options: Options) -> Self {
        self.parts.options = Some(options);
        self
    }
}

impl<P: Pause, R: Reply> Ask<P, R> {
    /// The question in words. Without this it is the doc comment of the `#[pause]` function.
    pub fn question(mut self, question: impl Into<String>) -> Self {
        self.parts.question = Some(question.into());
        self
    }

    /// What the question is about, shown with it: the prompt's field `about`, beside the arguments of a `#[pause]` function.
    /// A value that has no JSON form fails the run.
    pub fn about<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.parts.about = Some(serde_json::to_value(value));
        self
    }

    /// This user may answer, and besides them only whoever else is named by this or by [`to_role`](Self::to_role). May be said
    /// again.
    pub fn to(mut self, user: impl Into<String>) -> Self {
        self.parts.allowed.users.push(user.into());
        self
    }

    /// Whoever has this role may answer, and besides them only whoever else is named by this or by [`to`](Self::to). May be said
    /// again. Which roles somebody has is said [with the answer](crate::AnswerRun::roles).
    pub fn to_role(mut self, role: impl Into<String>) -> Self {
        self.parts.allowed.roles.push(role.into());
        self
    }

    /// These may not answer, whoever else may: `.except(cx.user_id())` for a question to anybody but the one the run was started
    /// for. Takes one name, several or none, and may be said again.
    pub fn except(mut self, users: impl Names) -> Self {
        self.parts.allowed.except.extend(users.into_names());
        self
    }

    /// Tells an event [`PauseReminded`](crate::EventKind::PauseReminded) each time so much time has passed and the question is
    /// still open. What fell due while nothing ran is told once. Times are kept with the run, to the millisecond.
    pub fn remind_every(mut self, interval: Duration) -> Self {
        self.parts.remind = Some(interval);
        self
    }

    /// Gives the question a deadline, this long from when it is asked: the result is then `Ok(answer)`, or
    /// [`Err(TimedOut)`](crate::TimedOut) if nobody has answered by that time. An answer that comes later is refused.
    pub fn timeout(mut self, after: Duration) -> Ask<P, R::InTime> {
        self.parts.within = Some(after);
        Ask { parts: self.parts, kind: PhantomData }
    }

    /// The workflow gets the answer with who gave it, when, and with which comment: an [`Answered`], and with a
    /// [`timeout`](Self::timeout) a `Result<Answered<…>, TimedOut>`.
    pub fn answered(self) -> Ask<P, R::Told> {
        Ask { parts: self.parts, kind: PhantomData }
    }

    /// How this is written down. The error says why it cannot be asked.
    pub(crate) fn into_asked(self) -> Result<Asked, Vec<String>> {
        let Parts { prompt, about, question, options, allowed, remind, within } = *self.parts;
        let name = P::META.name;
        let about_it = |chain: Vec<String>| {
            let mut chain = chain.into_iter();
            let first = chain.next().unwrap_or_default();
            std::iter::once(format!("pause `{name}` cannot be asked: {first}")).chain(chain).collect::<Vec<_>>()
        };
        let unwritable = |error: serde_json::Error| {
            vec![format!("the question of pause `{name}` cannot be written as JSON"), error.to_string()]
        };
        let mut prompt = prompt.map_err(unwritable)?;
        if let Some(about) = about {
            // An object of the arguments, written by this crate.
            let mut fields: Map<String, Value> = serde_json::from_str(&prompt).unwrap_or_default();
            fields.insert("about".to_owned(), about.map_err(unwritable)?);
            prompt = Value::Object(fields).to_string();
        }
        let schema = match options {
            Some(options) => {
                let of_type = answer_schema::<P>();
                let of_one = if options.many.is_some() { items_of(of_type) } else { of_type };
                options.schema(of_one).map_err(about_it)?
            }
            None => answer_schema::<P>(),
        };
        if allowed.is_nobody() && within.is_none() {
            return Err(about_it(vec![format!("it is for {allowed}, so that nobody could ever answer")]));
        }
        if remind.is_some_and(|interval| interval < Duration::from_millis(1)) {
            return Err(about_it(vec![
                "it has reminders without end: give `remind_every` a millisecond at least".to_owned(),
            ]));
        }
        Ok(Asked {
            name: name.to_owned(),
            question: question.unwrap_or_else(|| P::META.doc.to_owned()),
            prompt,
            schema: schema.to_string(),
            allowed: allowed.to_stored(),
            remind,
            within,
        })
    }
}

impl<T: Answerable, R: Reply> Ask<Choose<T>, R> {
    /// What the options are called for a person, in their order. As many labels as there are options, or the run fails.
    pub fn labels<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.labelled(labels.into_iter().map(Into::into).collect())
    }
}

impl<T: Answerable, R: Reply> Ask<ChooseMany<T>, R> {
    /// What the options are called for a person, in their order. As many labels as there are options, or the run fails.
    pub fn labels<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> Self {
        self.labelled(labels.into_iter().map(Into::into).collect())
    }

    /// At least so many have to be chosen. More than there are options fail the run.
    pub fn at_least(self, count: usize) -> Self {
        self.bounded(|many| many.at_least = Some(count))
    }

    /// At most so many may be chosen.
    pub fn at_most(self, count: usize) -> Self {
        self.bounded(|many| many.at_most = Some(count))
    }

    fn bounded(mut self, set: impl FnOnce(&mut Many)) -> Self {
        if let Some(many) = self.parts.options.as_mut().and_then(|options| options.many.as_mut()) {
            set(many);
        }
        self
    }
}

impl<P, R> Ask<P, R> {
    fn labelled(mut self, labels: Vec<String>) -> Self {
        if let Some(options) = &mut self.parts.options {
            options.labels = Some(labels);
        }
        self
    }
}

/// Marks the place in a workflow where a person, or any other program, is asked: `pause(approve(&draft)).await`.
///
/// The workflow is saved with the question, leaves memory once nothing else of it can go on, and continues with the answer,
/// a second or a year later and in any process. Takes the call of a `#[pause]` function, or of one of the asks that are built
/// in: [`confirm`], [`choose`], [`choose_many`], [`review`], [`ask`]. Outside of `workflow!` there is nobody to ask, and the
/// wait never ends.
pub fn pause<P: Pause, R: Reply>(ask: Ask<P, R>) -> Ask<P, R> {
    ask
}

impl<P: Pause, R: Reply> IntoFuture for Ask<P, R> {
    type Output = R::Of<P::Answer>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Outside of `workflow!` nobody answers, so the time runs out, if there is an end to it.
    fn into_future(self) -> Self::IntoFuture {
        let within = self.parts.within;
        Box::pin(async move {
            if let Some(after) = within {
                tokio::time::sleep(after).await;
                if let Some(reply) = R::of(Err(TimedOut::pause(P::META.name, after))) {
                    return reply;
                }
            }
            std::future::pending().await
        })
    }
}

/// The JSON Schema of the answer of a pause.
fn answer_schema<P: Pause>() -> Value {
    crate::machine::schema::<P::Answer>()
}

/// The schema of what is in a list of this schema.
fn items_of(list: Value) -> Value {
    let items = list.get("items").cloned().unwrap_or_default();
    // An enum of its own stands among the definitions.
    let reference = items.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| list.pointer(pointer)).cloned().unwrap_or(items)
}
