//! Suspension points: steps, pauses, `parallel!`.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::{Expr, Macro, Token, parse_quote, punctuated::Punctuated, spanned::Spanned};

use super::{Dest, Lower, MAX_CALLS, is_fork, suspends, values::Target};
use crate::cfg::{After, Call, Effect, Fork, Kind, OpKind, Term, VarId};

/// One suspension point and what is done to its result before that is saved.
struct Core<'e> {
    /// The `step(…).await` or `parallel!(…)`.
    inner: &'e Expr,
    /// Where the `?` after it stands.
    tried: Option<Span>,
    /// Whether methods are called on the result before the `?`: `step(…).await.context("…")?`.
    chained: bool,
}

impl Lower<'_> {
    /// The suspension point in `e`, `e?`, `(e)` or `e.method(…)?`. Up to the `?` a result may hold an error that cannot be
    /// saved, so what is called on it belongs to the step.
    fn core<'e>(&self, expr: &'e Expr) -> Option<Core<'e>> {
        match expr {
            Expr::Await(_) => Some(Core { inner: expr, tried: None, chained: false }),
            Expr::Macro(call) if is_fork(&call.mac) => Some(Core { inner: expr, tried: None, chained: false }),
            Expr::Try(tried) => {
                let core = self.core(&tried.expr)?;
                // `e??` is an expression around a suspension point.
                core.tried.is_none().then(|| Core { tried: Some(tried.question_token.span()), ..core })
            }
            Expr::MethodCall(call) if !call.args.iter().any(|arg| self.needs_graph(arg)) => {
                let core = self.core(&call.receiver)?;
                core.tried.is_none().then_some(Core { chained: true, ..core })
            }
            Expr::Paren(paren) => self.core(&paren.expr),
            Expr::Group(group) => self.core(&group.expr),
            _ => None,
        }
    }

    /// Whether an expression is one suspension point, with `?` or without.
    pub(super) fn is_suspension(&self, expr: &Expr) -> bool {
        self.core(expr).is_some()
    }

    /// The name of the step or pause an expression waits for.
    pub(super) fn call_name(&self, expr: &Expr) -> Option<String> {
        let Expr::Await(awaited) = self.core(expr)?.inner else { return None };
        let (call, _) = pause_of(&awaited.base);
        name_of(call)
    }

    /// Lowers one suspension point.
    pub(super) fn suspend(&mut self, expr: &Expr, target: Target) {
        let Some(Core { inner, tried, chained }) = self.core(expr) else { return };
        let after = After { tried, chain: chained.then(|| without_core(expr)) };
        match inner {
            Expr::Macro(call) => self.fork(&call.mac, after, target),
            inner => self.call(inner, after, target),
        }
    }

    fn call(&mut self, expr: &Expr, after: After, target: Target) {
        let Some(mut call) = self.call_of(expr) else {
            // Reported. What follows still knows the names.
            self.bind(target);
            return;
        };
        call.after = after;
        let returns = matches!(target, Target::Dest(Dest::Return));
        if call.pause.is_some() {
            return self.ask(call, target);
        }
        let mut effect = self.effect_of(&call.expr);
        merge(&mut effect, self.effect_after(&call.after));
        if returns && call.after.tried.is_none() {
            return self.close(Term::Last(call), effect);
        }
        let result = returns.then(|| self.temp("result", expr.span()));
        let name = self.unique(&format!("{} done", call.name));
        let (bind, bound) = self.bind(result.map_or(target, |var| Target::Dest(Dest::Var(var))));
        merge(&mut effect, bound);
        let next = self.block(Kind::After, name);
        self.close(Term::Step { call, bind, next }, effect);
        self.enter(next);
        self.returned(result);
    }

    fn ask(&mut self, call: Call, target: Target) {
        let name = self.unique(&call.name);
        let effect = self.effect_of(&call.expr);
        let next = self.block(Kind::At, name);
        self.close(Term::Ask { call: call.clone(), next }, effect);
        self.enter(next);
        let returns = matches!(target, Target::Dest(Dest::Return));
        let result = returns.then(|| self.temp("result", call.span));
        let mut effect = self.effect_after(&call.after);
        let (bind, bound) = self.bind(result.map_or(target, |var| Target::Dest(Dest::Var(var))));
        merge(&mut effect, bound);
        self.push(OpKind::Answer(call, bind), effect);
        self.returned(result);
    }

    fn effect_after(&mut self, after: &After) -> Effect {
        after.chain.as_ref().map_or_else(Effect::default, |chain| self.effect_of(chain))
    }

    fn returned(&mut self, result: Option<VarId>) {
        if let Some(result) = result {
            let value = self.mention(result);
            self.value(value, Dest::Return);
        }
    }

    fn call_of(&mut self, expr: &Expr) -> Option<Call> {
        let Expr::Await(awaited) = expr else { return None };
        let (base, pause) = pause_of(&awaited.base);
        let Some(name) = name_of(base) else {
            let message =
                "only calls can be awaited in a workflow: write `step(args).await`, so that the step has a name";
            self.report().at(&awaited.base, message);
            return None;
        };
        if self.needs_graph(base) {
            let message = if suspends(base) {
                format!("a step's result is passed straight into `{name}`: give it a name first: `let x = ….await?;`")
            } else {
                format!("this jumps out of the call of `{name}`: write it before the call")
            };
            self.report().at(nested(base).unwrap_or_else(|| base.clone()), message);
            return None;
        }
        let index = self.shared.calls.len();
        if index == MAX_CALLS {
            let message = format!(
                "this workflow has more than {MAX_CALLS} steps and pauses, which the compiler would take very long to check: \
                 move a part of it into a workflow of its own"
            );
            self.report().at(&awaited.base, message);
        }
        self.shared.calls.push(name.clone());
        let (await_span, span) = (awaited.await_token.span, base.span());
        Some(Call { index, name, expr: base.clone(), pause: pause.cloned(), after: After::default(), await_span, span })
    }

    fn fork(&mut self, call: &Macro, after: After, target: Target) {
        self.shared.fork_path.get_or_insert_with(|| call.path.clone());
        let parts = match call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(parts) if parts.is_empty() => {
                self.report().at(call, "`parallel!` needs branches: step calls or `async { … }` blocks");
                self.bind(target);
                return;
            }
            Ok(parts) => parts,
            Err(error) => {
                self.report().push(error);
                self.bind(target);
                return;
            }
        };
        let name = self.unique("parallel");
        let at = self.block(Kind::At, name.clone());
        self.goto(at);
        self.enter(at);
        let mut visible: Vec<VarId> = self.scope.values().copied().collect();
        visible.sort_unstable();
        visible.dedup();
        let captured: Vec<_> = visible.iter().map(|var| self.region.vars[*var].clone()).collect();
        let mut effect = Effect::default();
        let mut branches = Vec::new();
        for (position, part) in parts.iter().enumerate() {
            let path = match self.region.path.as_str() {
                "" => format!("{name}.{position}"),
                path => format!("{path}/{name}.{position}"),
            };
            // A branch sees the bindings around it, but cannot change them.
            let captured = captured.iter().map(|var| crate::cfg::Var { mutable: false, ..var.clone() }).collect();
            let branch = Lower::new(self.shared, path, captured);
            let region = match part {
                Expr::Async(block) => branch.body(&block.block.stmts),
                Expr::Call(_) | Expr::MethodCall(_) => {
                    let step: Expr = parse_quote!(#part.await);
                    // `step(…)` is short for `async { Ok(step(…).await?) }`.
                    branch.body(&[syn::Stmt::Expr(step, None)])
                }
                other => {
                    branch
                        .shared
                        .report
                        .at(other, "a branch is a step call, without `.await`, or an `async { … }` block");
                    continue;
                }
            };
            effect.reads.extend(region.used_captures().into_iter().map(|var| visible[var]));
            for (var, span) in region.mentions.iter().filter(|(var, _)| *var < region.captured) {
                self.region.mentions.push((visible[*var], *span));
            }
            branches.push(region);
        }
        let returns = matches!(target, Target::Dest(Dest::Return));
        let result = returns.then(|| self.temp("result", call.span()));
        let (bind, bound) = self.bind(result.map_or(target, |var| Target::Dest(Dest::Var(var))));
        merge(&mut effect, bound);
        merge(&mut effect, self.effect_after(&after));
        let done = self.unique(&format!("{name} done"));
        let next = self.block(Kind::After, done);
        self.close(Term::Fork { fork: Fork { name, branches, after, span: call.span() }, bind, next }, effect);
        self.enter(next);
        self.returned(result);
    }
}

