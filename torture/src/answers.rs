//! A hundred answers to one question, from several processes at the same moment: one counts.

use std::{env, error::Error, process::Stdio};

use flow_runtime::{App, Outcome, Store};
use futures::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, stdin},
    process::Command,
};

use crate::errand::Errand;

/// How many processes answer, and how often each.
const PROCESSES: u64 = 4;
const EACH: u64 = 25;

/// Gives answers to a pause, all at once, when a line comes in. Says `ack VALUE` or `no VALUE BEFORE`.
pub(crate) async fn answer(store: impl Store, run: &str, pause: &str, first: u64) -> Result<(), Box<dyn Error>> {
    let app = App::builder().store(store).register::<Errand>(()).build()?;
    let run = app.any_run(run).await?;
    println!("ready");
    BufReader::new(stdin()).read_line(&mut String::new()).await?;
    let answers = (first..first + EACH).map(|value| {
        let run = run.clone();
        async move {
            match run.answer_json(pause, json!(value)).await {
                Ok(()) => println!("ack {value}"),
                Err(flow_runtime::AnswerError::AlreadyAnswered { answer, .. }) => {
                    println!("no {value} {}", answer.value)
                }
                Err(error) => println!("error {error}"),
            }
        }
    });
    join_all(answers).await;
    app.shutdown().await;
    Ok(())
}

/// Asks one question and has it answered by all.
pub(crate) async fn race(name: &str, at: &str, store: impl Store) -> Result<(), Box<dyn Error>> {
    let app = App::builder().store(store).register::<Errand>(()).build()?;
    let run = app.start::<Errand>(0).await?;
    let Outcome::Paused(open) = run.wait().await? else { return Err("the run asks nothing".into()) };
    let pause = open.first().ok_or("the run asks nothing")?.id().to_owned();
    let mut children = Vec::new();
    for process in 0..PROCESSES {
        let mut child = Command::new(env::current_exe()?)
            .args(["answer", at, run.id(), &pause, &(process * 1_000).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("a process has an output")?;
        let mut lines = BufReader::new(output).lines();
        if lines.next_line().await?.as_deref() != Some("ready") {
            return Err("a process does not get ready".into());
        }
        children.push((child, lines));
    }
    for (child, _) in &mut children {
        child.stdin.take().ok_or("a process has an input")?.write_all(b"go\n").await?;
    }
    let (mut won, mut told) = (Vec::new(), Vec::new());
    for (mut child, mut lines) in children {
        while let Some(line) = lines.next_line().await? {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["ack", value] => won.push(value.to_owned()),
                ["no", _, before] => told.push(before.to_owned()),
                _ => return Err(line.into()),
            }
        }
        child.wait().await?;
    }
    let [winner] = &won[..] else { return Err(format!("accepted were {won:?}").into()) };
    if told.len() as u64 != PROCESSES * EACH - 1 || told.iter().any(|before| before != winner) {
        return Err(format!("{winner} was accepted, the others were told {told:?}").into());
    }
    if run.answer_json(&pause, json!(7)).await.is_ok() {
        return Err("it was answered once more".into());
    }
    app.shutdown().await;
    println!(
        "answers on {name}: {} from {PROCESSES} processes, one counts, and all others were told which",
        told.len() + 1
    );
    Ok(())
}
