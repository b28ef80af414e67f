//! Looks at a store when all is over.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
    sync::Arc,
};

use flow_runtime::{
    App, Event, EventKind, Store,
    store::{RunFilter, RunStatus},
};
use futures::TryStreamExt as _;

use crate::errand::{Errand, QUESTIONS, Report, STEPS, expected_sum};

/// What the workers have told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// What was about to be answered, by run and pause.
    pub(crate) tried: HashMap<(String, String), HashSet<u64>>,
    /// What was accepted.
    pub(crate) acknowledged: HashMap<(String, String), Vec<u64>>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) answers: usize,
    pub(crate) events: usize,
}

/// How many runs there are that have not ended.
pub(crate) async fn left(store: &dyn Store) -> Result<u64, Box<dyn Error>> {
    let counts = store.stats(&RunFilter::new()).await?;
    Ok(counts.iter().filter(|count| !count.status.has_ended()).map(|count| count.runs).sum())
}

/// Checks every run.
pub(crate) async fn judge(store: Arc<dyn Store>, runs: u64, told: &Told) -> Result<Found, Box<dyn Error>> {
    let app = App::builder().shared_store(store).register::<Errand>(()).build()?;
    let filter = RunFilter { limit: u32::MAX, ..RunFilter::new() };
    let records = app.runs(&filter).await?;
    if records.len() as u64 != runs {
        return Err(format!("there are {} runs, {runs} were started by key", records.len()).into());
    }
    let mut found = Found { answers: 0, events: 0 };
    for record in records {
        let id = &record.run.id;
        let wrong = |what: String| -> Box<dyn Error> { format!("run {id}: {what}").into() };
        if record.status != RunStatus::Completed {
            return Err(wrong(format!("it is {}: {:?}", record.status, record.failure)));
        }
        let n: u64 = record.run.input.parse()?;
        let report: Report = serde_json::from_str(&record.output.unwrap_or_default())?;
        if report.sum != expected_sum(n) {
            return Err(wrong(format!("its steps made {}, not {}", report.sum, expected_sum(n))));
        }
        let run = app.any_run(id).await?;
        let events: Vec<Event> = run.events(1).try_collect().await?;
        check_events(&events).map_err(&wrong)?;
        found.events += events.len();
        let pauses = events.iter().filter_map(|event| match &event.kind {
            EventKind::PauseAsked { pause, .. } => Some(pause.clone()),
            _ => None,
        });
        let mut given = Vec::new();
        for pause in pauses {
            let key = (id.clone(), pause.clone());
            let tried = told.tried.get(&key).cloned().unwrap_or_default();
            let counted: Vec<u64> = report.answers.iter().copied().filter(|answer| tried.contains(answer)).collect();
            let [counted] = counted[..] else {
                return Err(wrong(format!("pause {pause} counts as {counted:?}, tried was {tried:?}")));
            };
            match told.acknowledged.get(&key).map_or(&[][..], Vec::as_slice) {
                [] => {}
                [acknowledged] if *acknowledged == counted => {}
                other => return Err(wrong(format!("pause {pause} counts as {counted}, acknowledged was {other:?}"))),
            }
            given.push(counted);
        }
        given.sort_unstable();
        let mut used = report.answers.clone();
        used.sort_unstable();
        if given != used {
            return Err(wrong(format!("it used the answers {used:?}, given were {given:?}")));
        }
        found.answers += given.len();
    }
    app.shutdown().await;
    Ok(found)
}

/// No number is missing, and each thing that happens once is told once.
fn check_events(events: &[Event]) -> Result<(), String> {
    if !events.iter().map(|event| event.seq).eq((1..=events.len() as u64).map(Some)) {
        return Err(format!("gaps in {:?}", events.iter().map(|event| event.seq).collect::<Vec<_>>()));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        *counts.entry(event.kind.name()).or_default() += 1;
    }
    let questions = QUESTIONS as usize;
    let expected = [
        ("run_started", 1),
        ("run_completed", 1),
        ("step_completed", STEPS),
        ("pause_asked", questions),
        ("pause_answered", questions),
        ("fork_joined", 2),
        ("timer_set", 2),
    ];
    for (kind, expected) in expected {
        let found = counts.get(kind).copied().unwrap_or_default();
        if found != expected {
            return Err(format!("{found} times {kind}, not {expected}: {counts:?}"));
        }
    }
    let ends = (events.first().map(|event| event.kind.name()), events.last().map(|event| event.kind.name()));
    if ends != (Some("run_started"), Some("run_completed")) {
        return Err(format!("its events begin and end with {ends:?}"));
    }
    Ok(())
}
