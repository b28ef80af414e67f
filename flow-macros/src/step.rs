//! `#[step]`: an ordinary function that tells its name, its doc comment and its rules to the workflows that call it.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    AttrStyle, Attribute, Block, FnArg, GenericParam, Ident, Lifetime, Pat, Receiver, ReceiverKind, ReturnType,
    Signature, Token, Type, TypeImplTrait, TypeReference, Visibility, braced,
    parse::{Parse, ParseStream},
    parse_quote, parse_quote_spanned,
    spanned::Spanned,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{
    faces,
    parse::{CratePath, doc_of},
    policy::{Backoff, Said, StepOptions, here, look, shown_at},
    report::Report,
};

/// A function, or the declaration of one in a trait.
struct Source {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
    body: Option<Block>,
}

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (mut attrs, vis, sig) = (input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?);
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            return Ok(Source { attrs, vis, sig, body: None });
        }
        let content;
        let brace_token = braced!(content in input);
        let inner = content.call(Attribute::parse_inner)?;
        attrs.extend(inner.into_iter().map(|attr| Attribute { style: AttrStyle::Outer, ..attr }));
        let stmts = content.call(Block::parse_within)?;
        Ok(Source { attrs, vis, sig, body: Some(Block { brace_token, stmts }) })
    }
}

/// Where a step stands, as far as its own tokens tell.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// It has nothing of a method. An associated function may look like that, too.
    Free,
    /// It mentions `self` or `Self`.
    Method,
    /// It has no body: it is declared in a trait.
    Declared,
}

impl Source {
    fn place(&self, tokens: &TokenStream) -> Place {
        match &self.body {
            None => Place::Declared,
            Some(_) if self.sig.receiver().is_some() || mentions_self(tokens) => Place::Method,
            Some(_) => Place::Free,
        }
    }
}

fn mentions_self(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => mentions_self(&group.stream()),
        _ => false,
    })
}

/// Expands `#[step]`.
pub(crate) fn expand(args: TokenStream, tokens: &TokenStream) -> TokenStream {
    let mut report = Report::default();
    let options = StepOptions::read(args, &mut report);
    let source: Option<Source> = match syn::parse2(tokens.clone()) {
        Ok(source) => Some(source),
        Err(error) => {
            report.push(error);
            None
        }
    };
    if let Some(source) = &source {
        check(source, &options, &mut report);
    }
    match source {
        // An editor wants nothing else than the function as it is written.
        _ if faces::in_editor() => tokens.clone(),
        Some(source) if report.is_empty() => Wrapper::new(&options, source, tokens).wrap(),
        // Those who call it need it all the same.
        _ => {
            let errors = report.to_tokens();
            quote!(#errors #tokens)
        }
    }
}

/// What the compiler would not say, or not so well.
fn check(source: &Source, options: &StepOptions, report: &mut Report) {
    match (source.sig.asyncness, options.blocking) {
        (Some(token), Some(_)) => {
            report.at(token, "a blocking step is a plain `fn`, because it does not wait: leave out `async`, or `blocking`");
        }
        (None, None) => report.at(
            source.sig.fn_token,
            "a step is an `async fn`; a plain one that takes its time is `#[step(blocking)]`; other plain code is called \
             without `.await` and needs no `#[step]`",
        ),
        (None, Some(_)) => source.sig.inputs.iter().for_each(|argument| Borrows(report).visit_fn_arg(argument)),
        (Some(_), None) => {}
    }
    if source.body.is_none()
        && let Some(rule) = options.first_rule()
    {
        report.span(rule, "a step that is only declared has no rules: give them where its body is");
    }
}

/// Reports what cannot go to another thread.
struct Borrows<'r>(&'r mut Report);

impl Borrows<'_> {
    const MESSAGE: &'static str =
        "a blocking step runs on a thread of its own, so it cannot borrow: take an owned value, or an `Arc`";
}

impl<'ast> Visit<'ast> for Borrows<'_> {
    fn visit_receiver(&mut self, receiver: &'ast Receiver) {
        match &receiver.kind {
            ReceiverKind::Typed(_, ty) => self.visit_type(ty),
            ReceiverKind::Reference(..) => self.0.at(receiver, Self::MESSAGE),
            _ => {}
        }
    }

    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        match &reference.lifetime {
            Some(lifetime) if lifetime.ident == "static" => visit::visit_type_reference(self, reference),
            _ => self.0.at(reference, Self::MESSAGE),
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.0.at(lifetime, Self::MESSAGE);
        }
    }
}

