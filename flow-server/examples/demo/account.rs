//! A form with every kind of field.

use std::collections::{BTreeMap, BTreeSet};

use flow_runtime::prelude::*;
use flow_server::File;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;

/// An application for an account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Application {
    /// As in the passport.
    #[schemars(title = "Full name", length(min = 2, max = 80))]
    name: String,
    /// What kind of account it is.
    kind: Kind,
    /// Day of birth.
    #[schemars(extend("format" = "date"))]
    born: String,
    /// Where the owner lives.
    address: Address,
    /// How to reach the owner.
    contact: Contact,
    /// Words to find it by.
    tags: Vec<String>,
    /// The terms are agreed to.
    agreed: bool,
    /// When we may call.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    call_at: Option<String>,
    /// Per year, in euros.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    income: Option<f64>,
    #[serde(default)]
    #[schemars(range(max = 20))]
    children: u8,
    /// If there is another one.
    #[serde(default)]
    second_address: Option<Address>,
    #[serde(default)]
    interests: BTreeSet<Interest>,
    /// Limits by name.
    #[serde(default)]
    limits: BTreeMap<String, f64>,
    /// A scan of the passport.
    #[serde(default)]
    passport: Option<File>,
    /// Anything else.
    #[serde(default)]
    #[schemars(extend("format" = "multiline"))]
    notes: String,
    /// Latitude and longitude.
    #[serde(default = "position")]
    position: (f64, f64),
    /// Whatever it is.
    #[serde(default)]
    extra: Value,
}

fn position() -> (f64, f64) {
    (52.5, 13.4)
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
enum Kind {
    /// For every day.
    Current,
    /// With interest.
    Savings,
    /// For two.
    Joint,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Address {
    street: String,
    /// Five digits.
    postcode: Postcode,
    city: String,
    country: Country,
}

/// What only the server checks: a schema does not tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Postcode(String);

impl TryFrom<String> for Postcode {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        let is_one = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_one { Ok(Postcode(text)) } else { Err("a postcode has five digits") }
    }
}

impl JsonSchema for Postcode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Postcode".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
enum Country {
    Austria,
    Germany,
    Switzerland,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
enum Contact {
    /// By electronic mail.
    Email {
        #[schemars(extend("format" = "email"))]
        address: String,
        #[serde(default)]
        newsletter: bool,
    },
    /// By telephone.
    Phone(#[schemars(extend("examples" = ["+49 30 1234"]))] String),
    /// Not at all.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
enum Interest {
    Saving,
    Shares,
    Bonds,
    Gold,
}

/// Gives the account a number.
#[step]
async fn number(application: &Application) -> Result<String> {
    Ok(format!("DE02 1203 {:04}", application.name.len()))
}

workflow! {
    /// Opens an account.
    ///
    /// Every kind of field a form can have is in its input.
    pub(crate) async fn open_account(application: Application) -> Result<(String, Vec<String>)> {
        let number = number(&application).await?;
        let cards = ["Debit", "Credit", "Virtual"].map(str::to_owned);
        let cards = pause(choose_many("Which cards are to be sent?", cards).at_least(1)).await;
        Ok((number, cards))
    }
}
