//! What leads where in a workflow: its forks taken apart, its loops found, its nodes put into columns.
//!
//! A fork with its branches is one unit of the code around it, and each branch is a region of its own. What is left in a
//! region are loops, decisions and jumps; [`plan`] puts them into columns, and `place` gives these their coordinates.

mod analysis;
mod plan;

use std::collections::HashMap;

pub(crate) use analysis::ranks;
pub(crate) use plan::{Arm, Arms, Column, Middle, Row, Way, plan, plan_flat};

use crate::chart::Chart;

/// One line of control: the body of a workflow, or a branch of a fork.
pub(crate) struct Region {
    /// The first one is where it begins.
    pub(crate) units: Vec<Unit>,
    /// By unit, where it leads to.
    pub(crate) outs: Vec<Vec<Way>>,
}

/// What a region is made of.
pub(crate) enum Unit {
    /// A node.
    Node(usize),
    /// A fork, all of its branches, and its join.
    Fork { fork: usize, join: usize, branches: Vec<Branch> },
    /// Where a branch ends: the join around it.
    Exit,
}

/// A branch of a fork.
pub(crate) struct Branch {
    /// The arrow from the fork.
    pub(crate) arrow: usize,
    /// `None` if the arrow leads to the join.
    pub(crate) body: Option<Region>,
}

impl Region {
    /// What can be reached from a node without passing `stop`.
    pub(crate) fn of(chart: &Chart, from: usize, stop: Option<usize>) -> Self {
        let mut region = Region { units: Vec::new(), outs: Vec::new() };
        let mut known: HashMap<usize, usize> = HashMap::new();
        region.unit(chart, from, stop, &mut known);
        let mut next = 0;
        while next < region.units.len() {
            let arrows = match &region.units[next] {
                Unit::Node(node) => &chart.outs[*node],
                Unit::Fork { join, .. } => &chart.outs[*join],
                Unit::Exit => &Vec::new(),
            };
            for arrow in arrows {
                let to = chart.arrows[*arrow].to;
                let to = known.get(&to).copied().unwrap_or_else(|| region.unit(chart, to, stop, &mut known));
                region.outs[next].push(Way { arrow: *arrow, to });
            }
            next += 1;
        }
        region
    }

    fn unit(&mut self, chart: &Chart, node: usize, stop: Option<usize>, known: &mut HashMap<usize, usize>) -> usize {
        let unit = match chart.join_of(node) {
            _ if stop == Some(node) => Unit::Exit,
            None => Unit::Node(node),
            Some(join) => {
                let branch = |arrow: &usize| {
                    let to = chart.arrows[*arrow].to;
                    Branch { arrow: *arrow, body: (to != join).then(|| Region::of(chart, to, Some(join))) }
                };
                Unit::Fork { fork: node, join, branches: chart.outs[node].iter().map(branch).collect() }
            }
        };
        self.units.push(unit);
        self.outs.push(Vec::new());
        known.insert(node, self.units.len() - 1);
        self.units.len() - 1
    }

    /// The unit where it ends: the workflow's end, or that of a branch.
    pub(crate) fn exit(&self, chart: &Chart) -> Option<usize> {
        self.units.iter().position(|unit| match unit {
            Unit::Exit => true,
            Unit::Node(node) => chart.nodes[*node].kind == flow_runtime::NodeKind::End,
            Unit::Fork { .. } => false,
        })
    }
}
