//! `Loop`: up to a number of iterations, until an end condition, nested, killed in the middle.

use flow_runtime::prelude::*;

use super::common::{
    Log, Result, asked, done, everywhere, failed, in_processes, open, opened, process, started, until,
};

#[step]
async fn draft(log: &Log, round: u32, before: &str) -> Result<String> {
    log.note(format!("draft {round}"));
    Ok(format!("{before}{round}"))
}

#[step]
async fn is_good(log: &Log, text: &str) -> Result<bool> {
    log.note(format!("is {text} good?"));
    Ok(text.contains('3'))
}

/// Hangs in the first life, and is quick afterwards.
#[step]
async fn hangs_at(log: &Log, round: u32, at: u32) -> Result<u32> {
    log.note(format!("round {round}"));
    if round == at && !log.has("second life") {
        std::future::pending::<()>().await;
    }
    Ok(round * 10)
}

workflow! {
    async fn up_to(log: &Log, rounds: u32) -> Result<String> {
        let mut text = String::new();
        for round in 1..=rounds {
            text = draft(log, round, &text).await?;
            if is_good(log, &text).await? {
                break;
            }
        }
        Ok(text)
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_ends_after_its_iterations() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<UpTo>(&log).start::<UpTo>(2).await.unwrap();
        assert_eq!(done(&run).await, "12");
        assert_eq!(log.take(), ["draft 1", "is 1 good?", "draft 2", "is 12 good?"]);
        let run = place.app::<UpTo>(&log).start::<UpTo>(0).await.unwrap();
        assert_eq!(done(&run).await, "", "no iteration at all");
        assert!(log.take().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_ends_with_its_end_condition() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<UpTo>(&log).start::<UpTo>(9).await.unwrap();
        assert_eq!(done(&run).await, "123");
        assert_eq!(log.take().last().unwrap(), "is 123 good?");
    })
    .await;
}

workflow! {
    async fn without_end(log: &Log) -> Result<String> {
        let mut text = String::new();
        let mut round = 3;
        #[max(4)]
        loop {
            round += 1;
            text = draft(log, round, &text).await?;
            if is_good(log, &text).await? {
                break Ok(text);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_runs_to_its_bound_fails_and_does_not_pass_for_done() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<WithoutEnd>(&log).start::<WithoutEnd>(()).await.unwrap();
        let failure = failed(&run).await;
        assert!(failure.chain()[0].contains("has run 4 times, which is all that its `#[max(4)]` allows"), "{failure}");
        assert_eq!(log.take().len(), 8, "four rounds of two steps");
    })
    .await;
}

workflow! {
    async fn while_it_lasts(log: &Log) -> Result<u32> {
        let (mut text, mut round) = (String::new(), 0);
        #[max(10)]
        while !is_good(log, &text).await? {
            round += 1;
            text = draft(log, round, &text).await?;
        }
        Ok(round)
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_can_ask_a_step_before_each_iteration() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<WhileItLasts>(&log).start::<WhileItLasts>(()).await.unwrap();
        assert_eq!(done(&run).await, 3);
        let ran = log.take();
        assert_eq!((ran.len(), ran[0].as_str(), ran[6].as_str()), (7, "is  good?", "is 123 good?"));
    })
    .await;
}

workflow! {
    async fn loop_in_a_loop(log: &Log) -> Result<Vec<String>> {
        let mut found = Vec::new();
        'chapters: for chapter in ["a".to_owned(), "b".to_owned(), "c".to_owned()] {
            let mut text = chapter.clone();
            for round in 1..=4_u32 {
                if chapter == "b" && round == 2 {
                    continue 'chapters;
                }
                text = draft(log, round, &text).await?;
                if is_good(log, &text).await? {
                    found.push(text.clone());
                    if chapter == "c" {
                        break 'chapters;
                    }
                    break;
                }
            }
        }
        Ok(found)
    }
}

