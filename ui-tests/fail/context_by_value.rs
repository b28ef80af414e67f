//! A context that is taken by value.

use flow_runtime::prelude::*;

#[step]
async fn look(cx: &Context) -> Result<String, String> {
    Ok(cx.run_id())
}

workflow! {
    async fn looks(cx: Context) -> Result<String, String> {
        look(&cx).await
    }
}

fn main() {}
