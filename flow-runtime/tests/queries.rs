//! Runs are found by what is known of them, page by page, and counted.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use flow_runtime::{
    Memory, Store,
    prelude::*,
    store::{RunFilter, RunRecord, RunStatus},
};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

#[step]
async fn check(n: u32) -> Result<u32> {
    if n % 5 == 4 { Err(format!("{n} will not do")) } else { Ok(n) }
}

#[pause]
fn agree() -> bool;

workflow! {
    async fn count(n: u32) -> Result<u32> {
        let n = check(n).await?;
        Ok(n)
    }
}

workflow! {
    async fn ask(n: u32) -> Result<bool> {
        let n = check(n).await?;
        let agreed = pause(agree()).await;
        Ok(agreed && n > 0)
    }
}

/// Thirty runs, of two workflows, three users and two sessions.
async fn thirty(store: impl Store) -> App {
    let app = App::builder().store(store).register::<Count>(()).register::<Ask>(()).build().unwrap();
    for n in 0..30_u32 {
        let user = ["ann", "bob", "cy"][n as usize % 3];
        let metadata = json!({ "source": if n < 10 { "cli" } else { "web" }, "tags": [n % 2], "n": n });
        let workflow = if n < 20 { "count" } else { "ask" };
        let start = app.start_json(workflow, json!(n)).user(user).metadata(metadata);
        let run = if n % 2 == 0 { start.session("s-0").await } else { start.session("s-1").await }.unwrap();
        let _ = run.wait().await;
    }
    app
}

fn inputs(runs: &[RunRecord]) -> Vec<u32> {
    let mut inputs: Vec<u32> = runs.iter().map(|record| record.run.input.parse().unwrap()).collect();
    inputs.sort_unstable();
    inputs
}

async fn finds(app: App) {
    let find = async |filter: RunFilter| inputs(&app.runs(&filter).await.unwrap());
    let all = RunFilter::new;
    assert_eq!(find(all()).await, (0..30).collect::<Vec<_>>());
    assert_eq!(find(all().workflow("ask").user("ann")).await, [21, 24, 27]);
    assert_eq!(find(all().status(RunStatus::Failed)).await, [4, 9, 14, 19, 24, 29]);
    assert_eq!(
        find(all().status(RunStatus::Failed).status(RunStatus::Paused).workflow("ask")).await,
        (20..30).collect::<Vec<_>>()
    );
    assert_eq!(find(all().session("s-1").metadata("source", json!("cli"))).await, [1, 3, 5, 7, 9]);
    assert_eq!(find(all().metadata("n", json!(7)).metadata("tags", json!([1]))).await, [7]);
    assert_eq!(find(all().metadata("n", json!("7"))).await, [0; 0], "a text is no number");
    for unknown in [
        all().workflow("no-such"),
        all().user("no-such"),
        all().session("no-such"),
        all().metadata("no-such", json!(1)),
        all().created_before(0),
        all().created_from(i64::MAX),
    ] {
        assert_eq!(find(unknown).await, [0; 0]);
    }

    // Page by page, each run once, the newest first.
    let mut page = Some(all().session("s-0").limit(4));
    let mut found = Vec::new();
    while let Some(filter) = page {
        let runs = app.runs(&filter).await.unwrap();
        assert!(runs.len() <= 4);
        page = filter.next_page(&runs);
        found.extend(runs);
    }
    let times: Vec<(i64, &str)> = found.iter().map(|record| (record.run.created_at, record.run.id.as_str())).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
    assert_eq!(inputs(&found), (0..30).step_by(2).collect::<Vec<_>>());
    // A page that is just full is followed by an empty one, and that is the last.
    let filter = all().limit(30);
    let next = filter.next_page(&app.runs(&filter).await.unwrap()).unwrap();
    let empty = app.runs(&next).await.unwrap();
    assert!(empty.is_empty() && next.next_page(&empty).is_none());

    let mut counts: Vec<(String, RunStatus, u64)> = app
        .stats(&all().limit(1))
        .await
        .unwrap()
        .into_iter()
        .map(|count| (count.workflow, count.status, count.runs))
        .collect();
    counts.sort_by_key(|(workflow, status, _)| (workflow.clone(), status.as_str()));
    let expected = [
        ("ask", RunStatus::Failed, 2),
        ("ask", RunStatus::Paused, 8),
        ("count", RunStatus::Completed, 16),
        ("count", RunStatus::Failed, 4),
    ];
    assert_eq!(counts, expected.map(|(workflow, status, runs)| (workflow.to_owned(), status, runs)));
    assert_eq!(app.stats(&all().workflow("no-such")).await.unwrap(), []);
}

#[tokio::test]
async fn runs_are_found_in_memory() {
    finds(thirty(Memory::new()).await).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn runs_are_found_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    finds(thirty(flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap()).await).await;
}
