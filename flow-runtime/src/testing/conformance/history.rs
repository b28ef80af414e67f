//! The history of a run: what it lists, and the frames as they were at any time.

use crate::store::{CheckpointRecord, FrameRecord, PauseRecord};

use super::*;

/// Every frame with its bindings by name, so that stores can be compared.
fn sorted(mut frames: Vec<FrameRecord>) -> Vec<FrameRecord> {
    frames.sort_by(|a, b| a.path.cmp(&b.path));
    frames.iter_mut().for_each(|frame| frame.bindings.sort_by(|a, b| a.name.cmp(&b.name)));
    frames
}

async fn at(store: &dyn Store, run: &str, seq: u64) -> Vec<FrameRecord> {
    sorted(store.frames_at(run, seq).await.unwrap().unwrap())
}

fn record(seq: u64, path: &str, at: &str) -> CheckpointRecord {
    CheckpointRecord { seq, path: path.to_owned(), at: at.to_owned(), time: 0 }
}

/// The history without its times.
async fn history(store: &dyn Store, run: &str) -> Vec<CheckpointRecord> {
    let history = store.history(run).await.unwrap();
    assert!(history.iter().all(|checkpoint| checkpoint.time > 0));
    assert!(history.is_sorted_by_key(|checkpoint| checkpoint.time));
    history.into_iter().map(|checkpoint| CheckpointRecord { time: 0, ..checkpoint }).collect()
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn checkpoint(&mut self, number: u64) -> Checkpoint {
        const PATHS: [&str; 8] = ["", "p.0", "p.1", "p.10", "p.1/q.0", "p.1/q.1", "q.0", "child()"];
        const NAMES: [&str; 5] = ["a", "b", "c#2", "=result", "größe"];
        const VALUES: [&str; 6] = ["1", "null", "\"a\\\"b\\u0000\"", "[1, 2]", "{\"a\":{}}", "1.50e3"];
        let path = self.pick(&PATHS);
        let mut made = match self.one_in(5) {
            true => asks(path, "approve", number),
            false => step(path, self.pick(&["write", "review", "publish"]), &[]),
        };
        made.bindings = (0..self.below(4)).map(|_| binding(self.pick(&NAMES), self.pick(&VALUES))).collect();
        made.mark = self.one_in(4);
        made.wake = self.one_in(4).then(|| self.below(1_000) as i64);
        made.trying = self.one_in(4).then(|| r#"{"attempt":1}"#.to_owned());
        made.forget = self.one_in(5).then(|| self.pick(&["p.", "p.1/", "q.", "p.1", "", "x"]).to_owned());
        let keeps: [&'static [&'static str]; 3] = [&[], &["a", "größe"], &["b", "c#2", "=result"]];
        made.keep = self.one_in(5).then(|| self.pick(&keeps));
        made
    }
}

pub(super) async fn checkpoints_are_numbered_without_gaps(place: &dyn Place) {
    let (store, other) = (place.open().await, place.open().await);
    let fence = create(&*store, &new_run("r")).await.unwrap();
    assert_eq!(store.history("r").await.unwrap(), []);
    store.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    fenced(store.checkpoint("r", fence + 1, &step("", "refused", &[])).await);
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap();
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap_err();
    store.checkpoint("r", fence, &Checkpoint { mark: true, ..step("", "x", &[]) }).await.unwrap();
    store.release("r", fence).await.unwrap();
    let Claim::Claimed(fence) = other.claim("r").await.unwrap() else { panic!("it was released") };
    other.checkpoint("r", fence, &forgets("", "x", "p.")).await.unwrap();
    let expected = [record(1, "", "x"), record(2, "p.0", "approve"), record(3, "", "x")];
    assert_eq!(history(&*store, "r").await, expected);
    assert_eq!(history(&*place.open().await, "r").await, expected);
}

pub(super) async fn a_history_outlives_its_run(place: &dyn Place) {
    let store = place.open().await;
    for finish in [Finish::Completed("1".to_owned()), Finish::Failed("{}".to_owned()), Finish::Cancelled] {
        let run = format!("{finish:?}");
        let fence = create(&*store, &new_run(&run)).await.unwrap();
        store.checkpoint(&run, fence, &step("", "x", &[("a", "1")])).await.unwrap();
        let before = at(&*store, &run, 1).await;
        store.finish(&run, fence, &finish, &Effects::default()).await.unwrap();
        assert_eq!(history(&*store, &run).await, [record(1, "", "x")]);
        assert_eq!(at(&*store, &run, 1).await, before);
        assert_eq!(before[0].bindings, [binding("a", "1")]);
    }
}

