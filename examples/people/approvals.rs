//! Several people have to agree, and none of them may be the one who asks.

use flow_runtime::prelude::*;

use crate::desk::{Desk, Error, Result, pay};

workflow! {
    /// Pays a bill when two people of `finance` have agreed: two different ones, and not the one who has started the run. The
    /// first no ends it.
    pub(crate) async fn two_approvals(desk: &Desk, cx: &Context, to: String, euros: u32) -> Result<Vec<String>> {
        let mut agreed: Vec<String> = Vec::new();
        #[max(2)]
        while agreed.len() < 2 {
            let question = format!("Pay {euros} euros to {to}? This is approval {} of 2.", agreed.len() + 1);
            let given = pause(confirm(question).to_role("finance").except(cx.user_id()).except(agreed.clone())).answered().await;
            if !given.answer.is_yes() {
                return Err(Error::rejected(given));
            }
            agreed.extend(given.by);
        }
        pay(desk, &to, euros).await?;
        Ok(agreed)
    }
}
