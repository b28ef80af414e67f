//! What the plain programs use in place of the workflow language: pauses that answer themselves, forks over futures, steps whose
//! rules are plain loops.

use std::{
    cell::{Cell, RefCell},
    future::{Future, IntoFuture, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use flow_runtime::{Confirmation, Review};
use futures::future::{Either, select};

use crate::{
    tried,
    values::{
        self, Error, Result, Shape, answerer, choice, confirmation, is_answered, is_chosen, number_answer, recovered,
        reviewed, shape_answer, text_answer,
    },
};

/// A question that may have an answer.
pub struct Ask<T> {
    answer: Option<T>,
    /// What becomes of it if nobody answers in time.
    times_out: fn(Duration) -> Late<T>,
    /// Who may not answer.
    except: Vec<String>,
}

/// What comes of a question with a deadline.
type InTime<T> = Result<T, flow_runtime::TimedOut>;
type Late<T> = Pin<Box<dyn Future<Output = InTime<T>>>>;

impl<T: 'static> Ask<T> {
    fn answered_with(answer: T) -> Self {
        Ask { answer: Some(answer), times_out: |_| Box::pin(std::future::pending()), except: Vec::new() }
    }

    /// With a deadline.
    pub fn timeout(self, after: Duration) -> AskInTime<T> {
        AskInTime { ask: self, after }
    }

    /// What it is about makes no difference.
    pub fn about<A>(self, _: &A) -> Self {
        self
    }

    /// How it is asked makes no difference, except for what the built-in asks begin with.
    pub fn question(self, _: impl Into<String>) -> Self {
        self
    }

    /// Whoever answers is an editor.
    pub fn to_role(self, _: &str) -> Self {
        self
    }

    /// Nobody needs to be reminded.
    pub fn remind_every(self, _: Duration) -> Self {
        self
    }

    /// Somebody else answers.
    pub fn except(mut self, names: impl flow_runtime::Names) -> Self {
        self.except.extend(names.into_names());
        self
    }
}

impl<T: serde::Serialize + 'static> Ask<T> {
    /// With who has answered.
    pub fn answered(self) -> Told<Ask<T>> {
        Told(self)
    }

    async fn told(self) -> Answered<T> {
        let by = answerer(&self.except).to_owned();
        let answer = self.await;
        let comment = serde_json::to_string(&answer).unwrap_or_default();
        Answered { answer, by: Some(by), comment: Some(comment) }
    }
}

/// A question with a deadline.
pub struct AskInTime<T> {
    ask: Ask<T>,
    after: Duration,
}

impl<T: serde::Serialize + 'static> AskInTime<T> {
    /// With who has answered.
    pub fn answered(self) -> Told<AskInTime<T>> {
        Told(self)
    }

    /// How it is asked makes no difference.
    pub fn about<A>(self, _: &A) -> Self {
        self
    }
}

impl<T: 'static> IntoFuture for AskInTime<T> {
    type Output = InTime<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = InTime<T>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.ask.answer {
                Some(answer) => Ok(answer),
                None => (self.ask.times_out)(self.after).await,
            }
        })
    }
}

/// An answer and who has given it. When is left out: it differs from run to run.
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// Who has given it.
    pub by: Option<String>,
    /// What was said with it.
    pub comment: Option<String>,
}

/// A question of which is told who has answered.
pub struct Told<A>(A);

impl<T: serde::Serialize + 'static> Told<Ask<T>> {
    /// With a deadline.
    pub fn timeout(self, after: Duration) -> Told<AskInTime<T>> {
        Told(self.0.timeout(after))
    }
}

impl<T: serde::Serialize + 'static> IntoFuture for Told<Ask<T>> {
    type Output = Answered<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Answered<T>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.told())
    }
}

impl<T: serde::Serialize + 'static> IntoFuture for Told<AskInTime<T>> {
    type Output = InTime<Answered<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = InTime<Answered<T>>>>>;

    fn into_future(self) -> Self::IntoFuture {
        let AskInTime { ask, after } = self.0;
        Box::pin(async move {
            match ask.answer {
                Some(_) => Ok(ask.told().await),
                None => match (ask.times_out)(after).await {
                    Err(late) => Err(late),
                    Ok(_) => std::future::pending().await,
                },
            }
        })
    }
}

impl<T: 'static> IntoFuture for Ask<T> {
    type Output = T;
    type IntoFuture = Pin<Box<dyn Future<Output = T>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

/// Asks yes or no.
pub fn confirm(question: impl Into<String>) -> Ask<Confirmation> {
    let question = question.into();
    let times_out =
        |after| flow_runtime::pause(flow_runtime::confirm("")).timeout(after).into_future() as Late<Confirmation>;
    Ask { answer: confirmation(&question), times_out, except: Vec::new() }
}

