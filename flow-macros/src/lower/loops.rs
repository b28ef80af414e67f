//! Loops with suspension points inside, labelled blocks, and the jumps out of them.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprBreak, ExprContinue, ExprForLoop, ExprLoop, ExprWhile, Label, Lit, RangeLimits, Stmt,
    parse_quote, spanned::Spanned,
};

use super::{Dest, Loop, Lower, suspends};
use crate::cfg::{Arm, BlockId, Effect, Kind, OpKind, Term};

/// What bounds a loop.
enum Bound {
    /// `#[max(n)]`
    Max(Expr),
    /// `#[forever]`
    Forever,
    None,
}

/// The bindings that keep where a `for` loop is.
enum Visited {
    Range(usize),
    List(usize, usize),
}

impl Lower<'_> {
    fn bound(&mut self, attrs: &[Attribute]) -> Bound {
        let mut bound = Bound::None;
        let mut others = Vec::new();
        for attr in attrs {
            if attr.path().is_ident("max") {
                match attr.parse_args::<Expr>() {
                    Ok(Expr::Lit(literal)) if is_zero(&literal.lit) => {
                        self.report().at(attr, "this loop would never run: write a bound of at least 1");
                        bound = Bound::Forever;
                    }
                    Ok(max) => bound = Bound::Max(max),
                    Err(_) => {
                        self.report().at(attr, "write how often the loop may run: `#[max(5)]`");
                        bound = Bound::Forever;
                    }
                }
            } else if attr.path().is_ident("forever") {
                bound = Bound::Forever;
            } else {
                others.push(attr.clone());
            }
        }
        self.check_attrs(&others);
        bound
    }

    /// The counter of a loop with `#[max(n)]`: set here, counted at the head.
    fn start_count(&mut self, bound: Bound, span: Span, name: String) -> Option<(usize, Expr, String)> {
        let Bound::Max(max) = bound else { return None };
        let rounds = self.temp("rounds", span);
        self.region.vars[rounds].mutable = true;
        self.region.vars[rounds].ty = Some(parse_quote!(u64));
        let effect = Effect { defs: BTreeSet::from([rounds]), ..Effect::default() };
        self.push(OpKind::Set(rounds, parse_quote!(0)), effect);
        Some((rounds, max, name))
    }

    fn count(&mut self, count: Option<(usize, Expr, String)>) {
        if let Some((rounds, max, name)) = count {
            let mut effect = self.effect_of(&max);
            effect.reads.insert(rounds);
            effect.mutates.insert(rounds);
            self.push(OpKind::Count(rounds, max, name), effect);
        }
    }

    /// Another round of a loop begins, which is told if there are steps in it.
    fn round(&mut self, suspended: bool, head: BlockId, counter: Option<usize>) {
        if suspended {
            let effect = Effect { reads: counter.into_iter().collect(), ..Effect::default() };
            self.push(OpKind::Round(head, counter), effect);
        }
    }

    pub(super) fn loop_forever(&mut self, expr: &ExprLoop, dest: Dest) {
        let bound = self.bound(&expr.attrs);
        let suspended = expr.body.stmts.iter().any(stmt_suspends);
        if matches!(bound, Bound::None) && suspended {
            let message =
                "this loop has no bound: write `#[max(n)]` before it, or `#[forever]` if it is meant to run for ever";
            self.report().at(expr.loop_token, message);
        }
        let name = loop_name("loop", expr.label.as_ref(), expr.loop_token.span());
        let result = self.loop_result(dest, expr.span());
        let count = self.start_count(bound, expr.loop_token.span(), name);
        let (head, exit) = self.start_loop();
        let counter = count.as_ref().map(|(rounds, ..)| *rounds);
        self.count(count);
        self.round(suspended, head, counter);
        self.run_loop(expr.label.as_ref(), head, exit, result, &expr.body.stmts);
        self.finish_loop(exit, result, dest);
    }

    pub(super) fn while_loop(&mut self, expr: &ExprWhile, dest: Dest) {
        let bound = self.bound(&expr.attrs);
        let suspended = suspends(&expr.cond) || expr.body.stmts.iter().any(stmt_suspends);
        if matches!(bound, Bound::None) && suspended {
            let message =
                "this loop has no bound: write `#[max(n)]` before it, or `#[forever]` if it is meant to run for ever";
            self.report().at(expr.while_token, message);
        }
        let name = loop_name("while", expr.label.as_ref(), expr.while_token.span());
        let count = self.start_count(bound, expr.while_token.span(), name);
        let outside = self.scope.clone();
        let (head, exit) = self.start_loop();
        let Some(()) = self.condition(&expr.cond, exit) else { return };
        let counter = count.as_ref().map(|(rounds, ..)| *rounds);
        self.count(count);
        self.round(suspended, head, counter);
        self.run_loop(expr.label.as_ref(), head, exit, Dest::Discard, &expr.body.stmts);
        self.scope = outside;
        self.finish_loop(exit, Dest::Discard, dest);
    }

    pub(super) fn for_loop(&mut self, expr: &ExprForLoop, dest: Dest) {
        let bound = self.bound(&expr.attrs);
        let mut items = (*expr.expr).clone();
        if !self.pull(&mut items) {
            return;
        }
        if let (Some(borrow), true) = (borrowed_list(&items), expr.body.stmts.iter().any(stmt_suspends)) {
            let message = "this loop has steps in it, so what it visits is saved, and a borrow cannot be saved: clone it, or loop over positions, `for i in 0..items.len()`";
            self.report().at(borrow, message);
        }
        let span = expr.for_token.span();
        let visited = match plain_range(&items) {
            Some(_) if open_range(&items) && matches!(bound, Bound::None) => {
                let message = "this loop has no bound: write the end of the range, or `#[max(n)]` before the loop";
                return self.report().at(&items, message);
            }
            Some(limits) if !open_range(&items) => self.start_range(limits, &items, span),
            _ => self.start_list(&items, &bound, span),
        };
        let name = loop_name("for", expr.label.as_ref(), span);
        let count = self.start_count(bound, span, name);
        let outside = self.scope.clone();
        let (head, exit) = self.start_loop();
        let (on, mut effect) = self.next_of(&visited);
        let body = self.block(Kind::Inline, "each");
        effect.defs = self.define(&expr.pat);
        let pat = &expr.pat;
        let arms = vec![
            Arm { pat: parse_quote!(::core::option::Option::Some(#pat)), guard: None, target: body },
            Arm { pat: parse_quote!(::core::option::Option::None), guard: None, target: exit },
        ];
        self.close(Term::Match { on, arms }, effect);
        self.enter(body);
        let counter = match visited {
            Visited::List(_, position) => Some(position),
            Visited::Range(_) => count.as_ref().map(|(rounds, ..)| *rounds),
        };
        self.count(count);
        self.round(expr.body.stmts.iter().any(stmt_suspends), head, counter);
        self.run_loop(expr.label.as_ref(), head, exit, Dest::Discard, &expr.body.stmts);
        self.scope = outside;
        self.finish_loop(exit, Dest::Discard, dest);
    }

    /// `a..b` and `a..=b` are kept as two numbers.
    fn start_range(&mut self, limits: &RangeLimits, range: &Expr, span: Span) -> Visited {
        let rest = self.temp("range", span);
        self.region.vars[rest].mutable = true;
        let made = match limits {
            RangeLimits::HalfOpen(_) => parse_quote!(__flow::Countdown::exclusive(#range)),
            RangeLimits::Closed(_) => parse_quote!(__flow::Countdown::inclusive(#range)),
        };
        let effect = Effect { defs: BTreeSet::from([rest]), ..self.effect_of(range) };
        self.push(OpKind::Set(rest, made), effect);
        Visited::Range(rest)
    }

    /// Everything else is kept as a list, once, and a position.
    fn start_list(&mut self, items: &Expr, bound: &Bound, span: Span) -> Visited {
        let list = self.temp("items", span);
        let position = self.temp("position", span);
        self.region.vars[list].list = true;
        for var in [list, position] {
            self.region.vars[var].mutable = true;
        }
        self.region.vars[position].ty = Some(parse_quote!(usize));
        let limited: Expr = match bound {
            // An endless iterator is read as far as the bound allows, and one item further to notice.
            Bound::Max(max) => parse_quote!(::core::iter::Iterator::take(
                ::core::iter::IntoIterator::into_iter(#items),
                ((#max) as usize).saturating_add(1)
            )),
            Bound::Forever | Bound::None => items.clone(),
        };
        let effect = Effect { defs: BTreeSet::from([list]), ..self.effect_of(&limited) };
        self.push(OpKind::Set(list, parse_quote!(__flow::Each::new(#limited))), effect);
        let effect = Effect { defs: BTreeSet::from([position]), ..Effect::default() };
        self.push(OpKind::Set(position, parse_quote!(0)), effect);
        Visited::List(list, position)
    }

    /// The expression that gives the next item.
    fn next_of(&self, visited: &Visited) -> (Expr, Effect) {
        let name = |var: usize| &self.region.vars[var].name;
        match *visited {
            Visited::Range(rest) => {
                let changed = BTreeSet::from([rest]);
                let effect = Effect { reads: changed.clone(), mutates: changed, ..Effect::default() };
                let rest = name(rest);
                (parse_quote!(#rest.advance()), effect)
            }
            Visited::List(list, position) => {
                // Taking an item out of the list is no change to what is stored of it.
                let (reads, mutates) = (BTreeSet::from([list, position]), BTreeSet::from([position]));
                let (list, position) = (name(list), name(position));
                (parse_quote!(#list.advance(&mut #position)), Effect { reads, mutates, ..Effect::default() })
            }
        }
    }

    fn loop_result(&mut self, dest: Dest, span: Span) -> Dest {
        match dest {
            Dest::Return => Dest::Var(self.temp("result", span)),
            dest => dest,
        }
    }

    fn start_loop(&mut self) -> (BlockId, BlockId) {
        let (head, exit) = (self.block(Kind::Join, "loop"), self.block(Kind::Join, "end"));
        self.goto(head);
        self.enter(head);
        (head, exit)
    }

    fn run_loop(&mut self, label: Option<&Label>, head: BlockId, exit: BlockId, result: Dest, body: &[Stmt]) {
        let label = label.map(|label| label.name.ident.to_string());
        self.loops.push(Loop { label, head: Some(head), exit, result });
        self.stmts(body, Dest::Discard);
        if !self.is_closed() {
            self.goto(head);
        }
        self.loops.pop();
    }

    /// Goes on after a loop, if anything gets there.
    fn finish_loop(&mut self, exit: BlockId, result: Dest, dest: Dest) {
        let outside = self.scope.clone();
        self.meet(exit, outside);
        if self.is_closed() {
            return;
        }
        match (result, dest) {
            // The value has been set by `break`.
            (Dest::Var(_), Dest::Var(_)) => {}
            (Dest::Var(var), Dest::Return) => {
                let value = self.mention(var);
                self.value(value, Dest::Return);
            }
            (_, Dest::Discard) => {}
            (_, dest) => self.value(parse_quote!(()), dest),
        }
    }

    /// `'a: { … break 'a value; … }`
    pub(super) fn labelled_block(&mut self, label: &Label, stmts: &[Stmt], dest: Dest) {
        let exit = self.block(Kind::Join, "end");
        let outside = self.scope.clone();
        let result = self.loop_result(dest, label.span());
        let label = Some(label.name.ident.to_string());
        self.loops.push(Loop { label, head: None, exit, result });
        self.stmts(stmts, result);
        if !self.is_closed() {
            self.goto(exit);
        }
        self.loops.pop();
        self.scope = outside;
        self.finish_loop(exit, result, dest);
    }

    pub(super) fn break_out(&mut self, jump: &ExprBreak) {
        let Some(found) = self.find_loop(jump.label.as_ref()) else {
            return self.report().at(jump, "there is no loop of this workflow to leave here");
        };
        let (exit, result) = (self.loops[found].exit, self.loops[found].result);
        match (&jump.expr, result) {
            (Some(value), result) => self.expr(value, result),
            (None, Dest::Var(var)) => self.value(parse_quote!(()), Dest::Var(var)),
            (None, _) => {}
        }
        if !self.is_closed() {
            self.goto(exit);
        }
    }

    pub(super) fn continue_at(&mut self, jump: &ExprContinue) {
        match self.find_loop(jump.label.as_ref()).and_then(|found| self.loops[found].head) {
            Some(head) => self.goto(head),
            None => self.report().at(jump, "there is no loop of this workflow to go on with here"),
        }
    }
}

/// How errors name a loop.
fn loop_name(keyword: &str, label: Option<&Label>, span: Span) -> String {
    let label = label.map_or_else(String::new, |label| format!("'{}: ", label.name.ident));
    match crate::graph::line_of(span) {
        0 => format!("the loop `{label}{keyword}`"),
        line => format!("the loop `{label}{keyword}` at line {line}"),
    }
}

fn stmt_suspends(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| {
            suspends(&init.expr) || init.diverge.as_ref().is_some_and(|(_, diverge)| suspends(diverge))
        }),
        Stmt::Expr(expr, _) => suspends(expr),
        Stmt::Macro(call) => super::is_fork(&call.mac),
        Stmt::Item(_) => false,
    }
}

fn plain_range(expr: &Expr) -> Option<&RangeLimits> {
    match expr {
        Expr::Range(range) => range.start.is_some().then_some(&range.limits),
        Expr::Paren(paren) => plain_range(&paren.expr),
        _ => None,
    }
}

fn open_range(expr: &Expr) -> bool {
    match expr {
        Expr::Range(range) => range.end.is_none(),
        Expr::Paren(paren) => open_range(&paren.expr),
        _ => false,
    }
}

/// A list that is plainly a borrow: `&items`, `items.iter()`.
pub(super) fn borrowed_list(items: &Expr) -> Option<&Expr> {
    match items {
        Expr::Reference(_) => Some(items),
        Expr::MethodCall(call) if call.args.is_empty() && (call.method == "iter" || call.method == "iter_mut") => {
            Some(items)
        }
        Expr::Paren(paren) => borrowed_list(&paren.expr),
        _ => None,
    }
}

pub(super) fn is_zero(literal: &Lit) -> bool {
    matches!(literal, Lit::Int(int) if int.base10_digits() == "0")
}
