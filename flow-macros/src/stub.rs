//! What exists of a workflow even when its body is wrong: its marker type, and an implementation that never runs. Code that
//! uses the workflow gets no follow-up errors then, and editors keep resolving names.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, ItemFn, ReturnType, parse_quote};

use crate::parse::{CratePath, Parameters, doc_of, pascal_case};

/// The parts of the expansion that depend on the signature alone.
pub(crate) struct Face<'i> {
    pub(crate) item: &'i ItemFn,
    pub(crate) krate: &'i CratePath,
    pub(crate) parameters: &'i Parameters,
}

impl Face<'_> {
    /// `pub struct ContentCreation;`
    pub(crate) fn marker(&self) -> TokenStream {
        let (vis, name) = (&self.item.vis, pascal_case(&self.item.sig.ident));
        let docs = self.item.attrs.iter().filter(|attr| attr.path().is_ident("doc"));
        let generics = &self.item.sig.generics;
        let types: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
        let plain = generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(param) => {
                let ident = &param.ident;
                Some(quote!(#ident))
            }
            GenericParam::Const(param) => {
                let (ident, ty) = (&param.ident, &param.ty);
                Some(quote!(const #ident: #ty))
            }
            GenericParam::Lifetime(_) => None,
        });
        if generics.params.is_empty() {
            quote!(#(#docs)* #[derive(Debug, Clone, Copy)] #vis struct #name;)
        } else {
            quote!(#(#docs)* #vis struct #name<#(#plain),*>(::core::marker::PhantomData<fn() -> (#(#types,)*)>);)
        }
    }

    /// `impl Workflow for ContentCreation { … }` around what the body gives.
    pub(crate) fn implementation(&self, machine: &TokenStream, graph: &TokenStream) -> TokenStream {
        let (krate, sig) = (self.krate, &self.item.sig);
        let (mut name, text, doc) = (pascal_case(&sig.ident), sig.ident.to_string(), doc_of(&self.item.attrs));
        // At the name, editors show the marker type, and that once.
        name.set_span(proc_macro2::Span::call_site());
        let id = text.replace('_', "-");
        let output = self.output();
        let mut generics = sig.generics.clone();
        let types: Vec<_> = generics.type_params().map(|param| param.ident.clone()).collect();
        if !types.is_empty() {
            let clause = generics.make_where_clause();
            clause.predicates.extend(types.iter().map(|ty| -> syn::WherePredicate { parse_quote!(#ty: 'static) }));
        }
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let deps: Vec<_> = self.parameters.deps.iter().map(|dep| &dep.ty).collect();
        let (deps_ty, refs_ty, refs) = match deps[..] {
            [] => (
                quote!(()),
                quote!(()),
                quote!({
                    let _ = deps;
                }),
            ),
            [one] => (quote!(#one), quote!(&'d #one), quote!(deps)),
            ref many => {
                let fields = (0..many.len()).map(syn::Index::from);
                (quote!((#(#many,)*)), quote!((#(&'d #many,)*)), quote!((#(&deps.#fields,)*)))
            }
        };
        let Input { ty, schema, to_json, from_json } = self.input();
        quote! {
            impl #impl_generics #krate::Workflow for #name #ty_generics #where_clause {
                const ID: &'static str = #id;
                const NAME: &'static str = #text;
                const DOC: &'static str = #doc;
                const GRAPH: #krate::Graph = #graph;
                const MACHINE: __flow::Machine<Self> = #machine;
                type Deps = #deps_ty;
                type Refs<'d> = #refs_ty;
                type Input = #ty;
                type Output = <#output as __flow::ResultLike>::Ok;
                type Error = <#output as __flow::ResultLike>::Err;
                fn refs(deps: &Self::Deps) -> Self::Refs<'_> { #refs }
                fn input_schema() -> __flow::Value { #schema }
                fn input_to_json(input: &Self::Input) -> ::core::result::Result<::std::string::String, __flow::SerdeError> { #to_json }
                fn input_from_json(text: &str) -> ::core::result::Result<Self::Input, #krate::JsonError> { #from_json }
                fn describe_error(error: &Self::Error) -> ::std::vec::Vec<::std::string::String> {
                    #[allow(unused_imports)]
                    use __flow::{DescribeAny as _, DescribeDebug as _, DescribeDisplay as _, DescribeError as _};
                    (&&&&__flow::Describe(error)).describe()
                }
            }
        }
    }

    /// Checks that the input can be stored, read back and described.
    pub(crate) fn checks(&self) -> TokenStream {
        if !self.item.sig.generics.params.is_empty() {
            return TokenStream::new();
        }
        let inputs = self.parameters.inputs.iter();
        inputs
            .map(|input| derive_checks(&format!("input `{}`", input.name), &input.ty, &input.name.to_string()))
            .collect()
    }

    /// The return type, made up if there is none.
    pub(crate) fn output(&self) -> TokenStream {
        match &self.item.sig.output {
            ReturnType::Type(_, ty) if !matches!(**ty, syn::Type::ImplTrait(_)) => quote!(#ty),
            _ => quote!(::core::result::Result<(), ()>),
        }
    }

    /// An implementation whose body is never run.
    pub(crate) fn stub(&self) -> TokenStream {
        let name = self.item.sig.ident.to_string();
        let machine = quote! {
            __flow::Body::machine(&__flow::body::<Self, (), _>(|_, _, _, _| ::core::unreachable!()), &[])
        };
        let graph = crate::graph::Graph::default().to_tokens(&quote::ToTokens::to_token_stream(self.krate), &name);
        self.implementation(&machine, &graph)
    }
}

/// How the input is described, written and read.
struct Input {
    ty: TokenStream,
    schema: TokenStream,
    to_json: TokenStream,
    from_json: TokenStream,
}

impl Face<'_> {
    fn input(&self) -> Input {
        match &self.parameters.inputs[..] {
            [one] => {
                let ty = &one.ty;
                Input {
                    ty: quote!(#ty),
                    schema: quote!(__flow::schema::<#ty>()),
                    to_json: quote!(__flow::to_json(input)),
                    from_json: quote!(__flow::from_json(text)),
                }
            }
            many => {
                let (names, types): (Vec<String>, Vec<_>) =
                    many.iter().map(|input| (input.name.to_string(), &input.ty)).unzip();
                let fields: Vec<_> = (0..many.len()).map(syn::Index::from).collect();
                Input {
                    ty: quote!((#(#types,)*)),
                    schema: quote!(__flow::object_schema(&[#((#names, __flow::schema::<#types>())),*])),
                    to_json: quote! {{
                        let _ = input;
                        __flow::object_to_json(&[#((#names, &__flow::to_json(&input.#fields)?)),*])
                    }},
                    from_json: quote! {{
                        #[allow(unused_mut, unused_variables)]
                        let mut fields = __flow::Fields::read(text, &[#(#names),*])?;
                        ::core::result::Result::Ok((#(fields.take::<#types>(#names)?,)*))
                    }},
                }
            }
        }
    }
}

/// Checks that a type can be written, read and described, with errors that name what it is for and the missing derive.
pub(crate) fn derive_checks(what: &str, ty: &syn::Type, name: &str) -> TokenStream {
    let span = syn::spanned::Spanned::span(ty).resolved_at(proc_macro2::Span::call_site());
    let checks = [
        ("Serialize", "serde::Serialize", quote!(__flow::Serialize), "be stored"),
        ("Deserialize", "serde::Deserialize", quote!(__flow::DeserializeOwned), "be read back"),
        ("JsonSchema", "schemars::JsonSchema", quote!(__flow::JsonSchema), "be described"),
    ];
    let checks = checks.iter().map(|(short, derive, bound, purpose)| {
        let check = quote::format_ident!("Needs_{short}_{name}");
        let message = format!("{what} has to {purpose}, but `{{Self}}` does not implement `{short}`");
        let label = format!("add `#[derive({derive})]` to `{{Self}}`");
        let assert = quote::quote_spanned!(span=> is::<#ty>());
        quote! {
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = #label)]
                #[allow(non_camel_case_types)]
                trait #check {}
                #[diagnostic::do_not_recommend]
                impl<T: #bound> #check for T {}
                const fn is<T: #check>() {}
                #assert
            };
        }
    });
    checks.collect()
}
