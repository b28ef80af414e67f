//! One process after another works on a run until it has ended.

use flow_runtime::{AnswerError, AnyRun, App, OpenPause, Outcome, RunError, Store, store::RunFilter};
use serde_json::{Value, json};

use crate::{
    Case, Death, Mortal, Storage,
    trace::{self, Call},
    values::{number_answer, shape_answer, text_answer},
};

/// Which of several open pauses is answered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The one asked first, then the run goes on.
    First,
    /// The one asked last, then the run goes on.
    Last,
    /// All of them, the last one first, before anybody waits for the run.
    AllReversed,
}

/// What came of a run.
pub(crate) struct Ended {
    /// The output, or the text of the error.
    pub(crate) result: Result<String, String>,
    /// The steps of every process.
    pub(crate) traces: Vec<Vec<Call>>,
}

/// Runs a case; every process dies as `death` says, and the next one goes on.
pub(crate) async fn run_to_end<S: Storage>(storage: &S, case: &Case, seed: u64, death: Death, order: Order) -> Ended {
    let mut traces = Vec::new();
    let mut id = None;
    trace::take();
    loop {
        let store = Mortal::new(storage.open(), death);
        let built = (case.register)(App::builder().store(store.clone())).build();
        let app = built.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let ended = process(&app, case, seed, order, &mut id).await;
        drop(app);
        traces.push(trace::take());
        match ended {
            Ok(output) => return Ended { result: Ok(output), traces },
            Err(RunError::Failed(failure)) => return Ended { result: Err(failure.chain().join(": ")), traces },
            Err(_) if store.is_dead() => {}
            Err(error) => return Ended { result: Err(format!("refused: {}", chain(&error))), traces },
        }
        assert!(traces.len() < 5000, "{} does not get on", case.name);
        if id.is_none() {
            // It died before it heard that the run exists.
            let runs = storage.open().list(&RunFilter::default()).await;
            id = runs.unwrap_or_else(|error| panic!("{}: {error}", case.name)).pop().map(|record| record.run.id);
        }
    }
}

/// What one process does with the run.
async fn process(app: &App, case: &Case, seed: u64, order: Order, id: &mut Option<String>) -> Result<String, RunError> {
    let run = match id {
        Some(id) => app.any_run(id).await?,
        None => {
            let run = app.start_json(case.workflow, (case.input)(seed)).await?;
            *id = Some(run.id().to_owned());
            run
        }
    };
    loop {
        match run.wait().await? {
            Outcome::Done(Value::String(output)) => return Ok(output),
            Outcome::Done(other) => return Ok(format!("not a text: {other}")),
            Outcome::Paused(open) => answer_some(&run, &open, order).await?,
            other => panic!("{}: {other:?}", case.name),
        }
    }
}

async fn answer_some(run: &AnyRun, open: &[OpenPause], order: Order) -> Result<(), RunError> {
    assert!(!open.is_empty(), "the run is paused, but asks nothing");
    let chosen: Vec<&OpenPause> = match order {
        Order::First => open.iter().take(1).collect(),
        Order::Last => open.iter().rev().take(1).collect(),
        Order::AllReversed => open.iter().rev().collect(),
    };
    for pause in chosen {
        match run.answer_json(pause.id(), answer(pause)).await {
            Ok(()) | Err(AnswerError::NotWaiting { .. }) => {}
            Err(AnswerError::Run(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        }
    }
    Ok(())
}

/// The answer to a question: the one that the plain program has computed.
fn answer(pause: &OpenPause) -> Value {
    let prompt = pause.prompt();
    let number = prompt["n"].as_u64().unwrap_or_default();
    let text = |name: &str| prompt[name].as_str().unwrap_or_default().to_owned();
    match pause.name() {
        "ask_number" => json!(number_answer(number)),
        "ask_text" => json!(text_answer(&text("about"))),
        "ask_shape" => json!(shape_answer(number, &text("label"))),
        other => panic!("nobody knows an answer to `{other}`"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
