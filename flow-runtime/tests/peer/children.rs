//! Nested workflows: awaited like steps, with frames, questions and errors of their own.

use flow_runtime::{NodeKind, Workflow, prelude::*};

use super::common::{
    Log, Result, asked, done, everywhere, failed, in_processes, open, opened, process, started, until,
};

#[step]
async fn add(log: &Log, a: u32, b: u32) -> Result<u32> {
    log.note(format!("{a} + {b}"));
    if a + b == 13 { Err("13 is unlucky".to_owned()) } else { Ok(a + b) }
}

/// Is this the right number?
#[pause]
fn confirm(n: u32) -> bool;

workflow! {
    /// Adds one, and asks.
    async fn careful(log: &Log, n: u32) -> Result<u32> {
        let more = add(log, n, 1).await?;
        if pause(confirm(more)).await { Ok(more) } else { Err(format!("{more} is wrong")) }
    }
}

workflow! {
    async fn twice(log: &Log, n: u32) -> Result<u32> {
        let first = careful(log, n).await?;
        let second = careful(log, first * 10).await?;
        add(log, first, second).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_asks_in_its_parents_run_and_the_same_child_can_run_twice() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Twice>(place, &log, 1).await;
        let run = opened::<Twice>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.path(), pause.prompt()["n"].as_u64()), ("confirm-1", "careful()", Some(2)));
        assert_eq!(pause.question(), "Is this the right number?");
        run.answer::<Confirm>(true).await.unwrap();
        let run = opened::<Twice>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.path(), pause.prompt()["n"].as_u64()), ("confirm-2", "careful()", Some(21)));
        let run = opened::<Twice>(place, &log, &id).await;
        run.answer::<Confirm>(true).await.unwrap();
        assert_eq!(done(&run).await, 23);
        assert_eq!(log.take(), ["1 + 1", "20 + 1", "2 + 21"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_child_is_an_error_of_the_parent() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Twice>(&log);
        let run = app.start::<Twice>(12).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!((failure.chain(), failure.path()), (&["13 is unlucky".to_owned()][..], "careful()"));
        let run = app.start::<Twice>(1).await.unwrap();
        open(&run).await;
        run.answer::<Confirm>(false).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["2 is wrong"]);
    })
    .await;
}

workflow! {
    async fn forgiving(log: &Log, n: u32) -> Result<String> {
        match careful(log, n).await {
            Ok(n) => Ok(format!("got {n}")),
            Err(error) => Ok(format!("went on without: {error}")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_can_go_on_without_a_child_that_failed() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Forgiving>(&log).start::<Forgiving>(12).await.unwrap();
        assert_eq!(done(&run).await, "went on without: 13 is unlucky");
    })
    .await;
}

workflow! {
    async fn many_children(log: &Log) -> Result<Vec<u32>> {
        let mut sums = Vec::new();
        for round in 1..=2 {
            let numbers = parallel!(for n in [1, 2] { careful(log, n * 100 * round).await })?;
            let (a, b) = parallel!(careful(log, numbers[0]), async { Ok(numbers[1]) })?;
            sums.push(a + b);
        }
        Ok(sums)
    }
}

#[tokio::test(start_paused = true)]
async fn children_in_items_and_branches_in_a_loop_are_answered_one_by_one() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<ManyChildren>(place, &log, ()).await;
        for paths in [
            &["parallel.0/careful()", "parallel.1/careful()"][..],
            &["parallel#2.0/careful()"],
            &["parallel.0/careful()", "parallel.1/careful()"],
            &["parallel#2.0/careful()"],
        ] {
            let run = opened::<ManyChildren>(place, &log, &id).await;
            let mut pauses = open(&run).await;
            assert_eq!(pauses.iter().map(|pause| pause.path()).collect::<Vec<_>>(), paths);
            // The last question first.
            while let Some(pause) = pauses.pop() {
                run.answer_json(pause.id(), true.into()).await.unwrap();
            }
            let _ = run.wait().await.unwrap();
        }
        let run = opened::<ManyChildren>(place, &log, &id).await;
        assert_eq!(done(&run).await, [101 + 1 + 201, 201 + 1 + 401]);
        assert_eq!(log.take().len(), 6);
    })
    .await;
}

