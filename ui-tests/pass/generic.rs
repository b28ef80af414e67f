// Generic workflows and generic steps.
#![deny(warnings)]
use flow_runtime::prelude::*;

pub trait Model: Send + Sync + 'static {
    fn complete(&self, prompt: &str) -> String;
}

#[step]
async fn complete<M: Model>(model: &M, prompt: impl AsRef<str> + Send + Sync) -> Result<String, String> {
    Ok(model.complete(prompt.as_ref()))
}

#[step]
async fn pick<T: Clone + Send + Sync, const N: usize>(items: &[T]) -> Result<Vec<T>, String> {
    Ok(items.iter().take(N).cloned().collect())
}

workflow! {
    pub async fn summarise<M: Model, const N: usize>(model: &M, texts: Vec<String>) -> Result<Vec<String>, String> {
        let texts = pick::<_, N>(&texts).await?;
        let mut summaries = Vec::new();
        for text in texts {
            let summary = complete(model, text).await?;
            summaries.push(summary);
        }
        Ok(summaries)
    }
}

struct Echo;

impl Model for Echo {
    fn complete(&self, prompt: &str) -> String {
        prompt.to_owned()
    }
}

fn main() {
    let _ = Summarise::<Echo, 3>::run(&Echo, vec![String::new()]);
}
