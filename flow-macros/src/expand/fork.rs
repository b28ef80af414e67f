//! Forks: a machine for each branch, and what becomes of their results.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use super::{
    here, ident,
    naming::{Names, captured_alias},
    region::{Entry, Generator, dispatch},
};
use crate::cfg::{FanOut, Fork, ForkKind, Region};

impl Generator<'_, '_> {
    /// A fork and its result.
    pub(super) fn fork(&mut self, fork: &Fork, names: &Names<'_>) -> TokenStream {
        let span = here(fork.span);
        let branches: Vec<TokenStream> = fork.branches.iter().map(|branch| self.branch(fork, branch)).collect();
        let result = result_trait(fork);
        let value = match &fork.each {
            Some(each) => self.each(fork, each, &branches, names),
            None => side_by_side(fork, &branches),
        };
        self.after(&fork.after, quote_spanned!(span=> ({ #result #value })))
    }

    /// The dispatch closure of a branch.
    fn branch(&mut self, fork: &Fork, branch: &Region) -> TokenStream {
        let span = here(fork.span);
        let output = match fork.kind {
            ForkKind::Settle if branch.is_call => quote_spanned!(span=> ::core::result::Result<_, _>),
            _ => quote_spanned!(span=> ::core::result::Result<_, <Self as __flow::Workflow>::Error>),
        };
        let entry =
            Entry { ty: None, one_input: false, output, branch_of: Some(fork.kind), is_item: fork.each.is_some() };
        let code = dispatch(branch, &entry, self.graph, self.report);
        let captures = captures(branch);
        quote! {{
            #captures
            move |__cx, mut __frame| { #code }
        }}
    }

    /// A fan-out: `each(&cx.items("parallel", items, limit), closure).await`
    fn each(&mut self, fork: &Fork, each: &FanOut, branches: &[TokenStream], names: &Names<'_>) -> TokenStream {
        let (span, name, items) = (here(fork.span), &fork.name, names.of(each.items));
        let limit = match &each.limit {
            Some(limit) => {
                let limit = self.expr(limit);
                quote!(::core::option::Option::Some((#limit) as usize))
            }
            None => quote!(::core::option::Option::None),
        };
        let (saver, kept) = (self.saver(each.items), result_saver(fork, 0));
        let (run, workflow) = match fork.kind {
            ForkKind::Settle => (Ident::new("settle_each", span), None),
            _ => (Ident::new("parallel_each", span), Some(quote!(::<Self, _, _>))),
        };
        quote_spanned! {span=> {
            let __frames = __cx.items(#name, #items.count());
            let __item = #items.item();
            __flow::#run #workflow (&__frames, (#items, #saver), #limit, #kept, #(#branches)*).await
        }}
    }
}

/// The trait whose constant writes and reads the results of a fork's branches. As for bindings, its error says what is wrong
/// in the user's words.
fn result_trait(fork: &Fork) -> TokenStream {
    let span = here(fork.span);
    let branch = if fork.each.is_some() { "an item" } else { "this branch" };
    let message = format!("the result of {branch} has to be saved when it is there, but `{{Self}}` cannot be saved");
    let label = "a branch that is done is not run again, so its result is part of the saved state";
    let rule = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`";
    let way_out = match fork.kind {
        ForkKind::Settle => {
            "in `settle!` an error is a result, too; one that has no serde can be made text: `.await.map_err(|error| error.to_string())`"
        }
        ForkKind::Parallel | ForkKind::Race => {
            "derive serde for it, or return only what is needed of it from the branch"
        }
    };
    quote_spanned! {span=>
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #rule, note = #way_out)]
        trait __Result: ::core::marker::Sized {
            const SAVER: __flow::Saver<Self>;
        }
        #[diagnostic::do_not_recommend]
        impl<T: __flow::Saved> __Result for T {
            const SAVER: __flow::Saver<T> = __flow::Saver::new("=result");
        }
    }
}

/// What writes and reads the result of a branch: an error stands at the branch.
fn result_saver(fork: &Fork, branch: usize) -> TokenStream {
    let span = here(fork.places.get(branch).copied().unwrap_or(fork.span));
    quote_spanned!(span=> __Result::SAVER)
}

/// Branches side by side, as nested pairs.
fn side_by_side(fork: &Fork, branches: &[TokenStream]) -> TokenStream {
    let (span, name) = (here(fork.span), &fork.name);
    let numbered = |base: &str| -> Vec<Ident> {
        (0..branches.len()).map(|position| ident(&format!("{base}{position}"))).collect()
    };
    let (cxs, results) = (numbered("__b"), numbered("__r"));
    let branch = match fork.kind {
        ForkKind::Parallel | ForkKind::Race => quote_spanned!(span=> __flow::branch::<Self, _>),
        ForkKind::Settle => quote_spanned!(span=> __flow::settled),
    };
    let mut futures = cxs
        .iter()
        .zip(branches)
        .enumerate()
        .map(|(position, (cx, branch_code))| {
            let kept = result_saver(fork, position);
            quote_spanned!(span=> #branch(&#cx, #kept, #branch_code))
        })
        .rev();
    let pair = Ident::new(
        match fork.kind {
            ForkKind::Parallel => "joined",
            ForkKind::Settle => "all",
            ForkKind::Race => "raced",
        },
        Span::call_site(),
    );
    let mut nested_results = results.iter().rev();
    // The last branch, with the others around it one by one.
    let (mut joined, mut pattern) = (futures.next().unwrap_or_default(), nested_results.next().to_token_stream());
    for (future, result) in futures.zip(nested_results) {
        joined = quote!(__flow::#pair(#future, #joined));
        pattern = quote!((#result, #pattern));
    }
    match fork.kind {
        ForkKind::Parallel => quote_spanned! {span=> {
            let [#(#cxs),*] = __cx.branches(#name);
            match #joined.await {
                ::core::result::Result::Ok(#pattern) => ::core::result::Result::Ok((#(#results,)*)),
                ::core::result::Result::Err(__error) => ::core::result::Result::Err(__error),
            }
        }},
        ForkKind::Settle => quote_spanned! {span=> {
            let [#(#cxs),*] = __cx.branches(#name);
            let #pattern = #joined.await;
            (#(#results,)*)
        }},
        ForkKind::Race => quote_spanned! {span=> {
            let __kind = __flow::kind();
            let [#(#cxs),*] = __cx.contenders(#name);
            #joined.await
        }},
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
