//! Workflows in which the constructs of the language stand in each other: every pair, and some triples. Beside each goes the
//! same tree as data, for the interpreter.

use crate::{random::prng::Prng, source::pascal_case};

const KINDS: [&str; 13] = [
    "Sequence", "If", "Match", "Loop", "Parallel", "FanOut", "Settle", "Race", "Pause", "Timer", "Child", "Retry",
    "Undo",
];
/// How many triples there are.
const TRIPLES: usize = 150;

/// A construct by its position in the list, with what stands in its two places.
enum Tree {
    Leaf,
    Node(usize, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn node(kind: usize, first: Tree, second: Tree) -> Self {
        Tree::Node(kind, Box::new(first), Box::new(second))
    }

    /// One construct around a step.
    fn one(kind: usize) -> Self {
        Tree::node(kind, Tree::Leaf, Tree::Leaf)
    }

    /// As an expression of the interpreter's type.
    fn data(&self) -> String {
        match self {
            Tree::Leaf => "Tree::Leaf".to_owned(),
            Tree::Node(kind, first, second) => {
                format!("Tree::Node(Kind::{}, &{}, &{})", KINDS[*kind], first.data(), second.data())
            }
        }
    }
}

fn trees() -> Vec<(String, Tree)> {
    let mut trees = Vec::new();
    let name = |kinds: &[usize]| kinds.iter().map(|kind| KINDS[*kind].to_lowercase()).collect::<Vec<_>>().join("_");
    for outer in 0..KINDS.len() {
        for inner in 0..KINDS.len() {
            trees.push((name(&[outer, inner]), Tree::node(outer, Tree::one(inner), Tree::Leaf)));
        }
    }
    let mut prng = Prng::new(0x3e57);
    for number in 0..TRIPLES {
        let [outer, middle, inner, aside, beside] = std::array::from_fn(|_| prng.below(KINDS.len()));
        let deep = Tree::node(middle, Tree::one(inner), Tree::one(aside));
        let tree = Tree::node(outer, deep, Tree::one(beside));
        trees.push((format!("{}_{number}", name(&[outer, middle, inner])), tree));
    }
    trees
}

/// The text of one workflow and of its children.
#[derive(Default)]
struct Text {
    name: String,
    children: String,
    fresh: usize,
}

impl Text {
    fn fresh(&mut self, base: &str) -> String {
        self.fresh += 1;
        format!("{base}{}", self.fresh)
    }

