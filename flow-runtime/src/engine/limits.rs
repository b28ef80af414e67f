//! Limits: how many runs of a workflow are driven at once, and how many calls of a step are at work.

use std::{
    collections::{BTreeMap, HashMap},
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use futures::future::{Either, select};

use super::{
    drive::{Job, Left, Looks, give_back},
    driver::Engine,
    registry::Registered,
};
use crate::{
    error::BuildError,
    gate::{Gate, Place},
    machine::{CallKind, Halt, RunState},
    store::StoreError,
};

/// The limits of an App.
#[derive(Default)]
pub(crate) struct Limits {
    /// By workflow id.
    workflows: HashMap<String, Gate>,
    /// By the step's name.
    pub(super) steps: Arc<HashMap<String, Gate>>,
}

/// What the builder was told: names, and how many of them at once.
pub(super) type Wanted = Vec<(String, usize)>;

impl Limits {
    /// The limits of these workflows and of the steps in them.
    pub(super) fn new(
        registered: &BTreeMap<String, Arc<dyn Registered>>,
        workflows: Wanted,
        steps: Wanted,
    ) -> Result<Self, BuildError> {
        let known_steps = steps_of(registered);
        let known_workflows: Vec<&str> = registered.keys().map(String::as_str).collect();
        let workflows = gates(workflows, "workflow", &known_workflows)?;
        Ok(Limits { workflows, steps: Arc::new(gates(steps, "step", &known_steps)?) })
    }
}

/// The names of all steps.
fn steps_of(registered: &BTreeMap<String, Arc<dyn Registered>>) -> Vec<&'static str> {
    let calls = registered.values().flat_map(|entry| entry.calls());
    calls.filter(|call| matches!(call.kind, CallKind::Step)).map(|call| call.name).collect()
}

/// Checks that there are steps of these names.
#[cfg(feature = "testing")]
pub(super) fn check_steps<'n>(
    names: impl Iterator<Item = &'n str>,
    registered: &BTreeMap<String, Arc<dyn Registered>>,
) -> Result<(), BuildError> {
    let known = steps_of(registered);
    for name in names {
        if !known.contains(&name) {
            let nearest = nearest(name, &known).map(str::to_owned);
            return Err(BuildError::UnknownStep { name: name.to_owned(), nearest });
        }
    }
    Ok(())
}

fn gates(wanted: Wanted, kind: &'static str, known: &[&str]) -> Result<HashMap<String, Gate>, BuildError> {
    let gate = |(name, places): (String, usize)| {
        if !known.contains(&name.as_str()) {
            let nearest = nearest(&name, known).map(str::to_owned);
            return Err(BuildError::UnknownLimit { kind, name, nearest });
        }
        match places {
            0 => Err(BuildError::LimitOfZero { kind, name }),
            _ => Ok((name, Gate::new(places))),
        }
    };
    wanted.into_iter().map(gate).collect()
}

/// The known name that is most like this one, if one is like it at all.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let best = known.iter().map(|known| (distance(name, known), *known)).min()?;
    (best.0 <= name.chars().count().max(3) / 2).then_some(best.1)
}

/// How many letters have to be added, left out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            *cell = changed.min(left + 1).min(diagonal + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

impl Engine {
    /// Waits until a claimed run may be driven; it may for as long as the place is held. The error says how the run was left
    /// instead: it was cancelled, or somebody else is to go on with it.
    ///
    /// A run that is to be undone waits for nobody, and one that is late does not wait to be told so.
    pub(super) async fn turn(&self, workflow: &str, job: &Job) -> Result<Option<Place>, Left> {
        let Some(gate) = self.limits.workflows.get(workflow).filter(|_| job.undoing.is_none()) else { return Ok(None) };
        let state = &job.state;
        let priority = state.outside.as_ref().map_or(0, |outside| outside.priority);
        let mut place = pin!(gate.enter(priority));
        let mut looks = Looks::ever_slower();
        loop {
            if job.deadline.is_some_and(|deadline| deadline <= state.clock.now_ms()) {
                return Ok(None);
            }
            let (leave, look) = (pin!(asked_to_leave(state)), pin!(looks.next(state, job.deadline)));
            match select(place.as_mut(), select(leave, look)).await {
                Either::Left((place, _)) => return Ok(Some(place)),
                Either::Right((Either::Left((left, _)), _)) => {
                    if let (Left::Stopped, Some((store, fence))) = (&left, &state.store) {
                        give_back(store, &state.id, *fence).await;
                    }
                    return Err(left);
                }
                Either::Right((Either::Right((Err(error @ StoreError::Fenced { .. }), _)), _)) => {
                    return Err(Left::Store(error));
                }
                // A store that fails now may not when it is the run's turn.
                Either::Right((Either::Right(_), _)) => {}
            }
        }
    }
}

/// Waits until the run is cancelled here, or somebody else is to go on with it.
async fn asked_to_leave(state: &RunState) -> Left {
    poll_fn(|task| {
        state.register_driver(task.waker());
        match state.take_halt() {
            Some(Halt::Cancelled) => Poll::Ready(Left::Cancelled),
            Some(_) => Poll::Ready(Left::Stopped),
            None if state.is_stopping() => Poll::Ready(Left::Stopped),
            None => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_named() {
        let known = ["research", "write_draft", "publish"];
        assert_eq!(nearest("reserach", &known), Some("research"));
        assert_eq!(nearest("write-draft", &known), Some("write_draft"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("any", &[]), None);
        assert_eq!((distance("", "abc"), distance("abc", "abc"), distance("kitten", "sitting")), (3, 0, 3));
    }
}