#[tokio::test(start_paused = true)]
async fn loops_nest_and_are_left_and_continued_by_label() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<LoopInALoop>(&log).start::<LoopInALoop>(()).await.unwrap();
        assert_eq!(done(&run).await, ["a123", "c123"]);
        let drafts = log.take().iter().filter(|noted| noted.starts_with("draft")).count();
        assert_eq!(drafts, 3 + 1 + 3);
    })
    .await;
}

workflow! {
    async fn interrupted(log: &Log, at: u32) -> Result<u32> {
        let mut sum = 0;
        for round in 1..=4 {
            let (a, b) = parallel!(
                hangs_at(log, round, at),
                async { Ok(round) },
            )?;
            sum += a + b;
        }
        Ok(sum)
    }
}

#[test]
fn a_killed_loop_goes_on_in_its_iteration() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<Interrupted>(&log).start::<Interrupted>(3).await.unwrap();
            until(|| log.has("round 3")).await;
            run.id().to_owned()
        });
        assert_eq!(log.take(), ["round 1", "round 2", "round 3"]);
        log.note("second life");
        process(async {
            let run = opened::<Interrupted>(place, &log, &id).await;
            assert_eq!(done(&run).await, 100 + 10);
        });
        assert_eq!(log.take(), ["second life", "round 3", "round 4"]);
    });
}

/// Is this one good?
#[pause]
fn review(round: u32, text: &str) -> bool;

workflow! {
    async fn reviewed(log: &Log, rounds: u32) -> Result<(u32, String)> {
        let (mut text, mut round) = (String::new(), 0);
        #[max(rounds as u64)]
        loop {
            round += 1;
            // Two steps in each iteration.
            text = draft(log, round, &text).await?;
            let good = is_good(log, &text).await?;
            if pause(review(round, &text)).await {
                return Ok((round, format!("{text} {good}")));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_iteration_is_reviewed_once_whatever_its_number_of_steps() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Reviewed>(place, &log, 5).await;
        for round in 1..=3_u32 {
            let run = opened::<Reviewed>(place, &log, &id).await;
            let pause = asked(&run).await;
            assert_eq!(pause.prompt()["round"], round);
            assert_eq!(log.take().len(), 2);
            run.answer::<Review>(round == 3).await.unwrap();
            let _ = run.wait().await.unwrap();
        }
        let run = opened::<Reviewed>(place, &log, &id).await;
        assert_eq!(done(&run).await, (3, "123 true".to_owned()));
        assert!(log.take().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_last_iteration_fails_the_loop() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Reviewed>(&log).start::<Reviewed>(2).await.unwrap();
        for _ in 0..2 {
            open(&run).await;
            run.answer::<Review>(false).await.unwrap();
        }
        assert!(failed(&run).await.chain()[0].contains("has run 2 times"));
    })
    .await;
}

workflow! {
    async fn for_ever(log: &Log) -> Result<u32> {
        let mut round = 0_u32;
        #[forever]
        loop {
            round += 1;
            let text = draft(log, round, "").await?;
            if round % 1000 == 0 && pause(review(round, &text)).await {
                return Ok(round);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_for_ever_keeps_only_what_lives() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<ForEver>(&log).start::<ForEver>(()).await.unwrap();
        open(&run).await;
        let first = place.store().frames(run.id()).await.unwrap();
        run.answer::<Review>(false).await.unwrap();
        open(&run).await;
        let second = place.store().frames(run.id()).await.unwrap();
        assert_eq!(log.take().len(), 2000);
        let lives = |frames: &[flow_runtime::store::FrameRecord]| {
            assert_eq!(frames.len(), 1);
            frames[0].bindings.iter().map(|binding| binding.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!((lives(&first), lives(&second)), (vec!["round".to_owned()], vec!["round".to_owned()]));
        run.answer::<Review>(true).await.unwrap();
        assert_eq!(done(&run).await, 2000);
    })
    .await;
}
