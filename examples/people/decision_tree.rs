//! A decision tree that mixes them: what is asked depends on what was answered before.

use std::time::Duration;

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Error, Result, pay, register, rewrite, send, write};

const DAY: Duration = Duration::from_secs(86_400);

/// What a customer complains about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Complaint {
    /// Who complains.
    customer: String,
    /// What was paid, in euros.
    paid: u32,
}

/// What is done about a complaint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Remedy {
    /// Nothing, but a letter.
    Explain,
    /// Money is paid back.
    Refund {
        /// How much, in euros.
        euros: u32,
    },
    /// The goods are sent once more.
    Replace,
}

workflow! {
    /// Settles a complaint: somebody picks a remedy; a large refund needs the chief's word within a day; a letter is reviewed.
    pub(crate) async fn settle_a_complaint(desk: &Desk, complaint: Complaint) -> Result<String> {
        let remedy = pause(ask::<Remedy>("What do we do about it?").about(&complaint)).await;
        let done = match remedy {
            Remedy::Explain => {
                let mut letter = write(desk, &complaint.customer).await?;
                #[max(3)]
                loop {
                    match pause(review(&letter)).await {
                        Review::Accept => break,
                        Review::Edit(better) => {
                            letter = better;
                            break;
                        }
                        Review::Reject { feedback } => letter = rewrite(desk, &letter, &feedback).await?,
                    }
                }
                send(desk, &complaint.customer, &letter).await?;
                "explained".to_owned()
            }
            Remedy::Refund { euros } => {
                if euros > complaint.paid {
                    return Err(Error::Rejected { who: "the rule".to_owned(), why: Some("more than was paid".to_owned()) });
                }
                if euros > 100 {
                    let question = format!("Pay {euros} euros back?");
                    let given = pause(confirm(question).to_role("chief").about(&complaint)).timeout(DAY).answered().await?;
                    if !given.answer.is_yes() {
                        return Err(Error::rejected(given));
                    }
                }
                pay(desk, &complaint.customer, euros).await?;
                format!("paid {euros} back")
            }
            Remedy::Replace => {
                #[on_error(pause)]
                let receipt = register(desk, &complaint.customer).await?;
                receipt
            }
        };
        Ok(done)
    }
}
