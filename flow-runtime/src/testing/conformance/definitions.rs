//! Stored definitions: numbers only grow, and what is published stays.

use super::*;
use crate::store::{DefinitionRecord, NewDefinition, Stage};

fn definition(workflow: &str, content: &str, stage: Stage) -> NewDefinition {
    NewDefinition {
        workflow: workflow.to_owned(),
        fingerprint: format!("f-{content}"),
        definition: format!(r#"{{"steps":"{content}"}}"#),
        stage,
        label: None,
        saved_at: 5_000,
    }
}

fn labelled(label: &str, definition: NewDefinition) -> NewDefinition {
    NewDefinition { label: Some(label.to_owned()), ..definition }
}

async fn save(store: &dyn Store, definition: NewDefinition) -> u32 {
    let saved = store.save_definition(&definition).await.unwrap();
    assert_eq!(saved.definition.definition, definition.definition);
    saved.version
}

/// Version, content and stage, the newest first.
async fn list(store: &dyn Store) -> Vec<(u32, String, Stage)> {
    let stored = store.definitions(Some("one")).await.unwrap();
    stored.into_iter().map(|record| (record.version, record.definition.fingerprint, record.definition.stage)).collect()
}

pub(super) async fn a_draft_is_replaced_and_a_published_one_stays(place: &dyn Place) {
    use Stage::{Draft, Published};
    let store = place.open().await;
    assert_eq!(save(&*store, definition("one", "a", Draft)).await, 1);
    assert_eq!(save(&*store, definition("one", "b", Draft)).await, 1);
    assert_eq!(list(&*store).await, [(1, "f-b".to_owned(), Draft)]);
    assert_eq!(save(&*store, definition("one", "c", Published)).await, 1);
    assert_eq!(save(&*store, definition("one", "d", Published)).await, 2);
    assert_eq!(save(&*store, definition("one", "e", Draft)).await, 3);
    assert_eq!(save(&*store, definition("one", "e", Published)).await, 3);
    let all = ["e", "d", "c"].map(|content| format!("f-{content}"));
    let [e, d, c] = all;
    assert_eq!(list(&*place.open().await).await, [(3, e, Published), (2, d, Published), (1, c, Published)]);
}

pub(super) async fn the_same_definition_is_saved_once(place: &dyn Place) {
    let store = place.open().await;
    let first = definition("one", "a", Stage::Published);
    assert_eq!(save(&*store, first.clone()).await, 1);
    let again = store.save_definition(&NewDefinition { saved_at: 9_000, ..first.clone() }).await.unwrap();
    assert_eq!(again, DefinitionRecord { version: 1, definition: first.clone() });
    let named = store.save_definition(&labelled("live", NewDefinition { saved_at: 9_000, ..first.clone() })).await;
    assert_eq!(named.unwrap(), DefinitionRecord { version: 1, definition: labelled("live", first.clone()) });
    // A label is not lost by saving without one.
    assert_eq!(save(&*store, first.clone()).await, 1);
    assert_eq!(
        store.definitions(Some("one")).await.unwrap(),
        [DefinitionRecord { version: 1, definition: labelled("live", first.clone()) }]
    );
    assert_eq!(save(&*store, definition("one", "b", Stage::Published)).await, 2);
    assert_eq!(save(&*store, first).await, 3, "what was before the last is another matter");
}

pub(super) async fn a_label_belongs_to_one_version(place: &dyn Place) {
    let store = place.open().await;
    save(&*store, labelled("live", definition("one", "a", Stage::Published))).await;
    save(&*store, labelled("live", definition("two", "a", Stage::Published))).await;
    save(&*store, labelled("next", definition("one", "b", Stage::Published))).await;
    save(&*store, labelled("live", definition("one", "c", Stage::Draft))).await;
    let labels = async |workflow: &str| {
        let stored = store.definitions(Some(workflow)).await.unwrap();
        stored.into_iter().map(|record| record.definition.label.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(labels("one").await, ["live", "next", ""]);
    assert_eq!(labels("two").await, ["live"]);
}

pub(super) async fn definitions_are_listed_by_workflow(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.definitions(None).await.unwrap(), []);
    for (workflow, content) in [("two", "a"), ("one", "a"), ("two", "b")] {
        save(&*store, definition(workflow, content, Stage::Published)).await;
    }
    let all = store.definitions(None).await.unwrap();
    let all: Vec<_> = all.iter().map(|record| (&*record.definition.workflow, record.version)).collect();
    assert_eq!(all, [("one", 1), ("two", 2), ("two", 1)]);
    assert_eq!(store.definitions(Some("three")).await.unwrap(), []);
}
