//! Tells borrows from owned values, for an error message: the inherent method is found before the trait's.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::Saved;

/// The type of a binding.
pub struct Probe<T>(PhantomData<fn() -> T>);

/// Stands for the type of a binding that is no such borrow.
#[derive(Serialize, Deserialize)]
pub struct Owned;

/// The type of a binding.
pub fn probe<T>(_: &T) -> Probe<T> {
    Probe(PhantomData)
}

impl<'a, T: ?Sized> Probe<&'a T>
where
    &'a T: Saved,
{
    /// Of a borrow that can be written and read, as `&str` can; all others cannot be saved anyway.
    pub fn owned(self) -> Option<&'a T> {
        None
    }
}

/// For all other types.
pub trait ProbeOwned: Sized {
    /// Of anything else.
    fn owned(self) -> Option<Owned> {
        None
    }
}

impl<T> ProbeOwned for Probe<T> {}
