//! What a step costs in memory: a workflow against the same code as a plain async fn and as boxed dyn futures.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{future::Future, hint::black_box, pin::Pin};

use flow_benches::{Table, criterion, judged, side_by_side};
use flow_runtime::prelude::*;
use futures::executor::block_on;

/// Nanoseconds a step may cost more than in a plain async fn.
const AIM: f64 = 100.0;

#[step]
async fn add(to: u64, more: u64) -> Result<u64, String> {
    Ok(black_box(to.wrapping_add(more)))
}

async fn plain_add(to: u64, more: u64) -> Result<u64, String> {
    Ok(black_box(to.wrapping_add(more)))
}

fn boxed_add(to: u64, more: u64) -> Pin<Box<dyn Future<Output = Result<u64, String>> + Send>> {
    Box::pin(plain_add(to, more))
}

/// One step after the other, three times the same.
macro_rules! chain {
    ($workflow:ident $plain:ident $boxed:ident: $($more:literal)*) => {
        workflow! {
            async fn $workflow(start: u64) -> Result<u64, String> {
                let total = start;
                $(let total = add(total, $more).await?;)*
                Ok(total)
            }
        }
        async fn $plain(start: u64) -> Result<u64, String> {
            let total = start;
            $(let total = plain_add(total, $more).await?;)*
            Ok(total)
        }
        async fn $boxed(start: u64) -> Result<u64, String> {
            let total = start;
            $(let total = boxed_add(total, $more).await?;)*
            Ok(total)
        }
    };
}

chain!(ten plain_ten boxed_ten: 0 1 2 3 4 5 6 7 8 9);
chain!(hundred plain_hundred boxed_hundred:
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9);

workflow! {
    async fn rounds(count: u64) -> Result<u64, String> {
        let mut total = 0;
        for round in 0..count {
            total = add(total, round).await?;
        }
        Ok(total)
    }
}

async fn plain_rounds(count: u64) -> Result<u64, String> {
    let mut total = 0;
    for round in 0..count {
        total = plain_add(total, round).await?;
    }
    Ok(total)
}

async fn boxed_rounds(count: u64) -> Result<u64, String> {
    let mut total = 0;
    for round in 0..count {
        total = boxed_add(total, round).await?;
    }
    Ok(total)
}

fn main() {
    let mut criterion = criterion();
    let mut table = Table::new(
        "a step in memory, in ns",
        &["steps", "plain async fn", "boxed futures", "workflow", "more than plain", "aim"],
    );
    let mut compare = |name: &str, steps: u32, workflow: &dyn Fn(), plain: &dyn Fn(), boxed: &dyn Fn()| {
        let [workflow, plain, boxed] =
            side_by_side(&mut criterion, name, [workflow, plain, boxed]).map(|time| time / f64::from(steps));
        table.row([
            name.to_owned(),
            format!("{plain:.1}"),
            format!("{boxed:.1}"),
            format!("{workflow:.1}"),
            judged(workflow - plain, AIM),
            format!("≤ {AIM}"),
        ]);
    };
    macro_rules! compare {
        ($name:literal, $steps:literal, $workflow:ident $plain:ident $boxed:ident, $input:literal) => {
            compare(
                $name,
                $steps,
                &|| _ = black_box(block_on($workflow::run(&(), black_box($input))).unwrap()),
                &|| _ = black_box(block_on($plain(black_box($input))).unwrap()),
                &|| _ = black_box(block_on($boxed(black_box($input))).unwrap()),
            )
        };
    }
    compare!("chain of 10", 10, Ten plain_ten boxed_ten, 1);
    compare!("chain of 100", 100, Hundred plain_hundred boxed_hundred, 1);
    compare!("loop of 10", 10, Rounds plain_rounds boxed_rounds, 10);
    compare!("loop of 100", 100, Rounds plain_rounds boxed_rounds, 100);
    compare!("loop of 1000", 1000, Rounds plain_rounds boxed_rounds, 1000);
    table.print();
}
