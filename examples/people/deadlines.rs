//! Nobody answers: the run ends, goes on without, or goes on as if they had agreed; or somebody else is asked.

use std::time::Duration;

use flow_runtime::prelude::*;

use crate::desk::{Desk, Error, Result, send, write};

const DAY: Duration = Duration::from_secs(86_400);

workflow! {
    /// No answer within two days ends the run.
    pub(crate) async fn no_answer_cancels(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        if pause(confirm("Shall the letter be sent?").about(&letter)).timeout(2 * DAY).await?.is_yes() {
            send(desk, &to, &letter).await?;
        }
        Ok(letter)
    }
}

workflow! {
    /// No answer within two days means no.
    pub(crate) async fn no_answer_skips(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        if pause(confirm("Shall the letter be sent?")).timeout(2 * DAY).await.unwrap_or(Confirmation::No).is_yes() {
            send(desk, &to, &letter).await?;
        }
        Ok(letter)
    }
}

workflow! {
    /// No answer within two days means yes.
    pub(crate) async fn no_answer_approves(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        if pause(confirm("Shall the letter be sent?")).timeout(2 * DAY).await.unwrap_or(Confirmation::Yes).is_yes() {
            send(desk, &to, &letter).await?;
        }
        Ok(letter)
    }
}

workflow! {
    /// The editors are asked, reminded once a day, and after three days the chief is asked.
    pub(crate) async fn no_answer_asks_somebody_else(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        let in_time = pause(confirm("Shall the letter be sent?").about(&letter).to_role("editor"))
            .remind_every(DAY)
            .timeout(3 * DAY)
            .answered()
            .await;
        let given = match in_time {
            Ok(given) => given,
            Err(_) => pause(confirm("No editor has answered. Shall the letter be sent?").to_role("chief")).answered().await,
        };
        if !given.answer.is_yes() {
            return Err(Error::rejected(given));
        }
        send(desk, &to, &letter).await?;
        Ok(format!("sent, says {}", given.by.unwrap_or_default()))
    }
}
