//! What is reported, and that one mistake does not hide another.

use proc_macro2::TokenStream;
use quote::quote;

use super::analysed;

fn messages(body: TokenStream) -> Vec<String> {
    analysed(quote!(async fn w(app: &App, n: u32) -> Result<u32> { #body })).err().unwrap_or_default()
}

#[track_caller]
fn one(body: TokenStream, expected: &str) {
    assert_eq!(messages(body), [expected]);
}

#[test]
fn loops_need_a_bound() {
    let unbounded =
        "this loop has no bound: write `#[max(n)]` before it, or `#[forever]` if it is meant to run for ever";
    one(
        quote!(loop {
            f(n).await?;
        }),
        unbounded,
    );
    one(quote!(while n > 0 { f(n).await?; } Ok(n)), unbounded);
    one(
        quote!(for i in 0.. { f(i).await?; } Ok(n)),
        "this loop has no bound: write the end of the range, or `#[max(n)]` before the loop",
    );
    one(
        quote!(
            #[max(0)]
            loop {
                f(n).await?;
            }
        ),
        "this loop would never run: write a bound of at least 1",
    );
    assert!(
        messages(quote!(loop { if n > 0 { break; } } f(n).await)).is_empty(),
        "glue loops are the user's own affair"
    );
    assert!(
        messages(quote!(
            #[forever]
            loop {
                f(n).await?;
            }
        ))
        .is_empty()
    );
}

#[test]
fn the_workflow_stops_only_where_it_can() {
    one(
        quote!(let m = g(f(n).await?, 1).await?; Ok(m)),
        "a step's result is passed straight into `g`: give it a name first: `let x = ….await?;`",
    );
    one(
        quote!(println!("{}", f(n).await?); Ok(n)),
        "the workflow cannot stop inside `println!`: give the result a name first: `let x = ….await?;`",
    );
    one(
        quote!(let m = work().unwrap() + f(n).await?; Ok(m)),
        "this is evaluated before the step to its right: give one of the two a name first",
    );
    one(
        quote!(match n {
            0 if f(n).await? => Ok(0),
            _ => Ok(n),
        }),
        "a workflow cannot stop in a guard: match first, then ask in the arm",
    );
    one(
        quote!(let t = task; t.await),
        "only calls can be awaited in a workflow: write `step(args).await`, so that the step has a name",
    );
}

#[test]
fn bindings_have_values_and_no_borrows_across_points() {
    one(
        quote!(let m; m = f(n).await?; Ok(m)),
        "give the binding a value here: a workflow's bindings are saved, so they cannot be filled in later",
    );
    one(
        quote!(let first = &n; f(1).await?; Ok(*first)),
        "`first` is a borrow, and a borrow cannot be saved across step `f`: clone the value, or borrow it again after it",
    );
    assert!(messages(quote!(let first = &n; f(first).await?; Ok(n))).is_empty());
}

#[test]
fn unreachable_code_and_unknown_attributes_are_named() {
    one(quote!(return Ok(n); f(n).await), "unreachable: the workflow never gets here");
    one(quote!(#[retri(3)] let m = f(n).await?; Ok(m)), "`#[retri]` is not known in a workflow");
    one(
        quote!(let app = f(n).await?; Ok(app)),
        "`app` is a dependency of this workflow: give the binding another name",
    );
}

#[test]
fn two_mistakes_are_two_errors() {
    let found = messages(quote!(let m; loop { f(n).await?; }));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn signatures_are_checked() {
    let signature = |tokens: TokenStream| analysed(tokens).err().unwrap_or_default().join("\n");
    assert_eq!(
        signature(quote!(
            fn w() -> Result<()> {
                Ok(())
            }
        )),
        "a workflow waits for its steps: write `async fn`"
    );
    assert!(
        signature(quote!(
            async fn w() {
                f().await
            }
        ))
        .starts_with("a workflow returns `Result<Output, Error>`")
    );
    assert!(
        signature(quote!(
            async fn w(&self) -> R {
                f().await
            }
        ))
        .starts_with("a workflow is a free function")
    );
    assert!(
        signature(quote!(
            async fn w(a: &mut A) -> R {
                f().await
            }
        ))
        .starts_with("steps share a dependency")
    );
    assert!(
        signature(quote!(
            async fn w((a, b): P) -> R {
                f().await
            }
        ))
        .starts_with("a workflow takes named parameters")
    );
}
