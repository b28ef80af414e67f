//! `#[step]`: an ordinary `async fn` that tells its name and doc comment to the workflows that call it.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{
    FnArg, GenericParam, Ident, ItemFn, Pat, ReturnType, Type, TypeImplTrait, parse_quote, parse_quote_spanned,
    visit_mut::{self, VisitMut},
};

use crate::{
    faces,
    parse::{CratePath, doc_of},
    report::Report,
};

/// Expands `#[step]`.
pub(crate) fn expand(args: TokenStream, tokens: &TokenStream) -> TokenStream {
    let krate: CratePath = match syn::parse2(args) {
        Ok(krate) => krate,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #tokens);
        }
    };
    let item: ItemFn = match syn::parse2(tokens.clone()) {
        Ok(item) => item,
        // The function as it was typed keeps the editor going.
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #tokens);
        }
    };
    let mut report = Report::default();
    if item.sig.asyncness.is_none() {
        report.at(
            item.sig.fn_token,
            "a step is an `async fn`; plain code is called without `.await` and needs no `#[step]`",
        );
    }
    if let Some(FnArg::Receiver(receiver)) = item.sig.inputs.first() {
        report.at(receiver, "a step is a free function: pass what it needs as a parameter");
    }
    if !report.is_empty() {
        let errors = report.to_tokens();
        return quote!(#errors #tokens);
    }
    faces::in_place(&krate, (&item.sig.ident, &item.attrs), tokens, &wrap(&krate, &item))
}

fn wrap(krate: &CratePath, item: &ItemFn) -> TokenStream {
    let (name, doc) = (item.sig.ident.to_string(), doc_of(&item.attrs));
    let mut sig = item.sig.clone();
    name_impl_traits(&mut sig);
    let mut inner = item.clone();
    inner.sig = sig.clone();
    inner.vis = syn::Visibility::Inherited;
    inner.attrs.retain(|attr| !attr.path().is_ident("doc") && !attr.path().is_ident("deprecated"));
    let output = match &sig.output {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => quote!(()),
    };
    // The outer function takes the arguments by plain names and hands them on; patterns are the inner one's.
    let mut arguments = Vec::new();
    for (position, argument) in sig.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = argument {
            let ident = match &*typed.pat {
                Pat::Ident(ident) if ident.subpat.is_none() => ident.ident.clone(),
                pat => Ident::new(&format!("argument_{position}"), syn::spanned::Spanned::span(pat)),
            };
            *typed.pat = parse_quote!(#ident);
            arguments.push(ident);
        }
    }
    let captured: Vec<TokenStream> = sig
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_token_stream()),
            GenericParam::Const(param) => Some(param.ident.to_token_stream()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let turbofish = (!captured.is_empty()).then(|| quote!(::<#(#captured),*>));
    sig.asyncness = None;
    // The signature ends where the user's does, so that the compiler shows the whole of it.
    let span = match &item.sig.output {
        ReturnType::Type(_, ty) => syn::spanned::Spanned::span(ty),
        ReturnType::Default => item.sig.paren_token.span.close(),
    };
    sig.output = parse_quote_spanned! {span=>
        -> #krate::Step<impl #krate::machine::HasMeta + use<#(#captured),*>, impl ::core::future::Future<Output = #output> + ::core::marker::Send>
    };
    // What is said to callers stands at the outer function, what is done to the body at the inner one, lints at both.
    let outer = ["doc", "deprecated", "allow", "expect", "warn", "deny", "forbid", "cfg"];
    let attrs = item.attrs.iter().filter(|attr| outer.iter().any(|name| attr.path().is_ident(name)));
    let (vis, ident) = (&item.vis, &item.sig.ident);
    let meta = meta(krate, &name, &doc, &quote!(#krate::machine::CallKind::Step));
    // The braces are the user's, so that the compiler shows the function and not the attribute as what is defined.
    let mut body = Group::new(
        Delimiter::Brace,
        quote! {
            #meta
            #inner
            fn __tagged<F: ::core::future::Future>(future: F) -> #krate::Step<__Meta, F> {
                #krate::Step::tagged(future)
            }
            __tagged(#ident #turbofish (#(#arguments),*))
        },
    );
    body.set_span(item.block.brace_token.span.join());
    quote! {
        #(#attrs)*
        #[allow(clippy::manual_async_fn, clippy::needless_lifetimes)]
        #vis #sig #body
    }
}

/// `struct __Meta; impl HasMeta for __Meta { … }`
pub(crate) fn meta(krate: &CratePath, name: &str, doc: &str, kind: &TokenStream) -> TokenStream {
    quote! {
        struct __Meta;
        impl #krate::machine::HasMeta for __Meta {
            const META: #krate::machine::CallMeta =
                #krate::machine::CallMeta { name: #name, doc: #doc, kind: #kind };
        }
    }
}

/// `impl Trait` arguments become named type parameters, because the metadata's type has to say what it depends on.
fn name_impl_traits(sig: &mut syn::Signature) {
    struct Named(Vec<(Ident, TypeImplTrait)>);
    impl VisitMut for Named {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            visit_mut::visit_type_mut(self, ty);
            if let Type::ImplTrait(bounds) = ty {
                let ident = format_ident!("Impl{}", self.0.len());
                self.0.push((ident.clone(), bounds.clone()));
                *ty = parse_quote!(#ident);
            }
        }
    }
    let mut named = Named(Vec::new());
    for argument in &mut sig.inputs {
        if let FnArg::Typed(typed) = argument {
            named.visit_type_mut(&mut typed.ty);
        }
    }
    for (ident, TypeImplTrait { bounds, .. }) in named.0 {
        sig.generics.params.push(parse_quote!(#ident: #bounds));
    }
}
