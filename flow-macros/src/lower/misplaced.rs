//! Suspension points and jumps where a workflow cannot follow them: inside closures and `async` blocks, out of a branch.

use proc_macro2::Span;
use syn::{
    Expr, ExprAsync, ExprAwait, ExprBlock, ExprBreak, ExprClosure, ExprContinue, ExprForLoop, ExprLoop, ExprWhile,
    Item, Label, Lifetime, Stmt,
    visit::{self, Visit},
};

use crate::report::Report;

/// Reports what is misplaced in the code of a region. Branches of forks are regions of their own.
pub(super) fn check(stmts: &[Stmt], is_branch: bool, report: &mut Report) {
    let mut misplaced = Misplaced { report, is_branch, loops: Vec::new() };
    stmts.iter().for_each(|stmt| misplaced.visit_stmt(stmt));
}

struct Misplaced<'r> {
    report: &'r mut Report,
    is_branch: bool,
    /// The loops and labelled blocks around the place, and whether a plain `break` leaves them.
    loops: Vec<(Option<String>, bool)>,
}

impl Misplaced<'_> {
    fn inside(&mut self, label: Option<&Label>, is_loop: bool, walk: impl FnOnce(&mut Self)) {
        self.loops.push((label.map(|label| label.name.ident.to_string()), is_loop));
        walk(self);
        self.loops.pop();
    }

    fn jump(&mut self, span: Span, label: Option<&Lifetime>) {
        let known = match label {
            Some(label) => {
                self.loops.iter().any(|(known, _)| known.as_deref() == Some(label.ident.to_string().as_str()))
            }
            None => self.loops.iter().any(|(_, is_loop)| *is_loop),
        };
        // Elsewhere the compiler says it.
        if !known && self.is_branch {
            self.report
                .span(span, "a branch cannot jump out of `parallel!`: return a value, and jump after `parallel!`");
        }
    }
}

/// The first `.await` of an expression that is not inside another closure or `async` block.
fn first_await(expr: &Expr) -> Option<Span> {
    struct First(Option<Span>);
    impl<'a> Visit<'a> for First {
        fn visit_expr_await(&mut self, expr: &'a ExprAwait) {
            self.visit_expr(&expr.base);
            self.0.get_or_insert(expr.await_token.span);
        }
        fn visit_expr_closure(&mut self, _: &'a ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'a ExprAsync) {}
        fn visit_item(&mut self, _: &'a Item) {}
    }
    let mut first = First(None);
    first.visit_expr(expr);
    first.0
}

impl<'a> Visit<'a> for Misplaced<'_> {
    fn visit_expr_closure(&mut self, closure: &'a ExprClosure) {
        match first_await(&closure.body) {
            Some(span) => self.report.span(
                span,
                "a workflow cannot stop inside a closure: use a `for` loop for one after the other, `parallel!` for all at once",
            ),
            None => {
                let outside = std::mem::take(&mut self.loops);
                visit::visit_expr_closure(self, closure);
                self.loops = outside;
            }
        }
    }

    fn visit_expr_async(&mut self, block: &'a ExprAsync) {
        let awaits = Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block: block.block.clone() });
        if let Some(span) = first_await(&awaits) {
            self.report.span(
                span,
                "a workflow cannot stop inside an `async` block: await the step itself, or make the block a branch of `parallel!`",
            );
        }
    }

    fn visit_item(&mut self, _: &'a Item) {}

    fn visit_expr_break(&mut self, jump: &'a ExprBreak) {
        self.jump(jump.break_token.span, jump.label.as_ref());
        visit::visit_expr_break(self, jump);
    }

    fn visit_expr_continue(&mut self, jump: &'a ExprContinue) {
        self.jump(jump.continue_token.span, jump.label.as_ref());
    }

    fn visit_expr_loop(&mut self, expr: &'a ExprLoop) {
        self.inside(expr.label.as_ref(), true, |this| visit::visit_expr_loop(this, expr));
    }

    fn visit_expr_while(&mut self, expr: &'a ExprWhile) {
        self.inside(expr.label.as_ref(), true, |this| visit::visit_expr_while(this, expr));
    }

    fn visit_expr_for_loop(&mut self, expr: &'a ExprForLoop) {
        self.inside(expr.label.as_ref(), true, |this| visit::visit_expr_for_loop(this, expr));
    }

    fn visit_expr_block(&mut self, expr: &'a ExprBlock) {
        self.inside(expr.label.as_ref(), false, |this| visit::visit_expr_block(this, expr));
    }
}
