// The field has a typo, inside a format string's arguments.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        println!("{}", notes.itemz.len());
        write(notes, 800).await
    }
}

fn main() {}
