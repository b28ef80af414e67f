//! Follows the links of Markdown and HTML files, many files at once, and reports those that lead nowhere.
//!
//! ```sh
//! cargo run --example crawl -- run crawl --starts README.md --starts docs
//! ```

mod page;

use std::{
    collections::BTreeSet,
    error::Error,
    fs, io,
    path::{Component, Path, PathBuf},
};

use flow_cli::Cli;
use flow_examples::readable;
use flow_runtime::prelude::*;
use page::{Link, Page, decoded, is_page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where to begin, and how far to go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Job {
    /// The files and folders to begin with: README.md and docs, those of the current folder if it has them.
    #[serde(default)]
    starts: Vec<PathBuf>,
    /// The folder that is not left: the one around all of them, if none is given.
    #[serde(default)]
    root: PathBuf,
}

/// What has been found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Report {
    files: usize,
    links: usize,
    /// In the order of the files.
    broken: Vec<Broken>,
    /// Files that could not be read, and why.
    unreadable: Vec<Unreadable>,
}

/// A link that leads nowhere.
#[derive(Debug, Serialize, Deserialize)]
struct Broken {
    file: String,
    line: usize,
    target: String,
    why: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Unreadable {
    file: String,
    why: String,
}

/// A file with what became of its links.
#[derive(Debug, Serialize, Deserialize)]
struct Checked {
    links: usize,
    broken: Vec<Broken>,
    /// The pages it links to.
    pages: Vec<String>,
}

/// What a link leads to.
#[derive(Debug, Serialize, Deserialize)]
enum Found {
    /// A page below the root, to be crawled, too.
    Page(String),
    /// Some other file or folder.
    Other,
    Nothing {
        why: String,
    },
}

/// It is saved with the run, so it is made of texts.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum CrawlError {
    #[error("`{file}` cannot be read: {why}")]
    Read {
        file: String,
        why: String,
        /// Whether it may be otherwise in a moment.
        passing: bool,
    },
}

type Result<T, E = CrawlError> = std::result::Result<T, E>;

workflow! {
    /// Follows the links of Markdown and HTML files, and reports those that lead nowhere.
    async fn crawl(job: Job) -> Result<Report> {
        let mut files = find(job.clone()).await?;
        let mut report = Report::default();
        let mut seen: BTreeSet<String> = files.iter().cloned().collect();
        #[max(100)]
        while !files.is_empty() {
            // A file that cannot be read does not stop the others.
            let results = settle!(
                for file in files.clone() {
                    let page = read(job.root.join(&file)).await?;
                    let places = parallel!(
                        for link in page.links.clone() {
                            follow(job.root.clone(), file.clone(), link.target.clone()).await
                        },
                        limit = 8
                    )?;
                    Ok(check(&file, &page, places))
                },
                limit = 8
            );
            files = report.add(&files, results).into_iter().filter(|page| seen.insert(page.clone())).collect();
        }
        Ok(report)
    }
}

/// Sorts what the links of a page lead to.
fn check(file: &str, page: &Page, places: Vec<Found>) -> Checked {
    let mut checked = Checked { links: page.links.len(), broken: Vec::new(), pages: Vec::new() };
    for (Link { line, target }, found) in page.links.iter().zip(places) {
        match found {
            Found::Page(page) => checked.pages.push(page),
            Found::Other => {}
            Found::Nothing { why } => {
                checked.broken.push(Broken { file: file.to_owned(), line: *line, target: target.clone(), why });
            }
        }
    }
    checked
}

impl Report {
    /// Adds the results of some files, which are in the order of the files. Returns the pages they link to.
    fn add(&mut self, files: &[String], results: Vec<Result<Checked>>) -> Vec<String> {
        let mut pages = Vec::new();
        for (file, result) in files.iter().zip(results) {
            match result {
                Ok(checked) => {
                    self.files += 1;
                    self.links += checked.links;
                    self.broken.extend(checked.broken);
                    pages.extend(checked.pages);
                }
                Err(CrawlError::Read { why, .. }) => {
                    self.unreadable.push(Unreadable { file: file.clone(), why });
                }
            }
        }
        pages
    }
}

/// Whether it helps to try again. Editors save a file by replacing it, so one that was there may be gone for a moment.
fn is_passing(error: &CrawlError) -> bool {
    matches!(error, CrawlError::Read { passing: true, .. })
}

fn unreadable(file: &Path, error: &io::Error) -> CrawlError {
    use io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, PermissionDenied};
    let passing = ![InvalidData, IsADirectory, NotADirectory, PermissionDenied].contains(&error.kind());
    CrawlError::Read { file: file.display().to_string(), why: error.to_string(), passing }
}

