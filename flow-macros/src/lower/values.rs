//! Expressions without control flow: where their values go, and suspension points in the middle of them.

use std::collections::BTreeSet;

use syn::{Expr, Pat, Stmt, Type, parse_quote, spanned::Spanned};

use super::{Dest, Lower, suspends};
use crate::{
    cfg::{Bind, Effect, OpKind, Term, VarId},
    names,
};

/// Where the value of a suspension point goes, before its names are defined.
#[allow(clippy::large_enum_variant, reason = "few of them exist, and only while a workflow is compiled")]
pub(super) enum Target {
    Dest(Dest),
    Let(Pat, Option<Type>),
    Place(Expr),
}

impl Lower<'_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &Expr, dest: Dest) {
        if !self.needs_graph(expr) {
            return self.value(expr.clone(), dest);
        }
        if self.is_suspension(expr) {
            return self.suspend(expr, Target::Dest(dest));
        }
        if matches!(dest, Dest::Discard) && self.leaving_glue(expr) {
            return;
        }
        match expr {
            Expr::Paren(paren) => self.expr(&paren.expr, dest),
            Expr::Group(group) => self.expr(&group.expr, dest),
            Expr::Block(block) => {
                self.check_attrs(&block.attrs);
                match &block.label {
                    None => self.stmts(&block.block.stmts, dest),
                    Some(label) => self.labelled_block(label, &block.block.stmts, dest),
                }
            }
            Expr::Return(ret) => match &ret.expr {
                Some(value) => self.expr(value, Dest::Return),
                None => self.value(parse_quote!(()), Dest::Return),
            },
            Expr::Break(jump) => self.break_out(jump),
            Expr::Continue(jump) => self.continue_at(jump),
            Expr::Assign(assign) => self.assign(assign, dest),
            Expr::If(branch) => self.if_else(branch, dest),
            Expr::Match(matched) => self.match_on(matched, dest),
            Expr::Loop(looped) => self.loop_forever(looped, dest),
            Expr::While(looped) => self.while_loop(looped, dest),
            Expr::ForLoop(looped) => self.for_loop(looped, dest),
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) => {
                self.short_circuit(binary, dest);
            }
            Expr::Unsafe(block) => {
                self.report().at(block.unsafe_token, "a workflow cannot stop inside `unsafe`: move it into a step");
            }
            _ => {
                let mut rest = expr.clone();
                if self.pull(&mut rest) {
                    self.value(rest, dest);
                }
            }
        }
    }

    /// An expression that is glue, or has become it.
    pub(super) fn value(&mut self, expr: Expr, dest: Dest) {
        if self.is_closed() {
            return;
        }
        match &expr {
            Expr::Assign(assign) => self.check_change(&assign.left, true),
            Expr::Binary(binary) if names::changes_left(&binary.op) => self.check_change(&binary.left, false),
            Expr::Return(ret) => {
                let value = ret.expr.as_deref().cloned().unwrap_or_else(|| parse_quote!(()));
                let effect = self.effect_of(&value);
                return self.close(Term::Return(value), effect);
            }
            Expr::Macro(call) if diverges(&call.mac.path) => {
                let effect = self.effect_of(&expr);
                return self.close(Term::Diverge(expr), effect);
            }
            _ => {}
        }
        match dest {
            Dest::Return => {
                let effect = self.effect_of(&expr);
                self.close(Term::Return(expr), effect);
            }
            Dest::Var(var) => {
                let effect = Effect { defs: BTreeSet::from([var]), ..self.effect_of(&expr) };
                self.push(OpKind::Set(var, expr), effect);
            }
            Dest::Discard => match self.assigned_var(&expr) {
                Some((var, value)) => {
                    let effect = Effect { defs: BTreeSet::from([var]), ..self.effect_of(&value) };
                    self.push(OpKind::Assign(var, value), effect);
                }
                None => {
                    let effect = self.effect_of(&expr);
                    self.push(OpKind::Glue(Stmt::Expr(expr, Some(Default::default()))), effect);
                }
            },
        }
    }

    /// Reports a change of a binding that stays as it is.
    fn check_change(&mut self, place: &Expr, whole: bool) {
        let Some(name) = names::root(place) else { return };
        let Some(var) = self.scope.get(&name.to_string()).copied() else { return };
        if var < self.region.captured {
            let message = format!(
                "a branch cannot change `{name}`, which belongs to all of them: return the new value from the branch"
            );
            self.report().at(place, message);
        } else if whole && self.var_of(place).is_some() && !self.region.vars[var].mutable {
            self.report().at(
                place,
                format!("`{name}` has a value already: write `mut {name}` where it is bound, to give it another"),
            );
        }
    }

    /// `x = value` for a binding of this region.
    fn assigned_var(&self, expr: &Expr) -> Option<(VarId, Expr)> {
        let Expr::Assign(assign) = expr else { return None };
        let var = self.var_of(&assign.left)?;
        (var >= self.region.captured).then(|| (var, (*assign.right).clone()))
    }

    fn var_of(&self, expr: &Expr) -> Option<VarId> {
        let Expr::Path(path) = expr else { return None };
        self.scope.get(&path.path.get_ident()?.to_string()).copied()
    }

    fn assign(&mut self, assign: &syn::ExprAssign, dest: Dest) {
        if self.needs_graph(&assign.left) {
            self.report().at(&assign.left, "a workflow cannot stop on the left of `=`: give the value a name first");
            return;
        }
        if self.is_suspension(&assign.right) {
            self.suspend(&assign.right, Target::Place((*assign.left).clone()));
        } else {
            let temp = self.temp("value", assign.right.span());
            self.expr(&assign.right, Dest::Var(temp));
            if !self.is_closed() {
                let (left, right) = (&assign.left, self.mention(temp));
                self.value(parse_quote!(#left = #right), Dest::Discard);
            }
        }
        if !self.is_closed() && !matches!(dest, Dest::Discard) {
            self.value(parse_quote!(()), dest);
        }
    }

    /// How the value of a suspension point is bound, and which bindings that defines and reads.
    pub(super) fn bind(&mut self, target: Target) -> (Bind, Effect) {
        match target {
            Target::Let(pat, ty) => {
                let defs = self.define(&pat);
                (Bind::Let(pat, ty), Effect { defs, ..Effect::default() })
            }
            Target::Place(place) => {
                self.check_change(&place, true);
                self.bind_place(place)
            }
            Target::Dest(Dest::Var(var)) => {
                (Bind::Var(var), Effect { defs: BTreeSet::from([var]), ..Effect::default() })
            }
            Target::Dest(Dest::Discard | Dest::Return) => (Bind::Discard, Effect::default()),
        }
    }

    fn bind_place(&mut self, place: Expr) -> (Bind, Effect) {
        match self.var_of(&place) {
            Some(var) if var >= self.region.captured => {
                (Bind::Var(var), Effect { defs: BTreeSet::from([var]), ..Effect::default() })
            }
            _ => {
                let mut effect = self.effect_of(&place);
                let changed = effect.reads.iter().copied().filter(|var| self.region.vars[*var].mutable);
                effect.mutates.extend(changed.collect::<Vec<_>>());
                (Bind::Place(place), effect)
            }
        }
    }

    /// Takes the suspension points out of an expression, in the order in which they would run, and leaves their results.
    /// Returns `false` if that failed; the reason is reported.
    pub(super) fn pull(&mut self, expr: &mut Expr) -> bool {
        if !self.needs_graph(expr) {
            return true;
        }
        if self.is_suspension(expr) || is_control_flow(expr) {
            let base = self.call_name(expr).unwrap_or_else(|| "value".to_owned());
            let temp = self.temp(&base, expr.span());
            self.expr(expr, Dest::Var(temp));
            if self.is_closed() {
                // The value is never made: `Ok(return …)` and the like.
                return false;
            }
            *expr = self.mention(temp);
            return true;
        }
        match expr {
            Expr::Paren(inner) => self.pull(&mut inner.expr),
            Expr::Group(inner) => self.pull(&mut inner.expr),
            Expr::Try(inner) => self.pull(&mut inner.expr),
            Expr::Field(inner) => self.pull(&mut inner.base),
            Expr::Unary(inner) => self.pull(&mut inner.expr),
            Expr::Cast(inner) => self.pull(&mut inner.expr),
            Expr::Reference(inner) => self.pull(&mut inner.expr),
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                self.pull(&mut call.receiver) && self.no_nested(call.args.iter(), &name)
            }
            Expr::Call(call) => match constructor(&call.func) {
                true => self.pull_all(call.args.iter_mut().collect()),
                false => {
                    let name = crate::graph::tidy(&quote::ToTokens::to_token_stream(&call.func).to_string());
                    self.no_nested(call.args.iter(), &name)
                }
            },
            Expr::Tuple(tuple) => self.pull_all(tuple.elems.iter_mut().collect()),
            Expr::Array(array) => self.pull_all(array.elems.iter_mut().collect()),
            Expr::Struct(made) => {
                let rest = made.rest.iter_mut().map(|rest| &mut **rest);
                self.pull_all(made.fields.iter_mut().map(|field| &mut field.expr).chain(rest).collect())
            }
            // The place that is changed is looked up after the value it is changed by.
            Expr::Binary(binary) if names::changes_left(&binary.op) && !self.needs_graph(&binary.left) => {
                self.pull(&mut binary.right)
            }
            Expr::Binary(binary) => self.pull_all(vec![&mut binary.left, &mut binary.right]),
            Expr::Index(index) => self.pull_all(vec![&mut index.expr, &mut index.index]),
            Expr::Range(range) => {
                self.pull_all([&mut range.start, &mut range.end].into_iter().flatten().map(|end| &mut **end).collect())
            }
            Expr::Macro(call) => {
                let span = names::awaits_in_tokens(&call.mac.tokens).unwrap_or_else(|| call.span());
                let name = call.mac.path.segments.last().map_or_else(String::new, |last| last.ident.to_string());
                let message = format!(
                    "the workflow cannot stop inside `{name}!`: give the result a name first: `let x = ….await?;`"
                );
                self.report().span(span, message);
                false
            }
            other => {
                let message = "a workflow cannot stop in the middle of this expression: give the result a name first: `let x = ….await?;`";
                self.report().at(other, message);
                false
            }
        }
    }

    /// Operands are evaluated from left to right. What stands left of a suspension point is evaluated after it here, so it
    /// may only be something for which that makes no difference.
    fn pull_all(&mut self, operands: Vec<&mut Expr>) -> bool {
        let last = operands.iter().rposition(|operand| suspends(operand));
        for (position, operand) in operands.into_iter().enumerate() {
            if last.is_some_and(|last| position < last) && !self.needs_graph(operand) && !is_plain(operand) {
                let message = "this is evaluated before the step to its right: give one of the two a name first";
                self.report().at(operand, message);
                return false;
            }
            if !self.pull(operand) {
                return false;
            }
        }
        true
    }

    fn no_nested<'e>(&mut self, args: impl Iterator<Item = &'e Expr>, name: &str) -> bool {
        let nested: Vec<&Expr> = args.filter(|arg| self.needs_graph(arg)).collect();
        for arg in &nested {
            let message = if suspends(arg) {
                format!("a step's result is passed straight into `{name}`: give it a name first: `let x = ….await?;`")
            } else {
                format!("this jumps out of the call of `{name}`: write it before the call")
            };
            self.report().at(arg, message);
        }
        nested.is_empty()
    }
}

/// `Ok`, `Some`, `Verdict::Revise`, `Draft`: makes a value, does nothing else.
fn constructor(func: &Expr) -> bool {
    let Expr::Path(path) = func else { return false };
    path.path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}

/// Literals, names, and references and fields of them.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Reference(inner) => inner.mutability.is_none() && is_plain(&inner.expr),
        Expr::Field(inner) => is_plain(&inner.base),
        Expr::Paren(inner) => is_plain(&inner.expr),
        Expr::Unary(inner) => is_plain(&inner.expr),
        _ => false,
    }
}

fn is_control_flow(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(binary) => matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)),
        Expr::Block(_)
        | Expr::If(_)
        | Expr::Match(_)
        | Expr::Loop(_)
        | Expr::While(_)
        | Expr::ForLoop(_)
        | Expr::Return(_)
        | Expr::Break(_)
        | Expr::Continue(_)
        | Expr::Assign(_) => true,
        _ => false,
    }
}

fn diverges(path: &syn::Path) -> bool {
    let names = ["panic", "unreachable", "todo", "unimplemented"];
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}
