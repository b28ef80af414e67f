//! The text of an error of any type: its chain of sources, its `Display`, its `Debug`, or its type name, the best there is.
//!
//! Chosen by autoref, as in [`capture`](super::capture): generated code calls `(&&&&Describe(&error)).describe()`.

use std::{error::Error, fmt};

/// An error on its way to be described.
pub struct Describe<'a, E>(pub &'a E);

/// For types that implement [`Error`].
pub trait DescribeError {
    /// The error's text and those of its sources.
    fn describe(&self) -> Vec<String>;
}

impl<E: Error> DescribeError for &&&Describe<'_, E> {
    fn describe(&self) -> Vec<String> {
        let mut chain = vec![self.0.to_string()];
        let mut source = self.0.source();
        while let Some(error) = source {
            chain.push(error.to_string());
            source = error.source();
        }
        chain
    }
}

/// For types that can be displayed.
pub trait DescribeDisplay {
    /// The error's text. Types that print their sources under `{:#}` do so.
    fn describe(&self) -> Vec<String>;
}

impl<E: fmt::Display> DescribeDisplay for &&Describe<'_, E> {
    fn describe(&self) -> Vec<String> {
        vec![format!("{:#}", self.0)]
    }
}

/// For types that can only be debugged.
pub trait DescribeDebug {
    /// The error's debug text.
    fn describe(&self) -> Vec<String>;
}

impl<E: fmt::Debug> DescribeDebug for &Describe<'_, E> {
    fn describe(&self) -> Vec<String> {
        vec![format!("{:?}", self.0)]
    }
}

/// For all other types.
pub trait DescribeAny {
    /// The name of the error's type.
    fn describe(&self) -> Vec<String>;
}

impl<E> DescribeAny for Describe<'_, E> {
    fn describe(&self) -> Vec<String> {
        vec![format!("an error of type {}", std::any::type_name::<E>())]
    }
}
