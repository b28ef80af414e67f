//! `show`.

use std::collections::HashMap;

use clap::Args;
use flow_runtime::{
    OpenPause,
    store::{FrameRecord, PauseRecord, RunRecord, RunStatus},
};
use serde_json::Value;

use crate::{
    CliError,
    context::{Context, Desk, Kit, Mode},
    pauses,
    reports::{AttemptReport, BindingReport, FailureReport, FrameReport, PauseReport, Said, ShowReport, stored},
};

/// How many events are read at a time.
const PAGE: u32 = 1_000;

/// `show RUN`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The run: its id, the end of it, or `last`
    #[arg(default_value = "last")]
    pub run: String,
}

/// Shows all that is known of a run. It is read from the store, so that nothing is taken up by looking at it.
pub(crate) async fn show(cx: Context, args: ShowArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let record = desk.find(&args.run).await?;
    Ok(report(&desk, &record).await?.into())
}

async fn report(desk: &Desk, record: &RunRecord) -> Result<ShowReport, CliError> {
    let id = &record.run.id;
    let (frames, pauses) = (desk.store.frames(id).await?, desk.store.pauses(id).await?);
    let output = record.output.as_deref().map(stored);
    let shown = output.as_ref().map(|output| desk.kit.hooks.shown(&record.run.workflow, output));
    Ok(ShowReport {
        run: id.clone(),
        workflow: record.run.workflow.clone(),
        status: record.status.as_str().to_owned(),
        session: record.run.session.clone(),
        user: record.run.user.clone(),
        key: record.run.key.clone(),
        priority: record.run.priority,
        metadata: record.run.metadata.as_deref().map(stored),
        created_at: record.run.created_at,
        updated_at: record.updated_at,
        deadline: record.run.deadline,
        wake: record.wake,
        input: stored(&record.run.input),
        attempts: attempts(desk, id).await?,
        pauses: pauses.iter().map(|asked| pause(&desk.kit, record, &frames, asked)).collect(),
        frames: frames.iter().map(frame).collect(),
        output,
        failure: record.failure.as_deref().map(failure),
        shown: shown.unwrap_or_default(),
    })
}

/// The failure of a run as it is stored.
fn failure(text: &str) -> FailureReport {
    let stored = stored(text);
    let texts = |name: &str| -> Vec<String> {
        stored[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    FailureReport {
        chain: texts("chain"),
        path: stored["path"].as_str().unwrap_or_default().to_owned(),
        after: stored["after"].as_str().map(str::to_owned),
        not_undone: texts("not_undone"),
    }
}

fn frame(frame: &FrameRecord) -> FrameReport {
    let binding = |binding: &flow_runtime::store::Binding| BindingReport {
        name: binding.name.to_string(),
        value: stored(&binding.value),
    };
    FrameReport {
        path: frame.path.clone(),
        at: frame.at.clone(),
        pause: frame.pause.clone(),
        wake: frame.wake,
        bindings: frame.bindings.iter().map(binding).collect(),
    }
}

fn pause(kit: &Kit, run: &RunRecord, frames: &[FrameRecord], record: &PauseRecord) -> PauseReport {
    let pause = OpenPause::from(record.pause.clone());
    let ended = run.status.has_ended() || run.status == RunStatus::Undoing;
    let waits = !ended && frames.iter().any(|frame| frame.pause.as_deref() == Some(pause.id()));
    let (state, settled_at) = match (&record.answer, record.expired_at) {
        (Some(answer), _) => ("answered", Some(answer.at)),
        (None, Some(expired)) => ("timed_out", Some(expired)),
        (None, None) if waits => return pauses::report(kit, &run.run.id, &pause),
        (None, None) => ("withdrawn", record.withdrawn_at.or(ended.then_some(run.updated_at))),
    };
    let answer = record.answer.as_ref();
    PauseReport {
        state: state.to_owned(),
        settled_at,
        reminded: record.reminded,
        answer: answer.map(|answer| stored(&answer.value)),
        by: answer.and_then(|answer| answer.by.clone()),
        comment: answer.and_then(|answer| answer.comment.clone()),
        ..pauses::without_ways(kit, &pause)
    }
}

/// The attempts at the steps of a run, of the events that tell of them.
async fn attempts(desk: &Desk, run: &str) -> Result<Vec<AttemptReport>, CliError> {
    let mut attempts: Vec<AttemptReport> = Vec::new();
    let mut at_work: HashMap<(String, String), usize> = HashMap::new();
    let mut from = 1;
    loop {
        let page = desk.store.events(run, from, PAGE).await?;
        for record in &page {
            see(&mut attempts, &mut at_work, &stored(&record.event));
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => from = last.seq + 1,
            _ => return Ok(attempts),
        }
    }
}

fn see(attempts: &mut Vec<AttemptReport>, at_work: &mut HashMap<(String, String), usize>, event: &Value) {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (kind, step, path) = (text("kind"), text("step"), text("path"));
    let number = event["attempt"].as_u64().and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(1);
    let (place, time) = ((path.clone(), step.clone()), event["time"].as_i64());
    let mut begin = |started_at| {
        let (state, step, path) = ("running".to_owned(), step.clone(), path.clone());
        attempts.push(AttemptReport { step, path, attempt: number, started_at, ms: None, state, error: None });
        attempts.len() - 1
    };
    match kind.as_str() {
        "step_started" => _ = at_work.insert(place, begin(time)),
        "step_completed" | "step_failed" => {
            let at = at_work.remove(&place).unwrap_or_else(|| begin(None));
            let Some(attempt) = attempts.get_mut(at) else { return };
            let took = attempt.started_at.zip(time).and_then(|(began, ended)| u64::try_from(ended - began).ok());
            attempt.ms = event["ms"].as_u64().or(took);
            attempt.attempt = number;
            attempt.error = event["error"].as_str().map(str::to_owned);
            attempt.state = kind.trim_start_matches("step_").to_owned();
        }
        "step_undone" => {
            let done = attempts.iter_mut().rev().find(|done| done.step == step && done.state == "completed");
            if let Some(attempt) = done.filter(|_| event["error"].is_null()) {
                attempt.state = "undone".to_owned();
            }
        }
        _ => {}
    }
}
