//! The two faces of an expansion: editors see the code as it was written, the compiler sees what it means.
//!
//! An item switched off by a `cfg` would not do: editors look for a place of the source in everything that was made of it,
//! be it switched off or not, and find the expansion's own items there. So both faces are arguments of a macro that drops
//! one of them. Which macro that is, a `cfg` decides in the user's crate, where rust-analyzer sets it.
//!
//! The user's tokens come before all that depends on them. To complete half-typed code, rust-analyzer expands it twice, as
//! it is and with a name at the cursor, and both expansions have to agree up to there.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Ident};

use crate::parse::CratePath;

/// Both faces inside of a constant: items that the rest of the crate reaches through traits only.
///
/// Editors see the user's `tokens`, and of what the rest of the crate may ask for as much as the `stub` gives.
pub(crate) fn in_constant(
    krate: &CratePath,
    tokens: &TokenStream,
    stub: &TokenStream,
    compiler: &TokenStream,
) -> TokenStream {
    let stub = without_places(stub.clone());
    // A constant of its own, so that nothing in the stub is proposed for the user's code.
    let editor = quote!(#tokens const _: () = { #stub };);
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            use #krate::editor_face as __face;
            #[cfg(not(rust_analyzer))]
            use #krate::compiler_face as __face;
            __face! { { #editor } { #compiler } }
        };
    }
}

/// Both faces where the macro stands: a function that goes by its name.
pub(crate) fn in_place(
    krate: &CratePath,
    (name, attrs): (&Ident, &[Attribute]),
    editor: &TokenStream,
    compiler: &TokenStream,
) -> TokenStream {
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let module = module(name);
    // A path the user gives means what it means where the macro stands.
    let (around, krate) = krate.seen_from_a_module();
    // A module of its own, because an `allow` at an item comes too late for a `cfg` at that item.
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(unexpected_cfgs)]
        mod #module {
            #around
            #[cfg(rust_analyzer)]
            pub(super) use #krate::editor_face as face;
            #[cfg(not(rust_analyzer))]
            pub(super) use #krate::compiler_face as face;
        }
        #(#cfgs)*
        #module::face! { { #editor } { #compiler } }
    }
}

/// Tokens that come from nowhere in the source: what an editor finds at a place of the source is the user's own.
fn without_places(tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => Group::new(group.delimiter(), without_places(group.stream())).into(),
        mut token => {
            token.set_span(Span::call_site());
            token
        }
    });
    tokens.collect()
}

/// A name for every name. It has no letters, so that editors never propose it for what somebody types.
fn module(name: &Ident) -> Ident {
    // FNV-1a
    let hash = name
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Ident::new(&format!("__{hash}"), Span::call_site())
}
