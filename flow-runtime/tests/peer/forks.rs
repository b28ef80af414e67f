//! `Parallel`, and what there is besides: fan-outs, `settle!`, `race!`, blocking steps.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use flow_runtime::prelude::*;

use super::common::{
    HOUR, Log, Result, asked, done, everywhere, failed, ids, in_processes, open, opened, process, until,
};

#[step]
async fn double(log: &Log, n: u32) -> Result<u32> {
    log.note(format!("double {n}"));
    if n == 13 { Err("13 is unlucky".to_owned()) } else { Ok(n * 2) }
}

#[step]
async fn after(log: &Log, hours: u32, what: &str) -> Result<String> {
    tokio::time::sleep(HOUR * hours).await;
    log.note(what);
    Ok(what.to_owned())
}

#[pause]
fn check(what: &str) -> bool;

workflow! {
    async fn mixed(log: &Log, n: u32) -> Result<(u32, String, Option<bool>, Vec<u32>)> {
        let words = vec!["slow".to_owned()];
        let all = parallel!(
            double(log, n),
            after(log, 2, &words[0]),
            async {
                let first = double(log, n + 1).await?;
                Ok((first > 10).then_some(true))
            },
            async {
                let mut list = Vec::new();
                for i in 0..3 {
                    let one = double(log, i).await?;
                    list.push(one);
                }
                Ok(list)
            },
        )?;
        Ok(all)
    }
}

#[tokio::test(start_paused = true)]
async fn branches_of_any_shape_give_a_tuple_in_their_order() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Mixed>(&log).start::<Mixed>(5).await.unwrap();
        assert_eq!(done(&run).await, (10, "slow".to_owned(), Some(true), vec![0, 2, 4]));
        let ran = log.take();
        assert_eq!((ran.len(), ran.last().unwrap().as_str()), (6, "slow"), "the first in order is the last to finish");
    })
    .await;
}

workflow! {
    async fn two_hours(log: &Log) -> Result<String> {
        let (a, b) = parallel!(after(log, 1, "one"), after(log, 2, "two"))?;
        Ok(a + &b)
    }
}

#[tokio::test(start_paused = true)]
async fn branches_take_as_long_as_the_longest() {
    everywhere(async |place| {
        let log = Log::default();
        let began = tokio::time::Instant::now();
        let run = place.app::<TwoHours>(&log).start::<TwoHours>(()).await.unwrap();
        assert_eq!(done(&run).await, "onetwo");
        let took = began.elapsed();
        assert!(took >= 2 * HOUR && took < 3 * HOUR, "{took:?}");
    })
    .await;
}

workflow! {
    async fn one_fails(log: &Log) -> Result<(u32, String)> {
        let both = parallel!(
            async {
                let first = double(log, 1).await?;
                double(log, first + 11).await
            },
            async {
                let one = after(log, 1, "one").await?;
                let two = after(log, 1, "two").await?;
                Ok(one + &two)
            },
        )?;
        Ok(both)
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_error_drops_the_other_branches_and_names_its_own() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<OneFails>(&log).start::<OneFails>(()).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!(failure.chain(), ["13 is unlucky"]);
        assert_eq!((failure.path(), failure.after()), ("parallel.0", Some("double done")));
        tokio::time::sleep(10 * HOUR).await;
        assert_eq!(log.take(), ["double 1", "double 13"], "the other branch is gone, and does not end later");
    })
    .await;
}

workflow! {
    async fn settles(log: &Log) -> Result<String> {
        let (a, b, c) = settle!(
            double(log, 13),
            after(log, 1, "one"),
            async {
                let n = double(log, 3).await?;
                if n == 6 { Err("6 is too much".to_owned()) } else { Ok(n) }
            },
        );
        let list = settle!(for n in [1, 13, 2] { double(log, n).await });
        Ok(format!("{a:?} {b:?} {c:?} {list:?}"))
    }
}

#[tokio::test(start_paused = true)]
async fn settle_waits_for_all_and_hands_back_every_result() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Settles>(&log).start::<Settles>(()).await.unwrap();
        assert_eq!(
            done(&run).await,
            r#"Err("13 is unlucky") Ok("one") Err("6 is too much") [Ok(2), Err("13 is unlucky"), Ok(4)]"#
        );
    })
    .await;
}