/// `step(…).await.context("…")?` → `__awaited.context("…")`
fn without_core(expr: &Expr) -> Expr {
    match expr {
        Expr::MethodCall(call) => {
            let mut call = call.clone();
            *call.receiver = without_core(&call.receiver);
            Expr::MethodCall(call)
        }
        Expr::Try(tried) => without_core(&tried.expr),
        Expr::Paren(paren) => without_core(&paren.expr),
        Expr::Group(group) => without_core(&group.expr),
        _ => parse_quote!(__awaited),
    }
}

fn merge(effect: &mut Effect, other: Effect) {
    let extend = |set: &mut BTreeSet<VarId>, other: BTreeSet<VarId>| set.extend(other);
    extend(&mut effect.reads, other.reads);
    extend(&mut effect.mutates, other.mutates);
    extend(&mut effect.defs, other.defs);
}

/// What stands in `pause(…)`, and the `pause` itself.
fn pause_of(expr: &Expr) -> (&Expr, Option<&Expr>) {
    if let Expr::Call(call) = expr
        && let Expr::Path(path) = ungrouped(&call.func)
        && path.path.segments.last().is_some_and(|last| last.ident == "pause")
        && call.args.len() == 1
    {
        return (&call.args[0], Some(&call.func));
    }
    (expr, None)
}

/// What a `macro_rules!` has put into an invisible group.
fn ungrouped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungrouped(&group.expr),
        expr => expr,
    }
}

fn name_of(call: &Expr) -> Option<String> {
    match call {
        Expr::Call(call) => match ungrouped(&call.func) {
            Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        },
        Expr::MethodCall(call) => Some(call.method.to_string()),
        Expr::Paren(paren) => name_of(&paren.expr),
        Expr::Group(group) => name_of(&group.expr),
        _ => None,
    }
}

/// The argument with the suspension point in it.
fn nested(call: &Expr) -> Option<Expr> {
    match call {
        Expr::Call(call) => call.args.iter().find(|arg| suspends(arg)).cloned(),
        Expr::MethodCall(call) => {
            call.args.iter().find(|arg| suspends(arg)).cloned().or_else(|| Some((*call.receiver).clone()))
        }
        _ => None,
    }
}
