//! What a run's events tell of its way, and what its checkpoints tell.

use std::collections::{BTreeMap, HashMap};

use flow_runtime::{Event, EventKind, Graph, Node, NodeKind, store::CheckpointRecord};

use super::trace::{At, Trace, around, is_fork};
use crate::chart::Chart;

/// What is known from the events.
pub(super) struct Told<'c> {
    pub(super) trace: Trace<'c>,
    /// By path, the step that is at work, and which attempt it is.
    pub(super) working: BTreeMap<String, (At, u32)>,
    /// By path, the step that has failed last.
    pub(super) failed: BTreeMap<String, (At, u32)>,
    /// By fork: how many branches are done, and how many there are.
    pub(super) branches: BTreeMap<At, (u64, u64)>,
    pub(super) undone: BTreeMap<At, u64>,
    asked: HashMap<String, At>,
    /// Whether anything was told.
    pub(super) any: bool,
}

fn is_step(kind: NodeKind, node: &Node, name: &str) -> bool {
    kind == NodeKind::Step && node.name == name
}

impl<'c> Told<'c> {
    pub(super) fn new(graph: Graph, chart: &'c Chart) -> Self {
        Told {
            trace: Trace::new(graph, chart),
            working: BTreeMap::new(),
            failed: BTreeMap::new(),
            branches: BTreeMap::new(),
            undone: BTreeMap::new(),
            asked: HashMap::new(),
            any: false,
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        let (path, trace) = (event.path.as_str(), &mut self.trace);
        self.any = true;
        match &event.kind {
            EventKind::StepStarted { step, attempt } => {
                self.failed.remove(path);
                if let Some(at) = trace.advance(path, |kind, node| is_step(kind, node, step)) {
                    self.working.insert(path.to_owned(), (at, *attempt));
                }
            }
            EventKind::StepCompleted { step, .. } => {
                self.working.remove(path);
                self.failed.remove(path);
                if let Some(at) = trace.advance(path, |kind, node| is_step(kind, node, step)) {
                    trace.complete(path, at);
                }
            }
            EventKind::StepFailed { step, attempt, .. } => {
                self.working.remove(path);
                if let Some(at) = trace.advance(path, |kind, node| is_step(kind, node, step)) {
                    self.failed.insert(path.to_owned(), (at, *attempt));
                }
            }
            EventKind::StepUndone { step, error: None } => {
                let Some(level) = trace.level_of(path) else { return };
                let nodes = trace.levels[level].graph.nodes;
                let is = |node: &usize| trace.done.contains_key(&(level, *node)) && nodes[*node].name == step;
                if let Some(node) = (0..nodes.len()).find(is) {
                    *self.undone.entry((level, node)).or_default() += 1;
                }
            }
            EventKind::PauseAsked { pause, name, .. } => {
                let at = trace.advance(path, |kind, node| kind == NodeKind::Pause && node.name == name);
                self.asked.extend(at.map(|at| (pause.clone(), at)));
            }
            EventKind::PauseAnswered { pause, .. } | EventKind::PauseExpired { pause } => {
                if let Some(at) = self.asked.remove(pause) {
                    trace.complete(path, at);
                }
            }
            EventKind::TimerSet { .. } => {
                trace.advance(path, |kind, _| kind == NodeKind::Timer);
            }
            EventKind::TimerFired => {
                if let Some(at) = trace.advance(path, |kind, _| kind == NodeKind::Timer) {
                    trace.complete(path, at);
                }
            }
            EventKind::ForkStarted { fork, branches } => {
                if let Some(at) = trace.advance(path, |kind, node| is_fork(kind, node, fork)) {
                    *trace.done.entry(at).or_default() += 1;
                    self.branches.insert(at, (0, *branches));
                }
            }
            EventKind::BranchCompleted { .. } => self.branch_done(path),
            EventKind::ForkJoined { fork } => {
                self.leave_below(path);
                let trace = &mut self.trace;
                if let Some((level, fork)) = trace.advance(path, |kind, node| is_fork(kind, node, fork)) {
                    trace.complete(path, (level, fork + 1));
                }
            }
            EventKind::LoopIterated { node, .. } => trace.iterate(path, *node as usize),
            EventKind::ChoiceTaken { node, choice } => trace.choose(path, *node as usize, choice),
            EventKind::ChildStarted { .. } => trace.restart(path),
            EventKind::ChildCompleted { child } => {
                self.leave_below(path);
                let trace = &mut self.trace;
                trace.finish(path);
                self.working.remove(path);
                let Some((outer, _)) = around(path) else { return };
                let is = |kind: NodeKind, node: &Node| kind == NodeKind::Child && node.name == child;
                if let Some(at) = trace.advance(outer, is) {
                    trace.complete(outer, at);
                }
            }
            EventKind::RunCompleted => {
                trace.finish("");
                self.working.clear();
            }
            EventKind::RunFailed { .. } | EventKind::RunCancelled => self.working.clear(),
            _ => {}
        }
    }

    fn branch_done(&mut self, path: &str) {
        self.leave_below(path);
        self.trace.finish(path);
        self.working.remove(path);
        let Some((outer, _)) = around(path) else { return };
        if let Some(fork) = self.trace.standing_at(outer, &[NodeKind::Fork]) {
            self.branches.entry(fork).or_default().0 += 1;
        }
    }

    /// What was at work below a frame is no more.
    fn leave_below(&mut self, path: &str) {
        let is_below = |below: &String| {
            let rest = below.strip_prefix(path);
            rest.is_some_and(|rest| !rest.is_empty() && (path.is_empty() || rest.starts_with('/')))
        };
        self.working.retain(|below, _| !is_below(below));
        self.failed.retain(|below, _| !is_below(below));
    }
}

/// The name under which a branch that is done is stored.
const DONE: &str = "=done";

/// What is known from the checkpoints, and by fork, how many of its branches are done.
pub(super) fn checkpoints<'c>(
    graph: Graph,
    chart: &'c Chart,
    history: &[CheckpointRecord],
) -> (Trace<'c>, BTreeMap<At, u64>) {
    let (mut trace, mut branches) = (Trace::new(graph, chart), BTreeMap::new());
    for CheckpointRecord { path, at, .. } in history {
        // The frame goes on, so it has its answer, or has slept.
        if let Some(waited) = trace.standing_at(path, &[NodeKind::Pause, NodeKind::Timer]) {
            trace.complete(path, waited);
        }
        if at == DONE {
            trace.finish(path);
            let fork = around(path).and_then(|(outer, _)| trace.standing_at(outer, &[NodeKind::Fork]));
            if let Some(fork) = fork {
                *branches.entry(fork).or_default() += 1;
            }
            continue;
        }
        let Some((level, node)) = trace.node_of(path, at) else { continue };
        match trace.levels[level].kind(node) {
            Some(NodeKind::Step) => {
                trace.advance_to(path, node);
                trace.complete(path, (level, node));
            }
            Some(NodeKind::Child) => {
                if let Some(name) = trace.levels[level].node(node).map(|node| node.name) {
                    let inside = if path.is_empty() { format!("{name}()") } else { format!("{path}/{name}()") };
                    trace.finish(&inside);
                }
                trace.advance_to(path, node);
                trace.complete(path, (level, node));
            }
            Some(NodeKind::Fork) => {
                trace.advance_to(path, node);
                *trace.done.entry((level, node)).or_default() += 1;
                branches.insert((level, node), 0);
            }
            Some(NodeKind::Join) => trace.complete(path, (level, node)),
            _ => {
                trace.advance_to(path, node);
            }
        }
    }
    (trace, branches)
}
