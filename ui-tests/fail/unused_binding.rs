// A warning is shown where it belongs, and only once.
#![deny(warnings)]
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic, words: usize) -> Result<Draft> {
        let notes = research(&topic).await?;
        let verdict = review(&outline_of(&notes)).await?;
        let mut count = notes.items.len();
        let approval = pause(approve(&outline_of(&notes))).await;
        write(notes, 800).await
    }
}

fn outline_of(notes: &Notes) -> Draft {
    Draft { text: notes.items.join(" ") }
}

fn main() {}
