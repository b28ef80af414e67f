//! A person picks the way: one of several, some of several, and a choice within a choice.

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Result, keep, send, write};

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Route {
    /// It is sent.
    Send,
    /// It is put into a folder.
    Keep,
    /// It is thrown away.
    Drop,
}

workflow! {
    /// Asks what is to become of a letter. The ways are known when the program is written, so they are an enum, and the compiler
    /// sees to it that none is forgotten.
    pub(crate) async fn pick_a_route(desk: &Desk, topic: String) -> Result<String> {
        let letter = write(desk, &topic).await?;
        match pause(ask::<Route>("What is to become of the letter?").about(&letter)).await {
            Route::Send => send(desk, "everybody", &letter).await?,
            Route::Keep => keep(desk, &letter).await?,
            Route::Drop => {}
        }
        Ok(letter)
    }
}

workflow! {
    /// Asks who gets a letter: those are known at run time only, so they are values.
    pub(crate) async fn pick_some_readers(desk: &Desk, readers: Vec<String>) -> Result<Vec<String>> {
        let letter = write(desk, "the summer").await?;
        let picked = pause(choose_many("Who gets the letter?", readers).at_least(1)).await;
        for reader in picked.clone() {
            send(desk, &reader, &letter).await?;
        }
        Ok(picked)
    }
}

workflow! {
    /// A choice in a choice.
    pub(crate) async fn pick_a_route_in_a_route(desk: &Desk, readers: Vec<String>) -> Result<String> {
        let letter = write(desk, "the winter").await?;
        match pause(ask::<Route>("What is to become of the letter?").about(&letter)).await {
            Route::Send => {
                let reader = pause(choose("To whom?", readers)).await;
                send(desk, &reader, &letter).await?;
                Ok(format!("sent to {reader}"))
            }
            Route::Keep => {
                keep(desk, &letter).await?;
                Ok("kept".to_owned())
            }
            Route::Drop => Ok("dropped".to_owned()),
        }
    }
}
