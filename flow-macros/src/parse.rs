//! Tokens → the workflow's function and the options it is given.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, Meta, Pat, PatType, Path, ReturnType, Signature, Token, Type,
    TypeReference, Visibility,
    parse::{Parse, ParseStream},
    parse_quote,
};

use crate::report::Report;

/// Where the runtime is found: `crate = path`, or the crate of its own name.
#[derive(Clone, Default)]
pub(crate) struct CratePath(Option<Path>);

impl CratePath {
    /// The one at a path.
    pub(crate) fn of(path: Path) -> Self {
        CratePath(Some(path))
    }
}

impl ToTokens for CratePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote!(::flow_runtime)),
        }
    }
}

/// `crate = path`
impl Parse for CratePath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(CratePath(None));
        }
        if !input.peek(Token![crate]) {
            return Err(input.error("unknown option: the only one is `crate = path::to::flow_runtime`"));
        }
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        let path = input.call(Path::parse_mod_style)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(CratePath(Some(path)))
    }
}

/// Splits `#![crate = path]` off the tokens of a workflow.
///
/// # Errors
/// When the option is not that one; the rest of the tokens is still of use then.
pub(crate) fn take_option(tokens: TokenStream) -> (syn::Result<CratePath>, TokenStream) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match &trees[..] {
        [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(option), rest @ ..]
            if hash.as_char() == '#' && bang.as_char() == '!' =>
        {
            (syn::parse2(option.stream()), rest.iter().cloned().collect())
        }
        _ => (Ok(CratePath::default()), tokens),
    }
}

/// The one function of a workflow.
pub(crate) struct Source(pub(crate) ItemFn);

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let item = input.parse()?;
        if !input.is_empty() {
            return Err(input.error("one `workflow!` holds one `async fn`: write another `workflow!` for this"));
        }
        Ok(Source(item))
    }
}

/// A workflow whose body is not Rust yet: the function without it.
pub(crate) struct Unfinished(pub(crate) ItemFn);

impl Parse for Unfinished {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attrs, vis) = (input.call(Attribute::parse_outer)?, input.parse::<Visibility>()?);
        let sig = input.parse::<Signature>()?;
        input.parse::<TokenStream>()?;
        Ok(Unfinished(parse_quote!(#(#attrs)* #vis #sig {})))
    }
}

/// A parameter of the workflow.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
    pub(crate) ty: Type,
}

/// The parameters of a workflow, told apart.
#[derive(Default)]
pub(crate) struct Parameters {
    /// By value: the input.
    pub(crate) inputs: Vec<Parameter>,
    /// By reference: dependencies, with the type referred to.
    pub(crate) deps: Vec<Parameter>,
    /// By reference, too: the run's context.
    pub(crate) context: Option<Parameter>,
    /// All of them, in order, as the parameters of a function whose references live for `'__deps`.
    pub(crate) declared: Vec<TokenStream>,
}

impl Parameters {
    /// Reads a signature; what does not belong there is reported.
    pub(crate) fn of(item: &ItemFn, report: &mut Report) -> Self {
        let mut found = Parameters::default();
        // What is wrong is a parameter all the same, so that the calls of the workflow are not wrong, too.
        for (position, argument) in item.sig.inputs.iter().enumerate() {
            let FnArg::Typed(PatType { pat, ty, .. }) = argument else {
                report.at(argument, "a workflow is a free function: pass what it needs as `&App`");
                continue;
            };
            let Pat::Ident(ident) = &**pat else {
                report.at(pat, "a workflow takes named parameters: take the value apart in the body");
                let name = Ident::new(&format!("argument_{position}"), Span::call_site());
                found.declared.push(quote!(#name: #ty));
                found.inputs.push(Parameter { name, mutable: false, ty: (**ty).clone() });
                continue;
            };
            let (name, mutable) = (ident.ident.clone(), ident.mutability.is_some());
            match &**ty {
                Type::Reference(reference) => {
                    let TypeReference { mutability, lifetime, .. } = reference;
                    if mutability.is_some() {
                        report.at(
                            ty,
                            "steps share a dependency, so it cannot be `&mut`: take `&`, with a lock inside if need be",
                        );
                    }
                    // A declared lifetime is reported where it is declared.
                    if let Some(lifetime) = lifetime
                        && item.sig.generics.lifetimes().next().is_none()
                    {
                        report.at(lifetime, "leave the lifetime out: a dependency lives as long as the run is driven");
                    }
                    let elem = &reference.elem;
                    found.declared.push(quote!(#name: &'__deps #elem));
                    if is_context(elem) {
                        if found.context.is_some() {
                            report.at(ty, "a workflow has one `Context`: leave this one out");
                        }
                        found.context = Some(Parameter { name, mutable, ty: (**elem).clone() });
                        continue;
                    }
                    found.deps.push(Parameter { name, mutable, ty: (**elem).clone() });
                }
                Type::ImplTrait(ty) => {
                    report.at(ty, "an input is stored, so its type has a name: write it, or a generic parameter");
                }
                ty => {
                    if is_context(ty) {
                        report.at(ty, "the context belongs to the run, and a workflow borrows it: write `&Context<…>`");
                    }
                    found.declared.push(quote!(#name: #ty));
                    found.inputs.push(Parameter { name, mutable, ty: ty.clone() });
                }
            }
        }
        found
    }
}

/// Whether a type is called `Context`, wherever that comes from.
fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Context"),
        Type::Group(group) => is_context(&group.elem),
        _ => false,
    }
}

/// Checks the rest of the signature.
pub(crate) fn check_signature(item: &ItemFn, report: &mut Report) {
    let sig = &item.sig;
    if sig.asyncness.is_none() {
        report.at(sig.fn_token, "a workflow waits for its steps: write `async fn`");
    }
    if let Some(token) = &sig.constness {
        report.at(token, "a workflow cannot be `const`");
    }
    if let Some(variadic) = &sig.variadic {
        report.at(variadic, "a workflow cannot be variadic");
    }
    for lifetime in sig.generics.lifetimes() {
        report.at(lifetime, "a workflow has no lifetimes, because it outlives the process: take a dependency as `&T`, an input by value");
    }
    match &sig.output {
        ReturnType::Default => {
            report.at(&sig.ident, "a workflow returns `Result<Output, Error>`: write `-> Result<…>`")
        }
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => {
            report.at(ty, "a workflow's output is stored, so its type has a name: write it");
        }
        ReturnType::Type(..) => {}
    }
}

/// The text of doc comments, as rustdoc reads it.
pub(crate) fn doc_of(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// `content_creation` → `ContentCreation`
pub(crate) fn pascal_case(name: &Ident) -> Ident {
    let text = name.to_string();
    let words = text.trim_start_matches("r#").split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    Ident::new(&words.collect::<String>(), name.span())
}
