//! Processes that are killed in the middle of their work: the run goes on in another one, and nobody can tell afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use common::{Program, data};

/// How often the work is killed.
const KILLS: u32 = 20;

/// One test at a time: the moments are taken from how long the work takes alone.
static ALONE: Mutex<()> = Mutex::new(());

/// A number from 0 to 1, the same in every run of the tests.
fn pseudo_random(seed: u32) -> f64 {
    let mut state = u64::from(seed).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// How long a command takes when nobody disturbs it.
fn timed(program: &Program, words: &[&str]) -> Duration {
    let started = Instant::now();
    program.json(words);
    started.elapsed()
}

/// Starts a command, kills it after a while, and says whether that was before its end.
fn kill_after(program: &Program, words: &[&str], delay: Duration) -> bool {
    let mut child = program.spawn(words);
    thread::sleep(delay);
    let killed = child.try_wait().unwrap().is_none();
    // SIGKILL on Unix; one that has ended already takes no notice.
    let _ = child.kill();
    child.wait().unwrap();
    killed
}

/// The id and status of the only run, if it has been stored.
fn only_run(program: &Program) -> Option<(String, String)> {
    if !program.folder().join("flow.db").exists() {
        return None;
    }
    let runs = program.json(&["list"]);
    let runs = runs.as_array().unwrap();
    assert!(runs.len() <= 1, "{runs:?}");
    let text = |name: &str| runs[0][name].as_str().unwrap().to_owned();
    (!runs.is_empty()).then(|| (text("run"), text("status")))
}

/// What kills have hit.
#[derive(Debug, Default)]
struct Hits {
    /// Processes killed before they ended.
    killed: u32,
    /// Of these, runs killed in the middle: stored, and neither at their question nor at their end.
    running: u32,
}

/// Starts a run, kills it, and brings it to its question: in its own process, a second, or a third one.
fn start_killed(program: &Program, start: &[&str], delay: Duration, hits: &mut Hits) -> String {
    let killed = kill_after(program, start, delay);
    hits.killed += u32::from(killed);
    match only_run(program) {
        Some((run, status)) => {
            hits.running += u32::from(status == "running");
            assert_eq!(program.json(&["resume", &run])["status"], "paused");
            run
        }
        // It died before it was stored; nobody was told that there is a run.
        None => {
            assert!(killed, "a start that was not killed stores its run");
            program.json(start)["run"].as_str().unwrap().to_owned()
        }
    }
}

/// Answers, kills, and brings the run to its end.
fn answer_killed(program: &Program, run: &str, pause: &str, answer: &str, delay: Duration, hits: &mut Hits) {
    let command = ["answer", run, pause, answer];
    let killed = kill_after(program, &command, delay);
    hits.killed += u32::from(killed);
    hits.running += u32::from(only_run(program).unwrap().1 == "running");
    if program.json(&["resume", run])["status"] == "paused" {
        // It died before the answer was stored.
        assert!(killed, "an answer that was not killed is stored");
        assert_eq!(program.json(&command)["status"], "completed");
    }
    assert_eq!(only_run(program).unwrap().1, "completed");
}

/// Texts enough to keep the example busy for a while.
fn write_texts(folder: &Path) {
    let notes: Vec<String> =
        fs::read_dir(data("notes")).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    fs::create_dir(folder).unwrap();
    for number in 0..80 {
        let mut text = String::new();
        for (part, note) in notes.iter().enumerate() {
            // Each file says something else, so that nothing is taken for a repetition.
            writeln!(text, "{}\n", note.replace("seconds", &format!("seconds in case {number} of part {part}")))
                .unwrap();
        }
        fs::write(folder.join(format!("{number:03}.md")), text).unwrap();
    }
}

#[test]
fn an_article_survives_kills_at_any_moment() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = tempfile::tempdir().unwrap();
    let folder = texts.path().join("texts");
    write_texts(&folder);
    let folder = folder.to_string_lossy();
    let start = ["start", "how a run survives a crash", &folder];
    let answer = r#"{"Publish":{"by":"Ann"}}"#;

    let undisturbed = Program::new("content_creation");
    let start_takes = timed(&undisturbed, &start);
    let (run, _) = only_run(&undisturbed).unwrap();
    let answer_takes = timed(&undisturbed, &["answer", &run, "approve", answer]);
    let page = |program: &Program| fs::read(program.folder().join("article.html")).unwrap();
    let expected = page(&undisturbed);

    let (mut starts, mut answers) = (Hits::default(), Hits::default());
    for kill in 0..KILLS {
        let program = Program::new("content_creation");
        // One moment in each twentieth of the run.
        let moment = |seed| (f64::from(kill) + pseudo_random(seed)) / f64::from(KILLS);
        let run = start_killed(&program, &start, start_takes.mul_f64(moment(kill)), &mut starts);
        answer_killed(&program, &run, "approve", answer, answer_takes.mul_f64(moment(kill + 100)), &mut answers);
        assert!(page(&program) == expected, "the article differs after kill {kill}");
    }
    println!("starts of {start_takes:?}: {starts:?}, answers of {answer_takes:?}: {answers:?}");
    assert!(starts.running >= KILLS / 4, "too few starts were killed in the middle: {starts:?}");
    assert!(answers.killed >= KILLS / 4, "too few answers were killed: {answers:?}");
}