/// Lists the pages to begin with, by their paths below the root.
#[step(blocking)]
fn find(job: Job) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for start in &job.starts {
        collect(start, &mut |file| _ = found.insert(below(&job.root, file)))
            .map_err(|error| unreadable(start, &error))?;
    }
    Ok(found.into_iter().collect())
}

fn collect(path: &Path, found: &mut dyn FnMut(&Path)) -> io::Result<()> {
    if !path.is_dir() {
        found(path);
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy();
        // Hidden folders and build output hold pages too, but nobody wrote them.
        let is_ours = !name.starts_with('.') && !["target", "node_modules", "vendor"].contains(&&*name);
        if is_ours && (is_page(&path) || path.is_dir()) {
            collect(&path, found)?;
        }
    }
    Ok(())
}

/// The path of a file below the root, as it is written in links.
fn below(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// Reads a page, and finds its links.
#[step(blocking, retries = 4, backoff = "100ms..1s", retry_if = is_passing)]
fn read(file: PathBuf) -> Result<Page> {
    let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
    Ok(Page::parse(&text))
}

/// Looks for the file a link leads to, and for the place in it.
#[step(blocking, retries = 4, backoff = "100ms..1s", retry_if = is_passing)]
fn follow(root: PathBuf, from: String, target: String) -> Result<Found> {
    let nothing = |why: &str| Ok(Found::Nothing { why: why.to_owned() });
    let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
    let path = decoded(path.split_once('?').map_or(path, |(path, _)| path));
    let folder = Path::new(&from).parent().unwrap_or(Path::new(""));
    let file = match &*path {
        "" => root.join(&from),
        path => match path.strip_prefix('/') {
            Some(path) => root.join(path),
            None => plain(&root.join(folder).join(path)),
        },
    };
    match file.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return nothing("there is no such file"),
        Err(error) => return Err(unreadable(&file, &error)),
        Ok(found) if found.is_dir() || !is_page(&file) => return Ok(Found::Other),
        Ok(_) => {}
    }
    if !anchor.is_empty() {
        let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
        if !Page::parse(&text).anchors.contains(&decoded(anchor)) {
            return nothing("there is no such place in it");
        }
    }
    Ok(if file.starts_with(&root) { Found::Page(below(&root, &file)) } else { Found::Other })
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = out.pop(),
            part => out.push(part),
        }
    }
    out
}

/// The job a run starts with: with whole paths, because it may go on in a process in another folder.
fn prepare(job: Job) -> std::result::Result<Job, Box<dyn Error + Send + Sync>> {
    let mut starts = job.starts;
    if starts.is_empty() {
        let ours = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let here = PathBuf::from(".");
        let folder = if here.join("docs").is_dir() && here.join("README.md").is_file() { here } else { ours() };
        starts = ["README.md", "docs"].map(|name| folder.join(name)).to_vec();
    }
    for start in &mut starts {
        *start = readable(start)?;
    }
    if !job.root.as_os_str().is_empty() {
        return Ok(Job { starts, root: readable(&job.root)? });
    }
    let folder = |start: &PathBuf| match start.is_dir() {
        true => start.clone(),
        false => start.parent().unwrap_or(start).to_path_buf(),
    };
    let mut root = starts.first().map(folder).unwrap_or_default();
    while !starts.iter().all(|start| start.starts_with(&root)) && root.pop() {}
    Ok(Job { starts, root })
}

/// Whether every link leads somewhere.
fn is_good(report: &Report) -> bool {
    report.broken.is_empty() && report.unreadable.is_empty()
}

/// What was found, in words.
fn tell(report: &Report) -> String {
    let Report { files, links, broken, unreadable } = report;
    let mut text = String::new();
    for Broken { file, line, target, why } in broken {
        text.push_str(&format!("{file}:{line}: {target}: {why}\n"));
    }
    for Unreadable { file, why } in unreadable {
        text.push_str(&format!("{file}: cannot be read: {why}\n"));
    }
    let space = if text.is_empty() { "" } else { "\n" };
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (files, links, broken) = (count(*files, "file"), count(*links, "link"), broken.len());
    format!("{text}{space}{files}, {links}, {broken} broken.\n")
}

flow_cli::main!(
    Cli::new(App::builder().register::<Crawl>(()))
        .prepare::<Crawl>(prepare)
        .output::<Crawl>(tell)
        .judge::<Crawl>(is_good)
);
