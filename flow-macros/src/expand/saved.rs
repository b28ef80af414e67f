//! How a region's bindings are written and read: one tiny trait per binding, so that the error for a value that cannot be
//! saved names the binding and the point.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::here;
use crate::{
    cfg::{BlockId, Region, VarId},
    check::place,
};

/// The functions that write and read the bindings of a region.
pub(super) struct Savers {
    pub(super) items: TokenStream,
    functions: BTreeMap<VarId, (Ident, Ident)>,
}

impl Savers {
    /// The savers of all bindings that live at a saved point.
    pub(super) fn of(region: &Region, slots: &[BlockId]) -> Self {
        let mut savers = Savers { items: TokenStream::new(), functions: BTreeMap::new() };
        let mut taken = HashSet::new();
        for block in slots.iter().map(|slot| &region.blocks[*slot]).filter(|block| block.kind.is_saved()) {
            for var in &block.live_in {
                if !savers.functions.contains_key(var) {
                    savers.add(region, *var, &place(&block.name), &mut taken);
                }
            }
        }
        savers
    }

    fn add(&mut self, region: &Region, var: VarId, place: &str, taken: &mut HashSet<String>) {
        let info = &region.vars[var];
        let stored = info.stored.as_str();
        let mut text: String = stored.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        while !taken.insert(text.clone()) {
            text.push('_');
        }
        let span = here(info.name.span());
        let user_named = !info.made_up;
        let shown = stored.split('#').next().unwrap_or_default();
        let what = if user_named { format!("binding `{shown}`") } else { made_up(shown) };
        let when = if place.starts_with("pause") || place.contains('!') {
            format!("at {place}")
        } else {
            format!("after {place}")
        };
        let message = format!("{what} has to be saved {when}, but `{{Self}}` cannot be saved");
        let label = format!("{what} is still needed later, so it is part of the saved state");
        let rule = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`";
        let way_out = match user_named {
            true => format!("either derive serde for `{{Self}}`, or finish using `{shown}` before {place}"),
            false => {
                "derive serde for `{Self}`; an error that has no serde can be made text: `.await.map_err(|error| error.to_string())`"
                    .to_owned()
            }
        };
        let (check, put, get) =
            (format_ident!("Saved_{text}"), format_ident!("__save_{text}"), format_ident!("__load_{text}"));
        self.items.extend(quote_spanned! {span=>
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #rule, note = #way_out)]
            #[allow(non_camel_case_types)]
            trait #check: __flow::Saved {}
            #[diagnostic::do_not_recommend]
            impl<T: __flow::Saved> #check for T {}
            #[allow(non_snake_case)]
            fn #put<T: #check>(writer: &mut __flow::Writer, value: &T) {
                writer.put(#stored, value)
            }
            #[allow(non_snake_case)]
            fn #get<T: #check>(reader: &mut __flow::Reader) -> ::core::result::Result<T, __flow::Refusal> {
                reader.get(#stored)
            }
        });
        self.functions.insert(var, (put, get));
    }

    /// `__save_x(&mut w, &x);`: the value is mentioned where the user mentions it last, the type where it was bound.
    pub(super) fn save(&self, region: &Region, var: VarId, value: &Ident) -> TokenStream {
        let Some((put, _)) = self.functions.get(&var) else { return TokenStream::new() };
        let span = here(region.vars[var].name.span());
        let put = Ident::new(&put.to_string(), span);
        let borrow = quote_spanned!(value.span()=> &#value);
        let argument = Ident::new("__value", span);
        let declared = super::ident("__value");
        quote!({ let #declared = #borrow; #put(&mut __w, #argument); })
    }

    /// `__load_x(&mut r)?`
    pub(super) fn load(&self, region: &Region, var: VarId) -> TokenStream {
        let Some((_, get)) = self.functions.get(&var) else { return TokenStream::new() };
        let span = here(region.vars[var].name.span());
        let get = Ident::new(&get.to_string(), span);
        let reader = quote!(&mut __reader);
        quote_spanned!(span=> #get(#reader)?)
    }
}

/// What a value without a name is to the user.
fn made_up(base: &str) -> String {
    match base {
        "items" => "the list of this `for` loop".to_owned(),
        "range" | "position" | "rounds" => "the position of this loop".to_owned(),
        "value" | "result" => "this value".to_owned(),
        step => format!("the result of `{step}`"),
    }
}
