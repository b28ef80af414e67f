//! A run belongs to a definition: what a changed program may continue, and what it refuses, naming point and binding.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::error::Error as _;

use flow_runtime::{AnswerError, Memory, RunError, Workflow, prelude::*, store::Store as _};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

/// One version of a program: a workflow `order` that stands at a pause after a step.
macro_rules! version {
    ($module:ident, $draft:item, $input:ty, $answer:ty, $write:ident, $ask:ident, $after:expr) => {
        mod $module {
            use super::*;
            use schemars::JsonSchema;
            use serde::{Deserialize, Serialize};

            #[derive(Serialize, Deserialize, JsonSchema, Debug)]
            $draft

            #[step]
            pub(super) async fn $write(_of: &$input) -> Result<Draft> {
                Ok(serde_json::from_value(json!({"text": "hello", "size": 3, "tone": "dry"})).unwrap())
            }

            #[pause]
            pub(super) fn $ask(draft: &Draft) -> $answer;

            workflow! {
                pub(super) async fn order(title: $input) -> Result<String> {
                    let draft = $write(&title).await?;
                    let answer = pause($ask(&draft)).await;
                    let finish: fn(Draft, $answer) -> String = $after;
                    Ok(finish(draft, answer))
                }
            }
        }
    };
}

version!(
    first,
    pub(super) struct Draft {
        pub(super) text: String,
    },
    String,
    bool,
    write,
    agree,
    |d, a| { format!("{} {a}", d.text) }
);
version!(
    more_fields,
    pub(super) struct Draft {
        pub(super) text: String,
        #[serde(default)]
        pub(super) size: u32,
        pub(super) tone: Option<String>,
    },
    String,
    bool,
    write,
    agree,
    |d, a| format!("{} {} {:?} {a}", d.text, d.size, d.tone)
);
version!(
    other_type,
    pub(super) struct Draft {
        pub(super) text: u32,
    },
    String,
    bool,
    write,
    agree,
    |d, a| { format!("{} {a}", d.text) }
);
version!(
    other_point,
    pub(super) struct Draft {
        pub(super) text: String,
    },
    String,
    bool,
    write,
    confirm,
    |d, a| { format!("{} {a}", d.text) }
);
version!(
    other_answer,
    pub(super) struct Draft {
        pub(super) text: String,
    },
    String,
    Vec<bool>,
    write,
    agree,
    |d, a| { format!("{} {a:?}", d.text) }
);

mod more_bindings {
    use super::*;

    workflow! {
        pub(super) async fn order(title: String) -> Result<String> {
            let draft = first::write(&title).await?;
            let answer = pause(first::agree(&draft)).await;
            Ok(format!("{title} {} {answer}", draft.text))
        }
    }
}

fn app<W: Workflow<Deps = ()>>(store: &Memory) -> App {
    App::builder().store(store.reopen()).register_as::<W>("order", ()).build().unwrap()
}

/// A run of the first version that waits for its answer.
async fn waiting() -> (Memory, String) {
    let store = Memory::new();
    let app = app::<first::Order>(&store);
    let run = app.start::<first::Order>("t".to_owned()).await.unwrap();
    let Outcome::Paused(pauses) = run.wait().await.unwrap() else { panic!() };
    assert_eq!(pauses[0].id(), "agree-1");
    (store, run.id().to_owned())
}

/// What another version says to the answer `true`; nothing may have changed then.
async fn refused_by<W: Workflow<Deps = ()>>() -> String {
    let (store, id) = waiting().await;
    let before = (store.frames(&id).await.unwrap(), store.pauses(&id).await.unwrap());
    let error = app::<W>(&store).run::<W>(&id).await.unwrap().answer_json("agree-1", json!(true)).await.unwrap_err();
    let AnswerError::Run(RunError::Refused { run, workflow, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((run.as_str(), workflow.as_str()), (id.as_str(), "order"));
    assert_eq!((store.frames(&id).await.unwrap(), store.pauses(&id).await.unwrap()), before);

    // The version that knows the run still finishes it.
    let run = app::<first::Order>(&store).run::<first::Order>(&id).await.unwrap();
    run.answer_json("agree-1", json!(true)).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "hello true"));
    error.source().unwrap().to_string()
}

#[tokio::test]
async fn new_optional_fields_are_compatible() {
    let (store, id) = waiting().await;
    let run = app::<more_fields::Order>(&store).run::<more_fields::Order>(&id).await.unwrap();
    run.answer_json("agree", json!(false)).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "hello 0 None false"));
}

#[tokio::test]
async fn a_binding_of_another_type_is_refused() {
    assert_eq!(
        refused_by::<other_type::Order>().await,
        "at point `agree` binding `draft` no longer fits: \
         at `text`: invalid type: string \"hello\", expected u32"
    );
}

#[tokio::test]
async fn a_point_that_is_gone_is_refused() {
    assert_eq!(
        refused_by::<other_point::Order>().await,
        "it stands at point `agree`, which the workflow no longer has"
    );
}

