// A workflow, its steps and its types in the body of a function.
#![deny(warnings)]
use flow_runtime::prelude::*;

fn main() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Sum(u32);

    #[step]
    async fn add(a: u32, b: u32) -> Result<Sum, String> {
        Ok(Sum(a + b))
    }

    #[pause]
    fn ask(sum: &Sum) -> u32;

    workflow! {
        async fn summed(a: u32, b: u32) -> Result<u32, String> {
            let sum = add(a, b).await?;
            let more = pause(ask(&sum)).await;
            Ok(sum.0 + more)
        }
    }
    let _ = Summed::input_schema();
    let _ = Ask;
}