/// Makes a function of the step's name that returns a `Step`.
struct Wrapper<'o> {
    options: &'o StepOptions,
    krate: &'o CratePath,
    /// `::flow_runtime::machine`
    flow: TokenStream,
    source: Source,
    place: Place,
    /// The signature with plain names for arguments, and names for the types of `impl Trait`.
    sig: Signature,
    /// The names, and the patterns they are taken apart by.
    arguments: Vec<(Ident, Pat)>,
    /// The generic parameters that are no lifetimes.
    generics: Vec<Ident>,
    /// What a marker that is hidden behind `impl HasMeta` has to mention; `None` if that cannot be known.
    hidden: Option<Vec<Ident>>,
    output: TokenStream,
}

impl<'o> Wrapper<'o> {
    fn new(options: &'o StepOptions, mut source: Source, tokens: &TokenStream) -> Self {
        let (krate, place) = (&options.krate, source.place(tokens));
        name_impl_traits(&mut source.sig);
        let mut sig = source.sig.clone();
        let mut arguments = Vec::new();
        for (position, argument) in sig.inputs.iter_mut().enumerate() {
            if let FnArg::Typed(typed) = argument {
                let ident = match &*typed.pat {
                    Pat::Ident(ident) if ident.subpat.is_none() => ident.ident.clone(),
                    pat => Ident::new(&format!("argument_{position}"), pat.span()),
                };
                let pat = std::mem::replace(&mut *typed.pat, parse_quote!(#ident));
                arguments.push((ident, pat));
            }
        }
        let generics = sig.generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.clone()),
            GenericParam::Const(param) => Some(param.ident.clone()),
            GenericParam::Lifetime(_) => None,
        });
        let generics: Vec<Ident> = generics.collect();
        let around = match (&options.uses, place) {
            (Some(uses), _) => Some(uses.clone()),
            (None, Place::Free) => Some(Vec::new()),
            (None, Place::Declared) => Some(vec![Ident::new("Self", Span::call_site())]),
            (None, Place::Method) => None,
        };
        let hidden = around.map(|around| around.into_iter().chain(generics.iter().cloned()).collect());
        let output = match &sig.output {
            ReturnType::Type(_, ty) => ty.to_token_stream(),
            ReturnType::Default => quote!(()),
        };
        let flow = quote!(#krate::machine);
        Wrapper { options, krate, flow, source, place, sig, arguments, generics, hidden, output }
    }

