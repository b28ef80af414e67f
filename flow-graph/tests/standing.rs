//! Where runs stand: what is known with events, and what without.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{fmt::Write as _, time::Duration};

use common::{checks::assert_is_xml, workflows::*};
use expect_test::{Expect, expect};
use flow_graph::{Standing, State, layout, svg};
use flow_runtime::{AnyRun, Events, Graph, prelude::*};
use serde_json::json;

/// All nodes of which something is known, by name, a line each.
async fn shown(graph: &Graph, run: &AnyRun) -> String {
    let standing = Standing::of(run).await.unwrap();
    let drawing = svg(graph, &standing);
    assert_is_xml(&drawing);
    let nodes = layout(graph).nodes;
    let mut text = String::new();
    for node in nodes.iter().filter(|node| !node.id.ends_with("-lane")) {
        let Some(mark) = standing.nodes.get(&node.id) else { continue };
        write!(text, "{} {}: {}", node.id, node.name, mark.state.as_str()).unwrap();
        if mark.done > 0 {
            write!(text, " ×{}", mark.done).unwrap();
        }
        if mark.attempts > 0 {
            write!(text, " attempt {}", mark.attempts).unwrap();
        }
        if mark.until.is_some() {
            text.push_str(" until then");
        }
        for asked in &mark.pauses {
            write!(text, " {}", asked.id).unwrap();
        }
        if let Some(items) = mark.items {
            write!(text, " {} of {:?}", items.done, items.all).unwrap();
        }
        if let Some(error) = &mark.error {
            write!(text, " ({error})").unwrap();
        }
        if mark.undone > 0 {
            write!(text, " undone ×{}", mark.undone).unwrap();
        }
        text.push('\n');
    }
    let names: std::collections::BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    assert!(standing.nodes.keys().all(|id| names.contains(id.as_str())), "{:?}", standing.nodes.keys());
    for (from, to) in &standing.taken {
        assert!(layout(graph).edges.iter().any(|edge| edge.from == *from && edge.to == *to), "{from} → {to}");
    }
    text
}

async fn check(graph: &Graph, run: &AnyRun, expected: Expect) {
    expected.assert_eq(&shown(graph, run).await);
}

fn app<W: Workflow>(events: Events) -> App
where
    W::Deps: Sized + Default,
{
    App::builder().events(events).register::<W>(W::Deps::default()).build().unwrap()
}

#[tokio::test]
async fn a_run_that_waits_and_is_answered() {
    let run = app::<ContentCreation>(Events::all()).start::<ContentCreation>(0).await.unwrap();
    run.wait().await.unwrap();
    check(
        &ContentCreation::GRAPH,
        run.any(),
        expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: waiting approve-1
    "#]],
    )
    .await;
    run.answer::<Approve>(Approval::Change { title: "Bees".to_owned() }).await.unwrap();
    run.wait().await.unwrap();
    check(
        &ContentCreation::GRAPH,
        run.any(),
        expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: waiting ×1 approve-2
        11 approve: done ×1
    "#]],
    )
    .await;
    run.answer::<Approve>(Approval::Publish { by: "Ann".to_owned() }).await.unwrap();
    run.wait().await.unwrap();
    check(
        &ContentCreation::GRAPH,
        run.any(),
        expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: done ×2
        11 approve: done ×2
        12 publish: done ×1
        1 end: done ×1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn without_events_the_checkpoints_tell() {
    let run = app::<ContentCreation>(Events::none()).start::<ContentCreation>(0).await.unwrap();
    run.wait().await.unwrap();
    check(
        &ContentCreation::GRAPH,
        run.any(),
        expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: waiting approve-1
    "#]],
    )
    .await;
    run.answer::<Approve>(Approval::Publish { by: "Ann".to_owned() }).await.unwrap();
    run.wait().await.unwrap();
    check(
        &ContentCreation::GRAPH,
        run.any(),
        expect![[r#"
            0 start: done ×1
            2 find: done ×1
            3 parallel: done ×1
            5 outline: done ×1
            6 check_facts: done ×1
            4 join: done ×1
            7 write: done ×1
            8 review: done ×2
            9 review: done ×2
            13 revise: done ×1
            10 approve: done ×1
            1 end: done ×1
        "#]],
    )
    .await;
}

workflow! {
    /// Does something for each, and asks about one of them.
    pub async fn fanned(n: u64) -> Result<u64> {
        let done = parallel!(
            for item in (0..n).collect::<Vec<_>>() {
                if item == 2 {
                    pause(look_at(item)).await;
                }
                find(item).await
            },
            limit = 8
        )?;
        Ok(done.len() as u64)
    }
}

#[tokio::test]
async fn items_are_counted() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 parallel for each: waiting ×1 4 of Some(5)
        4 item == 2?: done ×5
        5 look_at: waiting look_at-1
        6 find: done ×4
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
                0 start: done ×1
                2 parallel for each: waiting ×1 4 of None
                4 item == 2?: done ×5
                5 look_at: waiting look_at-1
                6 find: done ×4
            "#]],
        ),
    ] {
        let run = app::<Fanned>(events).start::<Fanned>(5).await.unwrap();
        run.wait().await.unwrap();
        check(&Fanned::GRAPH, run.any(), expected).await;
    }
}

workflow! {
    /// One workflow in two places of another.
    pub async fn nested(n: u64) -> Result<u64> {
        let first = one_step(n).await?;
        let second = parallel!(slow(first), async {
            let m = find(first).await?;
            pause(look_at(m)).await;
            Ok(m)
        })?;
        one_step(second.0 + second.1).await
    }
}

workflow! {
    /// Sleeps.
    pub async fn slow(n: u64) -> Result<u64> {
        let n = warm_up(n).await?;
        sleep(Duration::from_secs(3600)).await;
        measure(n).await
    }
}

#[tokio::test]
async fn workflows_in_workflows() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 one_step: done ×1
        2/0 start: done ×1
        2/2 find: done ×1
        2/1 end: done ×1
        3 parallel: waiting ×1
        5 slow: sleeping
        5/0 start: done ×1
        5/2 warm_up: done ×1
        5/3 sleep: sleeping until then
        6 find: done ×1
        7 look_at: waiting look_at-1
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
        0 start: done ×1
        2 one_step: done ×1
        2/0 start: done ×1
        2/2 find: done ×1
        2/1 end: done ×1
        3 parallel: waiting ×1
        5 slow: sleeping
        5/0 start: done ×1
        5/2 warm_up: done ×1
        5/3 sleep: sleeping until then
        6 find: done ×1
        7 look_at: waiting look_at-1
    "#]],
        ),
    ] {
        let run = app::<Nested>(events).start::<Nested>(5).await.unwrap();
        run.wait().await.unwrap();
        check(&Nested::GRAPH, run.any(), expected).await;
    }
}

