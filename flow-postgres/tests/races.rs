//! What happens when others write the same run at the same time.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Place, asks, create, quoted, step, until};
use flow_postgres::{
    Postgres,
    tokio_postgres::{self, Client, NoTls},
};
use flow_runtime::{
    Store, StoreError,
    store::{Answer, AnswerReceipt, Checkpoint, NewUndo, RunStatus},
};

fn yes() -> Answer {
    Answer { value: "true".to_owned(), by: None, at: 3_000, comment: None }
}

/// Somebody who has written to a run and not committed yet.
struct Other {
    client: Client,
    prefix: String,
}

impl Other {
    async fn begins(place: &Place, sql: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(&place.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let prefix = format!("{}.", quoted(&place.schema));
        client.batch_execute(&format!("BEGIN; {sql}").replace("flow.", &prefix)).await.unwrap();
        Other { client, prefix }
    }

    /// Commits when somebody waits for a lock on this schema's runs.
    async fn commits_when_waited_for(self) {
        let waits = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, '{}') > 0",
            self.prefix.replace('\'', "''")
        );
        until("a statement that waits", async || {
            self.client.query_one(&waits, &[]).await.unwrap().get::<_, i64>(0) > 0
        })
        .await;
        self.client.batch_execute("COMMIT").await.unwrap();
    }
}

const WRITES: &str = "UPDATE flow.runs SET ops = array_prepend(77::bigint, ops[1:7])";

async fn while_waiting<T: Send + 'static>(
    place: &Place,
    sql: &str,
    store: &Postgres,
    operation: impl AsyncFnOnce(Postgres) -> T,
) -> T {
    let other = Other::begins(place, sql).await;
    let (result, ()) = tokio::join!(operation(store.clone()), other.commits_when_waited_for());
    result
}

#[tokio::test]
async fn an_answer_that_comes_while_a_run_is_about_to_park_is_seen() {
    let place = Place::new().await;
    let store = place.open().await;
    create(&store, "r").await;
    store.checkpoint("r", 1, &asks(1)).await.unwrap();
    let answer = format!("{WRITES}, wake = 1; UPDATE flow.pauses SET answer = 'true', answered_at = 1");
    let parked = while_waiting(&place, &answer, &store, async |store| store.park("r", 1, &[]).await.unwrap()).await;
    assert!(!parked, "an answer was there before");
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
}

#[tokio::test]
async fn what_another_branch_has_just_written_is_forgotten() {
    let place = Place::new().await;
    let store = place.open().await;
    create(&store, "r").await;
    let frame = format!(
        "{WRITES}; INSERT INTO flow.frames VALUES ('r', 'p.1', 'x', NULL, NULL, 1, NULL);
         INSERT INTO flow.bindings VALUES ('r', 'p.1', 'a', '1')"
    );
    let joins = Checkpoint { forget: Some("p.".to_owned()), ..step("joined") };
    while_waiting(&place, &frame, &store, async |store| store.checkpoint("r", 1, &joins).await.unwrap()).await;
    let frames = store.frames("r").await.unwrap();
    assert_eq!(frames.iter().map(|frame| &*frame.path).collect::<Vec<_>>(), [""]);
    assert_eq!(place.sql("SELECT 1 FROM flow.bindings").await.len(), 0);
    assert_eq!(store.history("r").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_checkpoint_that_waits_for_a_cancel_is_refused() {
    let place = Place::new().await;
    let store = place.open().await;
    create(&store, "r").await;
    let cancel = format!("{WRITES}, fence = 2, driver = NULL, status = 'cancelled'");
    let made = Checkpoint { undo: vec![NewUndo::default()], ..step("x") };
    let refused = while_waiting(&place, &cancel, &store, async |store| store.checkpoint("r", 1, &made).await).await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
    assert_eq!(store.history("r").await.unwrap(), []);
    assert_eq!((store.frames("r").await.unwrap(), store.undos("r").await.unwrap()), (vec![], vec![]));
}

#[tokio::test]
async fn undos_of_two_writes_at_once_are_numbered_one_after_the_other() {
    let place = Place::new().await;
    let store = place.open().await;
    create(&store, "r").await;
    let other = format!("{WRITES}; INSERT INTO flow.undos VALUES ('r', 1, 0, '', 'first', '1', NULL, NULL)");
    let mark = Checkpoint { mark: true, undo: vec![NewUndo::default()], ..step("x") };
    while_waiting(&place, &other, &store, async |store| store.checkpoint("r", 1, &mark).await.unwrap()).await;
    let numbers: Vec<(u64, u32)> = store.undos("r").await.unwrap().iter().map(|undo| (undo.seq, undo.n)).collect();
    assert_eq!(numbers, [(1, 0), (1, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_lost_between_parking_and_going_on() {
    let place = Place::new().await;
    let (driver, person) = (place.open().await, place.open().await);
    for n in 0..100 {
        let run = format!("r{n}");
        create(&driver, &run).await;
        driver.checkpoint(&run, 1, &asks(1)).await.unwrap();
        let answers = {
            let (person, run) = (person.clone(), run.clone());
            tokio::spawn(async move { person.answer(&run, "ask-1", &yes(), &[]).await.unwrap() })
        };
        let parked = driver.park(&run, 1, &[]).await.unwrap();
        assert_eq!(answers.await.unwrap(), AnswerReceipt::Accepted);
        let due = person.due(&["w"], 3_000, 1_000).await.unwrap().runs;
        assert_eq!(due.contains(&run), parked, "a run that was parked goes on, one that was not has seen the answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_answers_and_one_is_accepted() {
    let place = Place::new().await;
    let stores = [place.open().await, place.open().await, place.open().await];
    create(&stores[0], "r").await;
    stores[0].checkpoint("r", 1, &asks(1)).await.unwrap();
    let answers = (0..100).map(|n| {
        let store = stores[n % 3].clone();
        let answer = Answer { by: Some(n.to_string()), ..yes() };
        tokio::spawn(async move { (answer.clone(), store.answer("r", "ask-1", &answer, &[]).await.unwrap()) })
    });
    let (mut accepted, mut others) = (Vec::new(), Vec::new());
    for answer in answers.collect::<Vec<_>>() {
        match answer.await.unwrap() {
            (own, AnswerReceipt::Accepted) => accepted.push(own),
            (_, AnswerReceipt::AlreadyAnswered(other)) => others.push(other),
            (_, other) => panic!("{other:?}"),
        }
    }
    assert_eq!((accepted.len(), others.len()), (1, 99));
    assert!(others.iter().all(|other| *other == accepted[0]));
}
