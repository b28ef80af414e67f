//! A workflow killed everywhere.

use std::sync::Arc;

use super::{Fault, Faults, Script, ScriptError};
use crate::{App, Memory, RunError, Workflow, store::RunFilter};

/// What [`kill_at_every_checkpoint`] has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KillReport {
    /// What the run comes to when nobody disturbs it: its output as JSON, or the text of its error.
    pub result: Result<String, String>,
    /// How many writes the undisturbed run makes.
    pub writes: u64,
    /// In how many other runs a process was killed.
    pub killed: u64,
}

/// How a killed run came to something else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KillError {
    /// It has another result.
    #[error("killed {when} write {write}, the run comes to {found:?}; undisturbed it comes to {expected:?}")]
    Differs {
        /// `before` or `after`.
        when: &'static str,
        /// Number of the write, from 1.
        write: u64,
        /// What the undisturbed run comes to.
        expected: Result<String, String>,
        /// What the killed one comes to.
        found: Result<String, String>,
    },
    /// The script has no answer for what the run asks.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// Runs a workflow once undisturbed, then once for each of its writes with the process killed before it, and once with the
/// process killed right after it; every time another process goes on with the run. All must come to the same result.
///
/// `input` and `deps` are made anew for each run: look at what your steps did to the dependencies to see how often each was
/// run. A step whose result was kept must not have run again, one that was interrupted has. `script` answers what the runs ask.
/// With timers in the workflow, use a paused clock: `#[tokio::test(start_paused = true)]`.
///
/// ```
/// # use flow_runtime::{prelude::*, testing::{Script, kill_at_every_checkpoint}};
/// # #[step] async fn double(n: u32) -> Result<u32, String> { Ok(2 * n) }
/// # #[pause] fn agree(n: u32) -> bool;
/// # workflow! { async fn both(n: u32) -> Result<u32, String> {
/// #     let (a, b) = parallel!(double(n), double(n + 1))?; if pause(agree(a + b)).await { Ok(a + b) } else { Err("no".to_owned()) } } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = Script::new().answer::<Agree>(true);
/// let report = kill_at_every_checkpoint::<Both, ()>(|| (), || 20, &script).await?;
/// assert_eq!(report.result, Ok("82".to_owned()));
/// assert!(report.killed >= 2 * report.writes);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`KillError::Differs`] with the first run that came to something else; [`KillError::Script`].
pub async fn kill_at_every_checkpoint<W, D>(
    deps: impl Fn() -> D,
    input: impl Fn() -> W::Input,
    script: &Script,
) -> Result<KillReport, KillError>
where
    W: Workflow,
    D: Into<Arc<W::Deps>>,
{
    let mut report = KillReport { result: Ok(String::new()), writes: 0, killed: 0 };
    let quiet = Faults::at(0, Fault::Refused);
    report.result = to_the_end::<W>(deps().into(), input(), script, &quiet).await?;
    report.writes = quiet.writes();
    for (when, fault) in [("before", Fault::DiesBefore), ("after", Fault::DiesAfter)] {
        for write in 1.. {
            let faults = Faults::at(write, fault);
            let found = to_the_end::<W>(deps().into(), input(), script, &faults).await?;
            if !faults.has_killed() {
                // It has come to its end without so many writes.
                break;
            }
            report.killed += 1;
            if found != report.result {
                return Err(KillError::Differs { when, write, expected: report.result, found });
            }
        }
    }
    Ok(report)
}

/// One run, whose first process goes by the faults.
async fn to_the_end<W: Workflow>(
    deps: Arc<W::Deps>,
    input: W::Input,
    script: &Script,
    faults: &Faults,
) -> Result<Result<String, String>, KillError> {
    let memory = Memory::new();
    let mut script = script.clone();
    let app = |builder: crate::AppBuilder| {
        let built = builder.register::<W>(deps.clone()).build();
        built.map_err(|error| ScriptError::Run(crate::StoreError::backend("begin", error).into()))
    };
    let input =
        W::input_to_json(&input).map_err(|error| RunError::Input { workflow: W::ID.to_owned(), source: error.into() });
    let input: serde_json::Value = serde_json::from_str(&input.map_err(ScriptError::from)?).unwrap_or_default();
    let mut id: Option<String> = None;
    let mut current = app(App::builder().store(faults.before(memory.reopen())))?;
    loop {
        let run = match &id {
            Some(id) => current.any_run(id).await,
            None => current.start_json(W::ID, input.clone()).await,
        };
        let played = match run {
            Ok(run) => {
                id = Some(run.id().to_owned());
                script.play_any(&run).await
            }
            Err(error) => Err(error.into()),
        };
        match played {
            Ok(output) => return Ok(Ok(output.to_string())),
            Err(ScriptError::Run(RunError::Failed(failure))) => return Ok(Err(failure.chain().join(": "))),
            Err(ScriptError::Run(RunError::Cancelled { .. })) => return Ok(Err("it was cancelled".to_owned())),
            Err(_) if faults.has_killed() => {}
            Err(error) => return Err(error.into()),
        }
        // A process that is killed takes its drivers with it.
        if let Some(driven) = id.as_deref().and_then(|id| current.engine.driven(id)) {
            driven.cancel();
            driven.done().await;
        }
        if id.is_none() {
            // It may have been killed before it heard that the run exists.
            let runs = crate::Store::list(&memory, &RunFilter::default()).await.map_err(RunError::from);
            id = runs.map_err(ScriptError::from)?.pop().map(|record| record.run.id);
        }
        current = app(App::builder().store(memory.reopen()))?;
    }
}
