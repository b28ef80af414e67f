//! Four workers on one store, killed at random for a minute: at the end every run has finished, every acknowledged answer was
//! applied once, and no event is missing.
//!
//! `cargo run --release -p torture -- sqlite` or `-- postgres`, with `--seconds`, `--runs`, `--workers`, `--seed`. With `answers`
//! before the store: a hundred answers to one question from four processes.

mod answers;
mod errand;
mod verdict;
mod worker;

use std::{
    collections::HashMap,
    env,
    error::Error,
    process::{ExitCode, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use flow_postgres::Postgres;
use flow_runtime::{Sqlite, Store};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

use verdict::Told;

/// How long the runs that are left may take when nobody is killed any more.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a dead worker of PostgreSQL counts as alive.
const LEASE: Duration = Duration::from_secs(2);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", at, runs, seed] => work(at, runs, seed).await,
        ["answer", at, run, pause, first] => answer(at, run, pause, first).await,
        ["answers", store @ ("sqlite" | "postgres")] => on(store, None).await,
        [store @ ("sqlite" | "postgres"), ref options @ ..] => match Options::read(options) {
            Ok(options) => on(store, Some(&options)).await,
            Err(error) => Err(error),
        },
        _ => {
            Err("usage: torture sqlite|postgres [--seconds n] [--runs n] [--workers n] [--seed n], or torture answers \
                  sqlite|postgres"
                .into())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("torture: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    seconds: u64,
    runs: u64,
    workers: u64,
    seed: u64,
}

impl Options {
    fn read(args: &[&str]) -> Outcome<Self> {
        let mut options = Options { seconds: 60, runs: 500, workers: 4, seed: 1 };
        let known: HashMap<&str, fn(&mut Options) -> &mut u64> = HashMap::from([
            ("--seconds", (|options| &mut options.seconds) as fn(&mut Options) -> &mut u64),
            ("--runs", |options| &mut options.runs),
            ("--workers", |options| &mut options.workers),
            ("--seed", |options| &mut options.seed),
        ]);
        for pair in args.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} needs a number", pair.join(" ")).into()) };
            let option = known.get(name).ok_or_else(|| format!("there is no option {name}"))?;
            *option(&mut options) = value.parse().map_err(|error| format!("{name} {value}: {error}"))?;
        }
        Ok(options)
    }
}

async fn work(at: &str, runs: &str, seed: &str) -> Outcome<()> {
    let (runs, seed) = (runs.parse()?, seed.parse()?);
    match at.strip_prefix("sqlite:") {
        Some(path) => worker::work(Sqlite::open(path)?, runs, seed).await,
        None => worker::work(postgres(at).await?, runs, seed).await,
    }
}

/// The store at `SCHEMA@URL`.
async fn postgres(at: &str) -> Outcome<Postgres> {
    let (schema, url) = at.split_once('@').ok_or_else(|| format!("`{at}` names no schema"))?;
    Ok(Postgres::options(url).schema(schema).lease(LEASE).open().await?)
}

async fn answer(at: &str, run: &str, pause: &str, first: &str) -> Outcome<()> {
    match at.strip_prefix("sqlite:") {
        Some(path) => answers::answer(Sqlite::open(path)?, run, pause, first.parse()?).await,
        None => answers::answer(postgres(at).await?, run, pause, first.parse()?).await,
    }
}

/// Opens a store for the occasion, and does what is asked for on it: torture with these options, or else the race of answers.
async fn on(store: &str, options: Option<&Options>) -> Outcome<()> {
    if store == "sqlite" {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("flow.db");
        let at = format!("sqlite:{}", path.display());
        return act(store, &at, options, Sqlite::open(&path)?).await;
    }
    let server = match env::var(flow_test_server::VARIABLE) {
        Ok(url) => Err(url),
        Err(_) => Ok(flow_test_server::Server::start(true)?),
    };
    let url = match &server {
        Ok(server) => server.url(),
        Err(url) => url.clone(),
    };
    // Others may have a place on the same server.
    let at = format!("torture_{}@{url}", std::process::id());
    act(store, &at, options, postgres(&at).await?).await
}

async fn act(name: &str, at: &str, options: Option<&Options>, store: impl Store + Clone) -> Outcome<()> {
    match options {
        Some(options) => kill_and_judge(name, at, options, store).await,
        None => answers::race(name, at, store).await,
    }
}

/// Numbers that look random and are the same for a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}

/// The workers there are, and what they say.
struct Workers {
    program: std::path::PathBuf,
    at: String,
    runs: u64,
    begun: u64,
    seed: u64,
    said: mpsc::UnboundedSender<String>,
}

impl Workers {
    fn begin(&mut self) -> Outcome<Child> {
        self.begun += 1;
        let seed = (self.seed * 1_000 + self.begun).to_string();
        let mut child = Command::new(&self.program)
            .args(["worker", &self.at, &self.runs.to_string(), &seed])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("a worker has an output")?;
        let said = self.said.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(child)
    }
}

async fn kill_and_judge(name: &str, at: &str, options: &Options, store: impl Store + Clone) -> Outcome<()> {
    let (said, hears) = mpsc::unbounded_channel();
    let program = env::current_exe()?;
    let mut workers = Workers { program, at: at.to_owned(), runs: options.runs, begun: 0, seed: options.seed, said };
    let listening = tokio::spawn(listen(hears));
    let mut alive = (0..options.workers).map(|_| workers.begin()).collect::<Outcome<Vec<Child>>>()?;
    let (mut dice, mut killed, began) = (Dice(options.seed), 0, Instant::now());
    while began.elapsed() < Duration::from_secs(options.seconds) {
        tokio::time::sleep(Duration::from_millis(100 + dice.below(900))).await;
        let victim = usize::try_from(dice.below(options.workers))?;
        let Some(worker) = alive.get_mut(victim) else { continue };
        worker.kill().await?;
        killed += 1;
        *worker = workers.begin()?;
    }
    // From here on they are left in peace.
    let peace = Instant::now();
    while verdict::left(&store).await? > 0 || store.stats(&Default::default()).await?.is_empty() {
        if peace.elapsed() > PATIENCE {
            return Err(format!("{} runs are left", verdict::left(&store).await?).into());
        }
        for worker in &mut alive {
            if let Some(status) = worker.try_wait()? {
                return Err(format!("a worker has ended by itself: {status}").into());
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let settled = peace.elapsed();
    for mut worker in alive {
        drop(worker.stdin.take());
        let status = tokio::time::timeout(Duration::from_secs(30), worker.wait()).await;
        let status = status.map_err(|_| "a worker does not stop")??;
        if !status.success() {
            return Err(format!("a worker has stopped with {status}").into());
        }
    }
    drop(workers);
    let told = listening.await??;
    let acknowledged = told.acknowledged.len();
    let found = verdict::judge(Arc::new(store), options.runs, &told).await?;
    println!(
        "torture on {name}: {} runs, {} workers, {killed} killed in {} s (seed {}); {:.1} s later all {} completed, \
         {} answers applied once each ({acknowledged} of them acknowledged), {} events without a gap",
        options.runs,
        options.workers,
        options.seconds,
        options.seed,
        settled.as_secs_f64(),
        options.runs,
        found.answers,
        found.events,
    );
    Ok(())
}

/// Takes down what the workers say.
async fn listen(mut hears: mpsc::UnboundedReceiver<String>) -> Result<Told, String> {
    let mut told = Told::default();
    while let Some(line) = hears.recv().await {
        let words: Vec<&str> = line.split(' ').collect();
        // What a killed worker has not finished saying is not said.
        if let ["try" | "ack", run, pause, value] = words[..] {
            let value = value.parse().map_err(|error| format!("{line}: {error}"))?;
            let key = (run.to_owned(), pause.to_owned());
            match words.first() {
                Some(&"try") => drop(told.tried.entry(key).or_default().insert(value)),
                _ => told.acknowledged.entry(key).or_default().push(value),
            }
        }
    }
    Ok(told)
}
