//! The peer's faults, each by its number in the list that was made by running it. What was wrong there is right here, in memory
//! and on SQLite, and where it is about resuming, in another App.

use std::time::Duration;

use flow_runtime::{AnswerError, Context, Refusal, RunError, Workflow, prelude::*, store::RunStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::common::{
    HOUR, Log, Place, Result, asked, done, everywhere, failed, ids, in_processes, open, opened, process, settled,
    started, until,
};

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    if what == "broken" { Err("out of order".to_owned()) } else { Ok(format!("<{what}>")) }
}

/// May it run?
#[pause]
fn gate(what: &str) -> bool;

workflow! {
    async fn gated(log: &Log, what: String) -> Result<String> {
        if pause(gate(&what)).await { work(log, &what).await } else { Ok(format!("no {what}")) }
    }
}

workflow! {
    async fn gates(log: &Log, kind: String) -> Result<String> {
        let before = work(log, "before").await?;
        let text = match kind.as_str() {
            "loop" => {
                let mut all = String::new();
                for what in ["one".to_owned(), "two".to_owned()] {
                    if pause(gate(&what)).await {
                        let one = work(log, &what).await?;
                        all.push_str(&one);
                    }
                }
                all
            }
            "branch" => {
                let (a, b) = parallel!(work(log, "beside"), async {
                    if pause(gate("in a branch")).await { work(log, "in a branch").await } else { Ok(String::new()) }
                })?;
                a + &b
            }
            "item" => {
                let all = parallel!(for what in ["one".to_owned(), "two".to_owned()] {
                    if pause(gate(&what)).await { work(log, &what).await } else { Ok(format!("no {what}")) }
                })?;
                all.concat()
            }
            "condition" => {
                if before.len() > 3 && pause(gate("if")).await {
                    work(log, "if").await?
                } else {
                    String::new()
                }
            }
            _ => gated(log, "in a child".to_owned()).await?,
        };
        let after = work(log, "after").await?;
        Ok(before + &text + &after)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_01_a_gate_in_a_loop_branch_condition_or_child_is_asked() {
    everywhere(async |place| {
        for (kind, path, output) in [
            ("loop", "", "<before><two><after>"),
            ("branch", "parallel.1", "<before><beside><in a branch><after>"),
            ("item", "parallel#2.0", "<before>no one<two><after>"),
            ("condition", "", "<before><if><after>"),
            ("child", "gated()", "<before><in a child><after>"),
        ] {
            let log = Log::default();
            let id = started::<Gates>(place, &log, kind.to_owned()).await;
            let run = opened::<Gates>(place, &log, &id).await;
            assert_eq!(open(&run).await[0].path(), path);
            let ran = log.take();
            assert!(ran == ["before"] || ran == ["before", "beside"], "{ran:?}");
            loop {
                let run = opened::<Gates>(place, &log, &id).await;
                let Outcome::Paused(pauses) = run.wait().await.unwrap() else { break };
                let yes = pauses[0].prompt()["what"] != "one";
                run.answer_json(pauses[0].id(), json!(yes)).await.unwrap();
                run.wait().await.unwrap();
            }
            let run = opened::<Gates>(place, &log, &id).await;
            assert_eq!(done(&run).await, output);
            assert!(!log.has("one"), "what was rejected has not run");
        }
    })
    .await;
}

workflow! {
    async fn confirm_before(log: &Log) -> Result<u32> {
        let mut rejected = 0;
        #[max(5)]
        while !pause(gate("send")).await {
            rejected += 1;
        }
        work(log, "send").await?;
        Ok(rejected)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_02_rejecting_with_retry_does_not_run_the_step() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<ConfirmBefore>(place, &log, ()).await;
        for number in 1..=3 {
            let run = opened::<ConfirmBefore>(place, &log, &id).await;
            assert_eq!(asked(&run).await.id(), format!("gate-{number}"));
            run.answer::<Gate>(false).await.unwrap();
            assert_eq!(asked(&run).await.id(), format!("gate-{}", number + 1));
            assert!(log.take().is_empty());
        }
        let run = opened::<ConfirmBefore>(place, &log, &id).await;
        run.answer::<Gate>(true).await.unwrap();
        assert_eq!(done(&run).await, 3);
        assert_eq!(log.take(), ["send"]);
    })
    .await;
}

workflow! {
    async fn gate_amid(log: &Log) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for round in 1..=3_u32 {
            let first = work(log, &format!("{round} first")).await?;
            let yes = pause(gate("go on")).await;
            let last = work(log, &format!("{round} last")).await?;
            all.push(format!("{first}{yes}{last}"));
        }
        let end = work(log, "end").await?;
        all.push(end);
        Ok(all)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_03_after_a_pause_the_rest_of_the_loop_runs() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<GateAmid>(place, &log, ()).await;
        for _ in 0..3 {
            let run = opened::<GateAmid>(place, &log, &id).await;
            run.answer::<Gate>(true).await.unwrap();
            run.wait().await.unwrap();
        }
        let run = opened::<GateAmid>(place, &log, &id).await;
        assert_eq!(
            done(&run).await,
            ["<1 first>true<1 last>", "<2 first>true<2 last>", "<3 first>true<3 last>", "<end>"]
        );
        assert_eq!(log.take(), ["1 first", "1 last", "2 first", "2 last", "3 first", "3 last", "end"]);
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Review {
    Accept,
    Edit(String),
}

#[pause]
fn check(text: &str) -> Review;

workflow! {
    async fn two_reviews(log: &Log) -> Result<String> {
        let mut texts = Vec::new();
        for what in ["a".to_owned(), "b".to_owned()] {
            let mut text = work(log, &what).await?;
            if let Review::Edit(better) = pause(check(&text)).await {
                text = better;
            }
            texts.push(text);
        }
        Ok(texts.concat())
    }
}

#[tokio::test(start_paused = true)]
async fn fault_04_an_edit_belongs_to_one_review() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<TwoReviews>(place, &log, ()).await;
        let run = opened::<TwoReviews>(place, &log, &id).await;
        run.answer::<Check>(Review::Edit("mine".to_owned())).await.unwrap();
        let run = opened::<TwoReviews>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.prompt()["text"].as_str()), ("check-2", Some("<b>")));
        // The answer to the first is no answer to the second.
        let error = run.answer_json("check-1", json!("Accept")).await.unwrap_err();
        assert!(matches!(&error, AnswerError::AlreadyAnswered { pause, .. } if pause == "check-1"), "{error}");
        assert_eq!(ids(&open(&run).await), ["check-2"]);
        run.answer::<Check>(Review::Accept).await.unwrap();
        assert_eq!(done(&run).await, "mine<b>");
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Settings {
    tone: String,
    limits: std::collections::BTreeMap<String, u32>,
}

