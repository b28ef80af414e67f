//! `#[pause] fn approve(draft: &Draft) -> Approval;`: a question to somebody outside.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, FnArg, Ident, Pat, ReturnType, Signature, Token, Type, Visibility,
    parse::{Parse, ParseStream},
    spanned::Spanned,
};

use crate::{
    parse::{doc_of, pascal_case},
    policy::PauseOptions,
    report::Report,
};

/// A function without a body.
struct Declaration {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let declaration =
            Declaration { attrs: input.call(Attribute::parse_outer)?, vis: input.parse()?, sig: input.parse()? };
        if !input.peek(Token![;]) {
            return Err(
                input.error("a pause has no body, because somebody else answers it: end the signature with `;`")
            );
        }
        input.parse::<Token![;]>()?;
        Ok(declaration)
    }
}

/// Expands `#[pause]`.
pub(crate) fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let parsed = PauseOptions::read(args).and_then(|options| Ok((options, syn::parse2::<Declaration>(tokens)?)));
    let (PauseOptions { krate, validate }, Declaration { attrs, vis, sig }) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return error.to_compile_error(),
    };
    let mut report = Report::default();
    if let Some(token) = sig.asyncness {
        report.at(token, "a pause is a plain `fn`: it says what is asked, `pause(…).await` waits for the answer");
    }
    let mut parameters = Vec::new();
    for argument in &sig.inputs {
        match argument {
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(ident) => parameters.push((ident.ident.clone(), &typed.ty)),
                pat => report.at(pat, "a pause's parameters are shown by their names: write a plain name"),
            },
            FnArg::Receiver(receiver) => report.at(receiver, "a pause is a free function"),
        }
    }
    let answer: Type = match &sig.output {
        ReturnType::Type(_, ty) => (**ty).clone(),
        ReturnType::Default => {
            report.at(&sig.ident, "a pause has an answer: write its type, `-> Approval` for instance");
            return report.to_tokens();
        }
    };
    if !sig.generics.params.is_empty() {
        report.at(&sig.generics, "a pause is stored, so its types have names: it cannot be generic");
    }
    if !report.is_empty() {
        return report.to_tokens();
    }
    let (name, doc) = (&sig.ident, doc_of(&attrs));
    let mut marker = pascal_case(name);
    if matches!(&answer, Type::Path(path) if path.path.is_ident(&marker)) {
        let message = format!(
            "pause `{name}` makes a type `{marker}`, and its answer is called so already: name the pause differently"
        );
        report.at(name, message);
        // With another name for the type, this is all that is wrong.
        marker = quote::format_ident!("{marker}Pause");
    }
    let mistake = report.to_tokens();
    let (text, inputs) = (name.to_string(), &sig.inputs);
    let kind = quote!(#krate::machine::CallKind::pause::<#marker>());
    let marker_doc = format!("The pause `{text}`: `run.answer::<{marker}>(…)` answers it.");
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc"));
    let pairs = parameters.iter().map(|(parameter, ty)| {
        let (key, value) = (parameter.to_string(), shown(&text, parameter, ty));
        quote!((#key, #value))
    });
    let check = validate.map(|_| {
        quote! {
            fn check(answer: &#answer, _: &__flow::Value) -> ::std::vec::Vec<#krate::JsonError> {
                #krate::valid_answer!(#answer, answer)
            }
        }
    });
    quote! {
        #mistake
        #[doc = #marker_doc]
        #[derive(Debug, Clone, Copy)]
        #vis struct #marker;
        #(#docs)*
        #vis fn #name(#inputs) -> #krate::Ask<#marker> {
            use #krate::machine as __flow;
            #krate::Ask::new(__flow::question([#(#pairs),*]))
        }
        const _: () = {
            use #krate::machine as __flow;
            impl __flow::HasMeta for #marker {
                const META: __flow::CallMeta = __flow::CallMeta { name: #text, doc: #doc, kind: #kind, policy: __flow::Policy::PLAIN };
            }
            impl #krate::Pause for #marker {
                type Answer = #answer;
                #check
            }
        };
    }
}

/// An argument as JSON, with an error that names it if it has none.
fn shown(pause: &str, parameter: &Ident, ty: &Type) -> TokenStream {
    let span = ty.span().resolved_at(Span::call_site());
    let message =
        format!("parameter `{parameter}` of pause `{pause}` is shown to a person, but `{{Self}}` cannot be serialized");
    let label = "add `#[derive(serde::Serialize)]` to `{Self}`";
    let mut name = parameter.clone();
    name.set_span(parameter.span().located_at(span));
    let value = if matches!(ty, Type::Reference(_)) { quote!(#name) } else { quote_spanned!(span=> &#name) };
    let call = quote_spanned!(span=> Shown::to_json(#value));
    quote! {{
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        trait Shown {
            fn to_json(&self) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
        }
        #[diagnostic::do_not_recommend]
        impl<T: __flow::Serialize + ?Sized> Shown for T {
            fn to_json(&self) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
                __flow::to_json(self)
            }
        }
        #call
    }}
}
