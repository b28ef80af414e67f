use flow_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Address {
    street: String,
}

workflow! {
    async fn send() -> Result<String, String> {
        let address: Address = pause(ask_valid("Where to?")).await;
        Ok(address.street)
    }
}

fn main() {}
