//! Steps that tests put in the place of others.

use std::{
    any::{Any, type_name},
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{AppBuilder, machine::current_state};

/// Whether anything was ever replaced in this process. If not, nobody has to look.
static ANY: AtomicBool = AtomicBool::new(false);

/// What stands in for steps, by their names.
#[derive(Clone, Default)]
pub(crate) struct Replaced(BTreeMap<String, Arc<Standin>>);

struct Standin {
    make: Box<dyn Fn() -> Box<dyn Any + Send> + Send + Sync>,
    type_name: &'static str,
}

impl fmt::Debug for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Replaced {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl AppBuilder {
    /// Calls `instead` in the place of every step of this name, in all workflows of the App. It returns what the step returns,
    /// the same type exactly; [`attempt`](crate::attempt) and [`idempotency_key`](crate::idempotency_key) tell it which call it
    /// stands for. The step's rules hold: its retries, its timeout, its undo.
    ///
    /// What can be replaced are `#[step]` functions whose return type borrows nothing and depends on no type parameter; steps
    /// that are methods can not.
    ///
    /// ```
    /// # use flow_runtime::prelude::*;
    /// #[step(retries = 2, backoff = "1ms..2ms")]
    /// async fn fetch(url: &str) -> Result<String, String> {
    ///     Err(format!("no network for {url} in this test"))
    /// }
    ///
    /// workflow! {
    ///     async fn page(url: String) -> Result<usize, String> {
    ///         let text = fetch(&url).await?;
    ///         Ok(text.len())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let flaky = || if flow_runtime::attempt() < 3 { Err("busy".to_owned()) } else { Ok("hello".to_owned()) };
    /// let app = App::builder().register::<Page>(()).replace_step("fetch", flaky).build()?;
    /// let run = app.start::<Page>("http://example.org".to_owned()).await?;
    /// assert!(matches!(run.wait().await?, Outcome::Done(5)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`build`](Self::build) fails with [`BuildError::UnknownStep`](crate::BuildError::UnknownStep) if no workflow has such a
    /// step. A step whose type is another one fails its run with a text that says so.
    pub fn replace_step<T: Send + 'static>(
        mut self,
        name: impl Into<String>,
        instead: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        let standin = Standin { make: Box::new(move || Box::new(instead())), type_name: type_name::<T>() };
        ANY.store(true, Ordering::Release);
        self.replaced.0.insert(name.into(), Arc::new(standin));
        self
    }
}

/// What a step of this name returns instead of running, if a test has put something in its place.
///
/// # Panics
/// If that is of another type.
#[doc(hidden)]
#[inline]
pub fn replacement<T: Send + 'static>(name: &str) -> Option<T> {
    if ANY.load(Ordering::Acquire) { found(name) } else { None }
}

fn found<T: Send + 'static>(name: &str) -> Option<T> {
    let state = current_state()?;
    let standin = state.replaced.0.get(name)?;
    match (standin.make)().downcast::<T>() {
        Ok(output) => Some(*output),
        Err(_) => {
            let (found, expected) = (standin.type_name, type_name::<T>());
            panic!("step `{name}` returns `{expected}`, but what a test has put in its place returns `{found}`")
        }
    }
}

/// The future of a step, or what a test has put in its place.
#[doc(hidden)]
#[macro_export]
macro_rules! replaceable {
    ($name:literal, $output:ty, $work:expr) => {
        async move {
            match $crate::testing::replacement::<$output>($name) {
                ::core::option::Option::Some(output) => output,
                ::core::option::Option::None => $work.await,
            }
        }
    };
}
