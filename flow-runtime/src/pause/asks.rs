//! The questions that are built in: yes or no, one or many of a list, a review, a form.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Ask, Pause,
    options::{Many, Options, check_many, check_one},
};
use crate::{
    JsonError, Policy,
    machine::{self, CallKind, CallMeta, HasMeta},
};

/// A type an answer can have: it can be read and written, and described by a JSON Schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an answer",
    label = "an answer is read, written and described by a JSON Schema",
    note = "add `#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]` to `{Self}`"
)]
pub trait Answerable: Serialize + DeserializeOwned + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Answerable for T {}

/// Metadata of a pause that is built in: its question is asked at run time.
const fn built_in<P: Pause>(name: &'static str) -> CallMeta {
    CallMeta { name, doc: "", kind: CallKind::pause::<P>(), policy: Policy::PLAIN }
}

/// The question [`confirm`] asks, where it is answered: `run.answer::<Confirm>(Confirmation::Yes)`.
#[derive(Debug, Clone, Copy)]
pub struct Confirm;

/// Yes or no: what [`confirm`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Confirmation {
    /// Yes.
    Yes,
    /// No.
    No,
}

impl Confirmation {
    /// Whether it is yes.
    pub fn is_yes(self) -> bool {
        self == Confirmation::Yes
    }

    /// Whether it is no.
    pub fn is_no(self) -> bool {
        self == Confirmation::No
    }
}

impl From<Confirmation> for bool {
    fn from(confirmation: Confirmation) -> bool {
        confirmation.is_yes()
    }
}

impl From<bool> for Confirmation {
    fn from(yes: bool) -> Confirmation {
        if yes { Confirmation::Yes } else { Confirmation::No }
    }
}

impl HasMeta for Confirm {
    const META: CallMeta = built_in::<Confirm>("confirm");
}

impl Pause for Confirm {
    type Answer = Confirmation;
}

/// Asks yes or no: `pause(confirm("Send it?")).await.is_yes()`.
///
/// The answer is a [`Confirmation`]. What it is about is shown with [`.about(&value)`](Ask::about).
pub fn confirm(question: impl Into<String>) -> Ask<Confirm> {
    Ask::built_in(question.into())
}

/// The question [`choose`] asks, where it is answered: `run.answer::<Choose<Route>>(Route::Legal)`.
#[derive(Debug)]
pub struct Choose<T>(PhantomData<fn() -> T>);

impl<T: Answerable> HasMeta for Choose<T> {
    const META: CallMeta = built_in::<Choose<T>>("choose");
}

impl<T: Answerable> Pause for Choose<T> {
    type Answer = T;

    fn check(answer: &T, schema: &Value) -> Vec<JsonError> {
        check_one(answer, schema)
    }
}

/// Asks for one of several options, which are known when it is asked: `pause(choose("Which plan?", plans)).await`.
///
/// The answer is one of them, and anything else is refused. For the variants of an enum there is [`ask::<Route>`](ask). How the
/// options are called for a person is said with [`.labels(…)`](Ask::labels). Without options the run fails, because nobody
/// could answer. Options are values of their own: `["near", "far"].map(str::to_owned)`.
pub fn choose<T: Answerable>(question: impl Into<String>, options: impl IntoIterator<Item = T>) -> Ask<Choose<T>> {
    Ask::built_in(question.into()).with_options(Options::new(options, None))
}

/// The question [`choose_many`] asks, where it is answered: `run.answer::<ChooseMany<String>>(vec!["a".to_owned()])`.
#[derive(Debug)]
pub struct ChooseMany<T>(PhantomData<fn() -> T>);

impl<T: Answerable> HasMeta for ChooseMany<T> {
    const META: CallMeta = built_in::<ChooseMany<T>>("choose_many");
}

impl<T: Answerable> Pause for ChooseMany<T> {
    type Answer = Vec<T>;

    fn check(answers: &Vec<T>, schema: &Value) -> Vec<JsonError> {
        check_many(answers, schema)
    }
}

/// Asks for any of several options: `pause(choose_many("Who is told?", people).at_least(1)).await`.
///
/// The answer is a list of some of them, none twice; how many, [`.at_least(n)`](Ask::at_least) and [`.at_most(n)`](Ask::at_most)
/// say.
pub fn choose_many<T: Answerable>(
    question: impl Into<String>,
    options: impl IntoIterator<Item = T>,
) -> Ask<ChooseMany<T>> {
    Ask::built_in(question.into()).with_options(Options::new(options, Some(Many::default())))
}

