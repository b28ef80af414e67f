//! Many steps, to see that their drawing can still be used.

use flow_runtime::prelude::*;

use crate::{Result, workflows::ten};

workflow! {
    /// Counts to a hundred, ten at a time.
    async fn hundred(from: u64) -> Result<u64> {
        let n = ten(from).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        let n = ten(n).await?;
        ten(n).await
    }
}

workflow! {
    /// Counts to five hundred, a hundred at a time.
    pub(crate) async fn five_hundred(from: u64) -> Result<u64> {
        let n = hundred(from).await?;
        let n = hundred(n).await?;
        let n = hundred(n).await?;
        let n = hundred(n).await?;
        hundred(n).await
    }
}
