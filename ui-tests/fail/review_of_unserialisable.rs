use flow_runtime::prelude::*;

#[derive(Clone)]
struct Draft {
    text: String,
}

#[step]
async fn write() -> Result<String, String> {
    Ok("text".to_owned())
}

workflow! {
    async fn article() -> Result<String, String> {
        let text = write().await?;
        match pause(review(&Draft { text: text.clone() })).await {
            Review::Accept => Ok(text),
            Review::Edit(better) => Ok(better.text),
            Review::Reject { feedback } => Err(feedback),
        }
    }
}

fn main() {}
