//! `Steps`: one after the other, grouped, stopped early, in the background, continued.

use flow_runtime::{RunError, Workflow, prelude::*, store::RunStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::common::{
    HOUR, Log, Place, Result, done, everywhere, failed, in_processes, opened, process, settled, until,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Notes {
    topic: String,
    lines: Vec<String>,
}

#[step]
async fn research(log: &Log, topic: &str) -> Result<Notes> {
    log.note(format!("research {topic}"));
    Ok(Notes { topic: topic.to_owned(), lines: vec![format!("{topic} is old"), format!("{topic} is big")] })
}

#[step]
async fn write(log: &Log, notes: &Notes) -> Result<String> {
    log.note(format!("write {}", notes.topic));
    Ok(notes.lines.join("; "))
}

/// A plain value, no `Result`.
#[step]
async fn shout(log: &Log, text: &str) -> String {
    log.note("shout");
    text.to_uppercase()
}

#[step]
async fn hangs(log: &Log) -> Result<()> {
    log.note("hangs");
    std::future::pending().await
}

workflow! {
    async fn article(log: &Log, topic: String) -> Result<String> {
        let notes = research(log, &topic).await?;
        let text = write(log, &notes).await?;
        let loud = shout(log, &text).await;
        Ok(loud)
    }
}

#[tokio::test(start_paused = true)]
async fn steps_run_in_order_and_hand_their_results_on() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Article>(&log).start::<Article>("Rome".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, "ROME IS OLD; ROME IS BIG");
        assert_eq!(log.take(), ["research Rome", "write Rome", "shout"]);
        let points: Vec<String> = run.checkpoints().await.unwrap().into_iter().map(|record| record.at).collect();
        assert_eq!(points, ["research done", "write done", "shout done"]);
    })
    .await;
}

workflow! {
    async fn grouped(log: &Log, topic: String) -> Result<String> {
        // A group of steps, inside of another one: a block.
        let (lines, text) = {
            let notes = research(log, &topic).await?;
            let text = {
                let first = write(log, &notes).await?;
                shout(log, &first).await
            };
            (notes.lines.len(), text)
        };
        Ok(format!("{lines} {text}"))
    }
}

#[tokio::test(start_paused = true)]
async fn groups_of_steps_are_blocks() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Grouped>(&log).start::<Grouped>("Rome".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, "2 ROME IS OLD; ROME IS BIG");
        assert_eq!(log.take(), ["research Rome", "write Rome", "shout"]);
    })
    .await;
}

workflow! {
    async fn stops_early(log: &Log, topic: String) -> Result<String> {
        let notes = research(log, &topic).await?;
        for line in notes.lines.clone() {
            let loud = shout(log, &line).await;
            if loud.contains("OLD") {
                return Ok(format!("stopped at {line}"));
            }
        }
        write(log, &notes).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_stop_is_return_and_nothing_runs_after_it() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<StopsEarly>(&log).start::<StopsEarly>("Rome".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, "stopped at Rome is old");
        assert_eq!(log.take(), ["research Rome", "shout"]);
        assert_eq!(run.status().await.unwrap(), RunStatus::Completed);
    })
    .await;
}