#[test]
fn rows_are_loaded_once_whenever_the_process_is_killed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = tempfile::tempdir().unwrap();
    let file = texts.path().join("big.csv");
    let mut csv = "id,value,name\n".to_owned();
    for row in 0..20_000 {
        let value = if row % 1000 == 7 { "n/a".to_owned() } else { (row * 3).to_string() };
        writeln!(csv, "{row},{value},name {row}").unwrap();
    }
    fs::write(&file, csv).unwrap();
    let file = file.to_string_lossy();
    let start = ["start", &file];

    let undisturbed = Program::new("data_pipeline");
    let start_takes = timed(&undisturbed, &start);
    let (run, _) = only_run(&undisturbed).unwrap();
    let answer_takes = timed(&undisturbed, &["answer", &run, "settle", "LoadGood"]);
    let mut hits = Hits::default();
    for kill in 0..8 {
        let program = Program::new("data_pipeline");
        let moment = |seed| (f64::from(kill) + pseudo_random(seed)) / 8.0;
        let run = start_killed(&program, &start, start_takes.mul_f64(moment(kill)), &mut hits);
        answer_killed(&program, &run, "settle", "LoadGood", answer_takes.mul_f64(moment(kill + 100)), &mut hits);
        let count = "SELECT count(*), count(DISTINCT id), sum(value) FROM big";
        assert_eq!(program.query("warehouse.db", count), undisturbed.query("warehouse.db", count));
        assert_eq!(program.query("warehouse.db", "SELECT name FROM sqlite_master"), ["big"]);
    }
    println!("starts of {start_takes:?}, answers of {answer_takes:?}: {hits:?}");
    assert!(hits.running >= 3, "too few runs were killed in the middle: {hits:?}");
}

#[test]
fn a_trade_is_executed_once_whenever_the_process_is_killed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let start = ["start", "ACME", "buy", "300", "55.00"];
    let answer = r#"{"Approve":{"quantity":200}}"#;
    let undisturbed = Program::new("execute_trade");
    let start_takes = timed(&undisturbed, &start);
    let (run, _) = only_run(&undisturbed).unwrap();
    let answer_takes = timed(&undisturbed, &["answer", &run, "approve", answer]);
    let mut hits = Hits::default();
    for kill in 0..KILLS {
        let program = Program::new("execute_trade");
        let moment = |seed| (f64::from(kill) + pseudo_random(seed)) / f64::from(KILLS);
        let run = start_killed(&program, &start, start_takes.mul_f64(moment(kill)), &mut hits);
        answer_killed(&program, &run, "approve", answer, answer_takes.mul_f64(moment(kill + 100)), &mut hits);
        let trades = program.query("ledger.db", "SELECT symbol, quantity FROM trades");
        assert_eq!(trades, ["ACME|200"], "after kill {kill}");
    }
    println!("starts of {start_takes:?}, answers of {answer_takes:?}: {hits:?}");
    assert!(hits.killed >= KILLS / 4, "too few processes were killed: {hits:?}");
}
