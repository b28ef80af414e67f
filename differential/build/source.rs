//! One text of functions → a module of plain functions, a module of workflows, and the cases that compare them.

/// A top-level item: its lines.
struct Item<'t> {
    lines: Vec<&'t str>,
}

impl<'t> Item<'t> {
    /// The name of an `async fn`.
    fn workflow(&self) -> Option<&'t str> {
        let signature = self.lines.iter().find_map(|line| line.strip_prefix("async fn "))?;
        signature.split(['(', '<']).next()
    }

    /// Whether the seed is its only parameter.
    fn is_case(&self) -> bool {
        self.lines.iter().any(|line| line.ends_with("(seed: u64) -> Result<String> {"))
    }

    /// Whether which steps run depends on how far the branches beside a failing one have come.
    fn cancels(&self) -> bool {
        self.lines.iter().any(|line| line.trim() == "// cancels")
    }

    /// Whether it, or a workflow it calls, asks something that may not be answered in time.
    fn waits(&self, items: &[Item<'_>]) -> bool {
        let says = |text: &str| self.lines.iter().skip(1).any(|line| line.contains(text));
        let calls = |other: &&Item<'_>| {
            other.lines[0] != self.lines[0] && other.workflow().is_some_and(|name| says(&format!("{name}(")))
        };
        says("ask_maybe(") || says("silence") || items.iter().filter(calls).any(|other| other.waits(items))
    }

    /// Whether it calls itself, so that its plain future needs a box.
    fn recurses(&self) -> bool {
        self.lines.iter().any(|line| line.trim() == "// recurses")
    }

    /// The item without what only means something to workflows.
    fn plain(&self) -> String {
        let text: String = self.lines.iter().filter_map(|line| plain_line(line)).map(|line| line + "\n").collect();
        match self.workflow() {
            Some(_) if self.recurses() => {
                let text = text.replacen("async fn ", "pub fn ", 1);
                let text = text.replacen(" -> Result<", " -> BoxFuture<Result<", 1).replacen(
                    "> {\n",
                    ">> {\nBox::pin(async move {\n",
                    1,
                );
                text.trim_end().trim_end_matches('}').to_owned() + "})\n}\n"
            }
            Some(_) => text.replacen("async fn ", "pub async fn ", 1),
            None => text,
        }
    }

    fn machine(&self) -> String {
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        match self.workflow() {
            Some(_) => format!("workflow! {{\n{}}}\n", text.replacen("async fn ", "pub async fn ", 1)),
            None => text,
        }
    }
}

/// A line of a plain function. Rules of steps become calls that say so; bounds of loops and names of points are left out.
fn plain_line(line: &str) -> Option<String> {
    let trimmed = line.trim();
    let rule = |name: &str| Some(trimmed.strip_prefix(name)?.strip_suffix(")]")?.trim_matches('"').to_owned());
    if trimmed.starts_with("#[max(") || trimmed == "#[forever]" || trimmed.starts_with("#[id = ") {
        return None;
    }
    if let Some(retries) = rule("#[retry(") {
        // How long the retries wait makes no difference here.
        return Some(format!("rules::retry({});", retries.split(',').next().unwrap_or_default()));
    }
    if let Some(timeout) = rule("#[timeout(") {
        return Some(format!("rules::timeout({});", timeout.trim_end_matches('s')));
    }
    if trimmed == "#[on_error(pause)]" {
        return Some("rules::on_error_pause();".to_owned());
    }
    Some(line.to_owned())
}

/// Items end where a line begins with `}`, or where one without a block ends.
fn items(text: &str) -> Vec<Item<'_>> {
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("//!")) {
        lines.push(line);
        let outside = !line.starts_with([' ', '#', '/']);
        if outside && (line.starts_with('}') || line.ends_with([';', '}'])) {
            items.push(Item { lines: std::mem::take(&mut lines) });
        }
    }
    items
}

pub(crate) fn pascal_case(name: &str) -> String {
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    name.split('_').map(capital).collect::<Vec<String>>().concat()
}

/// Both modules and `pub fn cases() -> Vec<Case>`.
pub(crate) fn both(text: &str) -> String {
    let items = items(text);
    let plain: String = items.iter().map(Item::plain).collect();
    let machine: String = items.iter().map(Item::machine).collect();
    let cases: String = items
        .iter()
        .filter(|item| item.is_case())
        .filter_map(|item| Some((item.workflow()?, item.cancels(), item.waits(&items))))
        .map(|(name, cancels, waits)| {
            let machine = pascal_case(name);
            format!("Case::of::<machine::{machine}>(|seed| Box::pin(plain::{name}(seed)), {cancels}, {waits}),\n")
        })
        .collect();
    format!(
        "pub mod plain {{
use differential::{{plain::{{self as rules, *}}, plain_parallel as parallel, plain_race as race, plain_settle as settle, steps::*}};
use differential::{{Running as BoxFuture, values::{{Error, Fault, Record, Result, Shape, later, seconds}}}};
use flow_runtime::{{Confirmation, Review, sleep, sleep_until}};
{plain}}}
pub mod machine {{
use differential::{{steps::*, tried::*, values::*}};
use flow_runtime::prelude::*;
{machine}}}
use differential::Case;
pub fn cases() -> Vec<Case> {{
vec![
{cases}]
}}
"
    )
}
