//! Which Rust identifier holds which binding at a place of the generated code.
//!
//! The user's code is emitted as it was written, so a name there means whatever binding it meant in the source. A binding
//! that is shadowed at a place, but needed later, is carried along under a hidden name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{
    FieldPat, Ident, Pat, PatIdent,
    visit_mut::{self, VisitMut},
};

use super::here;
use crate::cfg::{Block, Region, VarId};

#[derive(Clone)]
pub(super) struct Names<'r> {
    region: &'r Region,
    /// The identifier that holds a binding here, for all that hold a value.
    holds: BTreeMap<VarId, Ident>,
    /// What a name means to the Rust compiler here.
    means: HashMap<String, VarId>,
}

/// The name of a captured binding that is shadowed inside a branch.
pub(super) fn captured_alias(name: &Ident) -> Ident {
    format_ident!("__outer_{}", name, span = here(name.span()))
}

fn hidden(name: &Ident, var: VarId) -> Ident {
    let text = name.to_string();
    format_ident!("__hidden_{}_{}", text.trim_start_matches("r#"), var, span = here(name.span()))
}

impl<'r> Names<'r> {
    /// Where the block of a point begins: what lives there comes out of the frame.
    pub(super) fn at_slot(region: &'r Region, block: &Block) -> Self {
        let mut names = Names { region, holds: BTreeMap::new(), means: HashMap::new() };
        for var in region.used_captures().into_iter().chain(block.live_in.iter().copied()) {
            let name = &region.vars[var].name;
            let text = name.to_string();
            if region.vars[var].made_up || block.scope.get(&text) == Some(&var) {
                names.holds.insert(var, name.clone());
                names.means.insert(text, var);
            } else if var < region.captured {
                names.holds.insert(var, captured_alias(name));
            } else {
                names.holds.insert(var, hidden(name, var));
            }
        }
        names
    }

    /// The identifier that holds a binding.
    pub(super) fn of(&self, var: VarId) -> Ident {
        self.holds.get(&var).unwrap_or(&self.region.vars[var].name).clone()
    }

    /// The pattern that takes a binding out of a frame.
    pub(super) fn pattern(&self, var: VarId) -> TokenStream {
        let name = self.of(var);
        let visible = name == self.region.vars[var].name;
        if visible && self.region.vars[var].mutable { quote!(mut #name) } else { quote!(#name) }
    }

    /// Whether a binding can be assigned to by its name here.
    pub(super) fn is_visible(&self, var: VarId) -> bool {
        self.means.get(&self.region.vars[var].name.to_string()) == Some(&var) && self.holds.contains_key(&var)
    }

    /// Defines bindings by a pattern. Returns the pattern to emit and what to emit after it: where a name hides a binding
    /// that is `needed` later, the pattern binds another name first.
    pub(super) fn define(&mut self, pat: &Pat, defs: &BTreeSet<VarId>, needed: &BTreeSet<VarId>) -> (Pat, TokenStream) {
        let mut pat = pat.clone();
        let mut after = TokenStream::new();
        for var in defs {
            let info = &self.region.vars[*var];
            let text = info.name.to_string();
            if let Some(shadowed) = self.means.get(&text).copied()
                && shadowed != *var
            {
                let old = &self.region.vars[shadowed].name;
                if self.holds.contains_key(&shadowed) && shadowed < self.region.captured {
                    self.holds.insert(shadowed, captured_alias(old));
                } else if needed.contains(&shadowed) {
                    let (kept, fresh) = (hidden(old, shadowed), format_ident!("__new_{}", info.name));
                    rename(&mut pat, &info.name, &fresh);
                    let (name, mutability) = (&info.name, info.mutable.then(|| quote!(mut)));
                    after.extend(quote!(let #kept = #old; let #mutability #name = #fresh;));
                    self.holds.insert(shadowed, kept);
                } else {
                    self.holds.remove(&shadowed);
                }
            }
            self.means.insert(text, *var);
            self.holds.insert(*var, info.name.clone());
        }
        (pat, after)
    }

    /// Whether defining these bindings hides one that is needed later.
    pub(super) fn hides(&self, defs: &BTreeSet<VarId>, needed: &BTreeSet<VarId>) -> Option<VarId> {
        defs.iter().find_map(|var| {
            let shadowed = *self.means.get(&self.region.vars[*var].name.to_string())?;
            (shadowed != *var && shadowed >= self.region.captured && needed.contains(&shadowed)).then_some(shadowed)
        })
    }

    /// Goes on with a block in the same Rust scope: names that mean something else there get their value back.
    pub(super) fn enter(&mut self, block: &Block) -> TokenStream {
        let mut tokens = TokenStream::new();
        let mut names: Vec<_> = block.scope.iter().collect();
        names.sort();
        for (text, var) in names {
            let needed = *var < self.region.captured || block.live_in.contains(var);
            if !needed || self.means.get(text) == Some(var) {
                continue;
            }
            let Some(holder) = self.holds.get(var) else { continue };
            let holder = holder.clone();
            let info = &self.region.vars[*var];
            let (name, mutability) = (&info.name, info.mutable.then(|| quote!(mut)));
            if let Some(before) = self.means.insert(text.clone(), *var) {
                if self.holds.contains_key(&before) && before < self.region.captured {
                    self.holds.insert(before, captured_alias(name));
                } else if block.live_in.contains(&before) && self.holds.contains_key(&before) {
                    // The value of a block on its way out of it, as in `let x = { let x = …; x + 1 }` with a third `x` outside.
                    let kept = hidden(name, before);
                    tokens.extend(quote!(let #kept = #name;));
                    self.holds.insert(before, kept);
                } else {
                    self.holds.remove(&before);
                }
            }
            tokens.extend(quote!(let #mutability #name = #holder;));
            self.holds.insert(*var, name.clone());
        }
        tokens
    }
}

/// Makes a pattern bind another name.
fn rename(pat: &mut Pat, from: &Ident, to: &Ident) {
    struct Rename<'a>(&'a Ident, &'a Ident);
    impl VisitMut for Rename<'_> {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            if pat.ident == *self.0 {
                pat.ident = self.1.clone();
                pat.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }
        fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
            if field.colon_token.is_none() {
                field.colon_token = Some(syn::Token![:](Span::call_site()));
            }
            visit_mut::visit_field_pat_mut(self, field);
        }
    }
    Rename(from, to).visit_pat_mut(pat);
}
