//! Branches in the workflow's code: `if`, `match`, `let … else`, `&&` and `||`, with suspension points inside.

use std::collections::BTreeSet;

use syn::{BinOp, Expr, ExprBinary, ExprIf, ExprLet, ExprMatch, Pat, Type, parse_quote, visit::Visit};

use super::{Dest, Lower, as_stmts};
use crate::cfg::{self, BlockId, Effect, Kind, OpKind, Scope, Term};

impl Lower<'_> {
    /// `if a && let P = b { … } else { … }`
    pub(super) fn if_else(&mut self, expr: &ExprIf, dest: Dest) {
        self.check_attrs(&expr.attrs);
        let (other, join) = (self.block(Kind::Join, "else"), self.block(Kind::Join, "join"));
        let outside = self.scope.clone();
        let Some(()) = self.condition(&expr.cond, other) else { return };
        self.stmts(&expr.then_branch.stmts, dest);
        self.join_at(join, &outside);
        self.scope.clone_from(&outside);
        self.enter(other);
        match &expr.else_branch {
            Some((_, otherwise)) => self.stmts(&as_stmts(otherwise), dest),
            None => self.value(parse_quote!(()), dest),
        }
        self.join_at(join, &outside);
        self.meet(join, outside);
    }

    /// Closes the current block towards a join.
    fn join_at(&mut self, join: BlockId, outside: &Scope) {
        if !self.is_closed() {
            self.scope.clone_from(outside);
            self.goto(join);
        }
    }

    /// Goes on where the paths meet, if any of them gets there.
    pub(super) fn meet(&mut self, join: BlockId, outside: Scope) {
        self.scope = outside;
        let reached = (0..self.region.blocks.len()).any(|block| self.region.successors(block).contains(&join));
        if reached {
            self.enter(join);
        }
    }

    /// Goes on in a new block if a condition holds, and at `other` if it does not.
    pub(super) fn condition(&mut self, cond: &Expr, other: BlockId) -> Option<()> {
        let links = chain(cond);
        if !links.iter().any(|link| self.needs_graph(link)) {
            return self.plain_condition(cond.clone(), other);
        }
        for link in links {
            match link {
                Expr::Let(matched) if self.needs_graph(link) => {
                    let mut on = (*matched.expr).clone();
                    if !self.pull(&mut on) {
                        return None;
                    }
                    let pat = (*matched.pat).clone();
                    let mut effect = self.effect_of(&on);
                    let then = self.block(Kind::Inline, "then");
                    effect.defs = self.define(&pat);
                    let arms = vec![
                        cfg::Arm { pat, guard: None, target: then },
                        cfg::Arm { pat: parse_quote!(_), guard: None, target: other },
                    ];
                    self.close(Term::Match { on, arms }, effect);
                    self.enter(then);
                }
                link => {
                    let mut link = link.clone();
                    if !self.pull(&mut link) {
                        return None;
                    }
                    self.plain_condition(link, other)?;
                }
            }
        }
        Some(())
    }

    fn plain_condition(&mut self, cond: Expr, other: BlockId) -> Option<()> {
        let mut effect = self.effect_of(&cond);
        for matched in lets(&cond) {
            effect.defs.extend(self.define(&matched.pat));
        }
        let then = self.block(Kind::Inline, "then");
        self.close(Term::If { cond, then, other }, effect);
        self.enter(then);
        Some(())
    }

    /// `a && b`, `a || b`
    pub(super) fn short_circuit(&mut self, expr: &ExprBinary, dest: Dest) {
        let (left, right) = (&expr.left, &expr.right);
        let branch: ExprIf = match expr.op {
            BinOp::And(_) => parse_quote!(if #left { #right } else { false }),
            _ => parse_quote!(if #left { true } else { #right }),
        };
        self.if_else(&branch, dest);
    }

    pub(super) fn match_on(&mut self, expr: &ExprMatch, dest: Dest) {
        self.check_attrs(&expr.attrs);
        let mut on = (*expr.expr).clone();
        if !self.pull(&mut on) {
            return;
        }
        let mut effect = self.effect_of(&on);
        let (start, outside) = (self.current, self.scope.clone());
        let join = self.block(Kind::Join, "join");
        let mut arms = Vec::new();
        for arm in &expr.arms {
            let (pat, guard) = match &arm.pat {
                Pat::Guard(guarded) => ((*guarded.pat).clone(), Some((*guarded.guard).clone())),
                pat => (pat.clone(), None),
            };
            effect.defs.extend(self.define(&pat));
            if let Some(guard) = &guard {
                if self.needs_graph(guard) {
                    self.report().at(guard, "a workflow cannot stop in a guard: match first, then ask in the arm");
                    return;
                }
                let mentioned = self.effect_of(guard);
                effect.reads.extend(mentioned.reads.difference(&effect.defs).copied().collect::<Vec<_>>());
            }
            let target = self.block(Kind::Inline, "arm");
            self.enter(target);
            self.stmts(&as_stmts(&arm.body), dest);
            self.join_at(join, &outside);
            self.scope.clone_from(&outside);
            arms.push(cfg::Arm { pat, guard, target });
        }
        let end = self.current;
        self.current = start;
        self.close(Term::Match { on, arms }, effect);
        self.current = end;
        self.meet(join, outside);
    }

    /// `let P = value else { … };`
    pub(super) fn let_else(&mut self, pat: &Pat, ty: Option<&Type>, value: &Expr, diverge: &Expr) {
        let mut on = value.clone();
        if !self.pull(&mut on) {
            self.define(pat);
            return;
        }
        if let Some(ty) = ty {
            let temp = self.temp("value", syn::spanned::Spanned::span(value));
            self.region.vars[temp].ty = Some(ty.clone());
            let effect = Effect { defs: BTreeSet::from([temp]), ..self.effect_of(&on) };
            self.push(OpKind::Set(temp, on), effect);
            on = self.mention(temp);
        }
        let mut effect = self.effect_of(&on);
        let (start, outside) = (self.current, self.scope.clone());
        let other = self.block(Kind::Inline, "else");
        self.enter(other);
        self.stmts(&as_stmts(diverge), Dest::Discard);
        if !self.is_closed() {
            self.report().at(diverge, "the `else` of a `let` has to leave: with `return`, `break` or `continue`");
            return;
        }
        self.scope = outside;
        effect.defs = self.define(pat);
        let then = self.block(Kind::Inline, "then");
        let arms = vec![
            cfg::Arm { pat: pat.clone(), guard: None, target: then },
            cfg::Arm { pat: parse_quote!(_), guard: None, target: other },
        ];
        self.current = start;
        self.close(Term::Match { on, arms }, effect);
        self.enter(then);
    }
}

/// The links of `a && b && let P = c`.
fn chain(cond: &Expr) -> Vec<&Expr> {
    match cond {
        Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => {
            let mut links = chain(left);
            links.extend(chain(right));
            links
        }
        other => vec![other],
    }
}

/// The `let`s of a condition.
fn lets(cond: &Expr) -> Vec<ExprLet> {
    struct Lets(Vec<ExprLet>);
    impl<'a> Visit<'a> for Lets {
        fn visit_expr_let(&mut self, matched: &'a ExprLet) {
            self.0.push(matched.clone());
        }
        fn visit_block(&mut self, _: &'a syn::Block) {}
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        fn visit_expr_match(&mut self, _: &'a ExprMatch) {}
    }
    let mut found = Lets(Vec::new());
    found.visit_expr(cond);
    found.0
}
