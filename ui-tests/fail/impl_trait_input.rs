// An input has a type with a name.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: impl ToString) -> Result<Draft> {
        println!("{}", topic.to_string());
        Err(Error)
    }
}

fn main() {}