workflow! {
    async fn races(log: &Log) -> Result<String> {
        race!(
            async {
                let sure = pause(check("ann")).await;
                Ok(format!("ann {sure}"))
            },
            async {
                let late = after(log, 2, "two").await?;
                after(log, 2, &late).await
            },
            async {
                sleep(HOUR * 3).await;
                Ok("nobody".to_owned())
            },
        )
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_of_a_race_wins_and_the_others_are_withdrawn() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Races>(&log);
        let run = app.start::<Races>(()).await.unwrap();
        assert_eq!(done(&run).await, "nobody");
        assert_eq!(log.take(), ["two"], "its second step was dropped");
        let late = run.answer_json("check-1", true.into()).await.unwrap_err();
        assert!(late.to_string().contains("no longer waits at pause `check-1`: it is completed"), "{late}");

        let run = app.start::<Races>(()).await.unwrap();
        while run.pauses().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        run.answer::<Check>(true).await.unwrap();
        assert_eq!(done(&run).await, "ann true");
        tokio::time::sleep(HOUR * 10).await;
        assert!(log.take().is_empty());
    })
    .await;
}

workflow! {
    async fn race_fails(log: &Log) -> Result<u32> {
        race!(async { after(log, 1, "x").await.map(|_| 1) }, double(log, 13))
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_fails_first_has_won_the_race() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<RaceFails>(&log).start::<RaceFails>(()).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["13 is unlucky"]);
    })
    .await;
}

/// How many run at once, and how many ever did.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn enter(&self) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[step]
async fn visit(crowd: &Crowd, n: usize) -> Result<usize> {
    crowd.enter();
    // The later, the sooner done: results have to be put in order.
    tokio::time::sleep(Duration::from_secs(100 - n as u64)).await;
    crowd.leave();
    Ok(n)
}

