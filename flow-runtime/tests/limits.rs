//! Limits of runs and of steps, and who goes first.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use flow_runtime::{
    BuildError, Memory, RunError,
    prelude::*,
    store::{RunFilter, RunStatus},
};

type Result<T> = std::result::Result<T, String>;

/// Counts who is inside.
#[derive(Default)]
struct Room {
    inside: AtomicUsize,
    most: AtomicUsize,
    order: Mutex<Vec<String>>,
}

struct Inside<'r>(&'r Room);

impl Room {
    fn enter(&self, name: &str) -> Inside<'_> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        self.order.lock().unwrap().push(name.to_owned());
        Inside(self)
    }

    fn most(&self) -> usize {
        self.most.swap(0, Ordering::SeqCst)
    }

    fn order(&self) -> Vec<String> {
        std::mem::take(&mut self.order.lock().unwrap())
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

#[step]
async fn work(room: &Room, name: &str) -> Result<String> {
    let _inside = room.enter(name);
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(format!("{name}!"))
}

#[step(retries = 1, backoff = "1h")]
async fn fails_first(room: &Room, name: &str) -> Result<String> {
    let _inside = room.enter(name);
    match flow_runtime::attempt() {
        1 => Err("not yet".to_owned()),
        _ => Ok(name.to_owned()),
    }
}

#[step(undo = give_back)]
async fn take(room: &Room, name: &str) -> Result<String> {
    room.order.lock().unwrap().push(format!("take {name}"));
    Ok(name.to_owned())
}

#[step]
async fn give_back(room: &Room, _name: &str, taken: String) -> Result<()> {
    room.order.lock().unwrap().push(format!("give back {taken}"));
    Ok(())
}

#[pause]
fn agree(name: &str) -> bool;

workflow! {
    async fn job(room: &Room, name: String) -> Result<String> {
        let one = work(room, &name).await?;
        Ok(one)
    }
}

workflow! {
    async fn asks(room: &Room, name: String) -> Result<bool> {
        let before = work(room, &name).await?;
        let agreed = pause(agree(&before)).await;
        let after = work(room, &before).await?;
        Ok(agreed && !after.is_empty())
    }
}

workflow! {
    async fn many(room: &Room, names: Vec<String>) -> Result<Vec<String>> {
        let (a, b) = parallel!(job(room, "left".to_owned()), async { work(room, "right").await })?;
        let mut all = parallel!(for name in names { job(room, name).await })?;
        all.extend([a, b]);
        Ok(all)
    }
}

workflow! {
    async fn again(room: &Room, name: String) -> Result<String> {
        let done = fails_first(room, &name).await?;
        Ok(done)
    }
}

workflow! {
    async fn takes(room: &Room, name: String) -> Result<String> {
        let taken = take(room, &name).await?;
        let done = work(room, &taken).await?;
        Ok(done)
    }
}

fn builder(room: &Arc<Room>) -> flow_runtime::AppBuilder {
    App::builder()
        .register::<Job>(room.clone())
        .register::<Asks>(room.clone())
        .register::<Many>(room.clone())
        .register::<Again>(room.clone())
        .register::<Takes>(room.clone())
}

async fn done<W: Workflow<Output: std::fmt::Debug>>(run: &Run<W>) {
    let outcome = run.wait().await.unwrap();
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

#[test]
fn a_limit_of_nothing_is_an_error() {
    let room = Arc::new(Room::default());
    let why = |builder: flow_runtime::AppBuilder| builder.build().map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        why(builder(&room).limit_workflow("jop", 1)),
        "there is no workflow `jop` to limit: did you mean `job`?"
    );
    assert_eq!(why(builder(&room).limit_step("wrok", 1)), "there is no step `wrok` to limit: did you mean `work`?");
    assert_eq!(why(builder(&room).limit_step("something", 1)), "there is no step `something` to limit");
    let zero = builder(&room).limit_step("work", 0).build().map(|_| ()).unwrap_err();
    assert!(matches!(&zero, BuildError::LimitOfZero { name, .. } if name == "work"), "{zero}");
}

#[tokio::test(start_paused = true)]
async fn so_many_runs_are_driven_at_once_the_most_important_first() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_workflow("job", 2).build().unwrap();
    let mut runs = Vec::new();
    for (name, priority) in [("a", 0), ("b", 0), ("c", 0), ("d", 7), ("e", 0), ("f", -1), ("g", 7)] {
        runs.push(app.start::<Job>(name.to_owned()).priority(priority).await.unwrap());
    }
    let running = app.runs(&RunFilter::new().status(RunStatus::Running)).await.unwrap();
    assert_eq!(running.len(), 7, "those that wait are running in the store");
    futures::future::join_all(runs.iter().map(done)).await;
    assert_eq!(room.most(), 2);
    assert_eq!(room.order(), ["a", "b", "d", "g", "c", "e", "f"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_pauses_makes_room_and_queues_again() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_workflow("asks", 1).build().unwrap();
    let (one, two) =
        (app.start::<Asks>("a".to_owned()).await.unwrap(), app.start::<Asks>("b".to_owned()).await.unwrap());
    assert!(matches!(one.wait().await.unwrap(), Outcome::Paused(_)));
    assert!(matches!(two.wait().await.unwrap(), Outcome::Paused(_)));
    one.answer::<Agree>(true).await.unwrap();
    two.answer::<Agree>(true).await.unwrap();
    done(&one).await;
    done(&two).await;
    assert_eq!((room.most(), room.order()), (1, ["a", "b", "a!", "b!"].map(str::to_owned).to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_or_late_leaves_the_queue() {
    let room = Arc::new(Room::default());
    let store = Memory::new();
    let app = builder(&room).store(store.reopen()).limit_workflow("job", 1).build().unwrap();
    let elsewhere = builder(&room).store(store.reopen()).build().unwrap();
    let first = app.start::<Job>("first".to_owned()).await.unwrap();
    let here = app.start::<Job>("here".to_owned()).await.unwrap();
    let there = app.start::<Job>("there".to_owned()).await.unwrap();
    let late = app.start::<Job>("late".to_owned()).deadline(Duration::from_millis(300)).await.unwrap();
    let last = app.start::<Job>("last".to_owned()).await.unwrap();
    here.cancel().await.unwrap();
    elsewhere.run::<Job>(there.id()).await.unwrap().cancel().await.unwrap();
    let began = tokio::time::Instant::now();
    assert!(matches!(here.wait().await.unwrap_err(), RunError::Cancelled { .. }));
    assert!(matches!(there.wait().await.unwrap_err(), RunError::Cancelled { .. }));
    let failed = late.wait().await.unwrap_err();
    assert_eq!(failed.to_string(), "the run failed: the run was not done by its deadline");
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "none of them had to wait for the first: {:?}",
        began.elapsed()
    );
    done(&first).await;
    done(&last).await;
    assert_eq!(room.order(), ["first", "last"]);
}

#[tokio::test(start_paused = true)]
async fn children_and_branches_do_not_wait_for_their_own_run() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_workflow("many", 1).limit_workflow("job", 1).limit_step("work", 1).build().unwrap();
    let names: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
    let (one, two) = (app.start::<Many>(names.clone()).await.unwrap(), app.start::<Many>(names).await.unwrap());
    done(&one).await;
    done(&two).await;
    assert_eq!((room.most(), room.order().len()), (1, 44));
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_of_a_step_are_at_work_at_once() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_step("work", 3).build().unwrap();
    let names = (0..10).map(|n| format!("n{n}")).collect();
    let many = app.start::<Many>(names).await.unwrap();
    let jobs: Vec<Run<Job>> = futures::future::join_all((0..10).map(|n| {
        let priority = if n == 9 { 1 } else { 0 };
        app.start::<Job>(format!("job {n}")).priority(priority).into_future()
    }))
    .await
    .into_iter()
    .map(std::result::Result::unwrap)
    .collect();
    futures::future::join(done(&many), futures::future::join_all(jobs.iter().map(done))).await;
    assert_eq!(room.most(), 3);
    let order = room.order();
    assert_eq!(order.len(), 22);
    let place = |name: &str| order.iter().position(|entered| entered == name).unwrap();
    assert!(place("job 9") < place("job 4"), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_its_next_attempt_makes_room() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_step("fails_first", 1).build().unwrap();
    let began = tokio::time::Instant::now();
    let (one, two) =
        (app.start::<Again>("a".to_owned()).await.unwrap(), app.start::<Again>("b".to_owned()).await.unwrap());
    done(&one).await;
    done(&two).await;
    let order = room.order();
    assert_eq!(order[..2], ["a", "b"], "the second did not wait for the first's next attempt");
    assert_eq!(order.len(), 4);
    assert!(began.elapsed() < Duration::from_secs(7000), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_undone_waits_for_nobody() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_workflow("takes", 1).build().unwrap();
    let store = app.clone();
    let first = app.start::<Takes>("a".to_owned()).await.unwrap();
    // It has taken, and works.
    while room.inside.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let second = store.start::<Takes>("b".to_owned()).await.unwrap();
    first.cancel().await.unwrap();
    assert!(matches!(first.wait().await.unwrap_err(), RunError::Cancelled { .. }));
    done(&second).await;
    let order = room.order();
    assert!(order.contains(&"give back a".to_owned()), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_may_wait() {
    let room = Arc::new(Room::default());
    let app = builder(&room).limit_workflow("job", 100).build().unwrap();
    let mut runs = Vec::new();
    for n in 0..10_000 {
        runs.push(app.start::<Job>(n.to_string()).await.unwrap());
    }
    let began = tokio::time::Instant::now();
    futures::future::join_all(runs.iter().map(done)).await;
    assert_eq!(room.most(), 100);
    assert!(began.elapsed() < Duration::from_secs(102), "{:?}", began.elapsed());
    let order = room.order();
    let numbers: Vec<u32> = order.iter().map(|name| name.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] + 200 > pair[0]), "roughly as they came");
}
