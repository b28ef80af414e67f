use flow_runtime::prelude::*;

workflow! {
    async fn send(to: String) -> Result<bool, String> {
        let question = confirm("Sure?");
        Ok(pause(question.to(to)).await.is_yes())
    }
}

fn main() {}
