//! Answers with rules beyond their types: all that is wrong is said at once, with its place.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use flow_runtime::{AnswerError, prelude::*};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Order {
    #[garde(length(min = 3))]
    name: String,
    #[garde(dive)]
    items: Vec<Item>,
    #[garde(skip)]
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Item {
    #[garde(range(min = 1, max = 9))]
    count: u32,
}

/// What is to be ordered?
#[pause(validate)]
fn place_order(shop: &str) -> Order;

workflow! {
    async fn orders() -> Result<(Order, Order, Order), String> {
        let first: Order = pause(ask_valid("What first?")).await;
        let then = pause(place_order("the corner shop")).await;
        let unchecked = pause(ask("Anything?")).await;
        Ok((first, then, unchecked))
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let app = App::builder().register::<Orders>(()).build().unwrap();
    let run = app.start::<Orders>(()).await.unwrap();
    let bad = json!({"name": "ab", "items": [{"count": 3}, {"count": 10}, {"count": 0}]});
    let good = json!({"name": "abc", "items": [{"count": 3}]});
    for pause in ["ask_valid", "place_order"] {
        run.wait().await.unwrap();
        let error = run.answer_json(pause, bad.clone()).await.unwrap_err();
        let text = error.to_string();
        let AnswerError::Invalid { errors, .. } = error else { panic!("{error:?}") };
        let mut paths: Vec<&str> = errors.iter().map(|error| error.path()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["items[1].count", "items[2].count", "name"], "{errors:?}");
        assert!(text.contains("at `items[1].count`: greater than 9") && text.contains("; "), "{text}");
        // The type comes first.
        let error = run.answer_json(pause, json!({"name": "ab"})).await.unwrap_err();
        assert!(matches!(error, AnswerError::Mismatch { .. }), "{error:?}");
        run.answer_json(pause, good.clone()).await.unwrap();
    }
    run.wait().await.unwrap();
    let wrong: Order = serde_json::from_value(bad).unwrap();
    run.answer::<Form<Order>>(wrong.clone()).await.unwrap();
    let Outcome::Done((first, then, unchecked)) = run.wait().await.unwrap() else { panic!("all is answered") };
    assert_eq!((first.name.as_str(), &then, unchecked), ("abc", &first, wrong));
}

#[tokio::test]
async fn a_typed_answer_is_validated_too() {
    let app = App::builder().register::<Orders>(()).build().unwrap();
    let run = app.start::<Orders>(()).await.unwrap();
    run.wait().await.unwrap();
    let bad = Order { name: "ab".to_owned(), items: Vec::new(), note: None };
    let error = run.answer::<ValidForm<Order>>(bad).await.unwrap_err();
    assert!(matches!(&error, AnswerError::Invalid { pause, .. } if pause == "ask_valid-1"), "{error}");
}
