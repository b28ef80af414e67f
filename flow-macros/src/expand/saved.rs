//! How a region's bindings are written and read: one tiny trait per binding, so that the error for a value that cannot be
//! saved names the binding and the point.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::here;
use crate::{
    cfg::{BlockId, Kind, Region, Term, Var, VarId},
    check::borrowed,
};

/// The traits that write and read the bindings of a region.
///
/// A trait holds one constant, which is mentioned once, by its path: a function more per binding or a call more per point would
/// be felt in the time it takes to compile a workflow, and an error would say where the trait is declared.
pub(super) struct Savers {
    pub(super) items: TokenStream,
    /// The bindings that may turn out to be borrows, with the point where they live first.
    pub(super) suspects: Vec<Suspect>,
    traits: BTreeMap<VarId, Ident>,
}

/// A binding that is not a step's result, so that only its inferred type tells whether it is a borrow.
///
/// A `&str` can be written and read, only not for as long as it takes, and the compiler explains that with lifetimes in code
/// nobody has written. So the type is looked at where all types are known, after the code of the last point.
pub(super) struct Suspect {
    pub(super) var: VarId,
    pub(super) slot: BlockId,
    owned: Ident,
}

impl Suspect {
    /// Fails to compile if the value is a borrow.
    pub(super) fn check(&self, value: &Ident) -> TokenStream {
        let owned = &self.owned;
        quote_spanned!(owned.span()=> {
            #[allow(unused_imports)]
            use __flow::ProbeOwned as _;
            #owned::check(__flow::probe(&#value).owned());
        })
    }
}

impl Savers {
    /// The savers of all bindings that live at a saved point.
    pub(super) fn of(region: &Region, slots: &[BlockId]) -> Self {
        let mut savers = Savers { items: TokenStream::new(), suspects: Vec::new(), traits: BTreeMap::new() };
        let mut taken = HashSet::new();
        for slot in slots.iter().filter(|slot| region.blocks[**slot].kind.is_saved()) {
            for var in &region.blocks[*slot].live_in {
                if !savers.traits.contains_key(var) {
                    savers.add(region, *var, *slot, &mut taken);
                }
            }
        }
        savers
    }

    fn add(&mut self, region: &Region, var: VarId, slot: BlockId, taken: &mut HashSet<String>) {
        let (info, place) = (&region.vars[var], &region.blocks[slot].place);
        let stored = info.stored.as_str();
        let mut text: String = stored.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        while !taken.insert(text.clone()) {
            text.push('_');
        }
        let span = here(info.name.span());
        let shown = stored.split('#').next().unwrap_or_default();
        let what = if info.made_up { made_up(info, shown) } else { format!("binding `{shown}`") };
        let when = if region.blocks[slot].kind == Kind::At || place.contains('!') {
            format!("at {place}")
        } else {
            format!("after {place}")
        };
        let message = format!("{what} has to be saved {when}, but `{{Self}}` cannot be saved");
        let label = format!("{what} is still needed later, so it is part of the saved state");
        let rule = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`";
        let way_out = match info.made_up {
            true => {
                "derive serde for `{Self}`; an error that has no serde can be made text: `.await.map_err(|error| error.to_string())`"
                    .to_owned()
            }
            false if is_result(region, var, slot) => {
                format!("derive serde for `{{Self}}`, or let {place} return only what is needed of it")
            }
            false => format!(
                "clone the value if it is a borrow; else derive serde for `{{Self}}`, or finish using `{shown}` before {place}"
            ),
        };
        let saver = format_ident!("Saved_{text}", span = span);
        // The error of a `for` loop's list is about its items.
        let value = |ty: TokenStream| if info.list { quote!(__flow::Each<#ty>) } else { ty };
        let (own, of_impl) = (value(quote!(Self)), value(quote!(T)));
        self.items.extend(quote_spanned! {span=>
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #rule, note = #way_out)]
            #[allow(non_camel_case_types)]
            trait #saver: ::core::marker::Sized {
                const SAVER: __flow::Saver<#own>;
            }
            #[diagnostic::do_not_recommend]
            impl<T: __flow::Saved> #saver for T {
                const SAVER: __flow::Saver<#of_impl> = __flow::Saver::new(#stored);
            }
        });
        self.traits.insert(var, saver);
        if !info.made_up && info.ty.is_none() && !is_result(region, var, slot) {
            let owned = format_ident!("Owned_{text}", span = span);
            let (message, label) = (borrowed(shown, place), "clone the value, or borrow it again later");
            self.items.extend(quote_spanned! {span=>
                #[diagnostic::on_unimplemented(message = #message, label = #label)]
                #[allow(non_camel_case_types)]
                trait #owned: __flow::Saved {
                    fn check(_: ::core::option::Option<Self>) {}
                }
                #[diagnostic::do_not_recommend]
                impl #owned for __flow::Owned {}
            });
            self.suspects.push(Suspect { var, slot, owned });
        }
    }

    /// `__saver_3`, and `let __saver_3 = Saved_x::SAVER;`: the error of a type that cannot be saved stands where it was bound.
    pub(super) fn saver(&self, region: &Region, var: VarId) -> (Ident, TokenStream) {
        let name = format_ident!("__saver_{var}");
        let declaration = self.traits.get(&var).map(|saver| {
            let span = here(region.vars[var].name.span());
            let saver = quote_spanned!(span=> #saver::SAVER);
            quote!(let #name = #saver;)
        });
        (name, declaration.unwrap_or_default())
    }
}

/// Whether a binding is, or is taken out of, the result of the step or fork after which it is saved.
fn is_result(region: &Region, var: VarId, slot: BlockId) -> bool {
    region.blocks.iter().any(|block| match &block.term {
        Term::Step { next, .. } | Term::Fork { next, .. } => *next == slot && block.term_effect.defs.contains(&var),
        _ => false,
    })
}

/// What a value without a name is to the user.
fn made_up(var: &Var, base: &str) -> String {
    match base {
        _ if var.list => "the list this `for` visits".to_owned(),
        "range" | "position" | "rounds" => "the position of this loop".to_owned(),
        "value" | "result" => "this value".to_owned(),
        step => format!("the result of `{step}`"),
    }
}
