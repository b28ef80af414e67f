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

    /// The item without what only means something to workflows.
    fn plain(&self) -> String {
        let bounds = |line: &str| line.trim().starts_with("#[max(") || line.trim() == "#[forever]";
        let kept = self.lines.iter().filter(|line| !bounds(line));
        let text: String = kept.map(|line| format!("{line}\n")).collect();
        if self.workflow().is_some() { text.replacen("async fn ", "pub async fn ", 1) } else { text }
    }

    fn machine(&self) -> String {
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        match self.workflow() {
            Some(_) => format!("workflow! {{\n{}}}\n", text.replacen("async fn ", "pub async fn ", 1)),
            None => text,
        }
    }
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

fn pascal_case(name: &str) -> String {
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
        .filter_map(|item| Some((item.workflow()?, item.cancels())))
        .map(|(name, cancels)| {
            let machine = pascal_case(name);
            format!("Case::of::<machine::{machine}>(|seed| Box::pin(plain::{name}(seed)), {cancels}),\n")
        })
        .collect();
    format!(
        "pub mod plain {{
use differential::{{plain::*, plain_parallel as parallel, steps::*, values::{{Error, Fault, Record, Result, Shape}}}};
{plain}}}
pub mod machine {{
use differential::{{steps::*, values::*}};
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
