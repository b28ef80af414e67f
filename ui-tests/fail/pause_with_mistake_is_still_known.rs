// The pause is wrong, its uses are not.
mod prelude;
use prelude::*;

#[pause]
async fn check(draft: &Draft) -> Approval;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let approval = pause(check(&draft)).await;
        println!("{}", approval.by);
        publish(draft).await
    }
}

fn main() {}
