//! Loops and branches without suspension points that leave for a loop of the graph. They stay glue, so that what they borrow
//! never has to live across a point.

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprAsync, ExprAwait, ExprClosure, ExprForLoop, ExprLoop, ExprMatch, ExprWhile, Item, Lifetime,
    LitInt, Macro, Stmt, parse_quote,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

use super::{Dest, Lower, as_stmts, is_fork};
use crate::names;

/// Replaces the jumps out of a loop.
struct Jumps<'l> {
    /// Labels of the graph's loops.
    labels: &'l [String],
    /// Whether a jump without a label, outside of the glue's own loops, is one of the graph.
    in_loop: bool,
    /// The glue's own loops around the place.
    inner: usize,
    /// What the jumps become: `break 'glue n`.
    glue: Lifetime,
    /// The jumps as they were, the first of them number 1.
    found: Vec<Expr>,
    /// Whether there is nothing in it that has to be part of the graph.
    is_glue: bool,
}

impl Jumps<'_> {
    fn leaves(&self, label: Option<&Lifetime>) -> bool {
        match label {
            Some(label) => self.labels.contains(&label.ident.to_string()),
            None => self.in_loop && self.inner == 0,
        }
    }

    fn looped(&mut self, attrs: &[Attribute], walk: impl FnOnce(&mut Self)) {
        self.is_glue &= !attrs.iter().any(|attr| attr.path().is_ident("max") || attr.path().is_ident("forever"));
        self.inner += 1;
        walk(self);
        self.inner -= 1;
    }
}

impl VisitMut for Jumps<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let (label, value) = match expr {
            Expr::Break(jump) => (&jump.label, jump.expr.is_some()),
            Expr::Continue(jump) => (&jump.label, false),
            _ => return,
        };
        if self.leaves(label.as_ref()) {
            self.is_glue &= !value;
            self.found.push(expr.clone());
            let (glue, number) = (&self.glue, LitInt::new(&self.found.len().to_string(), Span::call_site()));
            *expr = parse_quote!(break #glue #number);
        }
    }

    fn visit_expr_await_mut(&mut self, _: &mut ExprAwait) {
        self.is_glue = false;
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        self.is_glue &= !is_fork(call) && names::awaits_in_tokens(&call.tokens).is_none();
    }

    fn visit_expr_for_loop_mut(&mut self, expr: &mut ExprForLoop) {
        let attrs = expr.attrs.clone();
        self.looped(&attrs, |this| visit_mut::visit_expr_for_loop_mut(this, expr));
    }

    fn visit_expr_while_mut(&mut self, expr: &mut ExprWhile) {
        let attrs = expr.attrs.clone();
        self.looped(&attrs, |this| visit_mut::visit_expr_while_mut(this, expr));
    }

    fn visit_expr_loop_mut(&mut self, expr: &mut ExprLoop) {
        let attrs = expr.attrs.clone();
        self.looped(&attrs, |this| visit_mut::visit_expr_loop_mut(this, expr));
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}

    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

impl Lower<'_> {
    /// Lowers `for x in &v { … continue 'outer … }` as
    /// `let jump = 'glue: { for x in &v { … break 'glue 1 … } 0 }; match jump { 1 => continue 'outer, _ => {} }`.
    /// The same for branches of which more than one goes on: where they meet would be a point. Returns `false` if the
    /// expression is no such loop or branch.
    pub(super) fn leaving_glue(&mut self, expr: &Expr) -> bool {
        if !matches!(expr, Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_)) && !meets(expr) {
            return false;
        }
        let labels: Vec<String> = self.loops.iter().filter_map(|known| known.label.clone()).collect();
        let glue = Lifetime::new("'__glue", Span::call_site());
        let in_loop = self.find_loop(None).is_some();
        let mut jumps =
            Jumps { labels: &labels, in_loop, inner: 0, glue: glue.clone(), found: Vec::new(), is_glue: true };
        let mut looped = expr.clone();
        jumps.visit_expr_mut(&mut looped);
        if !jumps.is_glue || jumps.found.is_empty() {
            return false;
        }
        let jump = self.temp("jump", expr.span());
        self.region.vars[jump].ty = Some(parse_quote!(u32));
        self.value(parse_quote!(#glue: { #looped 0 }), Dest::Var(jump));
        let (on, found) = (self.mention(jump), jumps.found);
        let numbers = (1..=found.len()).map(|number| LitInt::new(&number.to_string(), Span::call_site()));
        let matched: ExprMatch = parse_quote!(match #on { #(#numbers => #found,)* _ => {} });
        self.match_on(&matched, Dest::Discard);
        true
    }
}

/// Whether more than one path of an `if` or `match` goes on after it, or after one inside of it.
fn meets(expr: &Expr) -> bool {
    match expr {
        Expr::If(branch) => {
            let (mut arms, mut missing_else) = (vec![&branch.then_branch], true);
            let mut rest = branch.else_branch.as_ref().map(|(_, otherwise)| &**otherwise);
            while let Some(otherwise) = rest {
                rest = None;
                match otherwise {
                    Expr::If(next) => {
                        arms.push(&next.then_branch);
                        rest = next.else_branch.as_ref().map(|(_, otherwise)| &**otherwise);
                    }
                    Expr::Block(block) => {
                        arms.push(&block.block);
                        missing_else = false;
                    }
                    _ => {}
                }
            }
            let going_on = arms.iter().filter(|arm| !leaves(&arm.stmts)).count() + usize::from(missing_else);
            going_on > 1 || arms.iter().any(|arm| arm.stmts.iter().any(stmt_meets))
        }
        Expr::Match(matched) => {
            let arms: Vec<Vec<Stmt>> = matched.arms.iter().map(|arm| as_stmts(&arm.body)).collect();
            arms.iter().filter(|arm| !leaves(arm)).count() > 1 || arms.iter().flatten().any(stmt_meets)
        }
        Expr::Block(block) => block.block.stmts.iter().any(stmt_meets),
        _ => false,
    }
}

fn stmt_meets(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(expr, _) if meets(expr))
}

/// Whether a block ends with a jump.
fn leaves(stmts: &[Stmt]) -> bool {
    let last = stmts.last();
    matches!(last, Some(Stmt::Expr(Expr::Break(_) | Expr::Continue(_) | Expr::Return(_), _)))
}
