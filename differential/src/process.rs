//! One process after another works on a run until it has ended.

use std::time::{Duration, UNIX_EPOCH};

use flow_runtime::{
    AnswerError, AnyRun, App, ControlError, OpenPause, Outcome, RunError, Store,
    store::{RunFilter, RunStatus},
};
use serde_json::{Value, json};

use crate::{
    Case, Death, Mortal, Storage,
    trace::{self, World},
    values::{
        answerer, choice, confirmation, is_answered, is_chosen, now, number_answer, recovered, reviewed, shape_answer,
        text_answer,
    },
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

/// What happens to the processes that work on a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// When the first one dies.
    pub(crate) first: Death,
    /// When those after it die.
    pub(crate) next: Death,
    /// Whether the second one cancels the run.
    pub(crate) cancel: bool,
    pub(crate) order: Order,
}

impl Plan {
    /// One in which all processes die in the same way.
    pub(crate) fn all(death: Death, order: Order) -> Self {
        Plan { first: death, next: death, cancel: false, order }
    }

    /// One in which only the first process dies.
    pub(crate) fn once(death: Death) -> Self {
        Plan { first: death, next: Death::None, cancel: false, order: Order::First }
    }
}

/// What came of a run.
pub(crate) struct Ended {
    /// The output, or the text of the error.
    pub(crate) result: Result<String, String>,
    /// Whether it was cancelled.
    pub(crate) cancelled: bool,
    pub(crate) world: World,
    /// How often the first process has written.
    pub(crate) writes: usize,
}

/// A person who answers what the runs of a test ask.
#[derive(Default)]
struct Person {
    /// Failures that were put to them: the path, what was asked, and the pause.
    failures: Vec<(String, Value, String)>,
}

/// Runs a case as planned, to its end.
pub(crate) async fn run_to_end<S: Storage>(storage: &S, case: &Case, seed: u64, plan: Plan) -> Ended {
    let name = case.name;
    ahead_of_the_wall().await;
    let (mut id, mut person, mut first_writes) = (None, Person::default(), None);
    trace::finish();
    for process in 0.. {
        assert!(process < 5000, "{name} does not get on");
        let store = Mortal::process(storage.open(), if process == 0 { plan.first } else { plan.next }, process);
        let built = (case.register)(App::builder().store(store.clone())).build();
        let app = built.unwrap_or_else(|error| panic!("{name}: {error}"));
        let cancel = plan.cancel && process == 1;
        let ended = work(&app, case, seed, plan.order, &mut id, &mut person, cancel).await;
        drop(app);
        let writes = *first_writes.get_or_insert(store.hook().writes());
        let (result, cancelled) = match ended {
            Ok(output) => (Ok(output), false),
            Err(RunError::Failed(failure)) => (Err(failure.chain().join(": ")), false),
            Err(RunError::Cancelled { .. }) => (Err("cancelled".to_owned()), true),
            Err(_) if store.hook().has_failed() => {
                // Whatever has failed, the next process is to go on with it.
                store.kill();
                if store.hook().leaves_a_driver() {
                    // A real process would be gone; here its driver looks at the store sooner or later.
                    tokio::time::sleep(Duration::from_millis(600)).await;
                }
                trace::next_process();
                if id.is_none() {
                    // It died before it heard that the run exists.
                    let runs = storage.open().list(&RunFilter::default()).await;
                    id = runs.unwrap_or_else(|error| panic!("{name}: {error}")).pop().map(|record| record.run.id);
                }
                continue;
            }
            Err(error) => (Err(format!("refused: {}", chain(&error))), false),
        };
        if cancelled && let Some(id) = &id {
            answers_are_refused(storage, case, id).await;
        }
        return Ended { result, cancelled, world: trace::finish(), writes };
    }
    unreachable!("processes go on until the run has ended")
}

/// Brings tokio's clock ahead of the wall clock, so that nothing but it says how late it is.
pub(crate) async fn ahead_of_the_wall() {
    let (virtual_now, wall) = (tokio::time::Instant::now().into_std(), std::time::Instant::now());
    let margin = Duration::from_secs(30);
    let behind = (wall + margin).saturating_duration_since(virtual_now);
    if !behind.is_zero() {
        tokio::time::advance(behind + margin).await;
    }
}

/// What one process does with the run.
async fn work(
    app: &App,
    case: &Case,
    seed: u64,
    order: Order,
    id: &mut Option<String>,
    person: &mut Person,
    cancel: bool,
) -> Result<String, RunError> {
    let run = match id {
        Some(id) => app.any_run(id).await?,
        None => {
            let run = app.start_json(case.workflow, (case.input)(seed)).await?;
            *id = Some(run.id().to_owned());
            run
        }
    };
    if cancel {
        match run.cancel().await {
            Ok(()) => trace::over(),
            Err(ControlError::Ended { .. }) => {}
            Err(error) => panic!("{}: {error}", case.name),
        }
    }
    loop {
        match run.wait().await? {
            Outcome::Done(Value::String(output)) => return Ok(output),
            Outcome::Done(other) => return Ok(format!("not a text: {other}")),
            Outcome::Paused(open) => {
                if !person.answer_some(&run, &open, order).await? {
                    sleep_until_it_wakes(&run, case).await?;
                }
            }
            other => panic!("{}: {other:?}", case.name),
        }
    }
}

