//! The two faces of an expansion: editors see the code as it was written, the compiler sees what it means.
//!
//! An item switched off by a `cfg` would not do: editors look for a place of the source in everything that was made of it,
//! be it switched off or not, and find the expansion's own items there. So both faces are arguments of a macro that drops
//! one of them. Which macro that is, a `cfg` decides in the user's crate, where rust-analyzer sets it.
//!
//! The user's tokens come before all that depends on them. To complete half-typed code, rust-analyzer expands it twice, as
//! it is and with a name at the cursor, and both expansions have to agree up to there.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Ident};

use crate::parse::CratePath;

/// Both faces inside of a constant: items that the rest of the crate reaches through traits only.
pub(crate) fn in_constant(krate: &CratePath, editor: &TokenStream, compiler: &TokenStream) -> TokenStream {
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

/// A name for every name. It has no letters, so that editors never propose it for what somebody types.
fn module(name: &Ident) -> Ident {
    // FNV-1a
    let hash = name
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Ident::new(&format!("__{hash}"), Span::call_site())
}
