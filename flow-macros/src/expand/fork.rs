//! Forks: a machine for each branch, and their results as a tuple.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use super::{
    here, ident,
    naming::captured_alias,
    region::{Entry, Generator, dispatch},
};
use crate::cfg::{Fork, Region};

impl Generator<'_, '_> {
    /// The branches of `parallel!`, side by side, and their results as a tuple.
    pub(super) fn fork(&mut self, fork: &Fork) -> TokenStream {
        let (span, name) = (here(fork.span), &fork.name);
        let mut branches = Vec::new();
        for branch in &fork.branches {
            let output = quote_spanned!(span=> ::core::result::Result<_, <Self as __flow::Workflow>::Error>);
            let entry = Entry { ty: None, one_input: false, output };
            let code = dispatch(branch, &entry, self.report);
            let captures = captures(branch);
            branches.push(quote! {{
                #captures
                move |__cx, mut __frame| { #code }
            }});
        }
        let cxs: Vec<Ident> = (0..branches.len()).map(|position| ident(&format!("__b{position}"))).collect();
        let results: Vec<Ident> = (0..branches.len()).map(|position| ident(&format!("__r{position}"))).collect();
        let positions = 0..branches.len();
        let mut futures = cxs
            .iter()
            .zip(&branches)
            .map(|(cx, branch)| quote_spanned!(span=> __flow::branch::<Self, _>(&#cx, #branch)))
            .rev();
        let mut nested_results = results.iter().rev();
        // The last branch, with the others around it one by one.
        let (mut joined, mut pattern) = (futures.next().unwrap_or_default(), nested_results.next().to_token_stream());
        for (future, result) in futures.zip(nested_results) {
            joined = quote!(__flow::joined(#future, #joined));
            pattern = quote!((#result, #pattern));
        }
        let value = quote_spanned! {span=>
            ({
                #(let #cxs = __cx.branch(#name, #positions);)*
                match #joined.await {
                    ::core::result::Result::Ok(#pattern) => ::core::result::Result::Ok((#(#results,)*)),
                    ::core::result::Result::Err(__error) => ::core::result::Result::Err(__error),
                }
            })
        };
        self.after(&fork.after, value)
    }
}

/// `let notes = …;` for every outer binding a branch uses: by value if it is `Copy`, else by reference.
fn captures(branch: &Region) -> TokenStream {
    let captures = branch.used_captures().into_iter().map(|var| {
        let name = &branch.vars[var].name;
        let shadowed = branch.vars[branch.captured..].iter().any(|own| own.name == *name);
        let alias = shadowed.then(|| {
            let alias = captured_alias(name);
            quote!(let #alias = #name;)
        });
        quote! {
            let #name = {
                #[allow(unused_imports)]
                use __flow::{CaptureCopy as _, CaptureRef as _};
                (&__flow::Capture(&#name)).capture()
            };
            #alias
        }
    });
    captures.collect()
}
