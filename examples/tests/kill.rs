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
use serde_json::Value;

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
    let runs = program.json(&["runs"]);
    let runs = runs["runs"].as_array().unwrap();
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
            assert_eq!(program.json(&["recover", &run])["status"], "paused");
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
    if program.json(&["recover", run])["status"] == "paused" {
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
    let start = ["run", "content-creation", "--topic", "how a run survives a crash", "--folder", &folder];
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
    let start = ["run", "data-pipeline", "--csv", &file];

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
    let start = ["run", "execute-trade"];
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

/// Starts a run that ends by itself, kills it, and brings it to its end.
fn run_killed(program: &Program, start: &[&str], delay: Duration, hits: &mut Hits) -> (Option<i32>, Value) {
    let killed = kill_after(program, start, delay);
    hits.killed += u32::from(killed);
    match only_run(program) {
        Some((run, status)) => {
            hits.running += u32::from(["running", "undoing"].contains(&&*status));
            program.report(&["recover", &run])
        }
        None => {
            assert!(killed, "a start that was not killed stores its run");
            program.report(start)
        }
    }
}

/// What an order has left behind: the stock, the ledger without the names of the run, and the parcels.
fn traces(program: &Program) -> (Vec<(u64, usize)>, Vec<String>, usize) {
    let stock = fs::read_to_string(program.folder().join("stock.json")).unwrap();
    let stock: Value = serde_json::from_str(&stock).unwrap();
    let line = |line: &Value| (line["in_stock"].as_u64().unwrap(), line["reserved"].as_object().unwrap().len());
    let parcels = fs::read_dir(program.folder().join("parcels")).map_or(0, Iterator::count);
    let entries = "SELECT account, amount, substr(what, 1, 11) FROM entries ORDER BY number";
    (stock.as_object().unwrap().values().map(line).collect(), program.query("ledger.db", entries), parcels)
}

/// Which steps were undone, in this order.
fn undone(report: &Value) -> Vec<&str> {
    report["undone"].as_array().unwrap().iter().map(|undo| undo["step"].as_str().unwrap()).collect()
}

#[test]
fn an_order_is_taken_back_once_whenever_the_process_is_killed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let start = ["run", "order-saga", "--address", "nowhere"];
    let undisturbed = Program::new("order_saga");
    let started = Instant::now();
    let (code, report) = undisturbed.report(&start);
    let takes = started.elapsed();
    assert_eq!((code, undone(&report)), (Some(1), vec!["charge", "reserve"]));
    let expected = traces(&undisturbed);
    assert_eq!(expected.1, ["ann|100000|opening bal", "ann|-14970|lamp for or", "ann|14970|refund for "]);
    let mut hits = Hits::default();
    for kill in 0..KILLS {
        let program = Program::new("order_saga");
        let moment = (f64::from(kill) + pseudo_random(kill)) / f64::from(KILLS);
        let (code, report) = run_killed(&program, &start, takes.mul_f64(moment), &mut hits);
        assert_eq!((code, undone(&report)), (Some(1), vec!["charge", "reserve"]), "after kill {kill}");
        assert_eq!(traces(&program), expected, "after kill {kill}");
    }
    println!("orders of {takes:?}: {hits:?}");
    assert!(hits.running >= KILLS / 5, "too few orders were killed in the middle: {hits:?}");
}

#[test]
fn an_order_is_cancelled_once_whenever_the_process_is_killed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = |program: &Program| {
        program.json(&["run", "order-saga", "--item", "sofa", "--quantity", "1"])["run"].as_str().unwrap().to_owned()
    };
    let undisturbed = Program::new("order_saga");
    let run = asked(&undisturbed);
    let takes = timed(&undisturbed, &["cancel", &run]);
    let expected = traces(&undisturbed);
    let mut hits = Hits::default();
    for kill in 0..KILLS {
        let program = Program::new("order_saga");
        let run = asked(&program);
        let moment = (f64::from(kill) + pseudo_random(kill)) / f64::from(KILLS);
        let killed = kill_after(&program, &["cancel", &run], takes.mul_f64(moment));
        hits.killed += u32::from(killed);
        let status = only_run(&program).unwrap().1;
        hits.running += u32::from(status == "undoing");
        let report = match status.as_str() {
            // It died before the cancel was stored.
            "paused" => program.json(&["cancel", &run]),
            _ => program.report(&["recover", &run]).1,
        };
        assert_eq!((report["status"].as_str(), undone(&report)), (Some("cancelled"), vec!["charge", "reserve"]));
        assert_eq!(traces(&program), expected, "after kill {kill}");
    }
    println!("cancels of {takes:?}: {hits:?}");
    assert!(hits.killed >= KILLS / 4, "too few processes were killed: {hits:?}");
}

#[test]
fn a_crawl_finds_the_same_whenever_the_process_is_killed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = tempfile::tempdir().unwrap();
    let folder = texts.path().join("site");
    fs::create_dir(&folder).unwrap();
    for number in 0..60 {
        let mut text = format!("# Page {number}\n");
        for other in 1..6 {
            // Some lead nowhere.
            let (page, anchor) = (
                number * other % 63,
                if other == 5 { "nowhere".to_owned() } else { format!("page-{}", number * other % 63) },
            );
            writeln!(text, "[page {page}](page-{page}.md#{anchor})").unwrap();
        }
        fs::write(folder.join(format!("page-{number}.md")), text).unwrap();
    }
    let folder = folder.to_string_lossy();
    let start = ["run", "crawl", "--starts", &folder];
    let undisturbed = Program::new("crawl");
    let started = Instant::now();
    let (code, expected) = undisturbed.report(&start);
    let takes = started.elapsed();
    assert_eq!((code, &expected["output"]["files"], &expected["output"]["links"]), (Some(1), &60.into(), &300.into()));
    // A step that had finished before the kill is not run again, so no checkpoint is made twice.
    let checkpoints = "SELECT count(*) FROM history";
    let mut hits = Hits::default();
    for kill in 0..KILLS {
        let program = Program::new("crawl");
        let moment = (f64::from(kill) + pseudo_random(kill)) / f64::from(KILLS);
        let (code, report) = run_killed(&program, &start, takes.mul_f64(moment), &mut hits);
        assert_eq!((code, &report["output"]), (Some(1), &expected["output"]), "after kill {kill}");
        assert_eq!(program.query("flow.db", checkpoints), undisturbed.query("flow.db", checkpoints));
    }
    println!("crawls of {takes:?}: {hits:?}");
    assert!(hits.running >= KILLS / 4, "too few crawls were killed in the middle: {hits:?}");
}
