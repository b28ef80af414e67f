//! The control-flow graph of one region: the workflow's body, or one branch of `parallel!`. Plain data, in program order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::Span;
use syn::{Expr, Ident, Item, Pat, Stmt, Type};

use crate::policy::CallPolicy;

pub(crate) type BlockId = usize;
pub(crate) type VarId = usize;

/// What a name means at some place of the source.
pub(crate) type Scope = HashMap<String, VarId>;

/// A binding. Every `let`, pattern and parameter makes one of its own, so shadowed ones are told apart.
#[derive(Debug, Clone)]
pub(crate) struct Var {
    /// The identifier the user's code knows it by; made up for values the user did not name.
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
    /// Whether the macro made it up: its name is unique then and never shadowed.
    pub(crate) made_up: bool,
    /// Whether it is the list of a `for` loop: an `Each` of the items.
    pub(crate) list: bool,
    /// The type the user gave it.
    pub(crate) ty: Option<Type>,
    /// The name it is stored under. Unique among the bindings that are alive together.
    pub(crate) stored: String,
}

/// What a block is to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first block of its region.
    Entry,
    /// Reached from one place only: becomes part of the code there, `return s1.jump(…)` is not needed.
    Inline,
    /// Where paths meet, or a loop begins: a point that is never saved.
    Join,
    /// After a step or fork: saved with its result.
    After,
    /// At a pause or fork: saved before it begins.
    At,
}

impl Kind {
    /// Whether frames at this block are stored.
    pub(crate) fn is_saved(self) -> bool {
        matches!(self, Kind::After | Kind::At)
    }
}

/// What is done to the result of a suspension point before it is saved.
#[derive(Debug, Clone, Default)]
pub(crate) struct After {
    /// Methods called on it: an expression that begins with `__awaited`.
    pub(crate) chain: Option<Expr>,
    /// Where the `?` stands.
    pub(crate) tried: Option<Span>,
}

/// A call of a step or pause in the workflow.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Position among all calls of the workflow: the `c3` of `Awaited(…).drive_step(cx, c3)`.
    pub(crate) index: usize,
    pub(crate) name: String,
    /// What is awaited: the call itself, or all of `pause(…)` and `sleep(…)`.
    pub(crate) expr: Expr,
    pub(crate) waits_for: WaitsFor,
    /// What the statement says about it.
    pub(crate) policy: CallPolicy,
    pub(crate) after: After,
    pub(crate) await_span: Span,
    pub(crate) span: Span,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// A step, or a workflow.
    Work,
    /// An answer: `pause(…)`.
    Answer,
    /// A time: `sleep(…)`, `sleep_until(…)`.
    Time,
}

/// Where the value of a suspension goes.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "few of them exist, and only while a workflow is compiled")]
pub(crate) enum Bind {
    /// `value;`
    Discard,
    /// `let pat: ty = value;`
    Let(Pat, Option<Type>),
    /// `place = value;`
    Place(Expr),
    /// `x = value;` for a binding, or the `let` of a made-up one.
    Var(VarId),
}

/// How a block ends.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "few of them exist, and only while a workflow is compiled")]
pub(crate) enum Term {
    /// Not closed yet.
    Open,
    Goto(BlockId),
    /// `bind = Awaited(call).drive_step(cx, c0).await?; return s1.save(…)`
    Step {
        call: Call,
        bind: Bind,
        next: BlockId,
    },
    /// `c0.ask(cx, &mut w, call); return s1.save(…)`: `next` begins with [`OpKind::Answer`].
    Ask {
        call: Call,
        next: BlockId,
    },
    /// `bind = joined(branch(…), …).await?; return s1.save(…)`, or what else the fork does with its branches.
    Fork {
        fork: Fork,
        bind: Bind,
        next: BlockId,
    },
    If {
        cond: Expr,
        then: BlockId,
        other: BlockId,
    },
    Match {
        on: Expr,
        arms: Vec<Arm>,
    },
    /// `return finish(Awaited(call).drive_step(cx, c0).await)`: there is nothing to save after the last step.
    Last(Call),
    /// `return finish(expr)`
    Return(Expr),
    /// An expression that does not return: `panic!(…)`.
    Diverge(Expr),
}

#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) pat: Pat,
    pub(crate) guard: Option<Expr>,
    pub(crate) target: BlockId,
}

/// What a fork does with its branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForkKind {
    /// All have to succeed.
    Parallel,
    /// All have to finish.
    Settle,
    /// The first one counts.
    Race,
}

impl ForkKind {
    /// The macro's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ForkKind::Parallel => "parallel",
            ForkKind::Settle => "settle",
            ForkKind::Race => "race",
        }
    }
}

