//! `Condition` with else, and `Router`: one, many, nested.

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Log, Result, done, everywhere, failed};

#[step]
async fn classify(log: &Log, text: &str) -> Result<Kind> {
    log.note("classify");
    match text {
        "" => Err("nothing to classify".to_owned()),
        text if text.contains('?') => Ok(Kind::Question { words: text.split(' ').count() }),
        text if text.len() < 10 => Ok(Kind::Short),
        _ => Ok(Kind::Long),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    Question { words: usize },
    Short,
    Long,
}

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    Ok(format!("<{what}>"))
}

#[step]
async fn is_new(log: &Log, text: &str) -> Result<bool> {
    log.note("is new?");
    if text == "?" { Err("the archive is closed".to_owned()) } else { Ok(text.starts_with("new")) }
}

workflow! {
    async fn condition(log: &Log, text: String) -> Result<String> {
        let new = is_new(log, &text).await?;
        let mut result = if new {
            work(log, "check").await?
        } else {
            work(log, "look up").await?
        };
        // Without else.
        if text.ends_with('!') {
            let more = work(log, "calm down").await?;
            result.push_str(&more);
        }
        Ok(result)
    }
}

#[tokio::test(start_paused = true)]
async fn a_condition_runs_its_steps_or_its_else_steps() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Condition>(&log);
        for (text, output, ran) in [
            ("new a", "<check>", &["is new?", "check"][..]),
            ("old a", "<look up>", &["is new?", "look up"]),
            ("new a!", "<check><calm down>", &["is new?", "check", "calm down"]),
            ("old a!", "<look up><calm down>", &["is new?", "look up", "calm down"]),
        ] {
            let run = app.start::<Condition>(text.to_owned()).await.unwrap();
            assert_eq!(done(&run).await, output);
            assert_eq!(log.take(), ran);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_fails_is_an_error_and_neither_side_runs() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Condition>(&log).start::<Condition>("?".to_owned()).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["the archive is closed"]);
        assert_eq!(log.take(), ["is new?"]);
    })
    .await;
}

workflow! {
    async fn router(log: &Log, text: String) -> Result<String> {
        match classify(log, &text).await? {
            Kind::Question { words } if words > 3 => {
                let found = work(log, "search").await?;
                Ok(format!("{found} {words}"))
            }
            Kind::Question { .. } => work(log, "guess").await,
            Kind::Short => Ok(text),
            Kind::Long => {
                let short = work(log, "shorten").await?;
                let tidy = work(log, "tidy").await?;
                Ok(short + &tidy)
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_takes_one_of_its_routes() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Router>(&log);
        for (text, output, ran) in [
            ("why is the sky blue?", "<search> 5", &["classify", "search"][..]),
            ("why so?", "<guess>", &["classify", "guess"]),
            ("short", "short", &["classify"]),
            ("a longer sentence", "<shorten><tidy>", &["classify", "shorten", "tidy"]),
        ] {
            let run = app.start::<Router>(text.to_owned()).await.unwrap();
            assert_eq!(done(&run).await, output);
            assert_eq!(log.take(), ran);
        }
    })
    .await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Channel {
    Mail,
    Letter,
    Call(u32),
}

#[step]
async fn channels(log: &Log, customer: &str) -> Result<Vec<Channel>> {
    log.note("channels");
    match customer {
        "ann" => Ok(vec![Channel::Letter, Channel::Call(7), Channel::Mail]),
        "bob" => Ok(Vec::new()),
        other => Err(format!("nobody knows {other}")),
    }
}

workflow! {
    async fn route_to_many(log: &Log, customer: String) -> Result<Vec<String>> {
        let mut sent = Vec::new();
        for channel in channels(log, &customer).await? {
            let one = match channel {
                Channel::Mail => work(log, "mail").await?,
                Channel::Letter => work(log, "letter").await?,
                Channel::Call(number) => {
                    let called = work(log, "call").await?;
                    format!("{called}{number}")
                }
            };
            sent.push(one);
        }
        Ok(sent)
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_takes_many_routes_in_the_order_chosen() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<RouteToMany>(&log);
        let run = app.start::<RouteToMany>("ann".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, ["<letter>", "<call>7", "<mail>"]);
        assert_eq!(log.take(), ["channels", "letter", "call", "mail"]);
        let run = app.start::<RouteToMany>("bob".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, Vec::<String>::new());
        assert_eq!(log.take(), ["channels"], "no route is no route, not all of them");
    })
    .await;
}

workflow! {
    async fn routes_side_by_side(log: &Log, customer: String) -> Result<Vec<String>> {
        let channels = channels(log, &customer).await?;
        parallel!(for channel in channels {
            match channel {
                Channel::Mail => work(log, "mail").await,
                Channel::Letter => work(log, "letter").await,
                Channel::Call(number) => {
                    let called = work(log, "call").await?;
                    Ok(format!("{called}{number}"))
                }
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_takes_many_routes_side_by_side() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<RoutesSideBySide>(&log).start::<RoutesSideBySide>("ann".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, ["<letter>", "<call>7", "<mail>"]);
    })
    .await;
}

workflow! {
    async fn nested_router(log: &Log, text: String, deep: bool) -> Result<String> {
        let kind = classify(log, &text).await?;
        match (kind, deep) {
            (Kind::Question { .. }, true) => {
                // A route that is a router itself, and one below that.
                match channels(log, "ann").await?.last() {
                    Some(Channel::Mail) => match router(log, text).await?.as_str() {
                        "<guess>" => work(log, "guessed").await,
                        other => Ok(other.to_owned()),
                    },
                    _ => Err("no channel".to_owned()),
                }
            }
            _ => work(log, "shallow").await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn routers_nest() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<NestedRouter>(&log);
        let run = app.start::<NestedRouter>(("why so?".to_owned(), true)).await.unwrap();
        assert_eq!(done(&run).await, "<guessed>");
        assert_eq!(log.take(), ["classify", "channels", "classify", "guess", "guessed"]);
        let run = app.start::<NestedRouter>(("why so?".to_owned(), false)).await.unwrap();
        assert_eq!(done(&run).await, "<shallow>");
        assert_eq!(log.take(), ["classify", "shallow"]);
    })
    .await;
}

workflow! {
    async fn chosen_by_if_let(log: &Log, text: String) -> Result<String> {
        let kind = classify(log, &text).await?;
        if let Kind::Question { words } = kind && words == 2 {
            return work(log, "two words").await;
        } else if let Kind::Long = kind {
            return work(log, "long").await;
        }
        Ok("neither".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn chains_of_conditions_are_chains() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<ChosenByIfLet>(&log);
        for (text, output) in [("why so?", "<two words>"), ("a longer sentence", "<long>"), ("x", "neither")] {
            let run = app.start::<ChosenByIfLet>(text.to_owned()).await.unwrap();
            assert_eq!(done(&run).await, output);
        }
    })
    .await;
}
