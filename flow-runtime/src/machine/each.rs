//! What a `for` loop with steps in it keeps: the list once, the position per iteration.

use std::{collections::VecDeque, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

use super::{Kind, kind};

/// The items of a `for` loop that have not been visited yet. It is stored once, when the loop is first saved; after that
/// only the position is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Each<T> {
    /// Position of the first of `items` in the whole list.
    from: usize,
    items: VecDeque<T>,
}

impl<T> Each<T> {
    /// All items of a list.
    pub fn new(items: impl IntoIterator<Item = T>) -> Self {
        Each { from: 0, items: items.into_iter().collect() }
    }

    /// The item at `position`, which moves on. Items before it, visited before a restart, are dropped.
    pub fn advance(&mut self, position: &mut usize) -> Option<T> {
        while self.from < *position {
            self.from += 1;
            self.items.pop_front();
        }
        let item = self.items.pop_front()?;
        self.from += 1;
        *position += 1;
        Some(item)
    }
}

impl<T> Each<T> {
    /// How many items are left.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// What the frame of an item begins with.
    pub fn item(&self) -> Kind<(T,)> {
        kind()
    }

    /// The items.
    pub(super) fn into_items(self) -> VecDeque<T> {
        self.items
    }
}

/// The rest of a `for` loop over `a..b` or `a..=b`: two numbers, however long the range is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Countdown<T>(Option<RangeInclusive<T>>);

impl<T> Countdown<T> {
    /// The numbers from `start` up to, but without, `end`.
    pub fn exclusive(range: std::ops::Range<T>) -> Self
    where
        T: PartialOrd,
        std::ops::Range<T>: Iterator<Item = T> + DoubleEndedIterator,
    {
        let mut rest = range;
        let Some(last) = rest.next_back() else { return Countdown(None) };
        Countdown(Some(rest.start..=last))
    }

    /// The numbers from `start` up to and with `end`.
    pub fn inclusive(range: RangeInclusive<T>) -> Self
    where
        T: PartialOrd,
    {
        Countdown((!range.is_empty()).then_some(range))
    }

    /// The next number.
    pub fn advance(&mut self) -> Option<T>
    where
        T: PartialOrd,
        RangeInclusive<T>: Iterator<Item = T>,
    {
        let range = self.0.as_mut()?;
        let next = range.next();
        if range.is_empty() {
            self.0 = None;
        }
        next
    }
}
