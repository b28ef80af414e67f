//! What is done when a step fails, takes too long or may have happened twice: the rules, and what people meet of them.

use std::{fmt::Write as _, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{JsonError, pause::Pause};

/// The rules of a step, as `#[step(…)]` and the attributes at its call give them.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How often it is tried again after it has failed.
    pub retries: u32,
    /// How long the first retry waits; each further one waits twice as long.
    pub first_delay_ms: u64,
    /// No retry waits longer.
    pub max_delay_ms: u64,
    /// How long one attempt may take; 0 if as long as it likes.
    pub timeout_ms: u64,
    /// Whether it is never repeated on its own after a crash in the middle.
    pub once: bool,
    /// Whether it takes part in the store's own transaction, which commits what it writes together with its result.
    pub tx: bool,
    /// Whether it is undone when the run fails later or is cancelled.
    pub undo: bool,
    /// The answer to a failure, a [`Recovery`], if somebody is asked.
    pub recover: Option<CheckedAnswer>,
    /// The answer to whether it has happened, an [`Unknown`], of a step that runs once.
    pub unknown: Option<CheckedAnswer>,
}

impl Policy {
    /// A step without rules of its own. The waits are those of retries that say nothing else.
    pub const PLAIN: Policy = Policy {
        retries: 0,
        first_delay_ms: 1_000,
        max_delay_ms: 60_000,
        timeout_ms: 0,
        once: false,
        tx: false,
        undo: false,
        recover: None,
        unknown: None,
    };

    /// Whether nothing but its result counts.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        !self.reloads() && self.timeout_ms == 0
    }

    /// Whether it may be tried again, or has to be taken up where it was interrupted.
    #[inline]
    pub(crate) const fn reloads(&self) -> bool {
        self.retries > 0 || self.once || self.tx || self.undo || self.recover.is_some()
    }
}

/// What an answer has to look like.
#[derive(Debug, Clone, Copy)]
pub struct CheckedAnswer {
    /// JSON Schema of the answer.
    pub schema: fn() -> Value,
    /// Whether a JSON text is an answer.
    pub check: fn(&str) -> Result<(), JsonError>,
    /// What is wrong with such an answer besides, given the JSON Schema its question was asked with: everything at once.
    pub rules: fn(&str, &Value) -> Vec<JsonError>,
}

impl CheckedAnswer {
    /// An answer of type `A`.
    pub const fn of<A: DeserializeOwned + JsonSchema>() -> Self {
        CheckedAnswer {
            schema: crate::machine::schema::<A>,
            check: |text| crate::json::decode::<A>(text).map(drop),
            rules: |_, _| Vec::new(),
        }
    }

    /// The answer of pause `P`.
    pub const fn pause<P: Pause>() -> Self {
        let rules = |text: &str, schema: &Value| match crate::json::decode::<P::Answer>(text) {
            Ok(answer) => P::check(&answer, schema),
            Err(error) => vec![error],
        };
        CheckedAnswer { rules, ..CheckedAnswer::of::<P::Answer>() }
    }
}

/// The time a step, or the answer to a pause, was given is over.
///
/// The error of a step with a `timeout` needs `From<TimedOut>`. It can be saved, as what a pause or a settled branch gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what} within {}", words(*.after))]
#[non_exhaustive]
pub struct TimedOut {
    /// What has not happened, in words: "step `research` did not finish".
    pub what: String,
    /// How much time there was.
    pub after: Duration,
}

impl TimedOut {
    /// The attempt of a step.
    pub(crate) fn step(name: &str, after: Duration) -> Self {
        TimedOut { what: format!("step `{name}` did not finish"), after }
    }

    /// The answer to a pause.
    pub(crate) fn pause(name: &str, after: Duration) -> Self {
        TimedOut { what: format!("pause `{name}` was not answered"), after }
    }
}

/// For programs whose errors are texts.
impl From<TimedOut> for String {
    fn from(error: TimedOut) -> Self {
        error.to_string()
    }
}

/// "2m", "1h 30m", "2 days".
pub(crate) fn words(time: Duration) -> String {
    let whole = time.as_secs();
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    let mut text = match days {
        0 => String::new(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    for (count, unit) in [(hours, "h"), (minutes, "m"), (seconds, "s"), (u64::from(time.subsec_millis()), "ms")] {
        if count > 0 {
            let space = if text.is_empty() { "" } else { " " };
            // Writing into a text cannot fail.
            let _ = write!(text, "{space}{count}{unit}");
        }
    }
    if text.is_empty() { format!("{time:?}") } else { text }
}

/// The error of a step that cannot fail, where a `Result` is asked for: in `settle!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

/// The answer to a step that has failed, where `#[on_error(pause)]` asks somebody: pause `recover-STEP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Recovery<T> {
    /// Try it again.
    Retry,
    /// Go on with this as what the step has returned.
    Use(T),
    /// The run fails with the step's error.
    Fail,
}

/// The answer to a `#[step(once)]` that was interrupted, so that nobody knows whether it has happened: pause `unknown-STEP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unknown<T> {
    /// It has not happened: run it now.
    Retry,
    /// It has happened, and this is what it has returned.
    Happened(T),
    /// The run fails.
    Fail,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let step = |ms| TimedOut::step("research", Duration::from_millis(ms)).to_string();
        assert_eq!(step(120_000), "step `research` did not finish within 2m");
        assert_eq!(step(5_400_000), "step `research` did not finish within 1h 30m");
        assert_eq!(step(1_500), "step `research` did not finish within 1s 500ms");
        assert_eq!(step(0), "step `research` did not finish within 0ns");
        let pause = TimedOut::pause("approve", Duration::from_secs(2 * 86_400));
        assert_eq!(pause.to_string(), "pause `approve` was not answered within 2 days");
        let pause = TimedOut::pause("approve", Duration::from_secs(86_400 + 3_600));
        assert_eq!(pause.to_string(), "pause `approve` was not answered within 1 day 1h");
    }

    #[test]
    fn answers_are_tagged_from_outside() {
        assert_eq!(serde_json::to_string(&Recovery::Use(7)).unwrap(), r#"{"Use":7}"#);
        assert_eq!(serde_json::to_string(&Recovery::<u8>::Retry).unwrap(), r#""Retry""#);
        let answer = CheckedAnswer::of::<Unknown<u8>>();
        assert!((answer.check)(r#"{"Happened":7}"#).is_ok());
        let error = (answer.check)(r#"{"Happened":"yes"}"#).unwrap_err();
        assert_eq!(error.path(), "Happened");
        assert!((answer.schema)().to_string().contains("It has happened"));
    }
}
