//! Random programs as graphs, of the form `workflow!` makes them.

use flow_runtime::{Edge, Graph, Node, NodeKind, Workflow};

use super::workflows::{Measurement, OneStep};

/// Numbers that look random and are the same every time.
pub struct Prng(u64);

impl Prng {
    pub fn new(seed: u64) -> Self {
        Prng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Ways that wait for the node they lead to: from, when.
type Ends = Vec<(usize, String)>;

/// A loop around the code: its ways to the begin and to the end.
#[derive(Default)]
struct Around {
    again: Ends,
    out: Ends,
}

struct Programs<'p> {
    prng: &'p mut Prng,
    nodes: Vec<Node>,
    edges: Vec<(usize, usize, String)>,
    /// How many nodes there may be.
    left: usize,
    loops: Vec<Around>,
    /// Ways to the end of the workflow or branch.
    returns: Ends,
    depth: usize,
    jumps: bool,
}

const NAMES: [&str; 8] = [
    "go",
    "write",
    "check_documents",
    "a_name_that_is_long_and_has_many_words_in_it_more_than_fit",
    "x",
    "überprüfen",
    "reserve",
    "measure_and_report",
];
const CONDITIONS: [&str; 5] = [
    "n?",
    "payment.amount > ASK_ABOVE?",
    "for each item",
    "a && b || !c?",
    "list.iter().all(|item| item.is_good(&limits, now) && item.price < most)?",
];
const PATTERNS: [&str; 6] = [
    "_",
    "Some(x)",
    "Verdict::Revise { feedback }",
    "Err(Error::NotFound { name, at, why }) if name.len() > 3",
    "0",
    "Approval::Publish",
];

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A program of about so many nodes.
pub fn program(prng: &mut Prng, size: usize, jumps: bool) -> Graph {
    let mut made = Programs {
        prng,
        nodes: Vec::new(),
        edges: Vec::new(),
        left: size,
        loops: Vec::new(),
        returns: Vec::new(),
        depth: 0,
        jumps,
    };
    made.nodes.push(node(NodeKind::Start, "start", None));
    made.nodes.push(node(NodeKind::End, "end", None));
    let mut ends = vec![(0, String::new())];
    while made.left > 0 && !ends.is_empty() {
        ends = made.block(ends);
    }
    ends.append(&mut made.returns);
    made.connect(ends, 1);
    let (nodes, mut edges) = (made.nodes, made.edges);
    edges.sort_by_key(|(from, ..)| *from);
    let mut found: Vec<Edge> = Vec::new();
    for (from, to, when) in edges {
        let edge = Edge { from: u32::try_from(from).unwrap(), to: u32::try_from(to).unwrap(), when: leak(&when) };
        if !found.contains(&edge) {
            found.push(edge);
        }
    }
    Graph { name: "program", nodes: nodes.leak(), edges: found.leak(), ..calls::Calling::GRAPH }
}

/// Whose calls the generated nodes are: 0 is a workflow of one step, 1 one that calls itself.
mod calls {
    use super::super::workflows::{Result, measurement, one_step};
    use flow_runtime::prelude::*;

    workflow! {
        /// Calls others.
        pub async fn calling(n: u64) -> Result<u64> {
            let a = one_step(n).await?;
            measurement(a).await
        }
    }
}

fn node(kind: NodeKind, name: &str, call: Option<u32>) -> Node {
    Node { kind, name: leak(name), line: 7, call }
}

impl Programs<'_> {
    fn connect(&mut self, ends: Ends, to: usize) {
        self.edges.extend(ends.into_iter().map(|(from, when)| (from, to, when)));
    }

    fn add(&mut self, kind: NodeKind, name: &str, call: Option<u32>, ends: Ends) -> usize {
        self.nodes.push(node(kind, name, call));
        self.left = self.left.saturating_sub(1);
        let added = self.nodes.len() - 1;
        self.connect(ends, added);
        added
    }

    fn choice(&mut self, ends: Ends) -> usize {
        let name = CONDITIONS[self.prng.below(CONDITIONS.len())];
        self.add(NodeKind::Choice, name, None, ends)
    }

    fn block(&mut self, mut ends: Ends) -> Ends {
        self.depth += 1;
        for _ in 0..1 + self.prng.below(4) {
            if ends.is_empty() {
                break;
            }
            ends = self.statement(ends);
        }
        self.depth -= 1;
        ends
    }