workflow! {
    async fn keeps_all(log: &Log, settings: Settings, extra: Vec<u8>) -> Result<String> {
        let notes = (1_u8, "two".to_owned(), [Some(3.5), None]);
        let yes = pause(gate("all")).await;
        let text = work(log, &settings.tone).await?;
        Ok(format!("{text}{yes}{:?}{extra:?}{notes:?}", settings.limits))
    }
}

#[tokio::test(start_paused = true)]
async fn fault_05_nothing_is_lost_on_resume() {
    everywhere(async |place| {
        let log = Log::default();
        let settings = Settings { tone: "dry".to_owned(), limits: [("words".to_owned(), 100)].into() };
        let app = place.app::<KeepsAll>(&log);
        let started = app.start::<KeepsAll>((settings, vec![1, 2]));
        let run = started.session("s-1").user("ann").metadata(json!({"source": {"deep": [1, null]}})).await.unwrap();
        open(&run).await;
        let run = opened::<KeepsAll>(place, &log, run.id()).await;
        run.answer::<Gate>(true).by("bob").await.unwrap();
        assert_eq!(done(&run).await, r#"<dry>true{"words": 100}[1, 2](1, "two", [Some(3.5), None])"#);
        let record = run.any().record().await.unwrap();
        assert_eq!((record.run.session.as_deref(), record.run.user.as_deref()), (Some("s-1"), Some("ann")));
        assert_eq!(record.run.metadata.as_deref(), Some(r#"{"source":{"deep":[1,null]}}"#));
        // The dependency is that of the App which drives the run.
        assert_eq!(log.take(), ["dry"]);
    })
    .await;
}

workflow! {
    async fn iterations(log: &Log) -> Result<u32> {
        let mut count = 0;
        #[max(3)]
        loop {
            count += 1;
            for part in ["a".to_owned(), "b".to_owned(), "c".to_owned()] {
                work(log, &part).await?;
            }
            if !pause(gate("once more")).await {
                return Ok(count);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_06_an_iteration_is_one_whatever_its_steps() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Iterations>(place, &log, ()).await;
        for yes in [true, true, false] {
            let run = opened::<Iterations>(place, &log, &id).await;
            assert_eq!(ids(&open(&run).await).len(), 1);
            assert_eq!(log.take(), ["a", "b", "c"]);
            run.answer::<Gate>(yes).await.unwrap();
            run.wait().await.unwrap();
        }
        assert_eq!(done(&opened::<Iterations>(place, &log, &id).await).await, 3);
    })
    .await;
}

mod changed {
    use super::*;

    #[pause]
    pub(super) fn sign_off(what: &str) -> bool;

    workflow! {
        /// The gate is another one, before another step.
        pub(super) async fn confirm_before(log: &Log) -> Result<u32> {
            if pause(sign_off("delete")).await {
                work(log, "delete").await?;
            }
            Ok(0)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_07_changed_definition_is_refused() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<ConfirmBefore>(place, &log, ()).await;
        {
            let run = opened::<changed::ConfirmBefore>(place, &log, &id).await;
            let error = run.answer_json("gate-1", json!(true)).await.unwrap_err();
            let AnswerError::Run(RunError::Refused { reason, .. }) = error else { panic!("{error:?}") };
            assert!(matches!(&*reason, Refusal::UnknownPoint { point, .. } if point == "gate"), "{reason}");
            assert!(matches!(run.wait().await, Ok(Outcome::Paused(_)) | Err(RunError::Refused { .. })));
        }
        assert!(log.take().is_empty(), "the approval has not landed on another step");
        // A program that fits still has the question, unanswered.
        let run = opened::<ConfirmBefore>(place, &log, &id).await;
        run.answer::<Gate>(true).await.unwrap();
        assert_eq!(done(&run).await, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn fault_08_of_many_who_continue_exactly_one_wins() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<ConfirmBefore>(place, &log, ()).await;
        let mut tasks = Vec::new();
        for _ in 0..10 {
            let run = opened::<ConfirmBefore>(place, &log, &id).await;
            tasks.push(tokio::spawn(async move {
                let won = run.answer_json("gate-1", json!(true)).await;
                (won.is_ok(), done(&run).await)
            }));
        }
        let mut won = 0;
        for task in tasks {
            let (answered, output) = task.await.unwrap();
            assert_eq!(output, 0, "all see the same end");
            won += u32::from(answered);
        }
        assert_eq!(won, 1);
        assert_eq!(log.take(), ["send"], "and it ran once");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn fault_09_a_forged_answer_opens_no_gate() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<ConfirmBefore>(&log);
        let run = app.start::<ConfirmBefore>(()).await.unwrap();
        let other = app.start::<ConfirmBefore>(()).await.unwrap();
        open(&run).await;
        open(&other).await;
        for (id, value) in [
            ("gate-2", json!(true)),
            ("gate-0", json!(true)),
            ("", json!(true)),
            ("confirm-before", json!(true)),
            ("gate-1", json!({"confirmed": true})),
            ("gate-1", json!("true")),
            ("gate-1", json!(null)),
        ] {
            run.answer_json(id, value).await.unwrap_err();
        }
        assert_eq!(ids(&open(&run).await), ["gate-1"]);
        // An answer to one run is none to another.
        other.answer::<Gate>(true).await.unwrap();
        done(&other).await;
        assert_eq!(run.status().await.unwrap(), RunStatus::Paused);
        assert_eq!(log.take(), ["send"]);
    })
    .await;
}

workflow! {
    async fn late(log: &Log) -> Result<String> {
        match pause(gate("in time")).timeout(HOUR).await {
            Ok(yes) => Ok(format!("answered {yes}")),
            Err(_) => work(log, "too late").await,
        }
    }
}

workflow! {
    async fn breaks(log: &Log) -> Result<String> {
        #[on_error(pause)]
        let text = work(log, "broken").await?;
        Ok(text)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_10_deadlines_pass_by_themselves_and_error_pauses_are_answered_like_others() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Late>(&log);
        let run = app.start::<Late>(()).await.unwrap();
        settled(&run).await;
        drop(run);
        // Nobody calls, and nobody waits.
        tokio::time::sleep(HOUR + Duration::from_secs(60)).await;
        until(|| log.has("too late")).await;
        log.take();

        let id = started::<Breaks>(place, &log, ()).await;
        // As JSON, by its id, without the workflow's type.
        let any = place.app::<Breaks>(&log).any_run(&id).await.unwrap();
        let pauses = any.pauses().await.unwrap();
        assert_eq!(ids(&pauses), ["recover-work-1"]);
        assert!(pauses[0].schema().to_string().contains("Use"), "{}", pauses[0].schema());
        any.answer_json("recover-work-1", json!({"Use": "by hand"})).await.unwrap();
        assert!(matches!(any.wait().await.unwrap(), Outcome::Done(text) if text == json!("by hand")));
    })
    .await;
}

workflow! {
    async fn fails_loudly(log: &Log) -> Result<String> {
        let text = work(log, "broken").await?;
        work(log, &text).await
    }
}

#[tokio::test(start_paused = true)]
async fn fault_11_a_failing_step_runs_once_and_fails_the_run() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<FailsLoudly>(&log).start::<FailsLoudly>(()).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["out of order"]);
        assert_eq!(log.take(), ["broken"], "no hidden retries, and no error text as the next step's input");
        assert_eq!(run.status().await.unwrap(), RunStatus::Failed);
        assert_eq!(run.any().record().await.unwrap().output, None);
    })
    .await;
}

