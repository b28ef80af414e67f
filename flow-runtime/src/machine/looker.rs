//! How to tell whether a step has failed, by the type of what it returns.
//!
//! Generated code says `Looker::<O>::NEW.look()`. The first in the chain of `Deref` that has this method for `O` gives the
//! function: one expression, where a closure with traits to choose from would cost every step a function more to compile.

use std::{error::Error, fmt, marker::PhantomData, ops::Deref};

use super::{Describe, DescribeAny, DescribeDebug, DescribeDisplay, DescribeError, Look};

/// Steps whose errors are of a type that implements [`Error`].
pub struct Looker<O>(Displayed<O>);

/// Steps whose errors can be displayed.
pub struct Displayed<O>(Debugged<O>);

/// Steps whose errors can only be debugged.
pub struct Debugged<O>(Fails<O>);

/// Steps with errors of any type.
pub struct Fails<O>(Succeeds<O>);

/// Steps that cannot fail.
pub struct Succeeds<O>(PhantomData<fn() -> O>);

impl<O> Looker<O> {
    /// For a step that returns `O`.
    pub const NEW: Self = Looker(Displayed(Debugged(Fails(Succeeds(PhantomData)))));
}

macro_rules! otherwise {
    ($from:ident $to:ident) => {
        impl<O> Deref for $from<O> {
            type Target = $to<O>;

            fn deref(&self) -> &$to<O> {
                &self.0
            }
        }
    };
}

otherwise!(Looker Displayed);
otherwise!(Displayed Debugged);
otherwise!(Debugged Fails);
otherwise!(Fails Succeeds);

impl<T, E: Error> Looker<Result<T, E>> {
    /// Tells success from failure.
    pub fn look(&self) -> Look<Result<T, E>> {
        |output| output.as_ref().err().map(|error| DescribeError::describe(&&&&Describe(error)))
    }
}

impl<T, E: fmt::Display> Displayed<Result<T, E>> {
    /// Tells success from failure.
    pub fn look(&self) -> Look<Result<T, E>> {
        |output| output.as_ref().err().map(|error| DescribeDisplay::describe(&&&Describe(error)))
    }
}

impl<T, E: fmt::Debug> Debugged<Result<T, E>> {
    /// Tells success from failure.
    pub fn look(&self) -> Look<Result<T, E>> {
        |output| output.as_ref().err().map(|error| DescribeDebug::describe(&&Describe(error)))
    }
}

impl<T, E> Fails<Result<T, E>> {
    /// Tells success from failure.
    pub fn look(&self) -> Look<Result<T, E>> {
        |output| output.as_ref().err().map(|error| DescribeAny::describe(&Describe(error)))
    }
}

impl<O> Succeeds<O> {
    /// There is nothing to tell.
    pub fn look(&self) -> Look<O> {
        |_| None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct OnlyDebug;
    struct Nothing;

    #[test]
    fn the_best_text_there_is_is_told() {
        let error = "x".parse::<u8>().map_err(|_| fmt::Error);
        assert_eq!((Looker::<Result<u8, fmt::Error>>::NEW.look())(&error), Some(vec![fmt::Error.to_string()]));
        assert_eq!((Looker::<Result<(), String>>::NEW.look())(&Err("no".to_owned())), Some(vec!["no".to_owned()]));
        let debugged = (Looker::<Result<(), OnlyDebug>>::NEW.look())(&Err(OnlyDebug));
        assert_eq!(debugged, Some(vec!["OnlyDebug".to_owned()]));
        let any = (Looker::<Result<(), Nothing>>::NEW.look())(&Err(Nothing)).unwrap_or_default().concat();
        assert!(any.starts_with("an error of type ") && any.ends_with("Nothing"), "{any}");
        assert_eq!((Looker::<Result<(), String>>::NEW.look())(&Ok(())), None);
        assert_eq!((Looker::<u8>::NEW.look())(&7), None);
    }
}
