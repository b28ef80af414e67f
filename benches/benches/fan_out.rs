//! What an item of a fan-out costs: in memory against the same futures joined by hand, on SQLite against the same rows written
//! with `rusqlite` and nothing else.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use flow_benches::{Bare, Table, criterion, judged, record, side_by_side};
use flow_runtime::{Sqlite, prelude::*, store::Synchronous};
use futures::{
    executor::block_on,
    future::try_join_all,
    stream::{FuturesUnordered, TryStreamExt},
};

/// Nanoseconds an item may cost in memory.
const AIM: f64 = 1_000.0;
/// How many times the time of the bare rows it may take on SQLite.
const AIM_STORED: f64 = 1.5;
const ITEMS: u64 = 1_000;
const STORED_ITEMS: u64 = 10_000;

#[step]
async fn nothing(number: u64) -> Result<u64, String> {
    Ok(black_box(number))
}

async fn plain_nothing(number: u64) -> Result<u64, String> {
    Ok(black_box(number))
}

workflow! {
    async fn all(count: u64) -> Result<u64, String> {
        let numbers = parallel!(for number in 0..count { nothing(number).await })?;
        Ok(numbers.len() as u64)
    }
}

workflow! {
    async fn some(count: u64) -> Result<u64, String> {
        let numbers = parallel!(for number in 0..count { nothing(number).await }, limit = 8)?;
        Ok(numbers.len() as u64)
    }
}

async fn joined(count: u64) -> Result<u64, String> {
    Ok(try_join_all((0..count).map(plain_nothing)).await?.len() as u64)
}

/// In no order.
async fn unordered(count: u64) -> Result<u64, String> {
    let numbers: FuturesUnordered<_> = (0..count).map(plain_nothing).collect();
    Ok(numbers.try_collect::<Vec<_>>().await?.len() as u64)
}

fn main() {
    let mut criterion = criterion();
    let [all, some, joined, unordered] = side_by_side(
        &mut criterion,
        "fan-out of 1,000",
        [
            &|| _ = black_box(block_on(All::run(&(), black_box(ITEMS))).unwrap()),
            &|| _ = black_box(block_on(Some::run(&(), black_box(ITEMS))).unwrap()),
            &|| _ = black_box(block_on(joined(black_box(ITEMS))).unwrap()),
            &|| _ = black_box(block_on(unordered(black_box(ITEMS))).unwrap()),
        ],
    )
    .map(|time| time / ITEMS as f64);
    let mut table = Table::new("an item of a fan-out of 1,000 in memory, in ns", &["", "time", "aim"]);
    table.row(["try_join_all".to_owned(), format!("{joined:.0}")]);
    table.row(["FuturesUnordered".to_owned(), format!("{unordered:.0}")]);
    table.row(["parallel!".to_owned(), judged(all, AIM), format!("≤ {AIM}")]);
    table.row(["parallel!, limit = 8".to_owned(), judged(some, AIM), format!("≤ {AIM}")]);
    table.print();
    stored(&mut criterion.sample_size(10));
}

fn stored(criterion: &mut criterion::Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Sqlite::options().synchronous(Synchronous::Normal).open(folder.path().join("flow.db")).unwrap();
    let app = App::builder().store(store).register::<All>(()).register::<Some>(()).build().unwrap();
    let bare = Bare::open(&folder.path().join("bare.db"), Synchronous::Normal);
    let written = record::<All>(STORED_ITEMS);
    let [all, some, bare] = side_by_side(
        criterion,
        "fan-out of 10,000, SQLite, normal",
        [
            &|| {
                runtime.block_on(async {
                    let run = app.start::<All>(STORED_ITEMS).await.unwrap();
                    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(STORED_ITEMS)));
                });
            },
            &|| {
                runtime.block_on(async {
                    let run = app.start::<Some>(STORED_ITEMS).await.unwrap();
                    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(STORED_ITEMS)));
                });
            },
            &|| bare.write(&written),
        ],
    )
    .map(|time| time / 1000.0 / STORED_ITEMS as f64);
    let mut table = Table::new(
        "an item of a fan-out of 10,000 on SQLite, synchronous = normal, in µs",
        &["", "time", "ratio", "aim"],
    );
    table.row(["the rows alone, a commit each".to_owned(), format!("{bare:.1}")]);
    for (name, time) in [("parallel!", all), ("parallel!, limit = 8", some)] {
        table.row([name.to_owned(), format!("{time:.1}"), judged(time / bare, AIM_STORED), format!("≤ {AIM_STORED}")]);
    }
    table.print();
}
