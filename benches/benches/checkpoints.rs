//! What a checkpoint costs on SQLite: runs in an App, against the same rows written with `rusqlite` and nothing else.
#![allow(missing_docs, clippy::unwrap_used)]

use flow_benches::{Bare, Table, criterion, judged, record, side_by_side};
use flow_runtime::{Sqlite, prelude::*, store::Synchronous};

const STEPS: u32 = 100;

#[step]
async fn extend(text: &str, round: u64) -> Result<String, String> {
    Ok(format!("{} {round}", text.get(..40).unwrap_or(text)))
}

workflow! {
    /// Changes one binding per step; the position of the loop is another.
    async fn rounds(count: u64) -> Result<String, String> {
        let mut text = String::new();
        for round in 0..count {
            text = extend(&text, round).await?;
        }
        Ok(text)
    }
}

fn main() {
    let mut criterion = criterion();
    let mut table =
        Table::new("a checkpoint on SQLite, in µs", &["synchronous", "the rows alone", "checkpoint", "ratio", "aim"]);
    let written = record::<Rounds>(u64::from(STEPS));
    // The last is how many times the time of the bare rows a checkpoint may take.
    for (name, synchronous, aim) in [("normal", Synchronous::Normal, 1.3), ("full", Synchronous::Full, 1.1)] {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = Sqlite::options().synchronous(synchronous).open(folder.path().join("flow.db")).unwrap();
        let app = App::builder().store(store).register::<Rounds>(()).build().unwrap();
        let bare = Bare::open(&folder.path().join("bare.db"), synchronous);
        let [flow, bare] = side_by_side(
            &mut criterion,
            &format!("checkpoint, {name}"),
            [
                &|| {
                    runtime.block_on(async {
                        let run = app.start::<Rounds>(u64::from(STEPS)).await.unwrap();
                        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
                    });
                },
                &|| bare.write(&written),
            ],
        )
        .map(|time| time / 1000.0 / f64::from(STEPS));
        table.row([
            name.to_owned(),
            format!("{bare:.1}"),
            format!("{flow:.1}"),
            judged(flow / bare, aim),
            format!("≤ {aim}"),
        ]);
    }
    table.print();
}