    /// Statements, and the name of the number they give.
    fn statements(&mut self, tree: &Tree, x: &str) -> (String, String) {
        let out = self.fresh("out");
        let Tree::Node(kind, first, second) = tree else {
            return (format!("let {out} = add({x}, 7).await?;\n"), out);
        };
        let text = match KINDS[*kind] {
            "Sequence" => {
                let (before, a) = self.statements(first, x);
                let between = self.fresh("between");
                let (after, b) = self.statements(second, &between);
                format!("{before}let {between} = add({a}, 2).await?;\n{after}let {out} = {b};\n")
            }
            "If" => {
                let (then, a) = self.statements(first, x);
                let (other, b) = self.statements(second, x);
                format!("let {out} = if is({x}, 2).await? {{\n{then}{a}\n}} else {{\n{other}{b}\n}};\n")
            }
            "Match" => {
                let (some, a) = self.statements(first, "v");
                let (none, b) = self.statements(second, x);
                format!(
                    "let {out} = match opt({x}).await? {{\nSome(v) if v % 2 == 0 => {{\n{some}{a}\n}}\nSome(v) => add(v, 5).await?,\nNone => {{\n{none}{b}\n}}\n}};\n"
                )
            }
            "Loop" => {
                let (round, y) = (self.fresh("round"), self.fresh("y"));
                let (body, a) = self.statements(first, &y);
                format!(
                    "let mut {out} = {x};\nfor {round} in 0..2u64 {{\nlet {y} = {out} + {round};\n{body}{out} = ({out} + {a}) % 1009;\n}}\n"
                )
            }
            "Parallel" => {
                let (p, q) = (self.fresh("p"), self.fresh("q"));
                let (one, a) = self.statements(first, x);
                let (other, b) = self.statements(second, x);
                format!(
                    "let ({p}, {q}) = parallel!(async {{\n{one}Ok({a})\n}}, async {{\n{other}Ok({b})\n}})?;\nlet {out} = ({p} + {q}) % 1009;\n"
                )
            }
            "FanOut" => {
                let (item, list) = (self.fresh("item"), self.fresh("list"));
                let (body, a) = self.statements(first, &item);
                format!(
                    "let {list} = parallel!(for {item} in vec![{x}, {x} + 1, {x} + 2] {{\n{body}Ok({a})\n}}, limit = 2)?;\nlet {out} = total(&{list}).await?;\n"
                )
            }
            "Settle" => {
                let (p, q, r) = (self.fresh("p"), self.fresh("q"), self.fresh("r"));
                let (one, a) = self.statements(first, x);
                let (other, b) = self.statements(second, x);
                format!(
                    "let ({p}, {q}, {r}) = settle!(async {{\n{one}Ok({a})\n}}, async {{\n{other}Ok({b})\n}}, fail_on({x}, 2));\nlet {out} = ({p}.unwrap_or(1) + {q}.unwrap_or(2) + {r}.unwrap_or(3)) % 1009;\n"
                )
            }
            "Race" => {
                let (body, a) = self.statements(first, x);
                format!(
                    "let {out} = race!(async {{\n{body}Ok({a})\n}}, async {{\nsleep(seconds(900)).await;\nadd({x}, 900).await\n}}, async {{ Ok(pause(ask_maybe(1)).await) }})?;\n"
                )
            }
            "Pause" => {
                let (a, b, y) = (self.fresh("a"), self.fresh("b"), self.fresh("y"));
                let (body, c) = self.statements(first, &y);
                format!(
                    "let {a} = pause(ask_number({x})).await;\nlet {b} = pause(ask_maybe({a})).timeout(seconds(20)).await.unwrap_or(6);\nlet {y} = {a} + {b};\n{body}let {out} = {c};\n"
                )
            }
            "Timer" => {
                let (body, a) = self.statements(first, x);
                format!("sleep(seconds(3)).await;\n{body}let {out} = {a};\n")
            }
            "Child" => {
                let child = self.fresh(&format!("{}_child", self.name));
                let (body, a) = self.statements(first, "n");
                let text =
                    format!("workflow! {{\npub async fn {child}(n: u64) -> Result<u64> {{\n{body}Ok({a})\n}}\n}}\n");
                self.children.push_str(&text);
                format!("let {out} = {child}({x}).await?;\n")
            }
            "Retry" => {
                let tried = self.fresh("tried");
                let (body, a) = self.statements(first, &tried);
                format!("let {tried} = flaky({x}, 2).await?;\n{body}let {out} = {a};\n")
            }
            _ => {
                let (ticket, booked) = (self.fresh("ticket"), self.fresh("booked"));
                let (body, a) = self.statements(first, &booked);
                format!(
                    "let {ticket} = reserve(\"n\", {x}).await?;\nlet {booked} = book({ticket}, 1).await?;\n{body}let {out} = {a};\n"
                )
            }
        };
        (text, out)
    }
}

/// Every `parts`-th nesting from this one: workflows, and cases that compare them with the interpreter.
pub(crate) fn part(part: usize, parts: usize) -> String {
    let (mut machines, mut cases) = (String::new(), String::new());
    for (_, (name, tree)) in trees().into_iter().enumerate().filter(|(number, _)| number % parts == part) {
        let mut text = Text { name: name.clone(), ..Text::default() };
        let (body, out) = text.statements(&tree, "seed");
        machines.push_str(&text.children);
        machines.push_str(&format!(
            "workflow! {{\npub async fn {name}(seed: u64) -> Result<String> {{\n{body}let end = fail_on({out}, 3).await?;\nOk(format!(\"{{{out}}} {{end}}\"))\n}}\n}}\n"
        ));
        cases.push_str(&format!(
            "Case::of::<machine::{}>(|seed| Box::pin(async move {{ run(&{}, seed) }}), false, true),\n",
            pascal_case(&name),
            tree.data()
        ));
    }
    format!(
        "pub mod machine {{
use differential::{{steps::*, tried::*, values::*}};
use flow_runtime::prelude::*;
{machines}}}
use differential::{{Case, interpreter::{{Kind, Tree, run}}}};
pub fn cases() -> Vec<Case> {{
vec![
{cases}]
}}
"
    )
}
