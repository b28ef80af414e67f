// A socket is not serializable, and it is needed after the next step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let conn = open("127.0.0.1:1").await?;
        let notes = research(&topic).await?;
        println!("{:?}", conn.peer_addr());
        write(notes, 800).await
    }
}

fn main() {}
