// The runtime goes by another name.
#![deny(warnings)]

use flow_runtime as f;

#[f::step(crate = f)]
async fn count(text: &str) -> Result<usize, String> {
    Ok(text.len())
}

/// Go on?
#[f::pause(crate = f)]
fn confirm(count: usize) -> bool;

f::workflow! {
    #![crate = f]
    pub async fn counted(text: String) -> Result<usize, String> {
        let count = count(&text).await?;
        if f::pause(confirm(count)).await { Ok(count) } else { Err(text) }
    }
}

#[f::workflow_fn(crate = f)]
async fn counted_again(text: String) -> Result<usize, String> {
    let (first, second) = f::parallel!(count(&text), count(&text))?;
    Ok(first + second)
}

fn main() {
    let _ = <Counted as f::Workflow>::NAME;
    let _ = <CountedAgain as f::Workflow>::NAME;
}