    fn wrap(&self) -> TokenStream {
        let Wrapper { krate, flow, output, .. } = self;
        let mut sig = self.sig.clone();
        sig.asyncness = None;
        // The signature ends where the user's does, so that the compiler shows the whole of it.
        let span = match &self.sig.output {
            ReturnType::Type(_, ty) => ty.span(),
            ReturnType::Default => self.sig.paren_token.span.close(),
        };
        // Whether the marker is one depends on what is said of `once`, and the compiler should say it at that place only.
        let (span, krate) = match self.options.once {
            Some(once) => (here(once), shown_at(&krate.to_token_stream(), here(once))),
            None => (span, krate.to_token_stream()),
        };
        let marker = match &self.hidden {
            Some(mentioned) => quote_spanned!(span=> impl #flow::HasMeta + use<#(#mentioned),*>),
            None => self.written_marker(),
        };
        // What an `impl` in a signature borrows depends on the edition of the one who has written it: of this crate.
        let future = quote_spanned! {here(span)=>
            impl ::core::future::Future<Output = #output> + ::core::marker::Send
        };
        sig.output = parse_quote_spanned!(span=> -> #krate::Step<#marker, #future>);
        let (attrs, vis) = (self.outer_attrs(), &self.source.vis);
        let body = match &self.source.body {
            None => return quote!(#(#attrs)* #vis #sig;),
            Some(block) => {
                // The braces are the user's, so that the compiler shows the function and not the attribute as what is
                // defined.
                let mut body = Group::new(Delimiter::Brace, self.body(block));
                body.set_span(block.brace_token.span.join());
                body
            }
        };
        let allowed = match self.place {
            Place::Method => quote! {
                #[allow(
                    refining_impl_trait,
                    clippy::let_unit_value, clippy::needless_return, clippy::redundant_locals, clippy::type_complexity
                )]
            },
            _ => TokenStream::new(),
        };
        quote! {
            #(#attrs)*
            #[allow(clippy::manual_async_fn, clippy::needless_lifetimes)]
            #allowed
            #vis #sig #body
        }
    }

    /// What is said to callers stands at the outer function, what is done to the body at the inner one, lints at both. A
    /// method has no inner one.
    fn outer_attrs(&self) -> Vec<&Attribute> {
        let outer = ["doc", "deprecated", "allow", "expect", "warn", "deny", "forbid", "cfg"];
        let is_outer =
            |attr: &&Attribute| self.place != Place::Free || outer.iter().any(|name| attr.path().is_ident(name));
        self.source.attrs.iter().filter(is_outer).collect()
    }

    fn body(&self, block: &Block) -> TokenStream {
        let krate = self.krate;
        let (work, rules, once) = (self.replaceable(self.work(block)), self.rules(), self.once());
        let inner = (self.place == Place::Free).then(|| self.inner(block));
        let (marker, tagged) = match self.hidden {
            Some(_) => (Some(self.own_marker()), quote!(#krate::Step::<__Meta, _>::tagged)),
            None => (None, quote!(#krate::Step::tagged)),
        };
        match once {
            Some(once) => quote!(#marker #inner let __step = #tagged(#work) #rules; #once),
            None => quote!(#marker #inner #tagged(#work) #rules),
        }
    }

    /// The function as it was written.
    fn inner(&self, block: &Block) -> TokenStream {
        let (sig, attrs) = (&self.source.sig, self.source.attrs.iter());
        let attrs = attrs.filter(|attr| !attr.path().is_ident("doc") && !attr.path().is_ident("deprecated"));
        quote!(#(#attrs)* #sig #block)
    }

    /// The future of the step, or of what undoes it.
    fn work(&self, block: &Block) -> TokenStream {
        let Wrapper { flow, output, .. } = self;
        let work = self.done(block);
        let Some(Said { value: undo, .. }) = &self.options.undo else { return work };
        let receiver = self.sig.receiver().map(|receiver| {
            let token = &receiver.self_token;
            quote!(#token,)
        });
        let (arguments, span) = (self.arguments.iter().map(|(name, _)| name), undo.span());
        let look = look(flow, span);
        let at = shown_at(flow, span);
        let undone = quote_spanned!(here(span)=> #undo(#receiver #(#arguments,)* __output));
        // At one place, so that the compiler says once what is wrong.
        let undoing = quote_spanned!(here(span)=> #at::undoing((&#at::Outcome::<#output>::NEW).shape()));
        let run = quote_spanned!(here(span)=> #at::undo(__undo, move |__output| #undone, #look).await);
        quote! {
            async move {
                #[allow(unused_imports)]
                use #flow::{ShapeOfResult as _, ShapeOfValue as _};
                match #undoing {
                    ::core::option::Option::None => #work.await,
                    ::core::option::Option::Some(__undo) => #run,
                }
            }
        }
    }

    /// The future of the step.
    fn done(&self, block: &Block) -> TokenStream {
        let Wrapper { flow, generics, output, .. } = self;
        let names = self.arguments.iter().map(|(name, _)| name);
        if self.place == Place::Free {
            let ident = &self.sig.ident;
            let turbofish = (!generics.is_empty()).then(|| quote!(::<#(#generics),*>));
            let call = quote!(#ident #turbofish (#(#names),*));
            return match self.options.blocking {
                Some(_) => quote!(#flow::blocking(move || #call)),
                None => call,
            };
        }
        let patterns = self.arguments.iter().map(|(_, pat)| pat);
        let arguments = quote!(#(let #patterns = #names;)*);
        if self.options.blocking.is_some() {
            let statements = &block.stmts;
            return quote!(#flow::blocking(move || -> #output { #arguments #(#statements)* }));
        }
        // The type of an async block cannot be written down; this is how it is told.
        let told = quote_spanned!(here(output.span())=> return __output;);
        quote! {
            async move {
                if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<#output> {
                    #[allow(unreachable_code)]
                    #told
                }
                #arguments
                let __output: #output = #block;
                #[allow(unreachable_code)]
                __output
            }
        }
    }

    /// The future of the step, or what a test has instead of it, where its type can be told apart from others: one that borrows
    /// nothing and depends on no parameter.
    fn replaceable(&self, work: TokenStream) -> TokenStream {
        let (krate, output, name) = (self.krate, &self.output, self.sig.ident.to_string());
        let parameters = self.sig.generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        });
        let parameters: Vec<&Ident> = parameters.collect();
        if self.place != Place::Free || depends(output.to_token_stream(), &parameters) {
            return work;
        }
        quote!(#krate::replaceable!(#name, #output, #work))
    }

    /// What comes after the `Step`: its rules.
    fn rules(&self) -> TokenStream {
        let Wrapper { flow, options, .. } = self;
        let output = &self.output;
        let mut rules = if depends(output.clone(), &[]) {
            // What cannot be written down in the body, as `impl Trait`, is found by its value.
            let look = look(flow, Span::call_site());
            quote!(.judged(#look))
        } else {
            quote!(.judged(#flow::Looker::<#output>::NEW.look()))
        };
        if let Some(Said { span, .. }) = &options.retries {
            let flow = shown_at(flow, *span);
            rules.extend(match &options.retry_if {
                None => quote_spanned!(*span=> .again(#flow::Fallible::failed)),
                Some(Said { value: path, .. }) => {
                    let failure = quote_spanned!(here(*span)=> #flow::Fallible::failure(__output));
                    let asked = quote_spanned!(here(path.span())=> #path(__error));
                    quote! {
                        .again(|__output| match #failure {
                            ::core::option::Option::Some(__error) => #asked,
                            ::core::option::Option::None => false,
                        })
                    }
                }
            });
        }
        if let Some(Said { span, .. }) = &options.timeout_ms {
            let flow = shown_at(flow, *span);
            rules.extend(quote_spanned!(*span=> .timed(#flow::TimesOut::timed_out)));
        }
        if let Some(Said { value: path, .. }) = &options.undo {
            let flow = shown_at(flow, path.span());
            rules.extend(quote_spanned! {here(path.span())=>
                .undone(|__output| {
                    #[allow(unused_imports)]
                    use #flow::{ShapeOfResult as _, ShapeOfValue as _};
                    #flow::written((&#flow::outcome(__output)).shape(), __output)
                })
            });
        }
        if let Some(span) = options.tx {
            let flow = shown_at(flow, span);
            rules.extend(quote_spanned! {here(span)=>
                .transacted(|__outcome| {
                    #[allow(unused_imports)]
                    use #flow::{ShapeOfResult as _, ShapeOfValue as _};
                    (&__outcome).shape()
                })
            });
        }
        rules
    }

    /// The last rule, which changes the marker.
    fn once(&self) -> Option<TokenStream> {
        let span = self.options.once?;
        let flow = shown_at(&self.flow, span);
        Some(match self.hidden {
            None => quote_spanned!(here(span)=> __step.once_method()),
            Some(_) => quote_spanned! {here(span)=>
                __step.once(|__outcome| {
                    #[allow(unused_imports)]
                    use #flow::{ShapeOfResult as _, ShapeOfValue as _};
                    (&__outcome).shape()
                })
            },
        })
    }

    /// A type of the function's own: `struct __Meta; impl HasMeta for __Meta { … }`
    fn own_marker(&self) -> TokenStream {
        let flow = &self.flow;
        let (name, doc) = (self.sig.ident.to_string(), doc_of(&self.source.attrs));
        let policy = self.options.policy(flow);
        quote! {
            struct __Meta;
            impl #flow::HasMeta for __Meta {
                const META: #flow::CallMeta =
                    #flow::CallMeta { name: #name, doc: #doc, kind: #flow::CallKind::Step, policy: #policy };
            }
        }
    }

    /// A type that says everything by itself.
    fn written_marker(&self) -> TokenStream {
        let Wrapper { flow, options, output, .. } = self;
        let (name, doc) = (self.sig.ident.to_string(), doc_of(&self.source.attrs));
        let text = format!("{name}{doc}");
        let words: Vec<u128> = text.as_bytes().chunks(16).map(word).collect();
        let text_ty = words.chunks(4).rev().fold(quote!(()), |rest, words| {
            let word = |at: usize| words.get(at).copied().unwrap_or_default();
            let (a, b, c, d) = (word(0), word(1), word(2), word(3));
            quote!(#flow::Words<#a, #b, #c, #d, #rest>)
        });
        let (name, len) = (name.len(), text.len());
        let mut marker = quote!(#flow::Method<#name, #len, #text_ty>);
        if let Some(Said { value, .. }) = &options.retries {
            marker = quote!(#flow::Retried<#marker, #value>);
        }
        if let Some(Said { value: Backoff { first_ms, max_ms }, .. }) = &options.backoff {
            marker = quote!(#flow::BackedOff<#marker, #first_ms, #max_ms>);
        }
        if let Some(Said { value, .. }) = &options.timeout_ms {
            marker = quote!(#flow::Timed<#marker, #value>);
        }
        if options.undo.is_some() {
            marker = quote!(#flow::Undone<#marker>);
        }
        if options.tx.is_some() {
            marker = quote!(#flow::Transacted<#marker>);
        }
        if options.once.is_some() {
            marker = quote!(#flow::OnceReturning<#marker, #output>);
        }
        marker
    }
}

/// Whether a type borrows something or mentions one of these parameters, as far as its tokens tell.
fn depends(ty: TokenStream, parameters: &[&Ident]) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Ident(ident) => ident == "impl" || ident == "dyn" || parameters.iter().any(|known| **known == ident),
        TokenTree::Group(group) => depends(group.stream(), parameters),
        TokenTree::Literal(_) => false,
    })
}

/// Up to 16 bytes as a number.
fn word(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte))
}

/// `impl Trait` arguments become named type parameters, because the metadata's type has to say what it depends on.
fn name_impl_traits(sig: &mut Signature) {
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