pub(super) async fn what_is_not_kept_is_not_told(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    assert_eq!(store.frames_at("r", 0).await.unwrap(), Some(vec![]));
    assert_eq!(store.frames_at("r", 1).await.unwrap(), None);
    store.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    assert_eq!(store.frames_at("r", 0).await.unwrap(), Some(vec![]));
    assert_eq!(at(&*store, "r", 1).await[0].at, "x");
    for seq in [2, 1 << 40, i64::MAX as u64, u64::MAX] {
        assert_eq!(store.frames_at("r", seq).await.unwrap(), None);
    }
}

pub(super) async fn frames_are_told_as_they_were(place: &dyn Place) {
    for seed in 0..4 {
        let store = place.open().await;
        let run = format!("r{seed}");
        let fence = create(&*store, &new_run(&run)).await.unwrap();
        let mut dice = Dice(seed);
        let mut seen = vec![vec![]];
        // Pause and wake of each frame as of its last move, which is what a mark changes.
        let mut moved: BTreeMap<String, (Option<String>, Option<i64>)> = BTreeMap::new();
        for number in 1..=120 {
            let made = dice.checkpoint(number);
            store.checkpoint(&run, fence, &made).await.unwrap();
            if made.mark {
                continue;
            }
            if let Some(prefix) = &made.forget {
                moved.retain(|path, _| !path.starts_with(prefix.as_str()));
            }
            moved.insert(made.path.to_string(), (made.asked.map(|pause| pause.id), made.wake));
            let mut frames = sorted(store.frames(&run).await.unwrap());
            frames.retain(|frame| frame.moves > 0);
            for frame in &mut frames {
                (frame.pause, frame.wake) = moved[&frame.path].clone();
                frame.trying = None;
            }
            assert_eq!(frames.iter().map(|frame| &frame.path).collect::<Vec<_>>(), moved.keys().collect::<Vec<_>>());
            seen.push(frames);
        }
        for (seq, frames) in (0..).zip(&seen) {
            assert_eq!(&at(&*store, &run, seq).await, frames, "seed {seed}, checkpoint {seq}");
        }
        assert!(seen.iter().any(|frames| frames.len() > 4), "the sequence is worth its while");
        store.finish(&run, fence, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
        place.close(store).await;
        let last = seen.len() as u64 - 1;
        assert_eq!(Some(&at(&*place.open().await, &run, last).await), seen.last());
        assert_eq!(place.open().await.frames_at(&run, last + 1).await.unwrap(), None);
    }
}

pub(super) async fn what_was_marked_is_not_told(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let tries =
        |path| Checkpoint { mark: true, trying: Some("{}".to_owned()), wake: Some(7), ..step(path, "=start", &[]) };
    store.checkpoint("r", fence, &tries("p.0")).await.unwrap();
    let sleeps = Checkpoint { wake: Some(5), trying: Some("1".to_owned()), ..step("", "sleep", &[]) };
    store.checkpoint("r", fence, &sleeps).await.unwrap();
    store.checkpoint("r", fence, &tries("")).await.unwrap();
    store.checkpoint("r", fence, &step("p.1", "x", &[])).await.unwrap();
    let frames = at(&*store, "r", 2).await;
    assert_eq!(frames.iter().map(|frame| frame.path.as_str()).collect::<Vec<_>>(), ["", "p.1"]);
    assert_eq!((frames[0].wake, &frames[0].trying, frames[0].moves), (Some(5), &None, 1));
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().wake, Some(7));
}

