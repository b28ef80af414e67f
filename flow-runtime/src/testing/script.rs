//! Answers that are given as soon as they are asked for.

use std::collections::VecDeque;

use serde_json::Value;

use crate::{AnyRun, AskedPause, Outcome, Pause, PauseState, Run, RunError, Workflow, error::AnswerError, json};

/// A person who answers by a script: for each kind of pause what to say the first time, the second time, and so on.
///
/// ```
/// # use flow_runtime::{prelude::*, testing::Script};
/// # #[pause] fn approve(text: &str) -> bool;
/// # workflow! { async fn ask(text: String) -> Result<u32, String> {
/// #     let mut times = 1; #[max(9)] while !pause(approve(&text)).await { times += 1; } Ok(times) } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::builder().register::<Ask>(()).build()?;
/// let run = app.start::<Ask>("May I?".to_owned()).await?;
/// let times = Script::new().answer::<Approve>(false).answer::<Approve>(true).play(&run).await?;
/// assert_eq!(times, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Script {
    lines: VecDeque<(String, Result<Value, String>)>,
    /// The pause and the line of the last answer, until it is known to count.
    given: Option<(String, usize)>,
}

/// Why a script did not bring a run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The run asks what the script has no answer for.
    #[error("run `{run}` asks `{pause}`, and the script has no answer to that")]
    Unanswered {
        /// Id of the run.
        run: String,
        /// Id of the pause.
        pause: String,
    },
    /// An answer of the script has no JSON form.
    #[error("the script's answer to `{pause}` has no JSON form: {reason}")]
    Unwritable {
        /// Name of the pause.
        pause: String,
        /// Why.
        reason: String,
    },
    /// An answer was refused.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The run failed, or could not be driven.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Script {
    /// One without a line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next pause of this kind so.
    pub fn answer<P: Pause>(self, answer: P::Answer) -> Self {
        let value = serde_json::to_value(&answer).map_err(|error| error.to_string());
        self.line(P::META.name, value)
    }

    /// Answers the next pause of this name so; `recover-research` is the name of what `#[on_error(pause)]` asks about step
    /// `research`.
    pub fn answer_json(self, pause: &str, answer: Value) -> Self {
        self.line(pause, Ok(answer))
    }

    fn line(mut self, pause: &str, answer: Result<Value, String>) -> Self {
        self.lines.push_back((pause.to_owned(), answer));
        self
    }

    /// Waits for a run and answers what it asks, until it returns.
    ///
    /// # Errors
    /// [`ScriptError::Unanswered`] when the script has no line left for what is asked; what the run fails with.
    pub async fn play<W: Workflow>(&mut self, run: &Run<W>) -> Result<W::Output, ScriptError> {
        let output = self.play_any(run.any()).await?;
        let output = json::decode(&output.to_string());
        Ok(output.map_err(|source| RunError::Output { run: run.id().to_owned(), source })?)
    }

    /// As [`play`](Self::play), with the output as JSON.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub async fn play_any(&mut self, run: &AnyRun) -> Result<Value, ScriptError> {
        loop {
            self.settle(run).await?;
            let pauses = match run.wait().await? {
                Outcome::Done(output) => return Ok(output),
                Outcome::Paused(pauses) => pauses,
            };
            for pause in pauses {
                let Some(at) = self.lines.iter().position(|(name, _)| name == pause.name()) else {
                    let (run, pause) = (run.id().to_owned(), pause.id().to_owned());
                    return Err(ScriptError::Unanswered { run, pause });
                };
                let Some((name, answer)) = self.lines.get(at).cloned() else { continue };
                let answer = answer.map_err(|reason| ScriptError::Unwritable { pause: name, reason })?;
                self.given = Some((pause.id().to_owned(), at));
                match run.answer_json(pause.id(), answer).await {
                    // Somebody was faster: what this one would have said is not to be said of another question.
                    Ok(()) | Err(AnswerError::AlreadyAnswered { .. }) => {
                        self.given = None;
                        self.lines.remove(at);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// An answer that was written and not heard of is not given again: not to the next question of that name either.
    async fn settle(&mut self, run: &AnyRun) -> Result<(), ScriptError> {
        let Some((pause, line)) = self.given.take() else { return Ok(()) };
        let counts = |asked: &AskedPause| asked.id() == pause && matches!(asked.state(), PauseState::Answered(_));
        match run.asked().await {
            Ok(asked) => {
                if asked.iter().any(counts) {
                    self.lines.remove(line);
                }
                Ok(())
            }
            Err(error) => {
                self.given = Some((pause, line));
                Err(error.into())
            }
        }
    }
}
