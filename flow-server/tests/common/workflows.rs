//! Workflows to try a server with: one for each thing a page or a client has to deal with.

use std::time::Duration;

use flow_runtime::{App, AppBuilder, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type Result<T> = std::result::Result<T, String>;

/// Says hello to somebody.
#[step]
async fn greet(name: &str) -> Result<String> {
    if name.is_empty() { Err("nobody is there to be greeted".to_owned()) } else { Ok(format!("Hello, {name}")) }
}

workflow! {
    /// Says hello.
    async fn hello(name: String) -> Result<String> {
        greet(&name).await
    }
}

/// Adds one.
#[step]
async fn count(number: u64) -> Result<u64> {
    Ok(number + 1)
}

workflow! {
    /// Counts to ten, a step at a time.
    pub(crate) async fn ten(from: u64) -> Result<u64> {
        let n = count(from).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        count(n).await
    }
}

/// How it should sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Tone {
    /// As among friends.
    Friendly,
    /// As in a letter to an office.
    Formal,
}

/// What to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Brief {
    /// What it is about.
    topic: String,
    /// How many words it may have.
    #[serde(default = "words")]
    #[schemars(range(min = 10, max = 5000))]
    words: u32,
    /// How it should sound.
    tone: Tone,
    /// Where to look.
    #[serde(default)]
    sources: Vec<String>,
    /// Anything else the author should know.
    #[serde(default)]
    notes: Option<String>,
    /// Whether to publish without asking.
    #[serde(default)]
    unasked: bool,
}

fn words() -> u32 {
    300
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Draft {
    /// Its title.
    title: String,
    /// Its text.
    text: String,
}

/// What somebody says to a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Approval {
    /// Publish it under this name.
    Publish {
        /// The author's name.
        by: String,
    },
    /// Give it another title, and ask again.
    Retitle {
        /// The new title.
        title: String,
    },
    /// Do not publish it.
    Reject {
        /// What is wrong with it.
        feedback: String,
    },
}

/// May the draft be published?
#[pause]
fn approve(draft: &Draft) -> Approval;

/// Looks something up.
#[step]
async fn research(source: &str) -> Result<String> {
    tokio::time::sleep(Duration::from_millis(30)).await;
    Ok(format!("What {source} says."))
}

/// Writes a draft.
#[step]
async fn write(brief: &Brief, findings: &[String]) -> Result<Draft> {
    Ok(Draft { title: brief.topic.clone(), text: findings.join(" ") })
}

/// Publishes it.
#[step]
async fn publish(draft: &Draft, by: &str) -> Result<String> {
    Ok(format!("{} by {by}", draft.title))
}

workflow! {
    /// Writes an article, asks whether it is good, and publishes it.
    async fn article(brief: Brief) -> Result<String> {
        let findings = parallel!(for source in brief.sources.clone() { research(&source).await }, limit = 4)?;
        let mut draft = write(&brief, &findings).await?;
        if brief.unasked {
            return publish(&draft, "nobody").await;
        }
        #[max(20)]
        loop {
            match pause(approve(&draft)).await {
                Approval::Publish { by } => return publish(&draft, &by).await,
                Approval::Retitle { title } => draft.title = title,
                Approval::Reject { feedback } => return Err(format!("the draft was rejected: {feedback}")),
            }
        }
    }
}

workflow! {
    /// Two different editors have to agree, and not whoever has started it.
    async fn agreement(cx: &Context, text: String) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        #[max(2)]
        while names.len() < 2 {
            let answer = pause(confirm(format!("Is this right: {text}?")))
                .to_role("editor")
                .to("root")
                .except(cx.user_id())
                .except(&names)
                .answered()
                .await;
            if !answer.answer.is_yes() {
                return Err("somebody does not agree".to_owned());
            }
            names.extend(answer.by);
        }
        Ok(names)
    }
}

workflow! {
    /// Asks two things at once, each in its branch, and one of them for a minute only.
    async fn both(topic: String) -> Result<(String, Vec<String>)> {
        parallel!(
            async {
                let choice = pause(choose("Which way?", vec!["left".to_owned(), "right".to_owned()])).await;
                Ok::<String, String>(format!("{topic}: {choice}"))
            },
            async {
                let options = vec!["ann".to_owned(), "ben".to_owned(), "cay".to_owned()];
                Ok::<Vec<String>, String>(pause(choose_many("Who comes?", options).at_least(1)).await)
            },
        )
    }
}