    fn statement(&mut self, ends: Ends) -> Ends {
        let name = NAMES[self.prng.below(NAMES.len())];
        if self.left == 0 {
            return ends;
        }
        let kind = if self.depth > 6 { self.prng.below(40) } else { self.prng.below(100) };
        match kind {
            0..36 => vec![(self.add(NodeKind::Step, name, None, ends), String::new())],
            36..39 => vec![(self.add(NodeKind::Pause, name, None, ends), String::new())],
            39 => {
                // The node of a workflow has the workflow's name.
                let (name, call) = if self.prng.chance(50) { (OneStep::NAME, 0) } else { (Measurement::NAME, 1) };
                vec![(self.add(NodeKind::Step, name, Some(call), ends), String::new())]
            }
            40..44 => vec![(self.add(NodeKind::Timer, "sleep", None, ends), String::new())],
            44..58 => {
                let choice = self.choice(ends);
                let mut out = self.block(vec![(choice, "yes".to_owned())]);
                match self.prng.chance(50) {
                    true => out.extend(self.block(vec![(choice, "no".to_owned())])),
                    false => out.push((choice, "no".to_owned())),
                }
                out
            }
            58..68 => {
                let choice = self.choice(ends);
                let mut out = Ends::new();
                for arm in 0..1 + self.prng.below(4) {
                    let when = format!("{} {arm}", PATTERNS[self.prng.below(PATTERNS.len())]);
                    match self.prng.chance(25) {
                        true => out.push((choice, when)),
                        false => out.extend(self.block(vec![(choice, when)])),
                    }
                }
                out
            }
            68..76 => {
                let head = self.choice(ends);
                self.loops.push(Around::default());
                let body = self.block(vec![(head, "item".to_owned())]);
                self.end_loop(body, head, vec![(head, "done".to_owned())])
            }
            76..84 => {
                let head = self.nodes.len();
                self.loops.push(Around::default());
                let body = self.block(ends);
                if self.nodes.len() == head {
                    let Around { again, mut out } = self.loops.pop().unwrap();
                    out.extend(again);
                    out.extend(body);
                    return out;
                }
                self.end_loop(body, head, Ends::new())
            }
            84..92 => {
                let fan_out = self.prng.chance(35);
                let name = if fan_out { "parallel#2 for each" } else { "parallel" };
                let fork = self.add(NodeKind::Fork, name, None, ends);
                let join = self.add(NodeKind::Join, "join", None, Ends::new());
                let (loops, returns) = (std::mem::take(&mut self.loops), std::mem::take(&mut self.returns));
                for _ in 0..if fan_out { 1 } else { 1 + self.prng.below(4) } {
                    let mut out = self.block(vec![(fork, String::new())]);
                    out.append(&mut self.returns);
                    self.connect(out, join);
                }
                (self.loops, self.returns) = (loops, returns);
                vec![(join, String::new())]
            }
            _ if !self.jumps => vec![(self.add(NodeKind::Step, name, None, ends), String::new())],
            92..94 => {
                self.returns.extend(ends);
                Ends::new()
            }
            _ if self.loops.is_empty() => ends,
            kind => {
                let around = self.prng.below(self.loops.len());
                match kind {
                    94..97 => self.loops[around].out.extend(ends),
                    _ => self.loops[around].again.extend(ends),
                }
                Ends::new()
            }
        }
    }

    fn end_loop(&mut self, body: Ends, head: usize, mut out: Ends) -> Ends {
        let around = self.loops.pop().unwrap();
        self.connect(body, head);
        self.connect(around.again, head);
        out.extend(around.out);
        out
    }
}

/// Nodes with edges from anywhere to anywhere, which no program has.
pub fn tangle(prng: &mut Prng, count: usize) -> Graph {
    let mut nodes = vec![node(NodeKind::Start, "start", None), node(NodeKind::End, "end", None)];
    let mut edges = vec![Edge { from: 0, to: 2, when: "" }];
    for at in 2..count {
        let outs = 1 + prng.below(3);
        let kind = if outs == 1 { NodeKind::Step } else { NodeKind::Choice };
        nodes.push(node(kind, NAMES[prng.below(NAMES.len())], None));
        for pattern in &PATTERNS[..outs] {
            let to = u32::try_from(1 + prng.below(count - 1)).unwrap();
            let when = if outs == 1 { "" } else { pattern };
            edges.push(Edge { from: u32::try_from(at).unwrap(), to, when });
        }
    }
    Graph { name: "tangle", nodes: nodes.leak(), edges: edges.leak(), ..calls::Calling::GRAPH }
}

fn made(name: &'static str, nodes: Vec<Node>, edges: Vec<(usize, usize, &'static str)>) -> Graph {
    let id = |node: usize| u32::try_from(node).unwrap();
    let edges: Vec<Edge> = edges.iter().map(|(from, to, when)| Edge { from: id(*from), to: id(*to), when }).collect();
    Graph { name, nodes: nodes.leak(), edges: edges.leak(), ..calls::Calling::GRAPH }
}

fn ends() -> Vec<Node> {
    vec![node(NodeKind::Start, "start", None), node(NodeKind::End, "end", None)]
}

/// So many steps, one after the other.
pub fn chain(count: usize) -> Graph {
    let (mut nodes, mut edges, mut last) = (ends(), Vec::new(), 0);
    for _ in 0..count {
        nodes.push(node(NodeKind::Step, "next_one", None));
        edges.push((last, nodes.len() - 1, ""));
        last = nodes.len() - 1;
    }
    edges.push((last, 1, ""));
    made("chain", nodes, edges)
}

/// `if … { step; return }`, again and again.
pub fn ladder(count: usize) -> Graph {
    let (mut nodes, mut edges, mut last) = (ends(), Vec::new(), (0, ""));
    for _ in 0..count {
        nodes.push(node(NodeKind::Choice, "is it so?", None));
        let choice = nodes.len() - 1;
        edges.push((last.0, choice, last.1));
        nodes.push(node(NodeKind::Step, "refuse", None));
        edges.push((choice, choice + 1, "yes"));
        edges.push((choice + 1, 1, ""));
        last = (choice, "no");
    }
    edges.push((last.0, 1, last.1));
    made("ladder", nodes, edges)
}

/// `if … { if … { … } else { step } } else { step }`
pub fn nest(depth: usize) -> Graph {
    let (mut nodes, mut edges, mut last) = (ends(), Vec::new(), (0, ""));
    for _ in 0..depth {
        nodes.push(node(NodeKind::Choice, "deeper?", None));
        let choice = nodes.len() - 1;
        edges.push((last.0, choice, last.1));
        nodes.push(node(NodeKind::Step, "go_on", None));
        edges.push((choice, choice + 1, "no"));
        last = (choice, "yes");
        edges.push((choice + 1, 1, ""));
    }
    nodes.push(node(NodeKind::Step, "bottom", None));
    edges.push((last.0, nodes.len() - 1, last.1));
    edges.push((nodes.len() - 1, 1, ""));
    made("nest", nodes, edges)
}
