//! Confirm before a step, and what a no means: skip it, end the run, do something else, or try again.

use flow_runtime::prelude::*;

use crate::desk::{Desk, Error, Result, keep, rewrite, send, write};

workflow! {
    /// Sends a letter if somebody says so, and goes on without if not.
    pub(crate) async fn confirm_or_skip(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        if pause(confirm("Shall the letter be sent?").about(&letter)).await.is_yes() {
            send(desk, &to, &letter).await?;
        }
        keep(desk, &letter).await?;
        Ok(letter)
    }
}

workflow! {
    /// Sends a letter if somebody says so, and fails if not.
    pub(crate) async fn confirm_or_cancel(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        let given = pause(confirm("Shall the letter be sent?").about(&letter)).answered().await;
        if !given.answer.is_yes() {
            return Err(Error::rejected(given));
        }
        send(desk, &to, &letter).await?;
        Ok(letter)
    }
}

workflow! {
    /// Sends a letter if somebody says so, and puts it into a folder if not.
    pub(crate) async fn confirm_or_else(desk: &Desk, to: String) -> Result<String> {
        let letter = write(desk, &to).await?;
        if pause(confirm("Shall the letter be sent?").about(&letter)).await.is_yes() {
            send(desk, &to, &letter).await?;
        } else {
            keep(desk, &letter).await?;
        }
        Ok(letter)
    }
}

workflow! {
    /// Writes a letter again, three times at most, until somebody says that it can be sent. Nothing is sent before.
    pub(crate) async fn confirm_or_retry(desk: &Desk, to: String) -> Result<String> {
        let mut letter = write(desk, &to).await?;
        #[max(3)]
        while !pause(confirm("Shall the letter be sent?").about(&letter)).await.is_yes() {
            letter = rewrite(desk, &letter, "Better").await?;
        }
        send(desk, &to, &letter).await?;
        Ok(letter)
    }
}
