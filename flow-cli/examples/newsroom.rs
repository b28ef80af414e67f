//! A newsroom: every kind of question, and some ways to fail, under one command line.
//!
//! ```sh
//! cargo run -p flow-cli --example newsroom -- run article --topic bees
//! ```

use std::time::Duration;

use flow_cli::Cli;
use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to write.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Brief {
    /// What the article is about.
    topic: String,
    /// How many words it may have.
    #[serde(default = "words")]
    #[schemars(range(min = 1))]
    words: u32,
    /// In which style.
    #[serde(default)]
    style: Style,
    /// Whether somebody reads it before it is published.
    #[serde(default = "yes")]
    check: bool,
    /// What it is filed under.
    #[serde(default)]
    tags: Vec<String>,
    /// Who is to be told.
    user: Option<String>,
}

fn words() -> u32 {
    700
}

fn yes() -> bool {
    true
}

/// How something is written.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Style {
    #[default]
    Sober,
    Loud,
}

/// A text on its way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Draft {
    title: String,
    words: u32,
}

/// What somebody says to a draft.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
enum Approval {
    /// Publish it.
    Publish { by: String },
    /// Write it again.
    Change { title: String, words: u32 },
    /// Forget it.
    Reject { why: String },
    /// Ask again.
    Wait,
}

/// Please read the draft. Publish it, change it, or say what is wrong with it.
#[pause]
fn approve(draft: &Draft) -> Approval;

/// Looks the topic up.
#[step]
async fn research(topic: &str) -> Result<Vec<String>, String> {
    Ok(vec![format!("{topic} fly"), format!("{topic} sing")])
}

/// Writes it.
#[step(retries = 1, backoff = "1ms..1ms")]
async fn write(brief: &Brief, facts: &[String]) -> Result<Draft, String> {
    if brief.topic == "nothing" {
        return Err("there is nothing to say".to_owned());
    }
    let title = format!("{}: {}", brief.topic, facts.join(", "));
    let title = if matches!(brief.style, Style::Loud) { title.to_uppercase() } else { title };
    Ok(Draft { title, words: brief.words })
}

workflow! {
    /// Writes an article, and publishes it once somebody has approved.
    async fn article(brief: Brief) -> Result<Draft, String> {
        let facts = research(&brief.topic).await?;
        let mut draft = write(&brief, &facts).await?;
        if !brief.check {
            return Ok(draft);
        }
        #[max(20)]
        loop {
            match pause(approve(&draft)).await {
                Approval::Publish { .. } => return Ok(draft),
                Approval::Change { title, words } => {
                    draft.title = title;
                    draft.words = words;
                }
                Approval::Reject { why } => return Err(why),
                Approval::Wait => {}
            }
        }
    }
}

/// Where to meet.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Meeting {
    /// Which room.
    room: String,
    /// How many come.
    people: u32,
    /// What else is to be said.
    remark: Option<String>,
    /// Whether there is coffee.
    #[serde(default)]
    coffee: bool,
    /// What is talked about.
    #[serde(default)]
    points: Vec<String>,
}

workflow! {
    /// Asks everything there is to ask.
    async fn survey(name: String) -> Result<String, String> {
        if pause(confirm(format!("Does {name} begin?"))).await.is_no() {
            return Err("nobody began".to_owned());
        }
        let route = pause(choose("Which way?", ["north", "east", "south"].map(str::to_owned)).to("ann")).await;
        let colours = pause(choose_many("Which colours?", ["red", "green", "blue"].map(str::to_owned)).at_least(1)).await;
        let meeting: Meeting = pause(ask("Where do we meet?").about(&name)).await;
        let count: u32 = pause(ask("How many?")).await;
        let text = match pause(review(&format!("{name} goes {route} with {}", colours.join(" and ")))).await {
            Review::Accept => "accepted".to_owned(),
            Review::Edit(text) => text,
            Review::Reject { feedback } => return Err(feedback),
        };
        Ok(format!("{text}: {} of {count} in {}", meeting.people, meeting.room))
    }
}

/// Counts one.
#[step]
async fn count(number: u32) -> Result<u32, String> {
    Ok(number * 2)
}

workflow! {
    /// Does many things at once.
    async fn many(numbers: Vec<u32>) -> Result<u32, String> {
        let doubled = parallel!(for number in numbers { count(number).await }, limit = 4)?;
        Ok(doubled.into_iter().sum())
    }
}

/// Takes as long as it is told to.
#[step]
async fn dig(ms: u64) -> Result<u64, String> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Ok(ms)
}

/// Puts something aside.
#[step(undo = put_back)]
async fn reserve(item: &str) -> Result<String, String> {
    Ok(format!("one {item}"))
}

/// Puts it back.
#[step]
async fn put_back(_item: &str, _reserved: String) -> Result<(), String> {
    Ok(())
}

workflow! {
    /// Puts something aside, and digs for a while.
    async fn digging(item: String, ms: u64) -> Result<u64, String> {
        let what = reserve(&item).await?;
        let depth = dig(ms).await?;
        if what == "one shovel" { Err("the shovel broke".to_owned()) } else { Ok(depth) }
    }
}

workflow! {
    /// Asks two at once.
    async fn two() -> Result<bool, String> {
        let (left, right) = parallel!(
            async { Ok(pause(confirm("Left?")).await.is_yes()) },
            async { Ok(pause(confirm("Right?")).await.is_yes()) },
        )?;
        Ok(left && right)
    }
}

fn shown(prompt: &serde_json::Value) -> String {
    format!("{} ({} words)\n", prompt["draft"]["title"].as_str().unwrap_or_default(), prompt["draft"]["words"])
}

flow_cli::main!(
    Cli::new(
        App::builder()
            .register::<Article>(())
            .register::<Survey>(())
            .register::<Many>(())
            .register::<Digging>(())
            .register::<Two>(())
    )
    .show::<Approve>(shown)
);
