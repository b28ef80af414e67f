//! Rust syntax → control-flow graph. Only constructs that contain a suspension point, or that jump out of one that does, are
//! taken apart; all other code stays glue.

mod control;
mod fork;
mod leaving;
mod loops;
mod misplaced;
mod suspend;
mod values;

use std::collections::{BTreeSet, HashMap};

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprAsync, ExprAwait, ExprBreak, ExprClosure, ExprContinue, ExprForLoop, ExprLoop, ExprMacro,
    ExprWhile, Ident, Item, Lifetime, Local, LocalInit, Macro, Pat, Stmt, StmtMacro, parse_quote, parse_quote_spanned,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{
    cfg::{self, BlockId, Effect, ForkKind, Kind, Op, OpKind, Region, Scope, Term, Var, VarId},
    names::{self, Mention, Mentions},
    policy::CallPolicy,
    report::Report,
};

/// Most steps, pauses and forks one workflow may have: beyond that, type-checking its body takes more than linear time.
pub(crate) const MAX_CALLS: usize = 300;

/// Where the value of an expression goes.
#[derive(Clone, Copy)]
pub(super) enum Dest {
    Discard,
    Var(VarId),
    /// It is the result of the workflow or branch.
    Return,
}

/// A loop or labelled block that is part of the graph.
pub(super) struct Loop {
    label: Option<String>,
    /// Where `continue` goes; `None` for a labelled block.
    head: Option<BlockId>,
    exit: BlockId,
    /// Where the value of `break value` goes.
    result: Dest,
}

/// What all regions of a workflow share while it is lowered.
pub(crate) struct Shared {
    pub(crate) report: Report,
    /// Names of the calls so far, in program order.
    pub(crate) calls: Vec<String>,
    /// Names of the reference parameters.
    pub(crate) deps: Vec<String>,
    /// Paths of the forks' macros, kept alive for the "unused import" lint.
    pub(crate) fork_paths: Vec<syn::Path>,
}

/// Lowers one region.
pub(crate) struct Lower<'s> {
    pub(super) shared: &'s mut Shared,
    pub(super) region: Region,
    pub(super) scope: Scope,
    pub(super) current: BlockId,
    pub(super) loops: Vec<Loop>,
    /// What the statement says about the suspension point in it, until that is lowered.
    pub(super) rules: CallPolicy,
    points: HashMap<String, usize>,
    temps: usize,
}

/// Whether a macro call is `parallel!`, `settle!` or `race!`.
pub(super) fn is_fork(call: &Macro) -> bool {
    fork_kind(call).is_some()
}

/// Which fork a macro call is, if it is one.
pub(super) fn fork_kind(call: &Macro) -> Option<ForkKind> {
    let name = &call.path.segments.last()?.ident;
    [ForkKind::Parallel, ForkKind::Settle, ForkKind::Race].into_iter().find(|kind| name == kind.name())
}

