//! Writes an article on a topic from a folder of texts: finds what they say, checks their numbers against each other, drafts
//! and reviews, asks a person, and publishes a web page. All by plain text processing, with nothing made up: every sentence
//! is one of the sources', with its file and line.
//!
//! ```sh
//! cargo run --example content_creation -- run content-creation --topic "how a run survives a crash" --folder docs
//! ```

mod draft;
mod facts;
mod html;
mod search;

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use draft::{Complaint, Draft, Outline};
use facts::Fact;
use flow_cli::{Cli, text};
use flow_examples::{data_file, readable};
use flow_runtime::prelude::*;
use schemars::JsonSchema;
use search::Passage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many passages an article is made of at most, before the review.
const PASSAGES: usize = 30;

/// What to write.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Brief {
    /// What the article is about.
    #[serde(default = "topic")]
    topic: String,
    /// A folder of Markdown and text files, or one file: `docs` if there is one, else the notes that come along.
    #[serde(default)]
    folder: PathBuf,
    /// The web page to write.
    #[serde(default = "out")]
    out: PathBuf,
    /// How many words it may have.
    #[serde(default = "words")]
    words: usize,
}

fn topic() -> String {
    "how a run survives a crash".to_owned()
}

fn out() -> PathBuf {
    PathBuf::from("article.html")
}

fn words() -> usize {
    700
}

/// What has been published.
#[derive(Debug, Serialize, Deserialize)]
struct Article {
    title: String,
    file: PathBuf,
    words: usize,
    sources: usize,
    published_by: String,
}

#[derive(Debug, thiserror::Error)]
enum ContentError {
    #[error("the texts in `{}` cannot be read", .folder.display())]
    Read { folder: PathBuf, source: io::Error },
    #[error("nothing in `{}` is about \"{topic}\"", .folder.display())]
    NothingFound { topic: String, folder: PathBuf },
    #[error("`{}` cannot be written", .file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("the draft was rejected: {why}")]
    Rejected { why: String },
}

type Result<T> = std::result::Result<T, ContentError>;

workflow! {
    /// Writes an article on a topic from a folder of texts, and publishes it once somebody has approved.
    async fn content_creation(brief: Brief) -> Result<Article> {
        let passages = find(&brief).await?;
        let (outline, facts) = parallel!(
            outline(&passages),
            check_facts(&brief.folder, &passages),
        )?;
        let mut draft = write(&brief.topic, &outline, &passages, facts).await?;
        #[max(5)]
        loop {
            match review(&draft, brief.words).await? {
                Verdict::Accept => break,
                Verdict::Revise { feedback } => draft = revise(draft, feedback).await?,
            }
        }
        #[max(20)]
        loop {
            match pause(approve(&draft)).await {
                Approval::Publish { by } => return publish(&brief.out, &draft, by).await,
                Approval::Change { title } => draft.title = title,
                Approval::Reject { why } => return Err(ContentError::Rejected { why }),
            }
        }
    }
}

/// Please read the draft. Publish it, give it another title, or say what is wrong with it.
#[pause]
fn approve(draft: &Draft) -> Approval;

/// What somebody says to a draft.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
enum Approval {
    /// Publish it under this name.
    Publish {
        #[schemars(example = &"Ann")]
        by: String,
    },
    /// Give it another title, and ask again.
    Change { title: String },
    /// Do not publish it.
    Reject {
        #[schemars(example = &"The second section is off the topic.")]
        why: String,
    },
}

/// What a review comes to.
#[derive(Debug, Serialize, Deserialize)]
enum Verdict {
    Accept,
    Revise { feedback: Vec<Complaint> },
}

/// Finds the passages that are about the topic.
#[step]
async fn find(brief: &Brief) -> Result<Vec<Passage>> {
    let found = search::search(&brief.topic, &read(&brief.folder)?, PASSAGES);
    if found.is_empty() {
        return Err(ContentError::NothingFound { topic: brief.topic.clone(), folder: brief.folder.clone() });
    }
    Ok(found)
}

/// Makes sections of the passages' headings.
#[step]
async fn outline(passages: &[Passage]) -> Result<Outline> {
    Ok(Outline::new(passages))
}

/// Compares the numbers in the passages with those in all texts.
#[step]
async fn check_facts(folder: &Path, passages: &[Passage]) -> Result<Vec<Fact>> {
    Ok(facts::check(passages, &read(folder)?))
}

/// Writes the first draft.
#[step]
async fn write(topic: &str, outline: &Outline, passages: &[Passage], facts: Vec<Fact>) -> Result<Draft> {
    Ok(Draft::new(topic, outline, passages, facts))
}

/// Looks for what is wrong with the draft: too long, repeated, without a source.
#[step]
async fn review(draft: &Draft, words: usize) -> Result<Verdict> {
    let feedback = draft.complaints(words);
    Ok(if feedback.is_empty() { Verdict::Accept } else { Verdict::Revise { feedback } })
}

/// Puts right what the review has found.
#[step]
async fn revise(draft: Draft, feedback: Vec<Complaint>) -> Result<Draft> {
    Ok(feedback.iter().fold(draft, Draft::revised))
}

/// Writes the web page.
#[step]
async fn publish(out: &Path, draft: &Draft, by: String) -> Result<Article> {
    let page = html::page(draft, &by);
    // Under another name first, so that a crash never leaves half a page. A second attempt writes the same once more.
    let half = out.with_extension("part");
    let written = fs::write(&half, page).and_then(|()| fs::rename(&half, out));
    written.map_err(|source| ContentError::Write { file: out.to_path_buf(), source })?;
    let (title, words, sources) = (draft.title.clone(), draft.words(), draft.sources().len());
    Ok(Article { title, file: out.to_path_buf(), words, sources, published_by: by })
}

fn read(folder: &Path) -> Result<Vec<Passage>> {
    search::read_folder(folder).map_err(|source| ContentError::Read { folder: folder.to_path_buf(), source })
}

/// The brief a run starts with: with whole paths, because the answer may come from a process in another folder.
fn prepare(brief: Brief) -> std::result::Result<Brief, Box<dyn Error + Send + Sync>> {
    let docs = || Some(PathBuf::from("docs")).filter(|docs| docs.is_dir());
    let given = Some(brief.folder).filter(|folder| !folder.as_os_str().is_empty());
    let folder = given.or_else(docs).unwrap_or_else(|| data_file("notes"));
    Ok(Brief { folder: readable(&folder)?, out: std::path::absolute(brief.out)?, ..brief })
}

/// A draft as a text to read.
fn read_draft(prompt: &Value) -> String {
    Draft::deserialize(&prompt["draft"]).map_or_else(|_| text::render(prompt), |draft| draft.to_text())
}

flow_cli::main!(
    Cli::new(App::builder().register::<ContentCreation>(()))
        .prepare::<ContentCreation>(prepare)
        .show::<Approve>(read_draft)
);
