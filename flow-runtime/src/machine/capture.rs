//! What a branch sees of the bindings around it: `Copy` values as they are, everything else by reference.
//!
//! Chosen by autoref: the method of the trait that needs fewer references is found first.

/// An outer binding on its way into a branch.
pub struct Capture<'a, T: ?Sized>(pub &'a T);

/// Capture by value.
pub trait CaptureCopy<T> {
    /// The value.
    fn capture(&self) -> T;
}

impl<T: Copy> CaptureCopy<T> for Capture<'_, T> {
    fn capture(&self) -> T {
        *self.0
    }
}

/// Capture by reference.
pub trait CaptureRef<'a, T: ?Sized> {
    /// The reference.
    fn capture(&self) -> &'a T;
}

impl<'a, T: ?Sized> CaptureRef<'a, T> for &Capture<'a, T> {
    fn capture(&self) -> &'a T {
        self.0
    }
}