pub(super) async fn values_come_back_as_they_were_written(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let values = [
        ("z", "12345678901234567890123456789.10"),
        ("a", r#"{"z":1, "a": [ ] }"#),
        ("t", r#""é \u0000 \ud83d\ude00""#),
        ("odd \"\\name", "true"),
    ];
    store.checkpoint("r", fence, &step("", "x", &values)).await.unwrap();
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    store.checkpoint("r", fence, &step("", "x", &[("large", &large)])).await.unwrap();
    assert_eq!(at(&*store, "r", 2).await, sorted(store.frames("r").await.unwrap()));
    let nested = format!("{}1{}", "[".repeat(3_000), "]".repeat(3_000));
    store.checkpoint("r", fence, &step("", "x", &[("deep", &nested)])).await.unwrap();
    assert_eq!(at(&*store, "r", 3).await, sorted(store.frames("r").await.unwrap()));
}

fn stands() -> (Vec<FrameRecord>, Vec<PauseRecord>) {
    let pauses = [asks("p.1", "approve", 4), asks("child()", "approve", 7)]
        .map(|asks| PauseRecord::from(NewPause { asked_before: 3, ..asks.asked.unwrap() }));
    let frames = vec![
        FrameRecord {
            at: "fork".to_owned(),
            moves: 12,
            bindings: vec![binding("a", "1"), binding("b", "[2]")],
            ..FrameRecord::default()
        },
        FrameRecord {
            path: "p.0".to_owned(),
            at: "=start".to_owned(),
            wake: Some(400),
            trying: Some("{}".to_owned()),
            ..FrameRecord::default()
        },
        FrameRecord {
            path: "p.1".to_owned(),
            at: "approve".to_owned(),
            pause: Some("approve-4".to_owned()),
            moves: 1,
            ..FrameRecord::default()
        },
    ];
    (frames, pauses.to_vec())
}

pub(super) async fn a_run_can_begin_where_another_stood(place: &dyn Place) {
    let store = place.open().await;
    let (frames, pauses) = stands();
    let run = NewRun { deadline: Some(900), ..new_run("r") };
    let fence = create_from(&*store, &run, &frames, &pauses).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.run, found.status, found.wake), (run.clone(), RunStatus::Running, Some(400)));
    assert_eq!(sorted(store.frames("r").await.unwrap()), frames);
    let asked = store.pauses("r").await.unwrap();
    assert_eq!(asked, pauses);

    assert_eq!(place.open().await.claim("r").await.unwrap(), Claim::Busy);
    let again = create_from(&*store, &run, &[], &[]).await.unwrap_err();
    assert!(matches!(&again, StoreError::AlreadyExists { run } if run == "r"), "{again}");
    assert_eq!(sorted(store.frames("r").await.unwrap()), frames);

    assert!(store.park("r", fence, &[]).await.unwrap());
    assert_eq!(store.answer("r", "approve-4", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(store.answer("r", "approve-7", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::NotWaiting);
}

pub(super) async fn a_run_that_begins_somewhere_has_a_history(place: &dyn Place) {
    let store = place.open().await;
    let (frames, pauses) = stands();
    let fence = create_from(&*store, &new_run("r"), &frames, &pauses).await.unwrap();
    store.checkpoint("r", fence, &step("", "on", &[("b", "3")])).await.unwrap();
    let expected =
        [record(1, "", "fork"), record(2, "p.0", "=start"), record(3, "p.1", "approve"), record(4, "", "on")];
    assert_eq!(history(&*store, "r").await, expected);
    let mut then = frames.clone();
    then[1].trying = None;
    assert_eq!(at(&*store, "r", 3).await, then);
    assert_eq!(at(&*store, "r", 2).await, then[..2]);
    then[0].at = "on".to_owned();
    then[0].moves = 13;
    then[0].bindings[1].value = "3".to_owned();
    assert_eq!(at(&*store, "r", 4).await, then);
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().moves, 13);
}

pub(super) async fn a_run_without_frames_begins_at_the_start(place: &dyn Place) {
    let store = place.open().await;
    let fence = create_from(&*store, &new_run("r"), &[], &[]).await.unwrap();
    assert_eq!((store.frames("r").await.unwrap(), store.history("r").await.unwrap()), (vec![], vec![]));
    assert_eq!(store.find("r").await.unwrap().unwrap().wake, None);
    store.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
}

pub(super) async fn a_group_numbers_each_run_on_its_own(place: &dyn Place) {
    let store = place.open().await;
    let writers = (0..16).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let run = format!("r{n}");
            let fence = create(&*store, &new_run(&run)).await.unwrap();
            for _ in 0..n + 1 {
                // Two frames of one run at once.
                let (left, right) = (step("p.0", "x", &[]), step("p.1", "y", &[]));
                let both = futures::join!(store.checkpoint(&run, fence, &left), store.checkpoint(&run, fence, &right));
                both.0.and(both.1).unwrap();
            }
            let history = store.history(&run).await.unwrap();
            assert!(history.iter().map(|checkpoint| checkpoint.seq).eq(1..=2 * (n + 1)));
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

pub(super) async fn unknown_runs_have_no_history(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.history("nobody").await);
    unknown(store.frames_at("nobody", 0).await);
    unknown(store.frames_at("nobody", 1).await);
}
