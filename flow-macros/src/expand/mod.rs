//! Graph → tokens: one dispatch closure with a block per point, its types tied together by inference.

mod arms;
mod fork;
mod naming;
mod region;
mod saved;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, ItemFn};

use crate::{
    cfg::{Region, Term},
    check, graph, live,
    lower::{Lower, Shared},
    parse::{CratePath, Parameters, check_signature},
    report::Report,
    stub::Face,
};

#[cfg(test)]
pub(crate) use region::slots;

/// What a workflow becomes.
#[derive(Default)]
pub(crate) struct Expansion {
    /// The type users name.
    pub(crate) marker: TokenStream,
    /// The function by which another workflow awaits it.
    pub(crate) function: TokenStream,
    /// Its implementation, or what is wrong and one that never runs.
    pub(crate) machine: TokenStream,
    /// What editors see in place of it.
    pub(crate) stub: TokenStream,
}

/// Expands a workflow. The marker type and an implementation exist even if there are mistakes.
pub(crate) fn expand(krate: &CratePath, item: &ItemFn) -> Expansion {
    let mut report = Report::default();
    check_signature(item, &mut report);
    let parameters = Parameters::of(item, &mut report);
    let face = Face { item, krate, parameters: &parameters };
    let deps = parameters.deps.iter().chain(&parameters.context).map(|dep| dep.name.to_string()).collect();
    let mut shared = Shared { report, calls: Vec::new(), deps, fork_paths: Vec::new() };
    let mut lower = Lower::new(&mut shared, String::new(), Vec::new());
    for input in &parameters.inputs {
        let var = lower.parameter(input.name.clone(), input.mutable);
        lower.set_type(var, input.ty.clone());
    }
    let mut body = lower.body(&item.block.stmts);
    if shared.report.is_empty() {
        live::analyse(&mut body);
        check::check(&body, &mut shared.report);
    }
    let machine = match shared.report.is_empty() {
        true => {
            let graph = graph::build(&body);
            machine(&face, &body, &shared, &graph, &mut Report::default()).map(|machine| (machine, graph))
        }
        false => Err(shared.report.to_tokens()),
    };
    let stub = face.stub();
    let machine = match machine {
        Ok((machine, graph)) => {
            let graph = graph.to_tokens(&krate.to_token_stream(), &item.sig.ident.to_string());
            let implementation = face.implementation(&machine, &graph);
            let forks = shared.fork_paths.iter().map(|path| quote!(#[allow(unused_imports)] use #path as _;));
            quote!(#(#forks)* #implementation)
        }
        Err(errors) => quote!(#errors #stub),
    };
    let flow = quote!(use #krate::machine as __flow;);
    // Editors check the code as it was written, so an implementation that never runs is enough for them.
    Expansion {
        marker: face.marker(),
        function: face.function(),
        machine: quote!(#flow #machine),
        stub: quote!(#flow #stub),
    }
}

/// Expands a workflow whose body is not Rust: those who use it need its type all the same.
pub(crate) fn unfinished(krate: &CratePath, item: &ItemFn, error: &syn::Error) -> Expansion {
    let parameters = Parameters::of(item, &mut Report::default());
    let face = Face { item, krate, parameters: &parameters };
    let (error, stub) = (error.to_compile_error(), face.stub());
    let stub = quote!(use #krate::machine as __flow; #stub);
    Expansion { marker: face.marker(), function: face.function(), machine: quote!(#error #stub), stub }
}

/// The constant that holds the dispatch closure.
fn machine(
    face: &Face<'_>,
    body: &Region,
    shared: &Shared,
    graph: &graph::Graph,
    report: &mut Report,
) -> Result<TokenStream, TokenStream> {
    let refs: Vec<&Ident> = face.parameters.deps.iter().map(|dep| &dep.name).collect();
    let refs = match refs[..] {
        [] => quote!(_),
        [one] => quote!(#one),
        ref many => quote!((#(#many),*)),
    };
    let (calls, calls_ty) = call_tree(0, shared.calls.len());
    let inputs = face.parameters.inputs.iter().map(|input| &input.ty);
    let (entry, one_input) = match &face.parameters.inputs[..] {
        [one] => {
            let ty = &one.ty;
            (quote!(#ty), true)
        }
        _ => (quote!((#(#inputs,)*)), false),
    };
    let output = face.output();
    let code = region::dispatch(
        body,
        &region::Entry { ty: Some(entry), one_input, output: quote!(#output), branch_of: None, is_item: false },
        graph,
        report,
    );
    if !report.is_empty() {
        return Err(report.to_tokens());
    }
    let mut points = Vec::new();
    collect_points(body, graph, &mut points);
    let (cx, frame) = (ident("__cx"), ident("__frame"));
    let context = face.parameters.context.as_ref().map(|context| {
        let (name, ty) = (&context.name, &context.ty);
        let span = here(syn::spanned::Spanned::span(ty));
        let in_run = quote::quote_spanned!(span=> <#ty as __flow::IsContext>::IN_RUN);
        quote! {
            #[allow(unused_variables)]
            let #name: &'static #ty = #in_run;
        }
    });
    Ok(quote! {
        __flow::Body::machine(
            #[allow(unused_mut, unused_parens, unused_assignments, unreachable_code, clippy::all, clippy::pedantic, clippy::nursery)]
            &__flow::body::<Self, _, _>(|#cx, #refs, mut #frame, #calls: #calls_ty| { #context #code }),
            &[#(#points),*],
        )
    })
}

/// A balanced nest of pairs, because tuples have at most twelve fields with traits.
fn call_tree(from: usize, to: usize) -> (TokenStream, TokenStream) {
    match to - from {
        0 => (quote!(_), quote!(())),
        1 => {
            let call = call_ident(from);
            (quote!(#call), quote!(__flow::Call<_>))
        }
        count => {
            let middle = from + count / 2;
            let ((left, left_ty), (right, right_ty)) = (call_tree(from, middle), call_tree(middle, to));
            (quote!((#left, #right)), quote!((#left_ty, #right_ty)))
        }
    }
}

fn call_ident(index: usize) -> Ident {
    call_at(index, Span::call_site())
}

fn call_at(index: usize, span: Span) -> Ident {
    format_ident!("__c{index}", span = span)
}

/// An identifier of the expansion's own.
fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Errors are shown at the user's token, but names are looked up where the macro is called: raw spans of the user's would
/// not find the expansion's own names when `workflow!` stands inside a `macro_rules!`.
fn here(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Every point of a region and of its branches.
fn collect_points(region: &Region, graph: &graph::Graph, points: &mut Vec<TokenStream>) {
    for block in region::slots(region) {
        let info = &region.blocks[block];
        let (path, name, saved) = (&region.path, &info.name, info.kind.is_saved());
        let live = info.live_in.iter().map(|var| &region.vars[*var].stored);
        let node = match graph.point_at(region, block) {
            Some(node) => quote!(::core::option::Option::Some(#node)),
            None => quote!(::core::option::Option::None),
        };
        let live = quote!(&[#(#live),*]);
        points.push(quote!(__flow::PointInfo { region: #path, name: #name, live: #live, saved: #saved, node: #node }));
    }
    for block in region.reachable() {
        if let Term::Fork { fork, .. } = &region.blocks[block].term {
            fork.branches.iter().for_each(|branch| collect_points(branch, graph, points));
        }
    }
}