#[tokio::test]
async fn a_binding_that_was_not_saved_is_refused() {
    assert_eq!(
        refused_by::<more_bindings::Order>().await,
        "at point `agree` the workflow needs binding `title`, which was not saved there"
    );
}

#[tokio::test]
async fn an_answer_of_another_type_is_checked_against_the_new_one() {
    let (store, id) = waiting().await;
    let run = app::<other_answer::Order>(&store).run::<other_answer::Order>(&id).await.unwrap();
    let error = run.answer_json("agree", json!(true)).await.unwrap_err();
    assert!(matches!(error, AnswerError::Mismatch { .. }), "{error}");
    run.answer_json("agree", json!([true])).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "hello [true]"));
}

#[tokio::test]
async fn a_stored_answer_of_another_type_is_refused() {
    let (store, id) = waiting().await;
    // Given by one version, while the other one is to go on with it.
    let answer = flow_runtime::store::Answer { value: "true".to_owned(), by: None, at: 0 };
    store.answer(&id, "agree-1", &answer, &[]).await.unwrap();
    let run = app::<other_answer::Order>(&store).run::<other_answer::Order>(&id).await.unwrap();
    let error = run.wait().await.unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "the answer of pause `agree-1` no longer fits: invalid type: boolean `true`, expected a sequence"
    );
    let run = app::<first::Order>(&store).run::<first::Order>(&id).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "hello true"));
}

mod branches {
    use super::*;

    #[pause]
    pub(super) fn left() -> bool;
    #[pause]
    pub(super) fn right() -> bool;

    pub(super) mod before {
        use super::*;
        workflow! {
            pub(in super::super) async fn both() -> Result<bool> {
                let (l, r) = parallel!(async { Ok(pause(left()).await) }, async { Ok(pause(right()).await) })?;
                Ok(l && r)
            }
        }
    }

    pub(super) mod after {
        use super::*;
        workflow! {
            pub(in super::super) async fn both() -> Result<bool> {
                let (l, r) = parallel!(async { Ok(true) }, async { Ok(pause(right()).await) })?;
                Ok(l && r)
            }
        }
    }
}

#[tokio::test]
async fn a_point_that_is_gone_from_a_branch_is_refused_before_an_answer_counts() {
    let store = Memory::new();
    let app = App::builder().store(store.reopen()).register::<branches::before::Both>(()).build().unwrap();
    let run = app.start::<branches::before::Both>(()).await.unwrap();
    run.wait().await.unwrap();
    drop(app);
    let app = App::builder().store(store.reopen()).register::<branches::after::Both>(()).build().unwrap();
    let changed = app.run::<branches::after::Both>(run.id()).await.unwrap();
    let error = changed.answer::<branches::Right>(true).await.unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "it stands at point `left` in branch `parallel.0`, which the workflow no longer has"
    );
    assert_eq!(changed.pauses().await.unwrap().len(), 2, "nothing was answered");
}

#[step]
async fn halve(n: u64) -> Result<u64> {
    Ok(n / 2)
}

workflow! {
    /// Until it is small.
    async fn shrink(n: u64) -> Result<u64> {
        let n = halve(n).await?;
        if n > 3 {
            return shrink(n).await;
        }
        sleep(std::time::Duration::from_secs(1)).await;
        Ok(n)
    }
}

workflow! {
    async fn shrink_all(numbers: Vec<u64>) -> Result<Vec<u64>> {
        let first = shrink(numbers[0]).await?;
        let mut all = parallel!(for n in numbers { shrink(n).await }, limit = 2)?;
        all.push(first);
        Ok(all)
    }
}

/// A workflow inside of another is drawn inside of it, and one that calls itself is drawn once.
#[test]
fn graphs_nest() {
    let text = ShrinkAll::GRAPH.to_mermaid();
    let expected = r#"flowchart TD
    n0(["start"])
    n1(["end"])
    subgraph n2 ["shrink"]
        n2_0(["start"])
        n2_1(["end"])
        n2_2["halve"]
        n2_3{"n > 3?"}
        n2_4[["shrink"]]
        n2_5(("sleep"))
        n2_0 --> n2_2
        n2_2 --> n2_3
        n2_3 -->|"yes"| n2_4
        n2_4 --> n2_1
        n2_3 -->|"no"| n2_5
        n2_5 --> n2_1
    end
    n3[["parallel for each"]]
"#;
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("    n0 --> n2_0\n    n2_1 --> n3\n    n3 --> n5_0\n"), "{text}");
    assert!(ShrinkAll::GRAPH.to_dot().contains("subgraph cluster_n2 {\n        label=\"shrink\";"));
    let json = ShrinkAll::GRAPH.to_json();
    let child = &json["nodes"][2];
    assert_eq!((&child["kind"], &child["doc"]), (&json!("child"), &json!("Until it is small.")));
    assert_eq!(
        child["graph"]["nodes"][4],
        json!({"id": 4, "kind": "child", "name": "shrink", "doc": "Until it is small.", "line": child["graph"]["nodes"][4]["line"]})
    );
}
