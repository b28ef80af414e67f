use flow_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Address {
    street: String,
}

/// Where to?
#[pause(validate)]
fn where_to(parcel: &String) -> Address;

workflow! {
    async fn send(parcel: String) -> Result<String, String> {
        let address = pause(where_to(&parcel)).await;
        Ok(address.street)
    }
}

fn main() {}
