//! Suspension points: steps, pauses, timers.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::{Expr, parse_quote, spanned::Spanned};

use super::{Dest, Lower, MAX_CALLS, fork_kind, is_fork, suspends, values::Target};
use crate::cfg::{After, Call, Effect, Kind, OpKind, Term, VarId, WaitsFor};

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
        name_of(awaited_call(&awaited.base).0)
    }

    /// Lowers one suspension point.
    pub(super) fn suspend(&mut self, expr: &Expr, target: Target) {
        let Some(Core { inner, tried, chained }) = self.core(expr) else { return };
        let after = After { tried, chain: chained.then(|| without_core(expr)) };
        match inner {
            Expr::Macro(call) => {
                if let Some(kind) = fork_kind(&call.mac) {
                    self.fork(kind, &call.mac, after, target);
                }
            }
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
        if call.waits_for != WaitsFor::Work {
            return self.ask(call, target);
        }
        let mut effect = self.effect_of(&call.expr);
        merge(&mut effect, self.effect_after(&call.after));
        if returns && call.after.tried.is_none() {
            return self.close(Term::Last(call), effect);
        }
        let result = returns.then(|| self.temp("result", expr.span()));
        let name = self.point_name(&call.name, " done", &call.policy);
        let (bind, bound) = self.bind(result.map_or(target, |var| Target::Dest(Dest::Var(var))));
        merge(&mut effect, bound);
        let next = self.point(Kind::After, name, format!("step `{}`", call.name));
        self.close(Term::Step { call, bind, next }, effect);
        self.enter(next);
        self.returned(result);
    }

    fn ask(&mut self, call: Call, target: Target) {
        if let Some(rule) = call.policy.first_rule() {
            let message = match call.waits_for {
                WaitsFor::Time => "this is for steps: a timer cannot fail",
                WaitsFor::Answer | WaitsFor::Work => {
                    "this is for steps: give a question its deadline with `pause(…).timeout(…).await`"
                }
            };
            self.report().span(rule, message);
        }
        let name = self.point_name(&call.name, "", &call.policy);
        let effect = self.effect_of(&call.expr);
        let place = match call.waits_for {
            WaitsFor::Time => format!("`{}`", call.name),
            WaitsFor::Answer | WaitsFor::Work => format!("pause `{}`", call.name),
        };
        let next = self.point(Kind::At, name, place);
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

    pub(super) fn effect_after(&mut self, after: &After) -> Effect {
        after.chain.as_ref().map_or_else(Effect::default, |chain| self.effect_of(chain))
    }

    pub(super) fn returned(&mut self, result: Option<VarId>) {
        if let Some(result) = result {
            let value = self.mention(result);
            self.value(value, Dest::Return);
        }
    }

    fn call_of(&mut self, expr: &Expr) -> Option<Call> {
        let Expr::Await(awaited) = expr else { return None };
        let (named, waits_for) = awaited_call(&awaited.base);
        let base = &*awaited.base;
        let Some(name) = name_of(named) else {
            let message = match waits_for {
                WaitsFor::Answer => {
                    "a question is asked where it is made, so that it has a name: write `pause(confirm(\"…\")).await`"
                }
                WaitsFor::Work | WaitsFor::Time => {
                    "only calls can be awaited in a workflow: write `step(args).await`, so that the step has a name"
                }
            };
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
        let policy = std::mem::take(&mut self.rules);
        let index = self.shared.calls.len();
        if index == MAX_CALLS {
            let message = format!(
                "this workflow has more than {MAX_CALLS} steps and pauses, which the compiler would take very long to check: \
                 move a part of it into a workflow of its own"
            );
            self.report().at(&awaited.base, message);
        }
        self.shared.calls.push(name.clone());
        let (await_span, span) = (awaited.await_token.span, named.span());
        Some(Call { index, name, expr: base.clone(), waits_for, policy, after: After::default(), await_span, span })
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

pub(super) fn merge(effect: &mut Effect, other: Effect) {
    let extend = |set: &mut BTreeSet<VarId>, other: BTreeSet<VarId>| set.extend(other);
    extend(&mut effect.reads, other.reads);
    extend(&mut effect.mutates, other.mutates);
    extend(&mut effect.defs, other.defs);
}

/// The call that gives a suspension point its name: the step's, the question's, `sleep` itself.
fn awaited_call(expr: &Expr) -> (&Expr, WaitsFor) {
    match expr {
        Expr::Call(call) if call.args.len() == 1 => match ungrouped(&call.func) {
            Expr::Path(path) if ends_with(&path.path, &["pause"]) => (asked(&call.args[0]), WaitsFor::Answer),
            Expr::Path(path) if ends_with(&path.path, &["sleep", "sleep_until"]) => (expr, WaitsFor::Time),
            _ => (expr, WaitsFor::Work),
        },
        // `pause(…).timeout(…)`: what is said of how it is asked
        Expr::MethodCall(call) => match awaited_call(ungrouped(&call.receiver)) {
            (question, WaitsFor::Answer) => (question, WaitsFor::Answer),
            _ => (expr, WaitsFor::Work),
        },
        _ => (expr, WaitsFor::Work),
    }
}

/// What may be said of a question besides what it is.
const SAID: [&str; 11] = [
    "question",
    "about",
    "to",
    "to_role",
    "except",
    "remind_every",
    "timeout",
    "answered",
    "labels",
    "at_least",
    "at_most",
];

/// The call a question begins with: `confirm("…")` of `confirm("…").to("ann")`, `forms.address()` of `forms.address().to("ann")`.
fn asked(question: &Expr) -> &Expr {
    match question {
        Expr::MethodCall(call) => match ungrouped(&call.receiver) {
            receiver @ (Expr::MethodCall(_) | Expr::Call(_) | Expr::Paren(_)) => asked(receiver),
            receiver if SAID.iter().any(|said| call.method == said) => receiver,
            _ => question,
        },
        Expr::Paren(paren) => asked(&paren.expr),
        Expr::Group(group) => asked(&group.expr),
        question => question,
    }
}

fn ends_with(path: &syn::Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
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
