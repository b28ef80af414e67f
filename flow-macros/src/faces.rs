//! The two faces of an expansion: editors see the code as it was written, the compiler sees what it means.
//!
//! An item switched off by a `cfg` would not do: editors look for a place of the source in everything that was made of it,
//! be it switched off or not, and find the expansion's own items there. So both faces are arguments of a macro that drops
//! one of them. Which macro that is, a `cfg` decides in the user's crate, where rust-analyzer sets it.
//!
//! The user's tokens come before all that depends on them. To complete half-typed code, rust-analyzer expands it twice, as
//! it is and with a name at the cursor, and both expansions have to agree up to there.

use std::{path::Path, sync::LazyLock};

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;

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

/// Whether this is an editor that expands macros by itself.
///
/// Where only one item may stand, among the items of an `impl` for instance, there is no room for two faces and the macro
/// that chooses. There the macro looks whose process it runs in.
pub(crate) fn in_editor() -> bool {
    static IN_EDITOR: LazyLock<bool> = LazyLock::new(|| {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(Path::file_name);
        name.is_some_and(|name| name.to_string_lossy().contains("rust-analyzer"))
    });
    *IN_EDITOR
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
