//! A step has failed: somebody says whether to try again, what to use in place of its result, or that the run fails.

use flow_runtime::prelude::*;

use crate::desk::{Desk, Result, register, write};

workflow! {
    /// Registers a letter. An address the post office does not take becomes a question.
    pub(crate) async fn ask_on_error(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        #[on_error(pause)]
        let receipt = register(desk, &to).await?;
        Ok(format!("{letter} {receipt}"))
    }
}