workflow! {
    async fn containers(log: &Log, kind: String) -> Result<String> {
        match kind.as_str() {
            "loop" => {
                for _ in 0..3 {
                    work(log, "broken").await?;
                }
                Ok("swallowed".to_owned())
            }
            "parallel" => {
                let (a, b) = parallel!(work(log, "fine"), work(log, "broken"))?;
                Ok(a + &b)
            }
            "fan-out" => {
                let all = parallel!(for what in ["fine".to_owned(), "broken".to_owned()] { work(log, &what).await })?;
                Ok(all.concat())
            }
            "condition" => {
                if kind.len() > 1 {
                    work(log, "broken").await?;
                }
                Ok("swallowed".to_owned())
            }
            "child" => fails_loudly(log).await,
            "race" => race!(work(log, "broken"), async {
                sleep(HOUR).await;
                Ok("swallowed".to_owned())
            }),
            _ => {
                let (fine, broken) = settle!(work(log, "fine"), work(log, "broken"));
                let (fine, broken) = (fine?, broken?);
                Ok(fine + &broken)
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_12_no_container_swallows_an_error() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Containers>(&log);
        for kind in ["loop", "parallel", "fan-out", "condition", "child", "race", "settle"] {
            let run = app.start::<Containers>(kind.to_owned()).await.unwrap();
            assert_eq!(failed(&run).await.chain(), ["out of order"], "{kind}");
            assert_eq!(log.take().iter().filter(|noted| *noted == "broken").count(), 1, "{kind}");
        }
    })
    .await;
}

#[step]
async fn killed_at(log: &Log, n: u32, life: u32) -> Result<u32> {
    log.note(format!("step {n}"));
    if log.has(&format!("life {life}")) { Ok(n) } else { std::future::pending().await }
}

workflow! {
    async fn ten_steps(log: &Log) -> Result<u32> {
        let mut sum = 0;
        for n in 1..=10 {
            // Step n hangs until life n.
            let one = killed_at(log, n, n).await?;
            sum += one;
        }
        Ok(sum)
    }
}

#[test]
fn fault_13_what_was_done_before_a_kill_is_kept_step_by_step() {
    in_processes(|place| {
        let lives = Log::default();
        let id = process(async {
            let run = place.app::<TenSteps>(&lives).start::<TenSteps>(()).await.unwrap();
            until(|| lives.has("step 1")).await;
            run.id().to_owned()
        });
        for life in 1..10 {
            assert_eq!(lives.take(), std::iter::once(format!("step {life}")).collect::<Vec<_>>());
            // One step more in each life.
            for known in 1..=life {
                lives.note(format!("life {known}"));
            }
            process(async {
                let run = opened::<TenSteps>(place, &lives, &id).await;
                let waiting = tokio::spawn(async move { run.wait().await.map(drop) });
                until(|| lives.has(&format!("step {}", life + 1))).await;
                waiting.abort();
            });
            let ran: Vec<String> = lives.take().into_iter().filter(|noted| noted.starts_with("step")).collect();
            assert_eq!(ran, [format!("step {life}"), format!("step {}", life + 1)]);
            lives.note(format!("step {}", life + 1));
        }
        lives.note("life 10");
        process(async { assert_eq!(done(&opened::<TenSteps>(place, &lives, &id).await).await, 55) });
    });
}

#[step]
async fn add_to(log: &Log, before: &[u32], n: u32) -> Result<Vec<u32>> {
    // Others come in between.
    tokio::task::yield_now().await;
    log.note("added");
    Ok(before.iter().copied().chain([n]).collect())
}

workflow! {
    async fn increments(log: &Log) -> Result<(usize, Vec<u32>)> {
        let start = vec![0];
        let lists = parallel!(for branch in (0..8_u32).collect::<Vec<_>>() {
            let mut list = start.clone();
            for n in 0..20 {
                list = add_to(log, &list, branch * 100 + n).await?;
            }
            Ok(list)
        })?;
        Ok((lists.iter().map(|list| list.len() - 1).sum(), lists.iter().map(|list| list[20]).collect()))
    }
}

#[tokio::test(start_paused = true)]
async fn fault_14_every_branch_has_its_own_values_and_all_results_arrive() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Increments>(&log).start::<Increments>(()).await.unwrap();
        let (increments, last) = done(&run).await;
        assert_eq!((increments, log.take().len()), (160, 160));
        assert_eq!(last, [19, 119, 219, 319, 419, 519, 619, 719]);
    })
    .await;
}

