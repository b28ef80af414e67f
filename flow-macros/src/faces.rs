//! The two faces of an expansion: editors see the code as it was written, the compiler sees what it means.
//!
//! Editors expand macros in a process of their own, and that is how they are told from the compiler. Both faces in one
//! expansion would not do, not even with one of them switched off by a `cfg`: editors look for a place of the source in
//! everything that was made of it, and find the expansion's own items there.

use std::{path::Path, sync::LazyLock};

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// Whether this is an editor that expands macros by itself.
pub(crate) fn in_editor() -> bool {
    static IN_EDITOR: LazyLock<bool> = LazyLock::new(|| {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(Path::file_name);
        name.is_some_and(|name| name.to_string_lossy().contains("rust-analyzer"))
    });
    *IN_EDITOR
}

/// Tokens that come from nowhere in the source: what an editor finds at a place of the source is the user's own.
pub(crate) fn without_places(tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => Group::new(group.delimiter(), without_places(group.stream())).into(),
        mut token => {
            token.set_span(Span::call_site());
            token
        }
    });
    tokens.collect()
}