async fn sleep_until_it_wakes(run: &AnyRun, case: &Case) -> Result<(), RunError> {
    let record = run.record().await?;
    let Some(wake) = record.wake else {
        assert!(
            record.status != RunStatus::Paused,
            "{}: the run waits, but for nothing that will happen {:?} {:?}",
            case.name,
            run.pauses().await,
            run.checkpoints().await
        );
        return Ok(());
    };
    let now = now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(u64::try_from(wake).unwrap_or_default()).saturating_sub(now);
    tokio::time::sleep(left.max(Duration::from_millis(1))).await;
    Ok(())
}

impl Person {
    /// Whether there was something to answer.
    async fn answer_some(&mut self, run: &AnyRun, open: &[OpenPause], order: Order) -> Result<bool, RunError> {
        assert!(!open.is_empty(), "the run is paused, but asks nothing");
        let mut answers: Vec<(&OpenPause, Value)> =
            open.iter().filter_map(|pause| Some((pause, self.answer(pause)?))).collect();
        match order {
            Order::First => answers.truncate(1),
            Order::Last => answers = answers.pop().into_iter().collect(),
            Order::AllReversed => answers.reverse(),
        }
        let any = !answers.is_empty();
        for (pause, answer) in answers {
            let (by, comment) = (answerer(&pause.allowed().except), answer.to_string());
            match run.answer_json(pause.id(), answer).by(by).roles("editor").comment(comment).await {
                Ok(()) | Err(AnswerError::NotWaiting { .. }) => {}
                Err(AnswerError::Run(error)) => return Err(error),
                Err(error) => panic!("{error}"),
            }
        }
        Ok(any)
    }

    /// The answer to a question: the one that the plain program has computed.
    fn answer(&mut self, pause: &OpenPause) -> Option<Value> {
        let prompt = pause.prompt();
        let number = prompt["n"].as_u64().unwrap_or_default();
        let text = |name: &str| prompt[name].as_str().unwrap_or_default().to_owned();
        Some(match pause.name() {
            "ask_number" => json!(number_answer(number)),
            "ask_maybe" if !is_answered(number) => return None,
            "ask_maybe" => json!(number_answer(number)),
            "ask_text" => json!(text_answer(&text("about"))),
            "ask_shape" => json!(shape_answer(number, &text("label"))),
            "confirm" => json!(confirmation(pause.question())?),
            "choose" => {
                pause.schema()["enum"].as_array().map(|all| all[choice(pause.question(), all.len())].clone())?
            }
            "choose_many" => {
                let options = pause.schema()["items"]["enum"].as_array().cloned().unwrap_or_default().into_iter();
                let chosen = options.enumerate().filter(|(index, _)| is_chosen(pause.question(), *index));
                chosen.map(|(_, option)| option).collect()
            }
            "review" => json!(reviewed(&text("value"))),
            "ask" => json!(number_answer(pause.question().len() as u64)),
            name if name.starts_with("recover-") => self.recovery(pause),
            name if name.starts_with("unknown-") => match trace::happened(pause.path()) {
                Some(effect) => {
                    let value = effect.split(' ').next_back().and_then(|value| value.parse::<u64>().ok());
                    json!({ "Happened": value })
                }
                None => json!("Retry"),
            },
            other => panic!("nobody knows an answer to `{other}`"),
        })
    }

    /// To try it again, every other time.
    fn recovery(&mut self, pause: &OpenPause) -> Value {
        let asked = (pause.path().to_owned(), pause.prompt().clone());
        let mut same = self.failures.iter().filter(|(path, prompt, _)| *path == asked.0 && *prompt == asked.1);
        let position = match same.clone().position(|(.., id)| id == pause.id()) {
            Some(position) => position,
            None => {
                let position = same.by_ref().count();
                self.failures.push((asked.0, asked.1, pause.id().to_owned()));
                position
            }
        };
        let error = pause.prompt()["errors"][0].as_str().unwrap_or_default();
        match recovered(error) {
            _ if position % 2 == 0 => json!("Retry"),
            Some(value) => json!({ "Use": value }),
            None => json!("Fail"),
        }
    }
}

/// Nobody can answer what a cancelled run has asked.
async fn answers_are_refused<S: Storage>(storage: &S, case: &Case, id: &str) {
    let store = storage.open();
    let pauses = store.pauses(id).await.unwrap_or_default();
    let app = (case.register)(App::builder().store(store)).build();
    let app = app.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let run = app.any_run(id).await.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let open = run.pauses().await.unwrap_or_default();
    assert!(open.is_empty(), "{}: a cancelled run still asks {open:?}", case.name);
    for pause in pauses.into_iter().filter(|pause| pause.answer.is_none() && pause.expired_at.is_none()) {
        let id = pause.pause.id.clone();
        let answer = Person::default().answer(&pause.pause.into());
        let answered = run.answer_json(&id, answer.unwrap_or(json!(1))).await;
        assert!(answered.is_err(), "{}: `{id}` of a cancelled run was answered", case.name);
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