static MEETING: std::sync::Barrier = std::sync::Barrier::new(4);

#[step(blocking)]
fn meets(n: u32) -> Result<u32> {
    // Returns when four are here at once, so never if they came one after the other.
    MEETING.wait();
    Ok(n)
}

workflow! {
    async fn blocking_branches(_log: &Log) -> Result<u32> {
        let (a, b, c, d) = parallel!(meets(1), meets(2), meets(3), meets(4))?;
        Ok(a + b + c + d)
    }
}

#[step(blocking)]
fn blocks(log: std::sync::Arc<(std::sync::Mutex<bool>, std::sync::Condvar)>) -> Result<u32> {
    let (free, told) = &*log;
    let mut free = free.lock().unwrap();
    while !*free {
        free = told.wait(free).unwrap();
    }
    Ok(1)
}

workflow! {
    async fn blocked(gate: &std::sync::Arc<(std::sync::Mutex<bool>, std::sync::Condvar)>) -> Result<u32> {
        let (a, b) = parallel!(blocks(gate.clone()), async {
            sleep(HOUR).await;
            Ok(1)
        })?;
        Ok(a + b)
    }
}

#[tokio::test]
async fn fault_15_blocking_branches_run_at_once_and_cancel_does_not_wait_for_them() {
    everywhere(async |place| {
        let run = place.app::<BlockingBranches>(&Log::default()).start::<BlockingBranches>(()).await.unwrap();
        assert_eq!(done(&run).await, 10);

        let gate = std::sync::Arc::new((std::sync::Mutex::new(false), std::sync::Condvar::new()));
        let app = place.builder().register::<Blocked>(gate.clone()).build().unwrap();
        let run = app.start::<Blocked>(()).await.unwrap();
        while std::sync::Arc::strong_count(&gate) < 3 {
            tokio::task::yield_now().await;
        }
        // The thread is still blocked when this returns.
        run.cancel().await.unwrap();
        assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
        *gate.0.lock().unwrap() = true;
        gate.1.notify_all();
    })
    .await;
}

