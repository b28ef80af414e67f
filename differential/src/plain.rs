//! What the plain programs use in place of the workflow language: pauses that answer themselves, `parallel!` over futures.

use std::future::{Future, IntoFuture, Ready, ready};

use crate::values::{Error, Result, Shape, number_answer, shape_answer, text_answer};

/// A question and its answer at once.
pub fn pause<T>(answer: T) -> Ready<T> {
    ready(answer)
}

/// Asks for a number.
pub fn ask_number(n: u64) -> u64 {
    number_answer(n)
}

/// Asks for a text.
pub fn ask_text(about: &str) -> String {
    text_answer(about)
}

/// Asks for a shape.
pub fn ask_shape(n: u64, label: &str) -> Shape {
    shape_answer(n, label)
}

/// A branch that is the call of a step: its error becomes the program's.
pub async fn call<T, E: Into<Error>>(step: impl IntoFuture<Output = Result<T, E>>) -> Result<T> {
    step.await.map_err(Into::into)
}

/// A branch that is an `async` block: `?` in it converts to the program's error.
pub fn block<T, F: Future<Output = Result<T>>>(block: F) -> F {
    block
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
    ($($branches:tt)*) => { $crate::plain_parallel!(@ [] $($branches)*) };
}
