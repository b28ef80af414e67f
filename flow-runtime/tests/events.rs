//! What happens in a run is told: all of it, in order, without gaps, to whoever reads.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use flow_runtime::{Event, EventKind, Events, Memory, RunError, prelude::*};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::Notify;

type Result<T> = std::result::Result<T, String>;

#[step]
async fn count(text: &str) -> Result<u64> {
    Ok(text.len() as u64)
}

#[step(retries = 2, backoff = "1s")]
async fn flaky(number: u64) -> Result<u64> {
    match flow_runtime::attempt() {
        1 => Err("not yet".to_owned()),
        _ => Ok(number),
    }
}

#[step(undo = give)]
async fn take(number: u64) -> Result<u64> {
    Ok(number)
}

#[step]
async fn give(_number: u64, _taken: u64) -> Result<()> {
    Ok(())
}

#[step]
async fn refuse(text: &str) -> Result<u64> {
    Err(format!("no {text}"))
}

/// Go on?
#[pause]
fn agree(number: u64) -> bool;

workflow! {
    async fn inner(number: u64) -> Result<u64> {
        let number = flaky(number).await?;
        Ok(number + 1)
    }
}

workflow! {
    async fn everything(text: String) -> Result<u64> {
        let mut sum = count(&text).await?;
        sleep(Duration::from_secs(60)).await;
        for word in text.split(' ').map(str::to_owned).collect::<Vec<_>>() {
            sum += count(&word).await?;
        }
        if sum > 3 {
            sum += inner(sum).await?;
        } else {
            sum += count("little").await?;
        }
        let (a, agreed) = parallel!(
            count(&text),
            async { Ok(pause(agree(sum)).await) },
        )?;
        let sizes = parallel!(for n in vec![1, 2] { take(n).await }, limit = 1)?;
        if agreed { Ok(sum + a + sizes.len() as u64) } else { refuse(&text).await }
    }
}

/// The events in short, as far as they do not depend on the clock.
fn short(event: &Event) -> String {
    let path = &event.path;
    let told = serde_json::to_value(event).unwrap();
    let kind = told["kind"].as_str().unwrap();
    let about =
        ["step", "attempt", "pause", "name", "fork", "branches", "branch", "child", "round", "choice", "error", "by"];
    let about = about.iter().filter_map(|key| told.get(*key)).map(|value| value.to_string().replace('"', ""));
    format!("{path}: {kind} {}", about.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
}

fn shorts(events: &[Event]) -> Vec<String> {
    events.iter().map(short).collect()
}

fn gapless(events: &[Event], from: u64) {
    let numbers: Vec<Option<u64>> = events.iter().map(|event| event.seq).collect();
    let wanted: Vec<Option<u64>> = (from..).map(Some).take(events.len()).collect();
    assert_eq!(numbers, wanted);
}

const BEFORE: &[&str] = &[
    ": run_started",
    ": step_started count 1",
    ": step_completed count 1",
    ": timer_set",
    ": run_paused",
    ": run_resumed",
    ": timer_fired",
    ": loop_iterated 1",
    ": step_started count 1",
    ": step_completed count 1",
    ": loop_iterated 2",
    ": step_started count 1",
    ": step_completed count 1",
    ": choice_taken yes",
    "inner(): child_started inner",
    "inner(): step_started flaky 1",
    "inner(): step_failed flaky 1 not yet",
    "inner(): step_retrying flaky 2",
    "inner(): step_started flaky 2",
    "inner(): step_completed flaky 2",
    "inner(): child_completed inner",
    ": fork_started parallel 2",
    "parallel.0: step_started count 1",
    "parallel.0: step_completed count 1",
    "parallel.0: branch_completed 0",
    "parallel.1: pause_asked agree-1 agree",
    ": run_paused",
    "parallel.1: pause_answered agree-1 ann",
    ": run_resumed",
    "parallel.1: branch_completed 1",
    ": fork_joined parallel",
    ": fork_started parallel#2 2",
    "parallel#2.0: step_started take 1",
    "parallel#2.0: step_completed take 1",
    "parallel#2.0: branch_completed 0",
    "parallel#2.1: step_started take 1",
    "parallel#2.1: step_completed take 1",
    "parallel#2.1: branch_completed 1",
    ": fork_joined parallel#2",
];

#[tokio::test(start_paused = true)]
async fn everything_is_told() {
    let app = App::builder().register::<Everything>(()).build().unwrap();
    for agreed in [true, false] {
        let run = app.start::<Everything>("ab cd".to_owned()).session("s-1").await.unwrap();
        let live = tokio::spawn(run.events(0).try_collect::<Vec<Event>>());
        let Outcome::Paused(_) = run.wait().await.unwrap() else { panic!("it asks") };
        run.answer::<Agree>(agreed).by("ann").await.unwrap();
        let ended = run.wait().await;
        let mut wanted: Vec<String> = BEFORE.iter().map(|text| (*text).to_owned()).collect();
        let end: &[&str] = match agreed {
            true => {
                assert!(matches!(ended, Ok(Outcome::Done(_))), "{ended:?}");
                &[": choice_taken yes", ": run_completed"]
            }
            false => {
                assert!(matches!(ended, Err(RunError::Failed(_))), "{ended:?}");
                &[
                    ": choice_taken no",
                    ": step_started refuse 1",
                    ": step_failed refuse 1 no ab cd",
                    ": run_failed no ab cd",
                    "parallel#2.1: step_undone take",
                    "parallel#2.0: step_undone take",
                    ": run_undone",
                ]
            }
        };
        wanted.extend(end.iter().map(|text| (*text).to_owned()));
        let stored: Vec<Event> = run.events(1).try_collect().await.unwrap();
        assert_eq!(shorts(&stored).join("\n"), wanted.join("\n"));
        gapless(&stored, 1);
        assert!(stored.iter().all(|event| event.run == run.id() && event.workflow == "everything"));
        assert!(stored.iter().all(|event| event.session.as_deref() == Some("s-1")));
        assert!(stored.is_sorted_by_key(|event| event.time));
        // Whoever has read along has read the same.
        assert_eq!(live.await.unwrap().unwrap(), stored);
        let rest: Vec<Event> = run.events(10).try_collect().await.unwrap();
        assert_eq!(rest, stored[9..]);
    }
}
