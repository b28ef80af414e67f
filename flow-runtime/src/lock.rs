//! Locking without poison: a panic of the user's code fails its run, and must not take the others along.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, whatever has happened to others who held it. What is kept under these locks is never left half-changed.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