/// The question [`review`] asks, where it is answered: `run.answer::<ReviewOf<Draft>>(Review::Accept)`.
#[derive(Debug)]
pub struct ReviewOf<T>(PhantomData<fn() -> T>);

/// What somebody says of something: what [`review`] gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Review<T> {
    /// It is good as it is.
    Accept,
    /// This is better.
    Edit(T),
    /// It is not good.
    Reject {
        /// What is wrong with it.
        feedback: String,
    },
}

impl<T: Answerable> HasMeta for ReviewOf<T> {
    const META: CallMeta = built_in::<ReviewOf<T>>("review");
}

impl<T: Answerable> Pause for ReviewOf<T> {
    type Answer = Review<T>;
}

/// Something that can be shown and edited: any type an answer can have, and texts and lists by reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reviewed",
    label = "what is reviewed is shown, and comes back edited",
    note = "add `#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]` to `{Self}`"
)]
pub trait Reviewable: Serialize {
    /// What comes back edited.
    type Edited: Answerable;
}

#[diagnostic::do_not_recommend]
impl<T: Answerable> Reviewable for T {
    type Edited = T;
}

impl Reviewable for str {
    type Edited = String;
}

impl<T: Answerable> Reviewable for [T] {
    type Edited = Vec<T>;
}

/// Shows something to somebody who accepts, edits or rejects it: `match pause(review(&draft)).await { … }`.
///
/// The value is the prompt's field `value`; the answer is a [`Review`] of its type. The question is "Is this good?" unless
/// [`.question(…)`](Ask::question) says another.
pub fn review<T: Reviewable + ?Sized>(value: &T) -> Ask<ReviewOf<T::Edited>> {
    Ask::new(machine::question([("value", machine::to_json(value))])).question("Is this good?")
}

/// The question [`ask`] asks, where it is answered: `run.answer::<Form<Address>>(address)`.
#[derive(Debug)]
pub struct Form<T>(PhantomData<fn() -> T>);

impl<T: Answerable> HasMeta for Form<T> {
    const META: CallMeta = built_in::<Form<T>>("ask");
}

impl<T: Answerable> Pause for Form<T> {
    type Answer = T;
}

/// Asks for a value of any type: `let address: Address = pause(ask("Where to?")).await`.
///
/// A struct is a form with a field for each of its own, optional where it is an `Option` or has a serde `default`; an enum is a
/// choice of its variants; a list of them any number.
pub fn ask<T: Answerable>(question: impl Into<String>) -> Ask<Form<T>> {
    Ask::built_in(question.into())
}

/// The question [`ask_valid`] asks, where it is answered: `run.answer::<ValidForm<Address>>(address)`.
#[cfg(feature = "garde")]
#[derive(Debug)]
pub struct ValidForm<T>(PhantomData<fn() -> T>);

#[cfg(feature = "garde")]
impl<T: Answerable + Validated> HasMeta for ValidForm<T> {
    const META: CallMeta = built_in::<ValidForm<T>>("ask_valid");
}

#[cfg(feature = "garde")]
impl<T: Answerable + Validated> Pause for ValidForm<T> {
    type Answer = T;

    fn check(answer: &T, _: &Value) -> Vec<JsonError> {
        answer.errors()
    }
}

/// As [`ask`], for a type with rules: `#[derive(garde::Validate)]`. An answer that breaks some is refused, with all that is wrong
/// and where it is.
///
/// Places are named as the fields are in Rust, also where serde renames them.
#[cfg(feature = "garde")]
pub fn ask_valid<T: Answerable + Validated>(question: impl Into<String>) -> Ask<ValidForm<T>> {
    Ask::built_in(question.into())
}

/// A type with rules: one with `#[derive(garde::Validate)]` and no context.
#[cfg(feature = "garde")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no rules for its values",
    label = "answers of this type cannot be validated",
    note = "add `#[derive(garde::Validate)]` to `{Self}`; a type with a context of its own cannot be validated here"
)]
pub trait Validated {
    /// All that is wrong with a value.
    fn errors(&self) -> Vec<JsonError>;
}

#[cfg(feature = "garde")]
#[diagnostic::do_not_recommend]
impl<T: garde::Validate<Context = ()>> Validated for T {
    fn errors(&self) -> Vec<JsonError> {
        let Err(report) = self.validate() else { return Vec::new() };
        report.iter().map(|(path, error)| JsonError::new(path.to_string(), error.message())).collect()
    }
}
