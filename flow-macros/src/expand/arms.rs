//! Conditions and arms: what their patterns hide.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Pat, parse_quote, visit::Visit};

use super::{naming::Names, region::Generator};
use crate::cfg::{Arm, Block, BlockId, VarId};

impl<'r> Generator<'_, 'r> {
    /// The condition of an `if`, and what to emit first if it holds.
    pub(super) fn condition(
        &mut self,
        cond: &Expr,
        defs: &BTreeSet<VarId>,
        needed: &BTreeSet<VarId>,
        inside: &mut Names<'r>,
    ) -> (TokenStream, TokenStream) {
        match cond {
            Expr::Let(matched) => {
                if let Some(hidden) = inside.hides(defs, needed) {
                    self.refuse_borrowing_shadow(hidden, &matched.expr, &matched.pat);
                }
                let mut matched = matched.clone();
                self.returns(&mut matched.expr);
                let (pat, after) = inside.define(&matched.pat, defs, needed);
                *matched.pat = pat;
                (matched.into_token_stream(), after)
            }
            cond => {
                if let Some(hidden) = inside.hides(defs, needed) {
                    let name = &self.region.vars[hidden].name;
                    let message = format!(
                        "`{name}` is still needed after this `if`, so a `let` in it cannot take its name: choose another"
                    );
                    self.report.at(cond, message);
                }
                inside.define(&parse_quote!(_), defs, &BTreeSet::new());
                (self.expr(cond), TokenStream::new())
            }
        }
    }

    pub(super) fn match_arm(
        &mut self,
        id: BlockId,
        block: &Block,
        on: &Expr,
        arm: &Arm,
        chose: Option<TokenStream>,
        names: &Names<'r>,
    ) -> TokenStream {
        let region = self.region;
        let mut inside = names.clone();
        let bound: BTreeSet<String> =
            crate::names::bound(&arm.pat).into_iter().map(|(name, _)| name.to_string()).collect();
        let scope = &region.blocks[arm.target].scope;
        let defs: BTreeSet<VarId> = block
            .term_effect
            .defs
            .iter()
            .copied()
            .filter(|var| {
                let name = region.vars[*var].name.to_string();
                bound.contains(&name) && scope.get(&name) == Some(var)
            })
            .collect();
        let needed: BTreeSet<VarId> = region.blocks[arm.target].live_in.iter().copied().collect();
        if let Some(hidden) = inside.hides(&defs, &needed) {
            self.refuse_borrowing_shadow(hidden, on, &arm.pat);
            if let Some(guard) = &arm.guard {
                let name = &region.vars[hidden].name;
                self.report.at(
                    guard,
                    format!(
                        "`{name}` is still needed after this `match`, so its arm cannot take that name: choose another"
                    ),
                );
            }
        }
        let (pat, after) = inside.define(&arm.pat, &defs, &needed);
        let guard = arm.guard.as_ref().map(|guard| {
            let guard = self.expr(guard);
            quote!(if #guard)
        });
        let body = self.goto(id, arm.target, &mut inside, None);
        quote!(#pat #guard => { #after #chose #body })
    }

    /// `match &draft { Some(draft) => … }` with the outer `draft` needed later: the inner one borrows from what would have
    /// to be carried along.
    fn refuse_borrowing_shadow(&mut self, hidden: VarId, on: &Expr, pat: &Pat) {
        struct Borrows<'n>(&'n Ident, bool);
        impl<'a> Visit<'a> for Borrows<'_> {
            fn visit_expr_reference(&mut self, reference: &'a syn::ExprReference) {
                self.1 |= mentions(&reference.expr, self.0);
            }
            fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
                self.1 |= mentions(&call.receiver, self.0);
            }
        }
        let name = &self.region.vars[hidden].name;
        let mut borrows = Borrows(name, false);
        borrows.visit_expr(on);
        if borrows.1 {
            let message = format!(
                "this `{name}` borrows from the `{name}` outside, which is still needed later: give one of the two another name"
            );
            self.report.at(pat, message);
        }
    }
}

fn mentions(expr: &Expr, name: &Ident) -> bool {
    struct Mentions<'n>(&'n Ident, bool);
    impl<'a> Visit<'a> for Mentions<'_> {
        fn visit_ident(&mut self, ident: &'a Ident) {
            self.1 |= ident == self.0;
        }
    }
    let mut found = Mentions(name, false);
    found.visit_expr(expr);
    found.1
}
