// The types of bindings that are saved are found by what is done with them later.
#![deny(warnings)]
#[path = "../fail/prelude/mod.rs"]
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let words = topic.title.parse().map_err(|_| Error)?;
        let mut seen = Vec::new();
        let mut best = None;
        let unit = Default::default();
        let notes = research(&topic).await?;
        seen.push(notes.items.len());
        best = best.max(Some(3u8));
        let () = unit;
        let draft = write(notes, words).await?;
        println!("{seen:?} {best:?}");
        Ok(draft)
    }
}

fn main() {}
