// The pause's type and the answer's would have one name.
mod prelude;
use prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
enum Review {
    Accept,
    Reject,
}

#[pause]
fn review(draft: &Draft) -> Review;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        match pause(review(&draft)).await {
            Review::Accept => publish(draft).await,
            Review::Reject => panic!("no"),
        }
    }
}

fn main() {}
