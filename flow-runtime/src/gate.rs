//! Gates: so many are through at once, and those who come later wait for their turn.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::oneshot;

use crate::lock::lock;

/// Lets so many through at once. The others wait: the highest priority first, and of equals who came first.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Mutex<Queue>>);

struct Queue {
    free: usize,
    /// How many have had to wait so far.
    came: u64,
    waiting: BTreeMap<Turn, oneshot::Sender<Place>>,
}

type Turn = (Reverse<i32>, u64);

/// Held by who is through. Dropping it lets the next one through.
pub(crate) struct Place(Gate);

/// Held by who waits. Dropping it leaves the queue.
struct Waits<'g> {
    gate: &'g Gate,
    turn: Turn,
}

impl Gate {
    /// A gate with so many places.
    pub(crate) fn new(places: usize) -> Self {
        Gate(Arc::new(Mutex::new(Queue { free: places, came: 0, waiting: BTreeMap::new() })))
    }

    /// Waits for a place. Who does not wait any longer is out of the queue.
    pub(crate) async fn enter(&self, priority: i32) -> Place {
        let (turn, place) = {
            let mut queue = lock(&self.0);
            // A free place means that nobody waits: a place that is left goes to who waits.
            if queue.free > 0 {
                queue.free -= 1;
                return Place(self.clone());
            }
            let (sender, place) = oneshot::channel();
            let turn = (Reverse(priority), queue.came);
            queue.came += 1;
            queue.waiting.insert(turn, sender);
            (turn, place)
        };
        // Dropped before the channel, so nobody is sent a place who does not wait.
        let _waits = Waits { gate: self, turn };
        match place.await {
            Ok(place) => place,
            // The sender is in the queue until it sends.
            Err(_) => std::future::pending().await,
        }
    }

    /// How many wait.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        lock(&self.0).waiting.len()
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        lock(&self.gate.0).waiting.remove(&self.turn);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut queue = lock(&self.0.0);
            let next = queue.waiting.pop_first();
            queue.free += usize::from(next.is_none());
            next
        };
        if let Some((_, next)) = next {
            // If nobody is there any more, the place is dropped, and this is done once more.
            let _ = next.send(Place(self.0.clone()));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};

    use super::*;

    #[tokio::test]
    async fn the_highest_priority_goes_first_and_of_equals_who_came_first() {
        let gate = Gate::new(1);
        let first = gate.enter(0).await;
        let mut waiting = FuturesUnordered::new();
        for (name, priority) in [("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)] {
            waiting.push(gate.enter(priority).map(move |place| (name, place)));
        }
        assert!(waiting.next().now_or_never().is_none());
        assert_eq!(gate.waiting(), 5);
        drop(first);
        let mut order = Vec::new();
        while let Some((name, place)) = waiting.next().await {
            order.push(name);
            drop(place);
        }
        assert_eq!(order, ["b", "d", "a", "c", "e"]);
    }

    #[tokio::test]
    async fn who_does_not_wait_any_longer_takes_no_place() {
        let gate = Gate::new(1);
        let place = gate.enter(0).await;
        let (mut gone, mut stays) = (Box::pin(gate.enter(1)), Box::pin(gate.enter(0)));
        assert!(gone.as_mut().now_or_never().is_none());
        assert!(stays.as_mut().now_or_never().is_none());
        drop(gone);
        assert_eq!(gate.waiting(), 1);
        drop(place);
        let place = stays.as_mut().now_or_never().unwrap();
        // Handed a place it never took.
        let mut late = Box::pin(gate.enter(0));
        assert!(late.as_mut().now_or_never().is_none());
        drop(place);
        drop(late);
        assert!(gate.enter(0).now_or_never().is_some());
    }
}