/// Asks for one of several options.
pub fn choose<T: 'static>(question: impl Into<String>, options: impl IntoIterator<Item = T>) -> Ask<T> {
    let mut options: Vec<T> = options.into_iter().collect();
    let chosen = options.swap_remove(choice(&question.into(), options.len()));
    Ask::answered_with(chosen)
}

/// Asks for some of several options.
pub fn choose_many<T: 'static>(question: impl Into<String>, options: impl IntoIterator<Item = T>) -> Ask<Vec<T>> {
    let question = question.into();
    let options = options.into_iter().enumerate();
    Ask::answered_with(options.filter(|(index, _)| is_chosen(&question, *index)).map(|(_, option)| option).collect())
}

/// Has a text reviewed.
pub fn review(text: &str) -> Ask<Review<String>> {
    Ask::answered_with(reviewed(text))
}

/// Asks for a number.
pub fn ask(question: impl Into<String>) -> Ask<u64> {
    Ask::answered_with(number_answer(question.into().len() as u64))
}

/// A question and its answer at once.
pub fn pause<A>(ask: A) -> A {
    ask
}

/// Asks for a number.
pub fn ask_number(n: u64) -> Ask<u64> {
    Ask::answered_with(number_answer(n))
}

/// Asks for a text.
pub fn ask_text(about: &str) -> Ask<String> {
    Ask::answered_with(text_answer(about))
}

/// Asks for a shape.
pub fn ask_shape(n: u64, label: &str) -> Ask<Shape> {
    Ask::answered_with(shape_answer(n, label))
}

/// Asks for a number that may never come.
pub fn ask_maybe(n: u64) -> Ask<u64> {
    let times_out = |after| flow_runtime::pause(values::ask_maybe(1)).timeout(after).into_future() as Late<u64>;
    Ask { answer: is_answered(n).then(|| number_answer(n)), times_out, except: Vec::new() }
}

/// A branch that is the call of a step: its error becomes the program's.
pub async fn call<T, E: Into<Error>>(step: impl IntoFuture<Output = Result<T, E>>) -> Result<T> {
    step.await.map_err(Into::into)
}

/// A branch that is the call of a step and keeps its error.
pub async fn own<T, E>(step: impl IntoFuture<Output = Result<T, E>>) -> Result<T, E> {
    step.await
}

/// A branch that is an `async` block: `?` in it converts to the program's error.
pub fn block<T, F: Future<Output = Result<T>>>(block: F) -> F {
    block
}

/// The first of two to finish.
pub async fn earlier<T>(first: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    match select(pin!(first), pin!(other)).await {
        Either::Left((won, _)) | Either::Right((won, _)) => won,
    }
}

/// An item of a fan-out until its future takes it.
pub struct Item<T>(RefCell<Option<T>>);

impl<T> Item<T> {
    /// All items of a list.
    pub fn all(list: impl IntoIterator<Item = T>) -> Vec<Self> {
        list.into_iter().map(|item| Item(RefCell::new(Some(item)))).collect()
    }

    /// Takes it.
    ///
    /// # Panics
    /// The second time.
    pub fn take(&self) -> T {
        match self.0.take() {
            Some(item) => item,
            None => panic!("an item was taken twice"),
        }
    }
}

