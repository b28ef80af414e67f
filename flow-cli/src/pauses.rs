//! What runs ask, and the commands that answer it.

use flow_runtime::{Allowed, AnswerError, AnyRun, OpenPause};
use serde_json::Value;

use crate::{
    commands::answer::command,
    context::Kit,
    drive::Answerer,
    form::{Form, Shape, samples},
    output::short,
    reports::{AllowedReport, PauseReport, Way},
};

/// Answers a pause.
pub(crate) async fn give(run: &AnyRun, pause: &str, answer: Value, who: &Answerer) -> Result<(), AnswerError> {
    let mut giving = run.answer_json(pause, answer);
    if let Some(by) = &who.by {
        giving = giving.by(by);
    }
    if let Some(comment) = &who.comment {
        giving = giving.comment(comment);
    }
    giving.roles(&who.roles).await
}

/// A question, with the commands that answer it if it is open.
pub(crate) fn report(kit: &Kit, run: &str, pause: flow_report::PauseReport) -> PauseReport {
    let ways = if pause.state == "open" { ways(kit, run, &pause) } else { Vec::new() };
    PauseReport { ways, about: kit.hooks.about(&pause.name, &pause.prompt), pause }
}

/// A question that waits, with the commands that answer it.
pub(crate) fn report_open(kit: &Kit, run: &str, pause: &OpenPause) -> PauseReport {
    report(kit, run, flow_report::PauseReport::open(pause))
}

/// The commands that answer a question: one for each way to answer.
pub(crate) fn ways(kit: &Kit, run: &str, pause: &flow_report::PauseReport) -> Vec<Way> {
    let shape = Shape::of(&pause.schema);
    let way = |sample: crate::form::Sample| {
        let mut words = vec!["answer".to_owned(), short(run).to_owned(), pause.id.clone()];
        words.extend(words_of(&shape, &sample.value));
        words.extend(words_who(&pause.allowed));
        Way { doc: sample.doc, command: kit.shell.command(words), answer: sample.value }
    };
    samples(&pause.schema, &pause.prompt).into_iter().map(way).collect()
}

/// What somebody who may answer says of themselves.
fn words_who(allowed: &AllowedReport) -> Vec<String> {
    let say = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (&allowed.users[..], &allowed.roles[..]) {
        _ if Allowed::from(allowed).is_anyone() => Vec::new(),
        ([user, ..], _) => say(&["--by", user]),
        ([], [role, ..]) => say(&["--by", "NAME", "--role", role]),
        ([], []) => say(&["--by", "NAME"]),
    }
}

/// An answer as words of a command line: flags where they say all, JSON otherwise.
fn words_of(shape: &Shape, answer: &Value) -> Vec<String> {
    let json = || vec![answer.to_string()];
    match (shape.inner(), answer) {
        (Shape::Variants(variants), Value::Object(tagged)) => {
            let Some((name, value)) = tagged.iter().next() else { return json() };
            let payload =
                variants.iter().find(|variant| variant.name == *name).and_then(|found| found.payload.as_ref());
            let Some(payload) = payload else { return json() };
            let form = Form::new(payload, &command());
            match form.arguments(value) {
                Some(arguments) => std::iter::once(name.clone()).chain(arguments).collect(),
                None if payload.is_plain() => vec![name.clone(), plain(value)],
                None => json(),
            }
        }
        (Shape::Object(_), value) => Form::new(shape, &command()).arguments(value).unwrap_or_else(json),
        (shape, value) if shape.is_plain() || matches!(shape, Shape::Variants(_)) => vec![plain(value)],
        _ => json(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
