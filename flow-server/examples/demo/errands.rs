//! A letter that is written until somebody likes it, and files that are read side by side.

use std::time::Duration;

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Result;

/// What to write about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Order {
    /// What the letter is about.
    #[schemars(length(min = 3))]
    topic: String,
    /// Who gets it.
    #[schemars(extend("examples" = ["Ms Green"]))]
    to: String,
    /// How many words it may have.
    #[serde(default = "words")]
    #[schemars(range(min = 20, max = 500))]
    words: u32,
}

fn words() -> u32 {
    120
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Letter {
    /// What is written above it.
    subject: String,
    /// What is written in it.
    text: String,
}

/// Looks for what is known.
#[step]
async fn look_up(topic: &str) -> Result<Vec<String>> {
    Ok(["is old", "is new", "is known to few"].map(|what| format!("{topic} {what}")).to_vec())
}

/// Writes it down.
#[step]
async fn compose(order: &Order, facts: &[String]) -> Result<Letter> {
    let text = format!("Dear {},\n\n{}.\n\nYours", order.to, facts.join(". "));
    Ok(Letter { subject: format!("About {}", order.topic), text })
}

/// Writes it anew, with what was said of it.
#[step]
async fn revise(letter: &Letter, feedback: &str) -> Result<Letter> {
    Ok(Letter { subject: letter.subject.clone(), text: format!("{}\n\nPS: {feedback}", letter.text) })
}

/// Sends it.
#[step]
async fn post(letter: &Letter) -> Result<String> {
    Ok(format!("“{}” is on its way", letter.subject))
}

workflow! {
    /// Writes a letter, and writes it anew until somebody accepts it.
    pub(crate) async fn write_letter(order: Order) -> Result<String> {
        let facts = look_up(&order.topic).await?;
        let mut letter = compose(&order, &facts).await?;
        #[max(5)]
        loop {
            match pause(review(&letter).question("Is this letter good?")).await {
                Review::Accept => return post(&letter).await,
                Review::Edit(edited) => letter = edited,
                Review::Reject { feedback } => letter = revise(&letter, &feedback).await?,
            }
        }
    }
}

/// Finds what there is to read.
#[step]
async fn find(pages: u8) -> Result<Vec<u32>> {
    Ok((1..=pages).map(u32::from).collect())
}

/// Reads a page. Every tenth is there only when it is asked for again.
#[step(retries = 3, backoff = "200ms..1s")]
async fn read(cx: &Context, page: u32, ms: u64) -> Result<u32> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    if page % 10 == 7 && cx.attempt() == 1 { Err(format!("page {page} is gone")) } else { Ok(page * 10) }
}

/// Adds up what was read.
#[step]
async fn add_up(words: &[u32]) -> Result<u32> {
    Ok(words.iter().sum())
}

workflow! {
    /// Reads pages, four at a time, each for so many milliseconds, and counts their words.
    pub(crate) async fn crawl(cx: &Context, pages: u8, ms: u64) -> Result<u32> {
        let found = find(pages).await?;
        let words = parallel!(for page in found { read(cx, page, ms).await }, limit = 4)?;
        add_up(&words).await
    }
}