workflow! {
    async fn visit_all(crowd: &Crowd, count: usize, limit: usize) -> Result<Vec<usize>> {
        let places: Vec<usize> = (0..count).collect();
        parallel!(for place in places { visit(crowd, place).await }, limit = limit)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fan_out_runs_as_many_at_once_as_its_limit_and_keeps_the_order() {
    everywhere(async |place| {
        for (count, limit, most) in [(20, 4, 4), (20, 1, 1), (3, 8, 3), (20, 1000, 20)] {
            let crowd = std::sync::Arc::new(Crowd::default());
            let app = place.builder().register::<VisitAll>(crowd.clone()).build().unwrap();
            let run = app.start::<VisitAll>((count, limit)).await.unwrap();
            assert_eq!(done(&run).await, (0..count).collect::<Vec<_>>());
            assert_eq!(crowd.most.load(Ordering::SeqCst), most);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_fan_out_over_nothing_is_done_at_once_and_a_limit_of_0_is_an_error() {
    everywhere(async |place| {
        let app = place.builder().register::<VisitAll>(Crowd::default()).build().unwrap();
        assert_eq!(done(&app.start::<VisitAll>((0, 3)).await.unwrap()).await, Vec::<usize>::new());
        let run = app.start::<VisitAll>((2, 0)).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["with a limit of 0 no item of this fan-out would ever run"]);
    })
    .await;
}

static BLOCKED: Crowd = Crowd { now: AtomicUsize::new(0), most: AtomicUsize::new(0) };

#[step(blocking)]
fn block(n: u32) -> Result<u32> {
    BLOCKED.enter();
    std::thread::sleep(Duration::from_millis(100));
    BLOCKED.leave();
    Ok(n)
}

workflow! {
    async fn ten_block(_log: &Log) -> Result<u32> {
        let (a, b, c, d, e, f, g, h, i, j) = parallel!(
            block(1), block(2), block(3), block(4), block(5), block(6), block(7), block(8), block(9), block(10),
        )?;
        Ok(a + b + c + d + e + f + g + h + i + j)
    }
}

#[tokio::test]
async fn ten_blocking_steps_run_at_the_same_time() {
    let [place, _] = super::common::Place::both();
    let run = place.app::<TenBlock>(&Log::default()).start::<TenBlock>(()).await.unwrap();
    assert_eq!(done(&run).await, 55);
    assert_eq!(BLOCKED.most.load(Ordering::SeqCst), 10);
}

workflow! {
    async fn many(log: &Log, count: u32) -> Result<u64> {
        let list: Vec<u32> = (0..count).map(|n| n + 100).collect();
        let doubled = parallel!(for n in list { double(log, n).await }, limit = 64)?;
        Ok(doubled.iter().map(|n| u64::from(*n)).sum())
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_items_are_no_trouble() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Many>(&log).start::<Many>(10_000).await.unwrap();
        assert_eq!(done(&run).await, (0..10_000_u64).map(|n| 2 * (n + 100)).sum::<u64>());
        assert_eq!(log.take().len(), 10_000);
    })
    .await;
}

#[step]
async fn fetch(log: &Log, n: u32) -> Result<u32> {
    log.note(format!("fetch {n}"));
    if n == 3 && !log.has("second life") {
        std::future::pending::<()>().await;
    }
    Ok(n)
}

workflow! {
    async fn fetch_all(log: &Log) -> Result<Vec<u32>> {
        parallel!(for n in [1, 2, 3, 4, 5] {
            let fetched = fetch(log, n).await?;
            if n == 4 {
                let sure = pause(check("four")).await;
                return Ok(if sure { 40 } else { 0 });
            }
            Ok(fetched * 10)
        }, limit = 2)
    }
}

#[test]
fn an_item_that_is_done_is_not_run_again_after_a_restart() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<FetchAll>(&log).start::<FetchAll>(()).await.unwrap();
            until(|| log.has("fetch 4")).await;
            while run.pauses().await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            run.id().to_owned()
        });
        // Item 3 hangs, item 4 waits for somebody; there is no place left for item 5.
        assert_eq!(log.take(), ["fetch 1", "fetch 2", "fetch 3", "fetch 4"]);
        log.note("second life");
        process(async {
            let run = opened::<FetchAll>(place, &log, &id).await;
            let pause = asked(&run).await;
            assert_eq!((pause.id(), pause.path()), ("check-1", "parallel.3"));
            run.answer::<Check>(true).await.unwrap();
            assert_eq!(done(&run).await, [10, 20, 30, 40, 50]);
        });
        assert_eq!(log.take(), ["second life", "fetch 3", "fetch 5"]);
    });
}

workflow! {
    async fn forks_in_forks(log: &Log) -> Result<String> {
        let (lists, settled) = parallel!(
            async {
                parallel!(for n in [1, 2] {
                    let (a, b) = parallel!(double(log, n), double(log, n + 10))?;
                    Ok((a, b))
                })
            },
            async {
                let both = settle!(
                    async {
                        race!(double(log, 100), async {
                            sleep(HOUR).await;
                            Ok(0)
                        })
                    },
                    async {
                        let sure = pause(check("deep")).await;
                        if sure { Ok(1) } else { Err("not sure".to_owned()) }
                    },
                );
                Ok(both)
            },
        )?;
        Ok(format!("{lists:?} {settled:?}"))
    }
}

#[tokio::test(start_paused = true)]
async fn forks_of_all_kinds_nest() {
    everywhere(async |place| {
        let log = Log::default();
        let id = {
            let run = place.app::<ForksInForks>(&log).start::<ForksInForks>(()).await.unwrap();
            let pauses = open(&run).await;
            assert_eq!(ids(&pauses), ["check-1"]);
            assert_eq!(pauses[0].path(), "parallel.1/settle.1");
            run.id().to_owned()
        };
        assert_eq!(log.take().len(), 5);
        let run = opened::<ForksInForks>(place, &log, &id).await;
        run.answer::<Check>(false).await.unwrap();
        assert_eq!(done(&run).await, r#"[(2, 22), (4, 24)] (Ok(200), Err("not sure"))"#);
        assert!(log.take().is_empty(), "all of it was done before");
    })
    .await;
}
