//! scratch
#![allow(missing_docs, clippy::unwrap_used)]
use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
type Result<T> = std::result::Result<T, String>;
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone)]
pub struct Topic {
    title: String,
}
#[derive(Serialize, Deserialize, Debug)]
pub struct Notes {
    items: Vec<String>,
}
#[derive(Serialize, Deserialize, Debug, JsonSchema, PartialEq)]
pub enum Approval {
    Publish { by: String },
    Reject(String),
}
#[derive(Serialize, Deserialize, Debug)]
pub enum Verdict {
    Accept,
    Revise { feedback: String },
}
pub struct Llm {
    n: usize,
}
/// Research it.
#[step]
async fn research(llm: &Llm, topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone(); llm.n] })
}
#[step]
async fn write(notes: &Notes, n: usize) -> Result<String> {
    Ok(format!("{} {n}", notes.items.join(",")))
}
#[step]
async fn review(d: &str) -> Result<Verdict> {
    Ok(if d.len() < 20 { Verdict::Revise { feedback: "longer".into() } } else { Verdict::Accept })
}
#[step]
async fn revise(d: String, f: String, k: usize) -> Result<String> {
    Ok(format!("{d}+{f}{k}"))
}
#[step]
async fn lookup(f: &String) -> Result<usize> {
    Ok(f.len())
}
/// Please approve.
#[pause]
fn approve(draft: &String) -> Approval;
#[pause]
fn confirm(n: usize) -> bool;
workflow! {
    /// Content.
    pub async fn content_creation(llm: &Llm, topic: Topic) -> Result<String> {
        let notes = research(llm, &topic).await?;
        let sources = notes.items.len();
        let (a, b) = parallel!(
            write(&notes, sources),
            async {
                let w = write(&notes, 7).await?;
                let ok = pause(confirm(w.len())).await;
                if ok { Ok(w) } else { Err("no".to_string()) }
            },
        )?;
        let mut draft = a + &b;
        #[max(5)]
        loop {
            match review(&draft).await? {
                Verdict::Accept => break,
                Verdict::Revise { feedback } => {
                    let hits = lookup(&feedback).await?;
                    draft = revise(draft, feedback, hits).await?;
                }
            }
        }
        let by = match pause(approve(&draft)).await {
            Approval::Publish { by } => by,
            Approval::Reject(why) => return Err(why),
        };
        for i in 0..3 { let k = lookup(&by).await?; draft = format!("{draft}{i}{k}"); }
        for item in notes.items { let k = lookup(&item).await?; draft = format!("{draft}{k}"); }
        Ok(format!("{draft} by {by}"))
    }
}
#[tokio::test]
async fn it_runs() {
    println!("{}", ContentCreation::GRAPH.to_mermaid());
    println!("{}", ContentCreation::input_schema());
    let e = ContentCreation::run(&Llm { n: 2 }, Topic { title: "x".into() }).await.unwrap_err();
    println!("{e}");
    let store = flow_runtime::Memory::new();
    let app = App::builder().store(store.clone()).register::<ContentCreation>(Llm { n: 2 }).build().unwrap();
    let run = app.start::<ContentCreation>(Topic { title: "x".into() }).await.unwrap();
    let Outcome::Paused(p) = run.wait().await.unwrap() else { panic!() };
    println!("{p:?}");
    run.answer::<Confirm>(true).await.unwrap();
    let Outcome::Paused(p) = run.wait().await.unwrap() else { panic!() };
    println!("{p:?}");
    println!("{:?}", run.answer_json("approve", serde_json::json!({"Publish": {"bye": 3}})).await);
    drop(app);
    let app = App::builder().store(store).register::<ContentCreation>(Llm { n: 2 }).build().unwrap();
    let run = app.run::<ContentCreation>(run.id()).await.unwrap();
    run.answer::<Approve>(Approval::Publish { by: "ann".into() }).await.unwrap();
    println!("{:?}", run.wait().await);
}
