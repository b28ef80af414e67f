//! Amounts of money, in cents: binary fractions have no place in a ledger.

use std::{fmt, num::NonZeroU32, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount, written as `54.30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Money(i64);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount: write it as 54.30")]
pub struct MoneyError(String);

impl Money {
    /// An amount without cents.
    pub const fn whole(units: i64) -> Self {
        Money(units * 100)
    }

    /// An amount as databases keep it.
    pub const fn from_cents(cents: i64) -> Self {
        Money(cents)
    }

    /// The amount as databases keep it.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The price of many, or the largest amount there is.
    pub fn times(self, quantity: NonZeroU32) -> Self {
        Money(self.0.saturating_mul(i64::from(quantity.get())))
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError(text.to_owned());
        let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || cents.len() != 2 || !digits(cents) {
            return Err(wrong());
        }
        format!("{whole}{cents}").parse().map(Money).map_err(|_| wrong())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100))
    }
}

impl TryFrom<String> for Money {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, cents) in [("54.30", 5430), ("7", 700), ("0.05", 5)] {
            assert_eq!(text.parse(), Ok(Money(cents)));
        }
        for text in ["", ".50", "1.5", "1,50", "-1.00", "1.005", "99999999999999999999.00"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError(text.to_owned())));
        }
        assert_eq!(Money(5).to_string(), "0.05");
        assert_eq!(Money(-12_005).to_string(), "-120.05");
    }
}
