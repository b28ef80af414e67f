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
    let answer = flow_runtime::store::Answer { value: "true".to_owned(), by: None, at: 0, comment: None };
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

mod versions {
    use flow_runtime::{DefinitionError, store::Stage};

    use super::*;

    /// The same workflow with other docs, and elsewhere in the source.
    mod documented {
        use super::super::*;

        workflow! {
            /// Draws up an order.
            pub(in super::super) async fn order(title: String) -> Result<String> {
                let draft = first::write(&title).await?;
                let answer = pause(first::agree(&draft)).await;
                let finish: fn(first::Draft, bool) -> String = |d, a| format!("{} {a}", d.text);
                Ok(finish(draft, answer))
            }
        }
    }

    mod grown {
        use super::super::*;

        #[step(retries = 3)]
        pub(super) async fn send(_text: &str) -> Result<()> {
            Ok(())
        }

        workflow! {
            pub(in super::super) async fn order(title: String, copies: u32, note: Option<String>) -> Result<String> {
                let draft = first::write(&title).await?;
                send(&draft.text).await?;
                let answer = pause(first::agree(&draft)).await;
                Ok(format!("{title} {} {answer} {copies} {note:?}", draft.text))
            }
        }
    }

    /// Workflows of which somebody may be asked about a step.
    mod careful {
        use super::super::*;

        #[step(once)]
        pub(super) async fn pay(_of: &str) -> Result<u64> {
            Ok(1)
        }

        workflow! {
            pub(in super::super) async fn invoice(of: String) -> Result<u64> {
                pay(&of).await
            }
        }

        workflow! {
            pub(in super::super) async fn patient(n: u64) -> Result<u64> {
                #[on_error(pause)]
                let half = halve(n).await?;
                Ok(half)
            }
        }
    }

