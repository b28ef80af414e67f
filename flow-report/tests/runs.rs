//! What a run has come to, and the pages of runs and sessions.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use flow_report::{RunReport, SessionReport, ShowReport, UndoneReport, find_version};
use flow_runtime::{
    DefinitionError,
    prelude::*,
    store::{RunStatus, Stage},
};
use serde_json::json;

#[step(undo = put_back)]
async fn take(item: &str) -> Result<String, String> {
    Ok(format!("one {item}"))
}

#[step(retries = 1, backoff = "1ms")]
async fn put_back(item: &str, _taken: String) -> Result<(), String> {
    if item == "glass" { Err("it broke".to_owned()) } else { Ok(()) }
}

#[step]
async fn sell(what: &str) -> Result<(), String> {
    Err(format!("nobody wants {what}"))
}

workflow! {
    async fn shop(items: Vec<String>) -> Result<(), String> {
        for item in items {
            let taken = take(&item).await?;
            if item == "ink" {
                sell(&taken).await?;
            }
        }
        Ok(())
    }
}

fn app() -> App {
    App::builder().register::<Shop>(()).build().unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_undone_is_told_the_last_first() {
    let app = app();
    let items = ["tea", "glass", "ink"].map(str::to_owned).to_vec();
    let run = app.start::<Shop>(items).session("s").await.unwrap();
    run.wait().await.unwrap_err();
    let report = RunReport::of(&app, run.id()).await.unwrap();
    let failed = (report.status.as_str(), report.failure.unwrap().chain);
    assert_eq!(failed, (RunStatus::Failed.as_str(), vec!["nobody wants one ink".to_owned()]));
    let undone = |item: &str, error: Option<&str>| UndoneReport {
        step: "take".to_owned(),
        output: json!(format!("one {item}")),
        error: error.map(str::to_owned),
    };
    assert_eq!(report.undone, [undone("ink", None), undone("glass", Some("it broke")), undone("tea", None)]);
    let counted = ShowReport::with(&app, run.id(), |pause| pause.id).await.unwrap();
    assert_eq!(counted.pauses, Vec::<String>::new());
    let session = SessionReport::of(&app, "s", 1).await.unwrap().unwrap();
    assert_eq!((session.session.id.as_str(), session.runs.len()), ("s", 1));
}

#[tokio::test(flavor = "current_thread")]
async fn versions_have_numbers_and_labels() {
    let app = app();
    app.save::<Shop>(Stage::Published, Some("stable")).await.unwrap();
    let stored = app.definitions(Some("shop")).await.unwrap();
    for which in [None, Some("1"), Some("stable")] {
        assert_eq!(find_version("shop", &stored, which).unwrap().version, 1, "{which:?}");
    }
    match find_version("shop", &stored, Some("2")) {
        Err(DefinitionError::NotStored { wanted, known }) => {
            assert_eq!((wanted.as_str(), known), ("shop@2", vec!["1 (stable)".to_owned()]));
        }
        other => panic!("{other:?}"),
    }
}
