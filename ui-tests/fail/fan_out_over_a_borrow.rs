// What a fan-out visits is saved.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let topics = vec![topic.clone(), topic];
        let all = parallel!(for topic in &topics { research(topic).await })?;
        println!("{}", all.len());
        todo!()
    }
}

fn main() {}