#[step]
async fn count_up(cx: &Context<u64>, log: &Log) -> Result<u64> {
    log.note("count");
    let before = cx.session().read(|count| *count).await.map_err(|error| error.to_string())?;
    // All of them have read before anybody writes.
    tokio::task::yield_now().await;
    let after = cx.session().update(|count| {
        *count += 1;
        *count
    });
    after.await.map(|after| after.max(before)).map_err(|error| error.to_string())
}

workflow! {
    async fn counts(log: &Log, cx: &Context<u64>, id: u64) -> Result<u64> {
        let count = count_up(cx, log).await?;
        Ok(count + id)
    }
}

#[tokio::test]
async fn fault_16_concurrent_runs_of_a_session_lose_no_update() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Counts>(&log);
        let mut runs = vec![app.start::<Counts>(0).session("s").await.unwrap()];
        for id in 1..9 {
            runs.push(app.start::<Counts>(id).session("s").await.unwrap());
        }
        for run in &runs {
            done(run).await;
        }
        assert_eq!(app.session("s").read::<u64>().await.unwrap(), 9);
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Part {
    name: String,
    size: u64,
}

#[step]
async fn part(log: &Log, name: &str, size: u64) -> Result<Part> {
    log.note(format!("{name} {size}"));
    Ok(Part { name: name.to_owned(), size })
}