/// Whether an expression contains a suspension point of the workflow.
pub(super) fn suspends(expr: &Expr) -> bool {
    struct Suspends(bool);
    impl<'a> Visit<'a> for Suspends {
        fn visit_expr_await(&mut self, _: &'a ExprAwait) {
            self.0 = true;
        }
        fn visit_expr_closure(&mut self, _: &'a ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'a ExprAsync) {}
        fn visit_item(&mut self, _: &'a Item) {}
        fn visit_macro(&mut self, call: &'a Macro) {
            self.0 |= is_fork(call);
        }
    }
    let mut found = Suspends(false);
    found.visit_expr(expr);
    found.0
}

impl<'s> Lower<'s> {
    /// A region at `path` that sees `captured` bindings of the region around it.
    pub(crate) fn new(shared: &'s mut Shared, path: String, captured: Vec<Var>) -> Self {
        let scope = captured.iter().enumerate().map(|(id, var)| (var.name.to_string(), id)).collect();
        let region = Region { path, captured: captured.len(), vars: captured, ..Region::default() };
        let mut lower = Lower {
            shared,
            region,
            scope,
            current: 0,
            loops: Vec::new(),
            rules: CallPolicy::default(),
            points: HashMap::new(),
            temps: 0,
        };
        lower.current = lower.block(Kind::Entry, "start");
        lower.region.order.push(lower.current);
        lower
    }

    /// Lowers the code of the region and returns its graph.
    pub(crate) fn body(mut self, stmts: &[Stmt]) -> Region {
        misplaced::check(stmts, !self.region.path.is_empty(), self.report());
        self.stmts(stmts, Dest::Return);
        self.region
    }

    /// A by-value parameter.
    pub(crate) fn parameter(&mut self, name: Ident, mutable: bool) -> VarId {
        let text = name.to_string();
        let var = self.region.add_var(name, mutable);
        self.scope.insert(text, var);
        self.region.blocks[0].scope.clone_from(&self.scope);
        var
    }

    /// The type the user wrote for a binding.
    pub(crate) fn set_type(&mut self, var: VarId, ty: syn::Type) {
        self.region.vars[var].ty = Some(ty);
    }

    pub(super) fn report(&mut self) -> &mut Report {
        &mut self.shared.report
    }

    /// A new block; its scope is that of the code being lowered right now.
    pub(super) fn block(&mut self, kind: Kind, name: impl Into<String>) -> BlockId {
        self.region.blocks.push(cfg::Block {
            kind,
            name: name.into(),
            place: String::new(),
            scope: self.scope.clone(),
            ops: Vec::new(),
            term: Term::Open,
            term_effect: Effect::default(),
            live_in: Vec::new(),
            dirty_in: BTreeSet::new(),
            clean_in: BTreeSet::new(),
        });
        self.region.blocks.len() - 1
    }

    /// A new block that is a point where frames are saved; `place` is what messages call it.
    pub(super) fn point(&mut self, kind: Kind, name: impl Into<String>, place: String) -> BlockId {
        let block = self.block(kind, name);
        self.region.blocks[block].place = place;
        block
    }

    /// Goes on with the code of a block.
    pub(super) fn enter(&mut self, block: BlockId) {
        self.region.blocks[block].scope.clone_from(&self.scope);
        self.current = block;
        self.region.order.push(block);
    }

    pub(super) fn is_closed(&self) -> bool {
        !matches!(self.region.blocks[self.current].term, Term::Open)
    }

    pub(super) fn close(&mut self, term: Term, effect: Effect) {
        let block = &mut self.region.blocks[self.current];
        if matches!(block.term, Term::Open) {
            block.term = term;
            block.term_effect = effect;
        }
    }

    pub(super) fn goto(&mut self, block: BlockId) {
        self.close(Term::Goto(block), Effect::default());
    }

    pub(super) fn push(&mut self, kind: OpKind, effect: Effect) {
        self.region.blocks[self.current].ops.push(Op { kind, effect, live_after: BTreeSet::new() });
    }

    /// A name for a point that no other point of the region has.
    pub(super) fn unique(&mut self, base: &str) -> String {
        let count = self.points.entry(base.to_owned()).or_default();
        *count += 1;
        if *count == 1 { base.to_owned() } else { format!("{base}#{count}") }
    }

    /// What visited code does to bindings, apart from those it defines.
    pub(super) fn effect(&mut self, walk: impl FnOnce(&mut Mentions<'_>)) -> Effect {
        let mut effect = Effect::default();
        for Mention { var, span, changed } in names::mentions(&self.scope, walk) {
            self.region.mentions.push((var, span));
            effect.reads.insert(var);
            if changed && self.region.vars[var].mutable {
                effect.mutates.insert(var);
            }
        }
        effect
    }

    pub(super) fn effect_of(&mut self, expr: &Expr) -> Effect {
        self.effect(|mentions| mentions.visit_expr(expr))
    }

    /// New bindings for the names of a pattern.
    pub(super) fn define(&mut self, pattern: &Pat) -> BTreeSet<VarId> {
        let names = names::bound(pattern);
        names.into_iter().map(|(name, mutable)| self.define_name(name, mutable)).collect()
    }

    pub(super) fn define_name(&mut self, name: Ident, mutable: bool) -> VarId {
        let text = name.to_string();
        if self.shared.deps.contains(&text) {
            self.report()
                .span(name.span(), format!("`{text}` is a dependency of this workflow: give the binding another name"));
        }
        let var = self.region.add_var(name, mutable);
        self.scope.insert(text, var);
        var
    }

    /// A value the user gave no name. It is stored as `base`.
    pub(super) fn temp(&mut self, base: &str, span: Span) -> VarId {
        self.temps += 1;
        let name = Ident::new(&format!("__{base}_{}", self.temps), span.resolved_at(Span::call_site()));
        let var = self.region.add_var(name, false);
        self.region.vars[var].made_up = true;
        base.clone_into(&mut self.region.vars[var].stored);
        var
    }

    /// The expression that mentions a made-up binding.
    pub(super) fn mention(&mut self, var: VarId) -> Expr {
        let name = self.region.vars[var].name.clone();
        self.scope.insert(name.to_string(), var);
        parse_quote!(#name)
    }

    /// Whether an expression has to become part of the graph.
    pub(super) fn needs_graph(&self, expr: &Expr) -> bool {
        let mut found = Escapes { loops: &self.loops, inner: 0, found: false };
        found.visit_expr(expr);
        found.found
    }

    pub(super) fn stmts(&mut self, stmts: &[Stmt], dest: Dest) {
        let outside = self.scope.clone();
        for (position, stmt) in stmts.iter().enumerate() {
            if self.is_closed() {
                self.report().at(stmt, "unreachable: the workflow never gets here");
                break;
            }
            let last = position + 1 == stmts.len();
            let stmt = &self.take_rules(stmt);
            match stmt {
                Stmt::Local(local) => self.local(local),
                Stmt::Item(item) => self.region.items.push(item.clone()),
                Stmt::Expr(expr, None) if last => {
                    self.expr(expr, dest);
                    self.leave_scope(outside);
                    return;
                }
                Stmt::Expr(expr, _) => self.expr(expr, Dest::Discard),
                Stmt::Macro(StmtMacro { attrs, mac, semi_token }) => {
                    let expr = Expr::Macro(ExprMacro { attrs: attrs.clone(), mac: mac.clone() });
                    let tail = last && semi_token.is_none();
                    let dest = if tail { dest } else { Dest::Discard };
                    self.expr(&expr, dest);
                    if tail {
                        self.leave_scope(outside);
                        return;
                    }
                }
            }
        }
        if !self.is_closed() {
            // Where a value is missing, the error is about the end of the code there is.
            let end = stmts.last().map_or_else(Span::call_site, end_of).resolved_at(Span::call_site());
            self.value(parse_quote_spanned!(end=> ()), dest);
        }
        self.leave_scope(outside);
    }

    /// Takes what a statement says about its suspension point off it.
    fn take_rules(&mut self, stmt: &Stmt) -> Stmt {
        let mut stmt = stmt.clone();
        let (attrs, waits) = match &mut stmt {
            Stmt::Local(local) => {
                let waits = local.init.as_ref().is_some_and(|init| self.is_suspension(&init.expr));
                (Some(&mut local.attrs), waits)
            }
            Stmt::Expr(Expr::Assign(assign), _) => {
                let waits = self.is_suspension(&assign.right);
                (attrs_of(&mut assign.left), waits)
            }
            Stmt::Expr(expr, _) => {
                let waits = self.is_suspension(expr);
                (attrs_of(expr), waits)
            }
            Stmt::Macro(call) => (Some(&mut call.attrs), is_fork(&call.mac)),
            Stmt::Item(_) => (None, false),
        };
        let Some(attrs) = attrs else { return stmt };
        let rules = CallPolicy::take(attrs, &mut self.shared.report);
        match rules.first() {
            Some(span) if !waits => {
                let message = "this says how a step is called, but the statement is no call of one: write it before `let x = step(…).await?;`";
                self.report().span(span, message);
            }
            _ => self.rules = rules,
        }
        stmt
    }

    /// A name for a point: what the statement says, or a free one.
    pub(super) fn point_name(&mut self, base: &str, suffix: &str, rules: &CallPolicy) -> String {
        let Some((id, span)) = &rules.id else { return self.unique(&format!("{base}{suffix}")) };
        let name = self.unique(&format!("{id}{suffix}"));
        if name != format!("{id}{suffix}") {
            self.report()
                .span(*span, format!("there is a point `{id}` in this workflow already: give each its own id"));
        }
        name
    }

    /// Ends a scope. Code after it has a block of its own, because names mean something else again there.
    fn leave_scope(&mut self, outside: Scope) {
        let changed = outside.iter().any(|(name, var)| self.scope.get(name) != Some(var));
        self.scope = outside;
        if changed && !self.is_closed() {
            self.continue_inline();
        }
    }

    /// Goes on in a block whose scope is that of now.
    fn continue_inline(&mut self) {
        let next = self.block(Kind::Inline, "after");
        self.goto(next);
        self.enter(next);
    }

    fn local(&mut self, local: &Local) {
        self.check_attrs(&local.attrs);
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => ((*typed.pat).clone(), Some((*typed.ty).clone())),
            pat => (pat.clone(), None),
        };
        let Some(LocalInit { expr, diverge, .. }) = &local.init else {
            let message =
                "give the binding a value here: a workflow's bindings are saved, so they cannot be filled in later";
            self.report().at(local, message);
            for var in self.define(&pat) {
                self.region.vars[var].mutable = true;
            }
            return;
        };
        if let Some((_, diverge)) = diverge
            && (self.needs_graph(expr) || self.needs_graph(diverge))
        {
            return self.let_else(&pat, ty.as_ref(), expr, diverge);
        }
        if !self.needs_graph(expr) {
            let glue = Stmt::Local(local.clone());
            let mut effect = self.effect(|mentions| {
                mentions.visit_expr(expr);
                if let Some((_, diverge)) = diverge {
                    mentions.visit_expr(diverge);
                }
            });
            effect.defs = self.define(&pat);
            self.note_borrow(&pat, expr, &effect);
            return self.push(OpKind::Glue(glue), effect);
        }
        if self.is_suspension(expr) {
            return self.suspend(expr, values::Target::Let(pat, ty));
        }
        let (from, pat) = match pat {
            Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => {
                let var = self.region.add_var(ident.ident.clone(), ident.mutability.is_some());
                self.region.vars[var].ty = ty.clone();
                (var, None)
            }
            pat => (self.temp("value", pat.span()), Some(pat)),
        };
        self.expr(expr, Dest::Var(from));
        if self.is_closed() {
            return;
        }
        match pat {
            None => {
                let name = self.region.vars[from].name.to_string();
                if self.shared.deps.contains(&name) {
                    self.report().at(
                        &local.pat,
                        format!("`{name}` is a dependency of this workflow: give the binding another name"),
                    );
                }
                self.scope.insert(name.clone(), from);
                // The value was made where its name was not known yet.
                let block = &mut self.region.blocks[self.current];
                if block.ops.is_empty() {
                    block.scope.insert(name, from);
                } else {
                    self.continue_inline();
                }
            }
            Some(pat) => {
                let defs = self.define(&pat);
                let effect = Effect { reads: BTreeSet::from([from]), defs, ..Effect::default() };
                self.push(OpKind::Rebind(pat, ty, from), effect);
            }
        }
    }

    /// Remembers bindings that are plainly borrows, for an error better than the compiler's.
    fn note_borrow(&mut self, pat: &Pat, expr: &Expr, effect: &Effect) {
        if let (Pat::Ident(_), Expr::Reference(_)) = (pat, expr) {
            for var in &effect.defs {
                self.region.borrows.push((*var, expr.clone()));
            }
        }
    }

    /// Attributes that mean something to a workflow stand at loops; everything else is for the compiler.
    pub(super) fn check_attrs(&mut self, attrs: &[Attribute]) {
        for attr in attrs {
            let known = ["allow", "expect", "warn", "deny", "forbid", "doc", "rustfmt"];
            if attr.path().is_ident("max") || attr.path().is_ident("forever") {
                self.report().at(attr, "this attribute bounds a loop: write it before `loop`, `while` or `for`");
            } else if attr.path().is_ident("cfg") {
                self.report()
                    .at(attr, "a workflow is one graph: put `#[cfg]` on the step instead, or on the whole workflow");
            } else if !attr.path().segments.first().is_some_and(|first| known.iter().any(|known| first.ident == known))
            {
                let name =
                    attr.path().segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::");
                self.report().at(attr, format!("`#[{name}]` is not known in a workflow"));
            }
        }
    }

    pub(super) fn find_loop(&self, label: Option<&Lifetime>) -> Option<usize> {
        match label {
            None => self.loops.iter().rposition(|known| known.head.is_some()),
            Some(label) => {
                let label = label.ident.to_string();
                self.loops.iter().rposition(|known| known.label.as_deref() == Some(label.as_str()))
            }
        }
    }
}

/// The attributes that stand before an expression that can be one suspension point.
fn attrs_of(expr: &mut Expr) -> Option<&mut Vec<Attribute>> {
    match expr {
        Expr::Await(expr) => Some(&mut expr.attrs),
        Expr::Try(expr) => Some(&mut expr.attrs),
        Expr::MethodCall(expr) => Some(&mut expr.attrs),
        Expr::Macro(expr) => Some(&mut expr.attrs),
        Expr::Paren(expr) => Some(&mut expr.attrs),
        Expr::Path(expr) => Some(&mut expr.attrs),
        Expr::Field(expr) => Some(&mut expr.attrs),
        Expr::Call(expr) => Some(&mut expr.attrs),
        _ => None,
    }
}

/// The last token of a statement, or its first.
fn end_of(stmt: &Stmt) -> Span {
    match stmt {
        Stmt::Local(local) => local.semi_token.span,
        Stmt::Expr(_, Some(semicolon)) => semicolon.span,
        Stmt::Macro(StmtMacro { semi_token: Some(semicolon), .. }) => semicolon.span,
        stmt => stmt.span(),
    }
}

/// Finds what keeps code from being glue: a suspension point, a bounded loop, or a jump to a loop of the graph.
struct Escapes<'l> {
    loops: &'l [Loop],
    /// Loops of the glue itself around the place.
    inner: usize,
    found: bool,
}

impl Escapes<'_> {
    fn jump(&mut self, label: Option<&Lifetime>) {
        let ours = match label {
            None => self.inner == 0 && self.loops.iter().any(|known| known.head.is_some()),
            Some(label) => {
                let label = label.ident.to_string();
                self.loops.iter().any(|known| known.label.as_deref() == Some(label.as_str()))
            }
        };
        self.found |= ours;
    }

    fn looped(&mut self, attrs: &[Attribute], walk: impl FnOnce(&mut Self)) {
        self.found |= attrs.iter().any(|attr| attr.path().is_ident("max") || attr.path().is_ident("forever"));
        self.inner += 1;
        walk(self);
        self.inner -= 1;
    }
}

