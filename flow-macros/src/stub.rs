//! What exists of a workflow even when its body is wrong: its marker type, and an implementation that never runs. Code that
//! uses the workflow gets no follow-up errors then, and editors keep resolving names.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, ItemFn, ReturnType, parse_quote};

use crate::parse::{CratePath, Parameters, doc_of, pascal_case};

/// The parts of the expansion that depend on the signature alone.
pub(crate) struct Face<'i> {
    pub(crate) item: &'i ItemFn,
    pub(crate) krate: &'i CratePath,
    pub(crate) parameters: &'i Parameters,
}

impl Face<'_> {
    /// `pub fn content_creation(app: &App, topic: Topic) -> Child<'_, ContentCreation> { … }`
    pub(crate) fn function(&self) -> TokenStream {
        let (krate, sig, vis) = (self.krate, &self.item.sig, &self.item.vis);
        let (function, marker) = (&sig.ident, pascal_case(&sig.ident));
        let docs = self.item.attrs.iter().filter(|attr| attr.path().is_ident("doc"));
        let mut generics = self.generics();
        let (_, ty_generics, _) = generics.split_for_impl();
        let output = quote!(#krate::Child<'__deps, #marker #ty_generics>);
        generics.params.insert(0, parse_quote!('__deps));
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let declared = &self.parameters.declared;
        let refs: Vec<_> = self.parameters.deps.iter().map(|dep| &dep.name).collect();
        let refs = if let [one] = refs[..] { quote!(#one) } else { quote!((#(#refs),*)) };
        let inputs: Vec<_> = self.parameters.inputs.iter().map(|input| &input.name).collect();
        let input = if let [one] = inputs[..] { quote!(#one) } else { quote!((#(#inputs,)*)) };
        let unused = self.parameters.context.as_ref().map(|context| {
            let name = &context.name;
            quote!(let _ = #name;)
        });
        quote! {
            #(#docs)*
            #[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
            #vis fn #function #impl_generics (#(#declared),*) -> #output #where_clause {
                #unused
                #krate::Child::new(#refs, #input)
            }
        }
    }

    /// The workflow's generic parameters, which outlive every run. Lifetimes have been reported.
    fn generics(&self) -> syn::Generics {
        let mut generics = self.item.sig.generics.clone();
        generics.params =
            generics.params.into_iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
        let types: Vec<_> = generics.type_params().map(|param| param.ident.clone()).collect();
        if !types.is_empty() {
            let clause = generics.make_where_clause();
            clause.predicates.extend(types.iter().map(|ty| -> syn::WherePredicate { parse_quote!(#ty: 'static) }));
        }
        generics
    }

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
        if types.is_empty() && plain.clone().next().is_none() {
            quote!(#(#docs)* #[derive(Debug, Clone, Copy)] #vis struct #name;)
        } else {
            quote!(#(#docs)* #vis struct #name<#(#plain),*>(::core::marker::PhantomData<fn() -> (#(#types,)*)>);)
        }
    }

    /// `impl Workflow for ContentCreation { … }` around what the body gives.
    pub(crate) fn implementation(&self, machine: &TokenStream, graph: &TokenStream) -> TokenStream {
        // What is wrong with the output is said where it is written. Editors are told nothing there.
        let span = syn::spanned::Spanned::span(&self.output()).resolved_at(Span::call_site());
        self.implement(machine, graph, self.input(), span)
    }

    fn implement(&self, machine: &TokenStream, graph: &TokenStream, input: Input, span: Span) -> TokenStream {
        let (krate, sig) = (self.krate, &self.item.sig);
        let (name, text, doc) = (pascal_case(&sig.ident), sig.ident.to_string(), doc_of(&self.item.attrs));
        let id = text.replace('_', "-");
        let output = self.output();
        let results = quote::quote_spanned! {span=>
            type Output = <#output as __flow::ResultLike>::Ok;
            type Error = <#output as __flow::ResultLike>::Err;
        };
        let generics = self.generics();
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
        let Input { ty, schema, to_json, from_json, traits } = input;
        let has_context = self.parameters.context.as_ref().map(|_| {
            quote!(
                const HAS_CONTEXT: ::core::primitive::bool = true;
            )
        });
        quote! {
            #traits
            impl #impl_generics #krate::Workflow for #name #ty_generics #where_clause {
                const ID: &'static str = #id;
                const NAME: &'static str = #text;
                const DOC: &'static str = #doc;
                const GRAPH: #krate::Graph = #graph;
                #has_context
                const MACHINE: __flow::Machine<Self> = #machine;
                type Deps = #deps_ty;
                type Refs<'d> = #refs_ty;
                type Input = #ty;
                #results
                fn refs(deps: &Self::Deps) -> Self::Refs<'_> { #refs }
                fn shorter<'short, 'long: 'short>(refs: Self::Refs<'long>) -> Self::Refs<'short> { refs }
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
        let never = |argument: &TokenStream| {
            quote!({
                let _ = #argument;
                ::core::unreachable!()
            })
        };
        let input = Input {
            schema: quote!(::core::unreachable!()),
            to_json: never(&quote!(input)),
            from_json: never(&quote!(text)),
            traits: TokenStream::new(),
            ..self.input()
        };
        self.implement(&machine, &graph, input, Span::call_site())
    }
}

/// How the input is described, written and read.
struct Input {
    ty: TokenStream,
    schema: TokenStream,
    to_json: TokenStream,
    from_json: TokenStream,
    traits: TokenStream,
}

impl Face<'_> {
    fn input(&self) -> Input {
        let inputs = &self.parameters.inputs;
        let codecs: Vec<Codec<'_>> = inputs
            .iter()
            .map(|input| Codec { krate: self.krate, ty: &input.ty, name: input.name.to_string() })
            .collect();
        let traits = codecs.iter().map(Codec::traits).collect();
        match &codecs[..] {
            [one] => Input {
                ty: one.ty.to_token_stream(),
                schema: one.schema(),
                to_json: one.to_json(&quote!(input)),
                from_json: one.read(),
                traits,
            },
            many => {
                let (names, types): (Vec<&String>, Vec<_>) = many.iter().map(|codec| (&codec.name, codec.ty)).unzip();
                let schemas = many.iter().map(Codec::schema);
                let written = many.iter().enumerate().map(|(field, codec)| {
                    let field = syn::Index::from(field);
                    codec.to_json(&quote!(&input.#field))
                });
                let read = many.iter().map(Codec::read_field);
                Input {
                    ty: quote!((#(#types,)*)),
                    schema: quote!(__flow::object_schema(&[#((#names, #schemas)),*])),
                    to_json: quote! {{
                        let _ = input;
                        __flow::object_to_json(&[#((#names, &#written?)),*])
                    }},
                    from_json: quote! {{
                        #[allow(unused_mut, unused_variables)]
                        let mut fields = __flow::Fields::read(text, &[#(#names),*])?;
                        ::core::result::Result::Ok((#(#read?,)*))
                    }},
                    traits,
                }
            }
        }
    }
}

/// How one input is written, read and described: by traits of its own, so that the error for a type that cannot be names the
/// input and the missing derive. Their methods are called by path, which keeps the compiler from saying more than that.
struct Codec<'i> {
    krate: &'i CratePath,
    ty: &'i syn::Type,
    name: String,
}

impl Codec<'_> {
    /// `trait Needs_Serialize_topic { fn to_json(&self) -> … }` and so on.
    fn traits(&self) -> TokenStream {
        let (krate, name) = (self.krate, &self.name);
        let written = quote!(::core::result::Result<::std::string::String, __flow::SerdeError>);
        let read = quote!(::core::result::Result<Self, #krate::JsonError>);
        let serialize = self.one(
            ["Serialize", "serde::Serialize", "be stored"],
            &quote!(__flow::Serialize),
            &[(quote!(fn to_json(&self) -> #written), quote!(__flow::to_json(self)))],
        );
        let deserialize = self.one(
            ["Deserialize", "serde::Deserialize", "be read back"],
            &quote!(__flow::DeserializeOwned),
            &[
                (quote!(fn from_json(text: &str) -> #read), quote!(__flow::from_json(text))),
                (quote!(fn from_fields(fields: &mut __flow::Fields) -> #read), quote!(fields.take(#name))),
            ],
        );
        let describe = self.one(
            ["JsonSchema", "schemars::JsonSchema", "be described"],
            &quote!(__flow::JsonSchema),
            &[(quote!(fn schema() -> __flow::Value), quote!(__flow::schema::<Self>()))],
        );
        quote!(#serialize #deserialize #describe)
    }

    fn one(
        &self,
        [short, derive, purpose]: [&str; 3],
        bound: &TokenStream,
        methods: &[(TokenStream, TokenStream)],
    ) -> TokenStream {
        let needs = self.needs(short);
        let message = format!("input `{}` has to {purpose}, but `{{Self}}` does not implement `{short}`", self.name);
        let label = format!("add `#[derive({derive})]` to `{{Self}}`");
        let declared = methods.iter().map(|(signature, _)| signature);
        let implemented = methods.iter().map(|(signature, body)| quote!(#signature { #body }));
        quote! {
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            #[allow(non_camel_case_types, dead_code)]
            trait #needs: ::core::marker::Sized { #(#declared;)* }
            #[diagnostic::do_not_recommend]
            impl<T: #bound> #needs for T { #(#implemented)* }
        }
    }

    fn needs(&self, short: &str) -> syn::Ident {
        let span = syn::spanned::Spanned::span(self.ty).resolved_at(Span::call_site());
        quote::format_ident!("Needs_{short}_{}", self.name.trim_start_matches("r#"), span = span)
    }

    /// `<Topic as Needs_Serialize_topic>::to_json(input)`, all of it where the user has written the type.
    fn call(&self, short: &str, method: &str, arguments: &TokenStream) -> TokenStream {
        let (ty, needs) = (self.ty, self.needs(short));
        let method = syn::Ident::new(method, needs.span());
        quote::quote_spanned!(needs.span()=> <#ty as #needs>::#method(#arguments))
    }

    fn to_json(&self, value: &TokenStream) -> TokenStream {
        self.call("Serialize", "to_json", value)
    }

    fn read(&self) -> TokenStream {
        self.call("Deserialize", "from_json", &quote!(text))
    }

    fn read_field(&self) -> TokenStream {
        self.call("Deserialize", "from_fields", &quote!(&mut fields))
    }

    fn schema(&self) -> TokenStream {
        self.call("JsonSchema", "schema", &TokenStream::new())
    }
}