workflow! {
    async fn same_names(log: &Log) -> Result<Vec<Part>> {
        let first = part(log, "a", 1).await?;
        let second = part(log, "a", 2).await?;
        let yes = pause(gate("same")).await;
        let third = part(log, "a", if yes { u64::MAX } else { 0 }).await?;
        Ok(vec![first, second, third])
    }
}

#[tokio::test(start_paused = true)]
async fn fault_17_outputs_keep_their_types_and_equal_names_do_not_overwrite_each_other() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<SameNames>(place, &log, ()).await;
        let run = opened::<SameNames>(place, &log, &id).await;
        run.answer::<Gate>(true).await.unwrap();
        let part = |size| Part { name: "a".to_owned(), size };
        assert_eq!(done(&run).await, [part(1), part(2), part(u64::MAX)]);
        let points: Vec<String> = run.checkpoints().await.unwrap().into_iter().map(|record| record.at).collect();
        assert_eq!(points, ["part done", "part done#2", "gate", "part done#3"]);
        let stored = run.any().record().await.unwrap().output.unwrap();
        assert!(stored.contains(r#"{"name":"a","size":18446744073709551615}"#), "{stored}");
    })
    .await;
}

#[step]
async fn select(log: &Log, topic: &str) -> Result<Vec<String>> {
    log.note("select");
    match topic {
        "unknown" => Err("no such topic".to_owned()),
        "none" => Ok(Vec::new()),
        _ => Ok(vec!["web".to_owned()]),
    }
}

workflow! {
    async fn selects(log: &Log, topic: String) -> Result<Vec<String>> {
        let routes = select(log, &topic).await?;
        if routes.is_empty() {
            return Err(format!("there is no route for {topic}"));
        }
        let mut all = Vec::new();
        for route in routes {
            let one = work(log, &route).await?;
            all.push(one);
        }
        Ok(all)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_18_errors_of_conditions_and_selectors_are_errors() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Selects>(&log);
        for (topic, error) in [("unknown", "no such topic"), ("none", "there is no route for none")] {
            let run = app.start::<Selects>(topic.to_owned()).await.unwrap();
            assert_eq!(failed(&run).await.chain(), [error]);
            assert_eq!(log.take(), ["select"]);
        }
    })
    .await;
}

