//! A workflow with two contexts.

use flow_runtime::prelude::*;

#[step]
async fn look(cx: &Context) -> Result<String, String> {
    Ok(cx.run_id())
}

workflow! {
    async fn looks(_cx: &Context, session: &Context<u32>) -> Result<String, String> {
        look(cx).await
    }
}

fn main() {}
