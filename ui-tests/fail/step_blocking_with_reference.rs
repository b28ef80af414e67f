// Code that blocks runs on a thread of its own.
mod prelude;
use prelude::*;

#[step(blocking)]
fn research_more(topic: &Topic, words: Option<&str>) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone(), words.unwrap_or_default().to_owned()] })
}

fn main() {}