/// One workflow with a bit of everything, answered yes.
async fn answered(run: Run<Gates>) -> String {
    loop {
        match run.wait().await.unwrap() {
            Outcome::Done(text) => return text,
            Outcome::Paused(pauses) => run.answer_json(pauses[0].id(), json!(true)).await.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_19_every_way_to_run_gives_the_same() {
    for kind in ["loop", "branch", "item", "condition", "child"] {
        let mut results: Vec<(String, Vec<String>)> = Vec::new();
        for place in Place::both() {
            // Straight through.
            let log = Log::default();
            let app = place.app::<Gates>(&log);
            let output = answered(app.start::<Gates>(kind.to_owned()).await.unwrap()).await;
            results.push((output, log.take()));
            // Another App for every answer.
            let id = started::<Gates>(&place, &log, kind.to_owned()).await;
            let output = loop {
                let run = opened::<Gates>(&place, &log, &id).await;
                match run.wait().await.unwrap() {
                    Outcome::Done(text) => break text,
                    Outcome::Paused(pauses) => run.answer_json(pauses[0].id(), json!(true)).await.unwrap(),
                    other => panic!("{other:?}"),
                }
            };
            results.push((output, log.take()));
            // Without types.
            let any = app.start_json("gates", json!(kind)).await.unwrap();
            let output = answered(any.into()).await;
            results.push((output, log.take()));
        }
        results.dedup();
        assert_eq!(results.len(), 1, "{results:?}");
    }
}

#[step]
async fn read_file(log: &Log, name: &str) -> Result<Vec<u8>> {
    log.note(name);
    Ok(vec![0, 255, 10, name.len() as u8])
}

workflow! {
    async fn reads(log: &Log) -> Result<Vec<Vec<u8>>> {
        let file = read_file(log, "a").await?;
        let mut files = parallel!(for name in ["bb".to_owned(), "ccc".to_owned()] { read_file(log, &name).await })?;
        for name in ["dddd".to_owned()] {
            let more = read_file(log, &name).await?;
            files.push(more);
        }
        let (left, _) = parallel!(read_file(log, "eeeee"), async { Ok(pause(gate("files")).await) })?;
        files.push(left);
        files.insert(0, file);
        Ok(files)
    }
}

#[tokio::test(start_paused = true)]
async fn fault_20_files_are_values_and_come_through_every_container() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Reads>(place, &log, ()).await;
        let run = opened::<Reads>(place, &log, &id).await;
        run.answer::<Gate>(true).await.unwrap();
        let files: Vec<Vec<u8>> = (1..=5).map(|n| vec![0, 255, 10, n]).collect();
        assert_eq!(done(&run).await, files);
        assert_eq!(log.take().len(), 5, "and each was read once");
    })
    .await;
}

workflow! {
    async fn asks_often(log: &Log, times: u32) -> Result<u32> {
        let mut size = 0;
        for n in 0..times {
            let text = work(log, &format!("{n}")).await?;
            size += text.len() as u32;
        }
        let yes = pause(gate("end")).await;
        Ok(size + u32::from(yes))
    }
}

#[tokio::test(start_paused = true)]
async fn fault_21_what_a_resume_reads_does_not_grow_with_the_past() {
    everywhere(async |place| {
        let log = Log::default();
        let mut read = Vec::new();
        for times in [10, 500] {
            let id = started::<AsksOften>(place, &log, times).await;
            let frames = place.store().frames(&id).await.unwrap();
            let bindings = frames.iter().flat_map(|frame| &frame.bindings).count();
            read.push((frames.len(), bindings));
        }
        assert_eq!(read, [(1, 1), (1, 1)]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn fault_22_a_stored_run_goes_on_or_says_why_not() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Gates>(place, &log, "child".to_owned()).await;
        // Its workflow is not part of this program.
        let error = place.app::<Late>(&log).any_run(&id).await.unwrap_err();
        assert!(error.to_string().starts_with("workflow `gates` is not registered"), "{error}");
        // It is another one.
        let app = place.builder().register::<Late>(log.clone()).register::<Gates>(log.clone()).build().unwrap();
        let error = app.run::<Late>(&id).await.unwrap_err();
        assert!(matches!(error, RunError::OtherWorkflow { .. }), "{error}");
        // Its id means something else.
        let app = place.builder().register_as::<Late>(Gates::ID, log.clone()).build().unwrap();
        let any = app.any_run(&id).await.unwrap();
        let error = any.answer_json("gate-1", json!(true)).await.unwrap_err();
        assert!(matches!(error, AnswerError::Run(RunError::Refused { .. })), "{error:?}");
        assert_eq!(answered(opened::<Gates>(place, &log, &id).await).await, "<before><in a child><after>");
    })
    .await;
}
