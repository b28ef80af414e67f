//! What a step in a transaction returns is committed with what it writes.

use flow_runtime::prelude::*;

struct Receipt;

#[step(tx)]
async fn book() -> Result<Receipt, String> {
    Ok(Receipt)
}

#[step(tx, once)]
async fn charge() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