workflow! {
    /// Asks, and asks again after a moment.
    async fn hasty(ms: u64) -> Result<bool> {
        match pause(confirm("Quick?")).timeout(Duration::from_millis(ms)).await {
            Ok(answer) => Ok(answer.is_yes()),
            Err(_) => Ok(pause(confirm("And now?")).await.is_yes()),
        }
    }
}

/// Drives to whom it is for.
#[step]
async fn deliver(parcel: &str, key: &str) -> Result<String> {
    // A run that has failed can be mended: by putting the key there, or in a copy by saying where it is.
    if std::path::Path::new(key).exists() {
        Ok(format!("{parcel} is delivered"))
    } else {
        Err(format!("the van with {parcel} does not start: there is no key at {key}"))
    }
}

workflow! {
    /// Delivers a parcel, if the key of the van lies where it should: a file of that name.
    async fn parcel(name: String, key: String) -> Result<String> {
        let greeting = greet(&name).await?;
        deliver(&greeting, &key).await
    }
}

/// Takes its time, and says how far it is.
#[step]
async fn chew(cx: &Context, rounds: u16, ms: u64) -> Result<u16> {
    for round in 0..rounds {
        cx.emit("round", &round);
        tokio::time::sleep(Duration::from_millis(ms)).await;
        cx.progress(f64::from(round + 1) / f64::from(rounds), "chewing");
    }
    Ok(rounds)
}

workflow! {
    /// Works for a while: so many rounds of so many milliseconds.
    async fn slow(cx: &Context, rounds: u16, ms: u64) -> Result<u16> {
        chew(cx, rounds, ms).await
    }
}

workflow! {
    /// Counts how often it was run in its session.
    async fn visit(cx: &Context<Visits>, who: String) -> Result<u32> {
        note(cx, &who).await
    }
}

/// How often somebody came.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Visits {
    visits: u32,
    last: String,
}

/// Notes a visit.
#[step]
async fn note(cx: &Context<Visits>, who: &str) -> Result<u32> {
    let who = who.to_owned();
    let visits = cx.session().update(move |state| {
        state.visits += 1;
        state.last.clone_from(&who);
        state.visits
    });
    visits.await.map_err(|error| error.to_string())
}

/// A document to look at.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Paper {
    /// What it is called.
    title: String,
    /// The document itself.
    file: flow_server::File,
}

/// Looks at a document.
#[step]
async fn measure(document: &Paper) -> Result<u64> {
    Ok(document.file.size)
}

workflow! {
    /// Tells how large a document is.
    async fn document(document: Paper) -> Result<u64> {
        measure(&document).await
    }
}

/// Shall it go out?
#[pause]
fn release(title: &str) -> bool;

workflow! {
    /// Hands a document on.
    async fn hand_on(paper: Paper) -> Result<Paper> {
        let size = measure(&paper).await?;
        if size == 0 { Err("it is empty".to_owned()) } else { Ok(paper) }
    }
}

workflow! {
    /// Takes documents through a loop, branches, another workflow and a question, and gives them back.
    async fn archive(papers: Vec<Paper>) -> Result<Vec<Paper>> {
        let mut kept = Vec::new();
        #[max(20)]
        for paper in papers {
            let (same, size) = parallel!(hand_on(paper.clone()), measure(&paper))?;
            if size > 0 {
                kept.push(same);
            }
        }
        let kept = parallel!(for paper in kept { hand_on(paper.clone()).await })?;
        if pause(release("all")).await { Ok(kept) } else { Err("they stay here".to_owned()) }
    }
}

workflow! {
    /// Delivers a parcel, and asks when the van does not start.
    async fn stubborn(name: String) -> Result<String> {
        #[on_error(pause)]
        let text = fail(&name).await?;
        Ok(text)
    }
}

/// Never works.
#[step]
async fn fail(name: &str) -> Result<String> {
    Err(format!("{name} does not work"))
}

/// All of them.
pub(crate) fn workflows() -> AppBuilder {
    App::builder()
        .register::<Hello>(())
        .register::<Ten>(())
        .register::<Article>(())
        .register::<Agreement>(())
        .register::<Both>(())
        .register::<Hasty>(())
        .register::<Parcel>(())
        .register::<Slow>(())
        .register::<Visit>(())
        .register::<Document>(())
        .register::<Archive>(())
        .register::<Stubborn>(())
}
