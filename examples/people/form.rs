//! Input from a person in the middle of a run: a form with required and optional fields, choices and defaults.

use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Result, send, write};

/// What has to be known of a journey.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journey {
    /// Where to.
    to: String,
    /// How many nights.
    #[serde(default = "one")]
    nights: u32,
    /// How to travel.
    #[serde(default)]
    by: Vehicle,
    /// Anything else.
    note: Option<String>,
}

/// How to travel.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Vehicle {
    /// By train.
    #[default]
    Train,
    /// By bicycle.
    Bicycle,
    /// By ship.
    Ship,
}

fn one() -> u32 {
    1
}

workflow! {
    /// Asks where somebody wants to go, and writes for a room there.
    pub(crate) async fn book_a_journey(desk: &Desk, traveller: String) -> Result<String> {
        let journey = pause(ask::<Journey>(format!("Where does {traveller} want to go?"))).await;
        let wish = format!("a room for {traveller}, {} nights", journey.nights);
        let letter = write(desk, &wish).await?;
        send(desk, &journey.to, &letter).await?;
        Ok(format!("{} by {:?}{}", journey.to, journey.by, journey.note.map(|note| format!(", {note}")).unwrap_or_default()))
    }
}
