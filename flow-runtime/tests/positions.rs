//! Where a run stands: its lines of control, and the nodes of the graph its points belong to.

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use flow_runtime::{Doing, NodeKind, prelude::*, store::RunStatus};

type Result<T> = std::result::Result<T, String>;

#[step]
async fn count(n: u64) -> Result<u64> {
    Ok(n + 1)
}

#[step(retries = 1, backoff = "1h")]
async fn fail(n: u64) -> Result<u64> {
    Err(format!("not {n}"))
}

/// Is it right?
#[pause]
fn check(n: u64) -> bool;

workflow! {
    async fn inner(n: u64) -> Result<bool> {
        let n = count(n).await?;
        Ok(pause(check(n)).await)
    }
}

workflow! {
    async fn outer(n: u64) -> Result<u64> {
        let n = count(n).await?;
        let (a, _, _, _) = parallel!(
            count(n),
            async { Ok(inner(n).await?) },
            async {
                sleep(Duration::from_secs(3600)).await;
                count(n).await
            },
            fail(n),
        )?;
        if pause(check(a)).await { count(a).await } else { Ok(a) }
    }
}

#[tokio::test]
async fn every_line_of_control_is_told() {
    let app = App::builder().register::<Outer>(()).build().unwrap();
    let run = app.start::<Outer>(1).await.unwrap();
    run.wait().await.unwrap();
    let run = run.any();
    let graph = run.graph().unwrap();
    let positions = run.positions().await.unwrap();
    let paths: Vec<(&str, &str)> = positions.iter().map(|at| (at.path.as_str(), at.at.as_str())).collect();
    assert_eq!(
        paths,
        [
            ("", "parallel"),
            ("parallel.0", "=done"),
            ("parallel.1/inner()", "check"),
            ("parallel.2", "sleep"),
            ("parallel.3", "=start")
        ]
    );
    let doing: Vec<&Doing> = positions.iter().map(|at| &at.doing).collect();
    assert!(matches!(doing[..3], [Doing::GoesOn, Doing::IsDone, Doing::Asks(pause)] if pause == "check-1"));
    assert!(matches!(doing[3..], [Doing::Sleeps(_), Doing::Sleeps(_)]));
    let tried = positions[4].trying.as_ref().unwrap();
    assert_eq!((tried.step.as_str(), tried.failed, &tried.errors[..]), ("fail", 1, &["not 2".to_owned()][..]));

    let kind = |path: &str, point: &str| {
        let node = graph.nodes[graph.node_at(path, point).unwrap() as usize];
        (graph.kind(&node), node.name)
    };
    assert_eq!(kind("", "count done"), (NodeKind::Step, "count"));
    assert_eq!(kind("", "parallel"), (NodeKind::Fork, "parallel"));
    assert_eq!(kind("", "parallel done"), (NodeKind::Join, "join"));
    assert_eq!(kind("parallel.1", "start"), (NodeKind::Child, "inner"));
    assert_eq!(kind("parallel.2", "sleep"), (NodeKind::Timer, "sleep"));
    assert_eq!(graph.node_at("", "nothing"), None);
    // A value that was given no name is shown as what it came from.
    assert!(graph.nodes.iter().any(|node| node.kind == NodeKind::Choice && node.name == "check?"));

    assert!(run.failure().await.unwrap().is_none());
    let events = run.stored_events(1, 3).await.unwrap();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(run.stored_events(3, 100).await.unwrap()[0], events[2]);
    run.cancel().await.unwrap();
    assert!(run.positions().await.unwrap().is_empty());
    assert_eq!(run.status().await.unwrap(), RunStatus::Cancelled);
}
