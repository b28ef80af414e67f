use flow_runtime::prelude::*;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum Route {
    Legal,
    Press,
}

workflow! {
    async fn send() -> Result<bool, String> {
        let route = pause(choose("Where to?", [Route::Legal, Route::Press])).await;
        Ok(matches!(route, Route::Legal))
    }
}

fn main() {}
