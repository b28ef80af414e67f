//! The macros of [flow-runtime](https://docs.rs/flow-runtime): `workflow!`, `#[workflow_fn]`, `#[step]` and `#[pause]`.
//!
//! Use them through that crate, which documents the language and re-exports them.

extern crate proc_macro;

mod cfg;
mod check;
mod expand;
mod faces;
mod graph;
mod live;
mod lower;
mod names;
mod parse;
mod pause;
mod policy;
mod report;
mod step;
mod stub;
#[cfg(test)]
mod tests;

use expand::Expansion;
use proc_macro::TokenStream;
use quote::quote;

/// Compiles an `async fn` into a workflow whose every `.await` is a checkpoint.
///
/// Takes one `async fn`; makes a type of its name in PascalCase that implements `Workflow`. Where the runtime is not found
/// as `::flow_runtime`, its path is the first thing inside: `#![crate = path::to::flow_runtime]`.
///
/// With the environment variable `FLOW_MACROS_DUMP` set to the function's name, the expansion is printed during compilation.
#[proc_macro]
pub fn workflow(tokens: TokenStream) -> TokenStream {
    workflow_tokens(tokens.into()).into()
}

/// The same as `workflow!`, as an attribute: `#[workflow_fn] async fn …`, for those who want rustfmt inside.
///
/// Takes `crate = path` where the runtime is not found as `::flow_runtime`.
#[proc_macro_attribute]
pub fn workflow_fn(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let (args, tokens) = (proc_macro2::TokenStream::from(args), proc_macro2::TokenStream::from(tokens));
    let option = (!args.is_empty()).then(|| quote!(#![#args]));
    workflow_tokens(quote!(#option #tokens)).into()
}

/// Marks an `async fn` as a step of workflows: a unit of work whose result is kept.
///
/// The function stays an ordinary one: called and awaited outside of a workflow it just runs, once and without any of the
/// rules below. Methods, associated functions and the functions of traits can be steps, too; a trait's function that is only
/// declared gets a plain `#[step]`, and rules where it is implemented.
///
/// | option | what it does |
/// |---|---|
/// | `retries = 3` | An attempt that returns an error is followed by another, up to so many times. The step's code runs again; what it was given is taken from the last checkpoint, so nothing has to be `Clone`. |
/// | `backoff = "500ms..1m"` | How long the first retry waits, and how long any may wait: each waits twice as long as the one before, give or take a little. Without it, `1s..1m`. |
/// | `retry_if = is_transient` | A function `fn(&Error) -> bool` that tells which errors are worth a retry. Without it, all are. |
/// | `timeout = "2m"` | How long one attempt may take. Then it is dropped where it waits, and has failed with a `TimedOut`, so the step's error needs `From<TimedOut>`. |
/// | `undo = release` | A step that undoes this one, when the run fails later or is cancelled. It takes what this step takes, and then, by value, what this step has returned. That is kept beside the state and needs serde. A method names it as `Self::release`. |
/// | `once` | If the program ends in the middle of the step, nobody knows whether it has happened. Other steps just run again; of this one the run asks, by the pause `unknown-STEP`, answered by `Unknown<T>`. What the step returns needs serde and `JsonSchema`. |
/// | `tx` | The step takes part in a transaction of the store the run is kept in: what it writes with the handle of that transaction (`SqliteTx::current()`) and its result are committed together, so all of it happens exactly once. An error, a timeout and a crash leave nothing behind. What the step returns needs serde. |
/// | `blocking` | The step is a plain `fn` that works or blocks for long. It runs on a thread for such code, and so takes owned values. A cancelled run does not wait for it, but cannot stop it either. |
/// | `use<T>` | The generic parameters around the step, where the macro cannot see them and has to know: those of the trait for a function that is declared in a generic trait or whose default body may be replaced (`use<Self, T>`), those of the `impl` for an associated function that mentions neither `self` nor `Self`. |
/// | `crate = path` | Where the runtime is, if it is not found as `::flow_runtime`. |
///
/// A duration is numbers with units: `"500ms"`, `"30s"`, `"2m"`, `"1h30m"`, `"7d"`. `retries`, `retry_if` and `timeout` are for
/// steps that return a `Result`, and so is `once` for methods. Inside the step, `flow_runtime::attempt()` is the number of the
/// attempt, and `flow_runtime::idempotency_key()` a text that is the same for all of them.
#[proc_macro_attribute]
pub fn step(args: TokenStream, tokens: TokenStream) -> TokenStream {
    step::expand(args.into(), &tokens.into()).into()
}

/// Declares a question to somebody outside: `#[pause] fn approve(draft: &Draft) -> Approval;`.
///
/// The doc comment is the question, the parameters are shown with it, the return type is the answer's. Makes the function,
/// to be asked as `pause(approve(&draft)).await`, and a marker type of its name in PascalCase, `Approve`, for
/// `run.answer::<Approve>(…)`.
///
/// | option | what it does |
/// |---|---|
/// | `validate` | An answer is held against the rules of its type, `#[derive(garde::Validate)]`: one that breaks some is refused, with all that is wrong and where. Needs the feature `garde` of flow-runtime. |
/// | `crate = path` | Where the runtime is, if it is not found as `::flow_runtime`. |
#[proc_macro_attribute]
pub fn pause(args: TokenStream, tokens: TokenStream) -> TokenStream {
    pause::expand(args.into(), tokens.into()).into()
}

fn workflow_tokens(tokens: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let (option, tokens) = parse::take_option(tokens);
    let (krate, mistake) = match option {
        Ok(krate) => (krate, None),
        Err(error) => (parse::CratePath::default(), Some(error.to_compile_error())),
    };
    let Expansion { marker, function, machine, stub } = match syn::parse2::<parse::Source>(tokens.clone()) {
        Ok(parse::Source(item)) => {
            let expansion = expand::expand(&krate, &item);
            dump(&item.sig.ident, &expansion);
            expansion
        }
        Err(error) => match syn::parse2::<parse::Unfinished>(tokens.clone()) {
            Ok(parse::Unfinished(item)) => expand::unfinished(&krate, &item, &error),
            // Among the items, and not in the constant: the compiler then knows that the workflow's type may be missing.
            Err(_) => Expansion { marker: error.to_compile_error(), ..Expansion::default() },
        },
    };
    if faces::in_editor() {
        // The code as it was written comes before all that depends on it. To complete half-typed code, rust-analyzer expands it
        // twice, as it is and with a name at the cursor, and both expansions have to agree up to there.
        let stub = faces::without_places(stub);
        return quote!(#mistake #tokens #marker const _: () = { #stub };);
    }
    quote!(#mistake #marker #function const _: () = { #machine };)
}

fn dump(name: &syn::Ident, Expansion { marker, function, machine, .. }: &Expansion) {
    if std::env::var("FLOW_MACROS_DUMP").is_ok_and(|wanted| name == wanted.as_str()) {
        eprintln!("{}", quote!(#marker #function const _: () = { #machine };));
    }
}
