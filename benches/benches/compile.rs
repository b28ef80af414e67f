//! How long `cargo check` takes for a workflow, against the same code as a plain async fn.
//!
//! Generates small crates into `target/compile-bench`, builds their dependencies once and checks the crates in turns. A
//! check is a cold one: nothing is left of the crate's last check, everything of its dependencies.
//!
//! `FLOW_COMPILE_ROUNDS` sets the number of turns, `FLOW_COMPILE_STEPS` the sizes, as in `100` or `10,100`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use flow_benches::{Table, judged, min_and_median};

/// The ratios to stay below, by number of steps.
const AIMS: [(usize, f64); 4] = [(10, 1.6), (50, 1.6), (100, 1.6), (200, 2.0)];
const ROUNDS: usize = 7;

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Workflow,
}

fn main() {
    // `cargo test --benches` builds this, and there is nothing to test.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = env::var("FLOW_COMPILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let wanted = env::var("FLOW_COMPILE_STEPS").ok();
    let wanted: Option<Vec<usize>> = wanted.map(|sizes| sizes.split(',').map(|size| size.parse().unwrap()).collect());
    let aims: Vec<(usize, f64)> =
        AIMS.into_iter().filter(|(size, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(size))).collect();

    let bench = Bench::new(&aims);
    let mut crates = vec!["empty".to_owned()];
    crates.extend(aims.iter().flat_map(|(size, _)| [format!("plain_{size}"), format!("flow_{size}")]));
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); crates.len()];
    // The first turn builds the dependencies and does not count.
    for round in 0..=rounds {
        for (name, times) in crates.iter().zip(&mut times) {
            let time = bench.check(name);
            if round > 0 {
                times.push(time);
            }
        }
    }

    let figures: Vec<(f64, f64)> = times.iter().map(|times| min_and_median(times)).collect();
    let (empty, empty_median) = figures[0];
    let mut table = Table::new(
        "cargo check of a workflow and of the same plain async fn, in ms (min / median)",
        &["steps", "plain", "workflow", "ratio (min)", "(median)", "aim", "ratio without the empty crate"],
    );
    for (index, (size, aim)) in aims.iter().enumerate() {
        let ((plain, plain_median), (flow, flow_median)) = (figures[1 + 2 * index], figures[2 + 2 * index]);
        table.row([
            size.to_string(),
            format!("{plain:.0} / {plain_median:.0}"),
            format!("{flow:.0} / {flow_median:.0}"),
            judged(flow / plain, *aim),
            format!("{:.2}", flow_median / plain_median),
            format!("≤ {aim}"),
            format!("{:.2}", (flow - empty) / (plain - empty)),
        ]);
    }
    table.print();
    println!("  an empty crate: {empty:.0} / {empty_median:.0} ms; {rounds} turns\n");
}

struct Bench {
    root: PathBuf,
}

impl Bench {
    /// Writes the crates.
    fn new(aims: &[(usize, f64)]) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = repository.join("target/compile-bench");
        let bench = Bench { root };
        let mut members = vec!["empty".to_owned()];
        bench.write("empty/src/lib.rs", "");
        for (size, _) in aims {
            bench.write(&format!("plain_{size}/src/lib.rs"), &code(*size, Form::Plain));
            bench.write(&format!("flow_{size}/src/lib.rs"), &code(*size, Form::Workflow));
            members.extend([format!("plain_{size}"), format!("flow_{size}")]);
        }
        let runtime = repository.join("flow-runtime");
        for member in &members {
            let manifest = format!(
                "[package]\nname = \"{member}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [dependencies]\nflow-runtime.path = {runtime:?}\nserde.workspace = true\n"
            );
            bench.write(&format!("{member}/Cargo.toml"), &manifest);
        }
        let manifest = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\
             [workspace.dependencies]\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
        );
        bench.write("Cargo.toml", &manifest);
        fs::copy(repository.join("Cargo.lock"), bench.root.join("Cargo.lock")).unwrap();
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Checks one crate from scratch. Returns milliseconds.
    fn check(&self, name: &str) -> f64 {
        let target = self.root.join("target");
        for entry in fs::read_dir(target.join("debug/incremental")).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().rsplit_once('-').is_some_and(|(of, _)| of == name) {
                fs::remove_dir_all(entry.path()).unwrap();
            }
        }
        let source = self.root.join(name).join("src/lib.rs");
        let text = fs::read(&source).unwrap();
        fs::write(&source, text).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--quiet", "--offline", "--package", name]).arg("--target-dir").arg(&target);
        // What cargo sets for this program is not meant for the crates.
        for (variable, _) in env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_HOME") {
            cargo.env_remove(variable);
        }
        let start = Instant::now();
        let status = cargo.current_dir(&self.root).status().unwrap();
        let time = start.elapsed();
        assert!(status.success(), "`{name}` does not compile");
        time.as_secs_f64() * 1000.0
    }
}

/// A chain of steps, each with a result type of its own. As in real code most results are used soon, some much later, and
/// there is plain code in between, with types that are inferred.
fn code(steps: usize, form: Form) -> String {
    let mut code = String::new();
    code.push_str("use serde::{Deserialize, Serialize};\n");
    if form == Form::Workflow {
        code.push_str("use flow_runtime::prelude::*;\n");
    }
    code.push_str("pub type Outcome<T> = Result<T, String>;\n");
    code.push_str("pub struct App { pub url: String }\n");
    code.push_str("#[derive(Serialize, Deserialize)] pub struct Made0 { pub text: String, pub count: u64 }\n");
    let attribute = if form == Form::Workflow { "#[step] " } else { "" };
    let mut body = String::new();
    for step in 1..=steps {
        let (last, far) = (step - 1, step.saturating_sub(4));
        let size = last / 10 * 10;
        writeln!(
            code,
            "#[derive(Serialize, Deserialize)] pub struct Made{step} {{ pub text: String, pub count: u64 }}"
        )
        .unwrap();
        writeln!(code, "/// Makes number {step}.").unwrap();
        writeln!(
            code,
            "{attribute}pub async fn make_{step}(app: &App, last: &Made{last}, far: &Made{far}, size: usize) -> Outcome<Made{step}> \
             {{ Ok(Made{step} {{ text: format!(\"{{}} {{}}\", app.url, last.text), count: far.count + size as u64 }}) }}"
        )
        .unwrap();
        writeln!(body, "        let made_{step} = make_{step}(app, &made_{last}, &made_{far}, size_{size}).await?;")
            .unwrap();
        if step % 10 == 0 {
            writeln!(body, "        let size_{step} = made_{step}.text.len() + size_{size};").unwrap();
        }
    }
    let head = "    /// Makes one after the other.\n    pub async fn chain(app: &App, topic: String)";
    let size = steps / 10 * 10;
    let function = format!(
        "{head} -> Outcome<String> {{\n        let size_0 = topic.len();\n        \
         let made_0 = Made0 {{ text: topic, count: 0 }};\n{body}        Ok(format!(\"{{}} {{size_{size}}}\", made_{steps}.text))\n    }}\n"
    );
    match form {
        Form::Plain => code.push_str(&function),
        Form::Workflow => write!(code, "workflow! {{\n{function}}}\n").unwrap(),
    }
    code
}