workflow! {
    async fn branch_stops(log: &Log, topic: String) -> Result<String> {
        let (left, right) = parallel!(
            async {
                let loud = shout(log, &topic).await;
                if loud == "ROME" {
                    return Ok("enough".to_owned());
                }
                let notes = research(log, &loud).await?;
                write(log, &notes).await
            },
            shout(log, &topic),
        )?;
        Ok(format!("{left} {right}"))
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_stop_in_a_branch_ends_that_branch_only() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<BranchStops>(&log);
        let run = app.start::<BranchStops>("Rome".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, "enough ROME");
        assert_eq!(log.take(), ["shout", "shout"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_background_run_ends_without_anybody_waiting_for_it() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Article>(&log);
        let id = app.start::<Article>("Rome".to_owned()).await.unwrap().id().to_owned();
        let elsewhere = opened::<Article>(place, &log, &id).await;
        assert_eq!(settled(&elsewhere).await, RunStatus::Completed);
        assert_eq!(log.take(), ["research Rome", "write Rome", "shout"]);
        assert_eq!(elsewhere.any().record().await.unwrap().output.as_deref(), Some(r#""ROME IS OLD; ROME IS BIG""#));
    })
    .await;
}

workflow! {
    async fn interrupted(log: &Log, first_time: bool) -> Result<String> {
        let notes = research(log, "Rome").await?;
        // Glue may look at the world: here, whether this is the first time.
        if !log.has("second life") {
            hangs(log).await?;
        }
        let text = write(log, &notes).await?;
        Ok(format!("{text} {first_time}"))
    }
}

#[test]
fn a_run_goes_on_where_its_process_was_killed() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<Interrupted>(&log).start::<Interrupted>(true).await.unwrap();
            until(|| log.has("hangs")).await;
            run.id().to_owned()
        });
        assert_eq!(log.take(), ["research Rome", "hangs"]);
        log.note("second life");
        process(async {
            let run = opened::<Interrupted>(place, &log, &id).await;
            assert_eq!(done(&run).await, "Rome is old; Rome is big true");
        });
        assert_eq!(log.take(), ["second life", "write Rome"], "what was done is not done again");
    });
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Order {
    /// Who gets it.
    customer: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Line {
    item: String,
    count: u32,
}

workflow! {
    async fn take_order(log: &Log, order: Order) -> Result<u32> {
        shout(log, &order.customer).await;
        Ok(order.lines.iter().map(|line| line.count).sum())
    }
}

#[tokio::test(start_paused = true)]
async fn an_input_that_does_not_fit_starts_nothing_and_names_the_field() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<TakeOrder>(&log);
        let wrong = json!({"customer": "ann", "lines": [{"item": "cup", "count": 1}, {"item": "jug", "count": "two"}]});
        let error = app.start_json("take-order", wrong).await.unwrap_err();
        let RunError::Input { workflow, source } = error else { panic!("{error:?}") };
        assert_eq!((workflow.as_str(), source.path()), ("take-order", "lines[1].count"));
        assert!(source.to_string().contains("invalid type: string \"two\", expected u32"), "{source}");
        assert!(app.runs(&Default::default()).await.unwrap().is_empty());
        let right = json!({"customer": "ann", "lines": [{"item": "cup", "count": 3}]});
        let run = app.start_json("take-order", right).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(count) if count == json!(3)));
    })
    .await;
}

#[test]
fn an_input_is_described_with_its_comments() {
    let schema = TakeOrder::input_schema();
    assert_eq!(schema["required"], json!(["customer", "lines"]));
    assert_eq!(schema["properties"]["customer"]["description"], "Who gets it.");
}

#[tokio::test(start_paused = true)]
async fn many_runs_at_once_keep_to_themselves() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Article>(&log);
        let mut runs = Vec::new();
        for n in 0..16 {
            runs.push(app.start::<Article>(format!("t{n}")).session("one").await.unwrap());
        }
        for (n, run) in runs.iter().enumerate() {
            assert_eq!(done(run).await, format!("T{n} IS OLD; T{n} IS BIG"));
        }
        assert_eq!(log.take().len(), 48);
    })
    .await;
}

#[step]
async fn too_long(log: &Log) -> Result<()> {
    log.note("began");
    tokio::time::sleep(2 * HOUR).await;
    log.note("ended");
    Ok(())
}

workflow! {
    async fn slow(log: &Log) -> Result<()> {
        too_long(log).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_past_its_deadline_fails_and_its_step_is_dropped() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Slow>(&log);
        let run = app.start::<Slow>(()).deadline(HOUR).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["the run was not done by its deadline"]);
        let in_time = app.start::<Slow>(()).deadline(3 * HOUR).await.unwrap();
        done(&in_time).await;
        assert_eq!(log.take(), ["began", "began", "ended"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_shortest_form_needs_no_app() {
    let log = Log::default();
    assert_eq!(Article::run(&log, "Rome".to_owned()).await.unwrap(), "ROME IS OLD; ROME IS BIG");
    assert_eq!(log.take(), ["research Rome", "write Rome", "shout"]);
    let [memory, _] = Place::both();
    assert!(memory.app::<Article>(&log).runs(&Default::default()).await.unwrap().is_empty());
}
