//! `run.fork(n)`: a copy of a run from any of its checkpoints, with other values.

use std::time::Duration;

use flow_runtime::{ControlError, RunError, prelude::*};

use super::common::{HOUR, Log, Result, asked, done, everywhere, failed, opened};

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    if what == "bad" { Err("bad is bad".to_owned()) } else { Ok(format!("<{what}>")) }
}

#[pause]
fn approve(draft: &str) -> bool;

workflow! {
    async fn article(log: &Log, topic: String) -> Result<String> {
        let notes = work(log, &topic).await?;
        let draft = work(log, "draft").await?;
        let items = parallel!(for what in ["x".to_owned(), "y".to_owned()] {
            let one = work(log, &what).await?;
            let two = work(log, "more").await?;
            Ok(format!("{one}{two}"))
        }, limit = 1)?;
        let approved = pause(approve(&draft)).timeout(HOUR).await;
        let last = work(log, &notes).await?;
        Ok(format!("{notes}{draft}{}{last} {approved:?}", items.concat()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_begins_where_the_run_stood_with_other_values() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Article>(&log);
        let run = app.start::<Article>("topic".to_owned()).session("s").user("ann").await.unwrap();
        asked(&run).await;
        run.answer::<Approve>(true).await.unwrap();
        let whole = done(&run).await;
        assert_eq!(whole, "<topic><draft><x><more><y><more><<topic>> Ok(true)");
        log.take();

        // Of a run that has ended, too, and in another process.
        let elsewhere = opened::<Article>(place, &log, run.id()).await;
        let checkpoints = elsewhere.checkpoints().await.unwrap();
        let second = checkpoints.iter().find(|record| record.at == "work done#2").unwrap();
        assert_eq!((second.seq, second.path.as_str()), (2, ""));
        let copy = elsewhere.fork(second.seq).set("draft", "mine").set("notes", &"N".to_owned()).await.unwrap();
        assert_ne!(copy.id(), run.id());
        let pause = asked(&copy).await;
        assert_eq!((pause.id(), pause.prompt()["draft"].as_str()), ("approve-1", Some("mine")));
        copy.answer::<Approve>(false).await.unwrap();
        assert_eq!(done(&copy).await, "Nmine<x><more><y><more><N> Ok(false)");
        assert_eq!(log.take(), ["x", "more", "y", "more", "N"], "what came before is not run again");

        let record = copy.any().record().await.unwrap();
        assert_eq!((record.run.session.as_deref(), record.run.user.as_deref()), (Some("s"), Some("ann")));
        let origin: serde_json::Value = serde_json::from_str(record.run.metadata.as_deref().unwrap()).unwrap();
        assert_eq!(origin, serde_json::json!({"forked_from": {"run": run.id(), "checkpoint": 2}}));
        assert_eq!(done(&run).await, whole, "the original is what it was");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_from_the_start_runs_everything_again() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Article>(&log).start::<Article>("bad".to_owned()).await.unwrap();
        failed(&run).await;
        let copy = run.fork(0).await.unwrap();
        failed(&copy).await;
        assert_eq!(log.take(), ["bad", "bad"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_of_items_are_changed_by_their_path() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Article>(&log).start::<Article>("topic".to_owned()).await.unwrap();
        asked(&run).await;
        log.take();
        let checkpoints = run.checkpoints().await.unwrap();
        let item = checkpoints.iter().find(|record| record.path == "parallel.1" && record.at == "work done").unwrap();
        let copy = run.fork(item.seq).set("one", "ONE").set_at("", "notes", "N").await.unwrap();
        asked(&copy).await;
        assert_eq!(log.take(), ["more"], "item 0 is done, item 1 has its first step");
        copy.answer::<Approve>(true).await.unwrap();
        assert_eq!(done(&copy).await, "N<draft><x><more>ONE<more><N> Ok(true)");
        // The question of the original is still its own.
        run.answer::<Approve>(false).await.unwrap();
        assert!(done(&run).await.ends_with("Ok(false)"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_open_question_is_asked_again_with_as_much_time() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Article>(&log).start::<Article>("topic".to_owned()).await.unwrap();
        let first = asked(&run).await;
        let last = run.checkpoints().await.unwrap().last().unwrap().seq;
        tokio::time::sleep(HOUR / 2).await;
        let copy = run.fork(last).await.unwrap();
        let again = asked(&copy).await;
        assert!(again.asked_at() >= first.asked_at() + 1_799_000);
        assert_eq!(again.deadline(), Some(again.asked_at() + 3_600_000));
        tokio::time::sleep(HOUR * 3 / 4).await;
        assert!(done(&run).await.contains("Err(TimedOut"), "the original's time is over");
        copy.answer::<Approve>(true).await.unwrap();
        assert!(done(&copy).await.ends_with("Ok(true)"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_makes_no_copy() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Article>(&log);
        let run = app.start::<Article>("topic".to_owned()).await.unwrap();
        asked(&run).await;
        let error = run.fork(99).await.unwrap_err();
        assert!(matches!(&error, ControlError::UnknownCheckpoint { checkpoint: 99, .. }), "{error}");
        let error = run.fork(2).set("drfat", "x").await.unwrap_err();
        let ControlError::UnknownBinding { name, known, .. } = &error else { panic!("{error}") };
        assert_eq!((name.as_str(), known.len()), ("drfat", 2));
        assert_eq!(error.to_string(), "there is no binding `drfat` at this checkpoint; there are: notes, draft");
        let error = run.fork(2).set_at("parallel.7", "draft", "x").await.unwrap_err();
        assert!(error.to_string().ends_with("none lives there"), "{error}");
        let error = run.fork(2).set("draft", &7).await.unwrap_err();
        assert!(matches!(&error, ControlError::Run(RunError::Refused { .. })), "{error:?}");
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains("binding `draft` no longer fits: invalid type: integer `7`, expected a string"), "{why}");
        assert_eq!(app.runs(&Default::default()).await.unwrap().len(), 1);
    })
    .await;
}

#[step(retries = 2, backoff = "2s")]
async fn flaky(log: &Log, n: u32) -> Result<u32> {
    log.note(format!("flaky {n}"));
    if flow_runtime::attempt() < 2 { Err("not yet".to_owned()) } else { Ok(n) }
}

workflow! {
    async fn part(log: &Log, n: u32) -> Result<String> {
        let (even, text) = parallel!(
            async {
                sleep(Duration::from_secs(10)).await;
                let n = flaky(log, n).await?;
                Ok(n % 2 == 0)
            },
            async {
                let what = format!("part {n}");
                let sure = pause(approve(&what)).await;
                let text = work(log, &what).await?;
                Ok(format!("{text}{sure}"))
            },
        )?;
        Ok(format!("{text}{even}"))
    }
}

workflow! {
    async fn everything(log: &Log) -> Result<String> {
        let mut all = Vec::new();
        for round in 1..=2 {
            let parts = parallel!(for n in [round, round * 10] { part(log, n).await }, limit = 1)?;
            all.extend(parts);
            let (bad, late) = settle!(work(log, "bad"), async {
                match pause(approve("late")).timeout(HOUR).await {
                    Ok(yes) => work(log, &format!("{yes}")).await,
                    Err(late) => Err(late.to_string()),
                }
            });
            // A sleep that has begun keeps its time in a copy, so a short one would win there.
            let first = race!(flaky(log, round), async {
                sleep(HOUR * 1000).await;
                Ok(0)
            })?;
            all.push(format!("{bad:?} {late:?} {first}"));
        }
        let end = part(log, 100).await?;
        Ok(format!("{all:?} {end}"))
    }
}

/// Answers all there is to be answered with yes.
async fn to_its_end(run: &Run<Everything>) -> String {
    loop {
        match run.wait().await.unwrap() {
            Outcome::Done(text) => return text,
            Outcome::Paused(pauses) => {
                for pause in pauses {
                    run.answer_json(pause.id(), true.into()).await.unwrap();
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn copies_from_every_checkpoint_come_to_the_same_end() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Everything>(&log);
        let run = app.start::<Everything>(()).await.unwrap();
        let output = to_its_end(&run).await;
        let ran = log.take().len();
        let checkpoints = run.checkpoints().await.unwrap();
        assert!(checkpoints.len() > 30, "{checkpoints:?}");
        let mut before = usize::MAX;
        for seq in 0..=checkpoints.len() as u64 {
            let copy = opened::<Everything>(place, &log, run.id()).await.fork(seq).await.unwrap();
            assert_eq!(to_its_end(&copy).await, output, "from checkpoint {seq}");
            let again = log.take().len();
            assert!(again <= ran && again <= before, "from checkpoint {seq}: {again} after {before}");
            before = again;
        }
        assert_eq!(before, 0, "from the last one nothing is left to do");
    })
    .await;
}
