// The input is a `Topic`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

async fn start(app: App) {
    let _ = app.start::<Article>("rust").await;
}

fn main() {
    let _ = start;
}