#[step(retries = 3, backoff = "1h")]
async fn shaky(n: u64) -> Result<u64> {
    Err(format!("no {n}"))
}

#[step]
async fn broken(n: u64) -> Result<u64> {
    if n == 0 { Ok(0) } else { Err("it is broken".to_owned()) }
}

#[step]
async fn give_back(n: u64, taken: u64) -> Result<()> {
    if n == taken { Ok(()) } else { Err("that was another".to_owned()) }
}

#[step(undo = give_back)]
async fn take(n: u64) -> Result<u64> {
    Ok(n)
}

workflow! {
    /// Tries, and fails.
    pub async fn trying(n: u64) -> Result<u64> {
        let n = take(n).await?;
        if n > 5 {
            let n = broken(n).await?;
            report(n).await
        } else {
            shaky(n).await
        }
    }
}

#[tokio::test]
async fn runs_that_fail() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 take: done ×1 undone ×1
        3 n > 5?: done ×1
        4 broken: failed attempt 1 (it is broken)
        6 shaky: skipped
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
                0 start: done ×1
                2 take: done ×1
                3 n > 5?: failed (it is broken)
            "#]],
        ),
    ] {
        let run = app::<Trying>(events).start::<Trying>(9).await.unwrap();
        run.wait().await.unwrap_err();
        check(&Trying::GRAPH, run.any(), expected).await;
    }
}

#[tokio::test]
async fn runs_that_try_again() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 take: done ×1
        3 n > 5?: done ×1
        4 broken: skipped
        5 report: skipped
        6 shaky: sleeping attempt 2 until then (no 1)
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
                0 start: done ×1
                2 take: done ×1
                3 n > 5?: done ×1
                4 broken: skipped
                5 report: skipped
                6 shaky: sleeping attempt 2 until then (no 1)
            "#]],
        ),
    ] {
        let app = app::<Trying>(events);
        let run = app.start::<Trying>(1).await.unwrap();
        while !matches!(run.status().await.unwrap(), flow_runtime::store::RunStatus::Paused) {
            tokio::task::yield_now().await;
        }
        check(&Trying::GRAPH, run.any(), expected).await;
    }
}

#[tokio::test]
async fn it_is_json() {
    let run = app::<OneStep>(Events::all()).start::<OneStep>(1).await.unwrap();
    run.wait().await.unwrap();
    let mut standing = Standing::of(run.any()).await.unwrap();
    standing.run = None;
    assert_eq!(standing.nodes["2"].state, State::Done);
    let json = serde_json::to_value(&standing).unwrap();
    let done = json!({ "done": 1, "state": "done" });
    let nodes = json!({ "0": done, "1": done, "2": done });
    assert_eq!(json, json!({ "nodes": nodes, "status": "completed", "taken": [["0", "2"], ["2", "1"]] }));
}

workflow! {
    /// Asks when it fails.
    pub async fn asking(n: u64) -> Result<u64> {
        #[on_error(pause)]
        let n = broken(n).await?;
        report(n).await
    }
}

#[tokio::test]
async fn steps_that_ask() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 broken: waiting attempt 1 recover-broken-1 (it is broken)
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
        0 start: done ×1
        2 broken: waiting attempt 1 recover-broken-1 (it is broken)
    "#]],
        ),
    ] {
        let run = app::<Asking>(events).start::<Asking>(9).await.unwrap();
        run.wait().await.unwrap();
        check(&Asking::GRAPH, run.any(), expected).await;
    }
}

#[tokio::test]
async fn code_that_fails() {
    for (events, expected) in [
        (
            Events::all(),
            expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: done ×1
        11 approve: failed ×1 (off the topic)
    "#]],
        ),
        (
            Events::none(),
            expect![[r#"
        0 start: done ×1
        2 find: done ×1
        3 parallel: done ×1
        5 outline: done ×1
        6 check_facts: done ×1
        4 join: done ×1
        7 write: done ×1
        8 review: done ×2
        9 review: done ×2
        13 revise: done ×1
        10 approve: done ×1
        11 approve: failed (off the topic)
    "#]],
        ),
    ] {
        let run = app::<ContentCreation>(events).start::<ContentCreation>(0).await.unwrap();
        run.wait().await.unwrap();
        run.answer::<Approve>(Approval::Reject { why: "off the topic".to_owned() }).await.unwrap();
        run.wait().await.unwrap_err();
        check(&ContentCreation::GRAPH, run.any(), expected).await;
    }
}
