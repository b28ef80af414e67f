// The workflow cannot stop inside a closure.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let approvals: Vec<Approval> = notes.items.into_iter().map(|text| pause(approve(&Draft { text })).await).collect();
        println!("{approvals:?}");
        Err(Error)
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