/// The items of a fan-out.
#[derive(Debug)]
pub(crate) struct FanOut {
    /// The list.
    pub(crate) items: VarId,
    /// How many run at once.
    pub(crate) limit: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Fork {
    pub(crate) kind: ForkKind,
    /// Name of the point, and of the branches' paths: `parallel`, `parallel#2`.
    pub(crate) name: String,
    /// The branches; of a fan-out the one that all items share.
    pub(crate) branches: Vec<Region>,
    /// Where each stands.
    pub(crate) places: Vec<Span>,
    /// What is fanned out over.
    pub(crate) each: Option<FanOut>,
    pub(crate) after: After,
    pub(crate) span: Span,
}

/// What an operation or the end of a block does to bindings.
#[derive(Debug, Default, Clone)]
pub(crate) struct Effect {
    pub(crate) reads: BTreeSet<VarId>,
    /// Bindings that may be changed in place; they are read, too.
    pub(crate) mutates: BTreeSet<VarId>,
    /// Bindings that get a value; what they held before does not matter.
    pub(crate) defs: BTreeSet<VarId>,
}

impl Effect {
    /// The bindings that hold something else afterwards.
    pub(crate) fn changes(&self) -> impl Iterator<Item = VarId> {
        self.defs.iter().chain(&self.mutates).copied()
    }
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "few of them exist, and only while a workflow is compiled")]
pub(crate) enum OpKind {
    /// A statement of the user's without suspension points.
    Glue(Stmt),
    /// `let var = value;`
    Set(VarId, Expr),
    /// `var = value;`
    Assign(VarId, Expr),
    /// `let pat: ty = var;`
    Rebind(Pat, Option<Type>, VarId),
    /// `bind = c0.answer(cx, pause).await?;`
    Answer(Call, Bind),
    /// `cx.count_round(&mut var, max, name).await;`
    Count(VarId, Expr, String),
    /// `cx.looped(node, round);` in the loop whose head is this block. The binding holds the round, if any does.
    Round(BlockId, Option<VarId>),
}

#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) kind: OpKind,
    pub(crate) effect: Effect,
    /// Filled by [`live`](crate::live): what is needed after this operation.
    pub(crate) live_after: BTreeSet<VarId>,
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Name of the point.
    pub(crate) name: String,
    /// The point in words, for messages: "step `research`".
    pub(crate) place: String,
    /// What the names in its code mean where it begins.
    pub(crate) scope: Scope,
    pub(crate) ops: Vec<Op>,
    pub(crate) term: Term,
    pub(crate) term_effect: Effect,
    /// Filled by [`live`](crate::live): what is needed when the block is entered, without captured bindings.
    pub(crate) live_in: Vec<VarId>,
    /// Filled by [`live`](crate::live): what may have changed since its region was last saved.
    pub(crate) dirty_in: BTreeSet<VarId>,
    /// Filled by [`live`](crate::live): what may be stored as it is. After a join a binding can be here and in `dirty_in`.
    pub(crate) clean_in: BTreeSet<VarId>,
}

impl Block {
    /// What its operations and its end do, in order.
    pub(crate) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.ops.iter().map(|op| &op.effect).chain([&self.term_effect])
    }
}

#[derive(Debug, Default)]
pub(crate) struct Region {
    /// Path of its frames below the workflow's: empty, `parallel.0`, `parallel.0/parallel.1`, `parallel.*` for all items of
    /// a fan-out.
    pub(crate) path: String,
    /// Whether it is a branch that consists of one call: `parallel!(step(), …)`.
    pub(crate) is_call: bool,
    pub(crate) blocks: Vec<Block>,
    /// Blocks in the order of their code, which is the order of emission: a binding's type is known before it is used.
    pub(crate) order: Vec<BlockId>,
    /// The bindings; the first `captured` ones belong to the region around this one.
    pub(crate) vars: Vec<Var>,
    pub(crate) captured: usize,
    /// Filled by [`live`](crate::live): the bindings for which only the running frame knows whether they have changed since
    /// they were stored, and the number of the flag that says so.
    pub(crate) flags: BTreeMap<VarId, usize>,
    /// Functions, constants and imports among the statements: every block may use them.
    pub(crate) items: Vec<Item>,
    /// Every place where a binding is mentioned, in program order.
    pub(crate) mentions: Vec<(VarId, Span)>,
    /// Bindings that are plainly borrows, and of what.
    pub(crate) borrows: Vec<(VarId, Expr)>,
}

impl Region {
    pub(crate) fn add_var(&mut self, name: Ident, mutable: bool) -> VarId {
        let stored = name.to_string().trim_start_matches("r#").to_owned();
        self.vars.push(Var { name, mutable, made_up: false, list: false, ty: None, stored });
        self.vars.len() - 1
    }

    /// The bindings of the region around it that a branch mentions.
    pub(crate) fn used_captures(&self) -> BTreeSet<VarId> {
        let effects = self.blocks.iter().flat_map(Block::effects);
        effects.flat_map(|effect| effect.reads.iter().copied()).filter(|var| *var < self.captured).collect()
    }

    /// The blocks a block leads to.
    pub(crate) fn successors(&self, block: BlockId) -> Vec<BlockId> {
        match &self.blocks[block].term {
            Term::Goto(next) | Term::Step { next, .. } | Term::Ask { next, .. } | Term::Fork { next, .. } => {
                vec![*next]
            }
            Term::If { then, other, .. } => vec![*then, *other],
            Term::Match { arms, .. } => arms.iter().map(|arm| arm.target).collect(),
            Term::Open | Term::Last(_) | Term::Return(_) | Term::Diverge(_) => Vec::new(),
        }
    }

    /// The blocks that can be reached, in program order.
    pub(crate) fn reachable(&self) -> Vec<BlockId> {
        let (mut seen, mut work) = (BTreeSet::from([0]), vec![0]);
        while let Some(block) = work.pop() {
            work.extend(self.successors(block).into_iter().filter(|next| seen.insert(*next)));
        }
        self.order.iter().copied().filter(|block| seen.contains(block)).collect()
    }
}
