//! A dependency that is called like the context.

use flow_runtime::{step, workflow};

struct Context {
    name: String,
}

#[step]
async fn look(cx: &Context) -> Result<String, String> {
    Ok(cx.name.clone())
}

workflow! {
    async fn looks(cx: &Context) -> Result<String, String> {
        look(cx).await
    }
}

fn main() {}
