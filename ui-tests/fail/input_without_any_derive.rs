// The input derives nothing.
mod prelude;
use prelude::*;

pub struct Subject {
    pub title: String,
}

workflow! {
    pub async fn article(subject: Subject, words: usize) -> Result<Draft> {
        let topic = Topic { title: subject.title };
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
