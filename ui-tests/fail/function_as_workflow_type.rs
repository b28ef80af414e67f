// The workflow is called by the type, not by the name of the function.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

async fn start(app: App) {
    let _ = app.start::<article>(Topic { title: String::new() }).await;
}

fn main() {
    let _ = start;
}
