//! The hand-written programs.
#![allow(missing_docs, unused, clippy::all, clippy::unwrap_used)]

use differential::{
    Case, Depth, check, faults,
    steps::{Loud, Offset},
    values::Record,
};
use flow_runtime::Workflow;
use serde_json::json;

include!(concat!(env!("OUT_DIR"), "/bodies.rs"));

async fn check_all(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    for case in cases {
        for seed in 0..24 {
            if seed < 2 {
                check(&case, seed, &Depth::EveryWrite).await;
            }
            check(&case, seed, &Depth::Memory).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn loops_behave() {
    check_all(loops::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn bindings_behave() {
    check_all(bindings::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn branching_behaves() {
    check_all(branching::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn errors_behave() {
    check_all(errors::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn forks_behave() {
    check_all(forks::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn pauses_behave() {
    check_all(pauses::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn asks_behave() {
    check_all(asks::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn generic_steps_behave() {
    check_all(shapes::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn fans_behave() {
    check_all(fans::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn timers_behave() {
    check_all(timers::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn children_behave() {
    check_all(children::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn rules_behave() {
    check_all(rules::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn undo_behave() {
    check_all(undo::cases()).await;
}

/// A workflow with other inputs than one seed, or with dependencies.
macro_rules! case {
    ($workflow:ty, $deps:expr, |$seed:ident| $plain:expr, $input:expr, $json:expr) => {
        Case {
            name: <$workflow as Workflow>::NAME,
            workflow: <$workflow as Workflow>::ID,
            plain: |$seed| Box::pin(async move { $plain.await }),
            run: |$seed| Box::pin(async move { <$workflow>::run(&$deps, $input).await }),
            register: |app| app.register::<$workflow>($deps),
            input: |$seed| $json,
            cancels: false,
            waits: false,
        }
    };
}

#[tokio::test(start_paused = true)]
async fn signatures_behave() {
    use shapes::{machine, plain};
    let cases = vec![
        case!(
            machine::SeveralInputs,
            (),
            |seed| plain::several_inputs(seed, "ann".to_string(), vec![seed; 2]),
            (seed, "ann".to_string(), vec![seed; 2]),
            json!({ "seed": seed, "name": "ann", "numbers": [seed, seed] })
        ),
        case!(machine::NoInput, (), |seed| plain::no_input(), (), json!(null)),
        case!(machine::ARecord, (), |seed| plain::a_record(a_record(seed)), a_record(seed), json!(a_record(seed))),
        case!(
            machine::WithADependency,
            Offset(4),
            |seed| plain::with_a_dependency(&Offset(4), seed),
            seed,
            json!(seed)
        ),
        case!(
            machine::WithDependencies,
            (Offset(4), Loud),
            |seed| plain::with_dependencies(&Offset(4), &Loud, seed),
            seed,
            json!(seed)
        ),
        case!(machine::Generic::<Loud>, Loud, |seed| plain::generic(&Loud, seed), seed, json!(seed)),
    ];
    check_all(cases).await;
}

fn a_record(seed: u64) -> Record {
    Record { count: seed, label: "l".to_string(), tags: vec![seed] }
}

/// A folder in memory, if there is such a thing: a commit that waits for a disk is made even if whoever wanted it is gone by then,
/// and nobody would note it here.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn sqlite_keeps_them_as_well() {
    let folder = in_memory();
    let all = [loops::cases(), bindings::cases(), branching::cases(), forks::cases(), pauses::cases(), asks::cases()];
    for (position, case) in all.into_iter().flatten().enumerate().filter(|(position, _)| position % 4 == 0) {
        let (seed, path) = (position as u64, folder.path().join(format!("{position}.db")));
        check(&case, seed, &Depth::Sqlite(path)).await;
    }
}

/// Every program, with at least so many faults in all.
async fn survives(at_least: u64, depth: impl Fn(u64) -> Depth) {
    let before = faults();
    let mut seed = 0;
    while faults() - before < at_least {
        for case in every_case() {
            check(&case, seed, &depth(seed)).await;
            seed += 1;
        }
    }
    println!("{} faults, {seed} runs, each with the result and the effects of the undisturbed one", faults() - before);
}

fn every_case() -> Vec<Case> {
    let all = [
        loops::cases(),
        bindings::cases(),
        branching::cases(),
        errors::cases(),
        forks::cases(),
        pauses::cases(),
        asks::cases(),
        fans::cases(),
        timers::cases(),
        children::cases(),
        rules::cases(),
        undo::cases(),
    ];
    all.into_iter().flatten().collect()
}

#[tokio::test(start_paused = true)]
async fn random_faults_in_memory_change_nothing() {
    survives(10_000, |_| Depth::Faults).await;
}

#[tokio::test(start_paused = true)]
async fn random_faults_on_sqlite_change_nothing() {
    let folder = in_memory();
    survives(1_000, |seed| Depth::SqliteFaults(folder.path().join(format!("{seed}.db")))).await;
}