/// The results of futures of which so many run at once. The first error is the last result.
async fn each<T, F: Future<Output = Result<T>>>(futures: Vec<F>, limit: usize, all: bool) -> Vec<Result<T>> {
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut done: Vec<(usize, Result<T>)> = Vec::new();
    poll_fn(|task| {
        let mut position = 0;
        loop {
            while running.len() < limit {
                let Some((number, future)) = waiting.next() else { break };
                running.push((number, Box::pin(future)));
            }
            let Some((number, future)) = running.get_mut(position) else { break };
            match future.as_mut().poll(task) {
                Poll::Ready(result) if result.is_err() && !all => {
                    done = vec![(*number, result)];
                    return Poll::Ready(());
                }
                Poll::Ready(result) => {
                    done.push((*number, result));
                    running.remove(position);
                }
                Poll::Pending => position += 1,
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Whether all go on after an error.
pub async fn settle_each<T, F: Future<Output = Result<T>>>(futures: Vec<F>, limit: usize) -> Vec<Result<T>> {
    each(futures, limit, true).await
}

/// All results, or the first error.
pub async fn try_each<T, F: Future<Output = Result<T>>>(futures: Vec<F>, limit: usize) -> Result<Vec<T>> {
    each(futures, limit, false).await.into_iter().collect()
}

/// The parts of `for x in xs { … }, limit = 8`.
#[macro_export]
macro_rules! plain_each {
    (@pattern $each:ident [$($pattern:tt)*] in $($rest:tt)*) => {
        $crate::plain_each!(@list $each [$($pattern)*] [] $($rest)*)
    };
    (@pattern $each:ident [$($pattern:tt)*] $next:tt $($rest:tt)*) => {
        $crate::plain_each!(@pattern $each [$($pattern)* $next] $($rest)*)
    };
    (@list $each:ident [$($pattern:tt)*] [$($list:tt)*] { $($body:tt)* } $(, limit = $limit:expr)? $(,)?) => {{
        let items = $crate::plain::Item::all($($list)*);
        #[allow(unused_mut, unused_assignments)]
        let mut limit: usize = usize::MAX;
        $(limit = $limit;)?
        let mut futures = Vec::new();
        for item in &items {
            futures.push(Box::pin($crate::plain::block(async {
                let $($pattern)* = (*item).take();
                $($body)*
            })));
        }
        $crate::plain::$each(futures, limit).await
    }};
    (@list $each:ident [$($pattern:tt)*] [$($list:tt)*] $next:tt $($rest:tt)*) => {
        $crate::plain_each!(@list $each [$($pattern)*] [$($list)* $next] $($rest)*)
    };
}

/// `parallel!` of plain code. The branches are collected one by one, then joined.
#[macro_export]
macro_rules! plain_parallel {
    (@ [$($done:tt)*]) => { $crate::plain_parallel!(@join $($done)*) };
    (@ [$($done:tt)*] async $block:block $(, $($rest:tt)*)?) => {
        $crate::plain_parallel!(@ [$($done)* ($crate::plain::block(async $block))] $($($rest)*)?)
    };
    (@ [$($done:tt)*] $call:expr $(, $($rest:tt)*)?) => {
        $crate::plain_parallel!(@ [$($done)* ($crate::plain::call($call))] $($($rest)*)?)
    };
    (@join ($a:expr)) => { $a.await.map(|a| (a,)) };
    (@join ($a:expr) ($b:expr)) => { futures::future::try_join($a, $b).await };
    (@join ($a:expr) ($b:expr) ($c:expr)) => { futures::future::try_join3($a, $b, $c).await };
    (@join ($a:expr) ($b:expr) ($c:expr) ($d:expr)) => { futures::future::try_join4($a, $b, $c, $d).await };
    (@join ($a:expr) ($b:expr) ($c:expr) ($d:expr) ($e:expr)) => {
        futures::future::try_join5($a, $b, $c, $d, $e).await
    };
    (for $($items:tt)*) => { $crate::plain_each!(@pattern try_each [] $($items)*) };
    ($($branches:tt)*) => { $crate::plain_parallel!(@ [] $($branches)*) };
}

/// `settle!` of plain code.
#[macro_export]
macro_rules! plain_settle {
    (@ [$($done:tt)*]) => { $crate::plain_settle!(@join $($done)*) };
    (@ [$($done:tt)*] async $block:block $(, $($rest:tt)*)?) => {
        $crate::plain_settle!(@ [$($done)* ($crate::plain::block(async $block))] $($($rest)*)?)
    };
    (@ [$($done:tt)*] $call:expr $(, $($rest:tt)*)?) => {
        $crate::plain_settle!(@ [$($done)* ($crate::plain::own($call))] $($($rest)*)?)
    };
    (@join ($a:expr)) => { ($a.await,) };
    (@join ($a:expr) ($b:expr)) => { futures::future::join($a, $b).await };
    (@join ($a:expr) ($b:expr) ($c:expr)) => { futures::future::join3($a, $b, $c).await };
    (@join ($a:expr) ($b:expr) ($c:expr) ($d:expr)) => { futures::future::join4($a, $b, $c, $d).await };
    (for $($items:tt)*) => { $crate::plain_each!(@pattern settle_each [] $($items)*) };
    ($($branches:tt)*) => { $crate::plain_settle!(@ [] $($branches)*) };
}

/// `race!` of plain code.
#[macro_export]
macro_rules! plain_race {
    (@ [$($done:tt)*]) => { $crate::plain_race!(@join $($done)*).await };
    (@ [$($done:tt)*] async $block:block $(, $($rest:tt)*)?) => {
        $crate::plain_race!(@ [$($done)* ($crate::plain::block(async $block))] $($($rest)*)?)
    };
    (@ [$($done:tt)*] $call:expr $(, $($rest:tt)*)?) => {
        $crate::plain_race!(@ [$($done)* ($crate::plain::call($call))] $($($rest)*)?)
    };
    (@join ($a:expr)) => { $a };
    (@join ($a:expr) $($rest:tt)+) => { $crate::plain::earlier($a, $crate::plain_race!(@join $($rest)+)) };
    ($($branches:tt)*) => { $crate::plain_race!(@ [] $($branches)*) };
}

/// The rules of a step.
#[derive(Clone, Copy)]
struct Rules {
    name: &'static str,
    retries: u32,
    timeout: Option<Duration>,
    again: fn(&Error) -> bool,
    asks: bool,
}

thread_local! {
    /// What stands above the statement about to run.
    static ABOVE: Cell<(Option<u32>, Option<Duration>, bool)> = const { Cell::new((None, None, false)) };
    /// What undoes the steps that have run.
    static UNDO: RefCell<Vec<Undo>> = const { RefCell::new(Vec::new()) };
}

type Undo = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>>>;

/// `#[retry(n)]`
pub fn retry(retries: u32) {
    ABOVE.set((Some(retries), ABOVE.get().1, ABOVE.get().2));
}

/// `#[timeout("1s")]`
pub fn timeout(seconds: u64) {
    ABOVE.set((ABOVE.get().0, Some(Duration::from_secs(seconds)), ABOVE.get().2));
}

/// `#[on_error(pause)]`
pub fn on_error_pause() {
    ABOVE.set((ABOVE.get().0, ABOVE.get().1, true));
}

/// Undoes everything, the last first.
pub(crate) async fn undo_all() {
    while let Some(undo) = UNDO.with_borrow_mut(Vec::pop) {
        undo().await;
    }
}

/// Nothing that has run so far will be undone.
pub(crate) fn forget_undo() {
    drop(UNDO.take());
}

fn rules(name: &'static str) -> Rules {
    Rules { name, retries: 0, timeout: None, again: |_| true, asks: false }
}

/// Runs a step by its rules, and those above its statement.
fn by<F: IntoFuture<Output = Result<u64>>>(
    rules: Rules,
    step: impl Fn() -> F + 'static,
) -> Pin<Box<dyn Future<Output = Result<u64>>>> {
    let (retries, timeout, asks) = ABOVE.take();
    let (retries, timeout, asks) = (retries.unwrap_or(rules.retries), timeout.or(rules.timeout), rules.asks | asks);
    let mut asked_before = false;
    Box::pin(async move {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut step = pin!(step().into_future());
            let step = poll_fn(|task| tried::as_attempt(attempt, || step.as_mut().poll(task)));
            let result = match timeout {
                None => step.await,
                Some(after) => match tokio::time::timeout(after, step).await {
                    Ok(result) => result,
                    Err(_) => {
                        let text = format!("step `{}` did not finish within {}s", rules.name, after.as_secs());
                        Err(Error(text))
                    }
                },
            };
            match result {
                Err(error) if attempt <= retries && (rules.again)(&error) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(_) if asks && !asked_before => {
                    asked_before = true;
                    attempt = 0;
                }
                Err(error) if asks => {
                    return recovered(&error.0).ok_or(error);
                }
                result => return result,
            }
        }
    })
}

/// As [`tried::flaky`].
pub fn flaky(x: u64, fails: u32) -> impl Future<Output = Result<u64>> {
    by(Rules { retries: 3, ..rules("flaky") }, move || tried::flaky(x, fails))
}

/// As [`tried::bare`].
pub fn bare(x: u64, fails: u32) -> impl Future<Output = Result<u64>> {
    by(rules("bare"), move || tried::bare(x, fails))
}

/// As [`tried::picky`].
pub fn picky(x: u64, fails: u32) -> impl Future<Output = Result<u64>> {
    by(Rules { retries: 3, again: tried::is_transient, ..rules("picky") }, move || tried::picky(x, fails))
}

/// As [`tried::tardy`].
pub fn tardy(x: u64, fails: u32) -> impl Future<Output = Result<u64>> {
    let rules = Rules { retries: 2, timeout: Some(Duration::from_secs(1)), ..rules("tardy") };
    by(rules, move || tried::tardy(x, fails))
}

/// As [`tried::drag`].
pub fn drag(x: u64, seconds: u64) -> impl Future<Output = Result<u64>> {
    by(rules("drag"), move || tried::drag(x, seconds))
}

/// As [`tried::charge`].
pub fn charge(x: u64) -> impl Future<Output = Result<u64>> {
    by(rules("charge"), move || tried::charge(x))
}

/// As [`tried::reserve`].
pub async fn reserve(what: &str, x: u64) -> Result<u64> {
    let ticket = tried::reserve(what, x).await?;
    let what = what.to_owned();
    undo_by(move || Box::pin(async move { drop(tried::release(&what, x, ticket).await) }));
    Ok(ticket)
}

/// As [`tried::book`].
pub async fn book(x: u64, fails: u32) -> Result<u64> {
    let booked = by(Rules { retries: 2, ..rules("book") }, move || tried::book(x, fails)).await?;
    undo_by(move || Box::pin(async move { drop(tried::unbook(x, fails, booked).await) }));
    Ok(booked)
}

fn undo_by(undo: impl FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + 'static) {
    UNDO.with_borrow_mut(|undos| undos.push(Box::new(undo)));
}