impl<'a> Visit<'a> for Escapes<'_> {
    fn visit_expr_await(&mut self, _: &'a ExprAwait) {
        self.found = true;
    }
    fn visit_macro(&mut self, call: &'a Macro) {
        self.found |= is_fork(call) || names::awaits_in_tokens(&call.tokens).is_some();
    }
    fn visit_expr_closure(&mut self, _: &'a ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a ExprAsync) {}
    fn visit_item(&mut self, _: &'a Item) {}
    fn visit_expr_break(&mut self, expr: &'a ExprBreak) {
        self.jump(expr.label.as_ref());
        visit::visit_expr_break(self, expr);
    }
    fn visit_expr_continue(&mut self, expr: &'a ExprContinue) {
        self.jump(expr.label.as_ref());
    }
    fn visit_expr_loop(&mut self, expr: &'a ExprLoop) {
        self.looped(&expr.attrs, |this| visit::visit_expr_loop(this, expr));
    }
    fn visit_expr_while(&mut self, expr: &'a ExprWhile) {
        self.looped(&expr.attrs, |this| visit::visit_expr_while(this, expr));
    }
    fn visit_expr_for_loop(&mut self, expr: &'a ExprForLoop) {
        self.looped(&expr.attrs, |this| visit::visit_expr_for_loop(this, expr));
    }
}

/// The statements of a block expression, or the expression as the only one.
pub(super) fn as_stmts(expr: &Expr) -> Vec<Stmt> {
    match expr {
        Expr::Block(block) if block.label.is_none() => block.block.stmts.clone(),
        expr => vec![Stmt::Expr(expr.clone(), None)],
    }
}
