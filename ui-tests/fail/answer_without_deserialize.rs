// The answer does not derive `Deserialize`.
mod prelude;
use prelude::*;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Choice {
    pub number: usize,
}

#[pause]
pub fn choose(draft: &Draft) -> Choice;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        let choice = pause(choose(&draft)).await;
        println!("{}", choice.number);
        Err(Error)
    }
}

fn main() {}