macro_rules! levels {
    ($name:ident calls $child:ident $(, $more_name:ident calls $more_child:ident)*) => {
        $(levels!(@one $more_name $more_child);)*
        levels!(@one $name $child);
    };
    (@one $name:ident $child:ident) => {
        workflow! {
            async fn $name(log: &Log, n: u32) -> Result<u32> {
                let more = add(log, n, 1).await?;
                $child(log, more).await
            }
        }
    };
}

levels!(l1 calls l2, l2 calls l3, l3 calls l4, l4 calls l5, l5 calls l6, l6 calls l7, l7 calls l8, l8 calls l9, l9 calls careful);

#[tokio::test(start_paused = true)]
async fn ten_levels_of_children_nest() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<L1>(place, &log, 100).await;
        let run = opened::<L1>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!(pause.path(), "l2()/l3()/l4()/l5()/l6()/l7()/l8()/l9()/careful()");
        assert_eq!(pause.prompt()["n"], 110);
        run.answer::<Confirm>(true).await.unwrap();
        assert_eq!(done(&run).await, 110);
        assert_eq!(log.take().len(), 10);
        assert!(place.store().frames(&id).await.unwrap().is_empty());
    })
    .await;
}

workflow! {
    async fn down(log: &Log, n: u32) -> Result<u32> {
        let one = add(log, n, 0).await?;
        if one == 0 {
            return Ok(0);
        }
        let below = down(log, n - 1).await?;
        add(log, below, one).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_may_await_itself_within_a_bound() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Down>(&log);
        // The root and 63 below it: 1 + 2 + … without meeting 13.
        let run = app.start::<Down>(3).await.unwrap();
        assert_eq!(done(&run).await, 6);
        let run = app.start::<Down>(1000).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!(
            failure.chain(),
            ["workflow `down` would be the 65th inside of each other", "a recursion has to end sooner"]
        );
        let other = app.start::<Down>(1).await.unwrap();
        assert_eq!(done(&other).await, 1);
    })
    .await;
}

workflow! {
    async fn levels(log: &Log, left: u32) -> Result<u32> {
        add(log, left, 100).await?;
        if left == 0 { Ok(0) } else { levels(log, left - 1).await }
    }
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_recursion_is_64_levels_below_the_run() {
    let [place, _] = super::common::Place::both();
    let app = place.app::<Levels>(&Log::default());
    assert_eq!(done(&app.start::<Levels>(64).await.unwrap()).await, 0);
    failed(&app.start::<Levels>(65).await.unwrap()).await;
}

#[step]
async fn hangs_once(log: &Log) -> Result<()> {
    log.note("hangs");
    if !log.has("second life") {
        std::future::pending::<()>().await;
    }
    Ok(())
}

workflow! {
    async fn inner(log: &Log, n: u32) -> Result<u32> {
        let more = add(log, n, 1).await?;
        hangs_once(log).await?;
        add(log, more, 1).await
    }
}

workflow! {
    async fn outer(log: &Log) -> Result<u32> {
        let before = add(log, 0, 1).await?;
        let child = inner(log, before).await?;
        add(log, child, 1).await
    }
}

#[test]
fn a_killed_child_goes_on_where_it_was() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<Outer>(&log).start::<Outer>(()).await.unwrap();
            until(|| log.has("hangs")).await;
            run.id().to_owned()
        });
        assert_eq!(log.take(), ["0 + 1", "1 + 1", "hangs"]);
        log.note("second life");
        process(async {
            let run = opened::<Outer>(place, &log, &id).await;
            assert_eq!(done(&run).await, 4);
        });
        assert_eq!(log.take(), ["second life", "hangs", "2 + 1", "3 + 1"]);
    });
}

#[test]
fn the_graph_of_a_parent_shows_its_children() {
    let graph = <Twice as Workflow>::GRAPH;
    let steps = graph.nodes.iter().filter(|node| node.kind == NodeKind::Step);
    let steps: Vec<_> = steps.map(|node| (node.name, graph.doc(node))).collect();
    assert_eq!(steps, [("careful", "Adds one, and asks."), ("careful", "Adds one, and asks."), ("add", "")]);
}