    async fn differs<W: Workflow<Deps = ()>>(store: &Memory, wanted: &str) -> String {
        match app::<W>(store).load(wanted).await.unwrap_err() {
            error @ DefinitionError::Differs { .. } => error.to_string(),
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn a_definition_says_what_a_workflow_is() {
        let definition = grown::Order::definition();
        assert_eq!((definition.id.as_str(), definition.name.as_str()), ("order", "order"));
        let steps: Vec<(&str, &str, &[String])> =
            definition.steps.iter().map(|step| (step.name.as_str(), step.kind.as_str(), &*step.rules)).collect();
        let rules = ["3 retries after 1s..1m".to_owned()];
        assert_eq!(steps, [("write", "step", &[][..]), ("send", "step", &rules[..])]);
        assert_eq!((definition.pauses.len(), definition.pauses[0].name.as_str()), (1, "agree"));
        assert_eq!(definition.pauses[0].answer["type"], "boolean");
        assert!(definition.input["properties"]["copies"].is_object());
        let asked = definition.points.iter().find(|point| point.name == "agree").unwrap();
        assert!(asked.bindings.contains(&"draft".to_owned()) && asked.bindings.contains(&"copies".to_owned()));
        let text = serde_json::to_string(&definition).unwrap();
        assert!(!text.contains("\"line\""), "where it stands in the source is no part of it");
        assert_eq!(serde_json::from_str::<flow_runtime::Definition>(&text).unwrap(), definition);

        // Workflows below are a part of it, each once.
        let all = ShrinkAll::definition();
        let halves: Vec<&str> =
            all.steps.iter().filter(|step| step.name == "halve").map(|step| step.workflow.as_str()).collect();
        assert_eq!(halves, ["shrink"]);
        assert!(all.points.iter().any(|point| point.workflow == "shrink"));
        let both = branches::before::Both::definition();
        assert!(both.points.iter().any(|point| (point.path.as_str(), point.name.as_str()) == ("parallel.1", "right")));
        assert_ne!(all.fingerprint, Shrink::definition().fingerprint);
    }

    #[test]
    fn a_definition_says_whether_somebody_is_asked_about_a_step() {
        assert!(careful::Invoice::definition().asks_about_steps());
        assert!(careful::Patient::definition().asks_about_steps());
        assert!(!grown::Order::definition().asks_about_steps() && !ShrinkAll::definition().asks_about_steps());
    }

    #[tokio::test]
    async fn what_is_saved_is_loaded_by_version_and_by_label() {
        let store = Memory::new();
        let app = app::<first::Order>(&store);
        let none = app.load("order").await.unwrap_err();
        assert_eq!(none.to_string(), "there is no stored definition `order`; none of this workflow is");
        let draft = app.save::<first::Order>(Stage::Draft, None).await.unwrap();
        assert_eq!((draft.version, draft.stage), (1, Stage::Draft));
        assert_eq!(app.load("order").await.unwrap().saved().version, 1, "nothing is published");
        let published = app.save_id("order", Stage::Published, Some("stable")).await.unwrap();
        assert_eq!((published.version, published.label.as_deref()), (1, Some("stable")));
        assert_eq!(
            app.save::<first::Order>(Stage::Published, None).await.unwrap(),
            published,
            "the same is not saved twice"
        );

        let newer = super::app::<grown::Order>(&store);
        let second = newer.save::<grown::Order>(Stage::Draft, Some("next")).await.unwrap();
        assert_eq!(second.version, 2);
        let listed: Vec<(u32, Stage)> =
            app.definitions(Some("order")).await.unwrap().iter().map(|saved| (saved.version, saved.stage)).collect();
        assert_eq!(listed, [(2, Stage::Draft), (1, Stage::Published)]);
        assert_eq!(app.definitions(None).await.unwrap().len(), 2);
        assert_eq!(app.definitions(Some("no-such")).await.unwrap(), []);

        for wanted in ["order", "order@1", "order@stable"] {
            let loaded = app.load(wanted).await.unwrap();
            assert_eq!(loaded.definition(), &app.definition::<first::Order>().unwrap());
            let run = loaded.start_json(json!("t")).await.unwrap();
            run.wait().await.unwrap();
            run.answer_json("agree", json!(true)).await.unwrap();
            assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "hello true"));
        }
        assert_eq!(newer.load("order@next").await.unwrap().saved().version, 2);

        let why = async |wanted| app.load(wanted).await.unwrap_err().to_string();
        assert_eq!(why("order@7").await, "there is no stored definition `order@7`; there are: 2 (next), 1 (stable)");
        assert_eq!(
            why("order@beta").await,
            "there is no stored definition `order@beta`; there are: 2 (next), 1 (stable)"
        );
        assert_eq!(why("oder").await, "workflow `oder` is not registered: did you mean `order`?");
        for label in ["7", "", "a@b", " x"] {
            let error = app.save::<first::Order>(Stage::Draft, Some(label)).await.unwrap_err();
            assert!(matches!(error, DefinitionError::Label { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn what_does_not_load_says_how_it_differs() {
        let store = Memory::new();
        app::<first::Order>(&store).save::<first::Order>(Stage::Published, None).await.unwrap();
        app::<documented::Order>(&store).load("order").await.expect("docs and lines do not count");

        assert_eq!(
            differs::<grown::Order>(&store, "order@1").await,
            "version 1 of workflow `order` is not what this program has: steps added: `send`; \
             the input was string, and is object; \
             bindings missing: `title` at point `write done`, `copies` at point `write done`, `note` at point `write done`, \
             `title` at point `agree`, `copies` at point `agree`, `note` at point `agree`"
        );
        assert_eq!(
            differs::<other_answer::Order>(&store, "order").await,
            "version 1 of workflow `order` is not what this program has: \
             the answer of pause `agree` was boolean, and is array of boolean"
        );
        let gone = differs::<other_point::Order>(&store, "order").await;
        assert!(gone.contains("pause `agree` is gone; pause `confirm` is new; points gone: `agree`"), "{gone}");

        let grown = app::<grown::Order>(&store);
        grown.save::<grown::Order>(Stage::Published, None).await.unwrap();
        let back = differs::<first::Order>(&store, "order@2").await;
        assert!(
            back.contains("steps removed: `send`") && back.contains("the input was object, and is string"),
            "{back}"
        );
    }

    #[tokio::test]
    async fn a_refusal_says_what_has_changed_since() {
        let store = Memory::new();
        let app = app::<first::Order>(&store);
        app.save::<first::Order>(Stage::Published, None).await.unwrap();
        let run = app.start::<first::Order>("t".to_owned()).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
        let changed = super::app::<other_point::Order>(&store);
        let run = changed.run::<other_point::Order>(run.id()).await.unwrap();
        let error = run.answer_json("agree-1", json!(true)).await.unwrap_err().to_string();
        assert!(error.contains("cannot go on in this program, which has changed since: "), "{error}");
        assert!(error.contains("points gone: `agree`"), "{error}");
    }
}
