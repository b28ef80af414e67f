//! Which points a body has.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use super::points;

fn check(source: TokenStream, expected: &Expect) {
    expected.assert_eq(&points(source));
}

#[test]
fn a_chain_has_one_point_a_step() {
    check(
        quote! {
            async fn w(topic: Topic) -> Result<Article> {
                let notes = research(&topic).await?;
                let words = notes.len();
                let draft = write(notes, words).await?;
                publish(draft).await
            }
        },
        &expect![[r#"
            ~start [topic] writes []
            research done [notes] writes [notes]
            write done [draft] writes [draft]
        "#]],
    );
}

#[test]
fn the_same_step_twice_has_two_points() {
    check(
        quote! {
            async fn w(a: A) -> Result<A> {
                let a = f(a).await?;
                let a = f(a).await?;
                let a = f(a).await?;
                Ok(a)
            }
        },
        &expect![[r##"
            ~start [a] writes []
            f done [a] writes [a]
            f done#2 [a] writes [a]
            f done#3 [a] writes [a]
        "##]],
    );
}

#[test]
fn paths_without_steps_are_glue() {
    check(
        quote! {
            async fn w(n: u32) -> Result<u32> {
                let mut sum = 0;
                for i in 0..n { if i % 2 == 0 { continue; } sum += i; }
                let kind = match sum { 0 => "none", _ => "some" };
                log(kind).await?;
                Ok(sum)
            }
        },
        &expect![[r#"
            ~start [n] writes []
            log done [sum] writes [sum]
        "#]],
    );
}

#[test]
fn a_join_that_one_path_reaches_is_no_point() {
    check(
        quote! {
            async fn w(n: u32) -> Result<u32> {
                if n > 3 { return Err(f(n).await?); }
                let m = g(n).await?;
                Ok(m + n)
            }
        },
        &expect![[r#"
            ~start [n] writes []
            f done [f] writes [f]
            g done [n, m] writes [m, n]
        "#]],
    );
}

#[test]
fn a_join_that_two_paths_reach_is_a_point_that_is_never_saved() {
    check(
        quote! {
            async fn w(n: u32) -> Result<u32> {
                let m = if n > 3 { f(n).await? } else { 0 };
                Ok(m)
            }
        },
        &expect![[r#"
            ~start [n] writes []
            f done [m] writes [m]
            ~join [m] writes []
        "#]],
    );
}

#[test]
fn a_pause_is_saved_before_it_asks_and_not_after_the_answer() {
    check(
        quote! {
            async fn w(draft: Draft) -> Result<Article> {
                let by = match pause(approve(&draft)).await {
                    Approval::Publish { by } => by,
                    Approval::Reject(why) => return Err(why),
                };
                publish(draft, by).await
            }
        },
        &expect![[r#"
            ~start [draft] writes []
            approve [draft] writes [draft]
        "#]],
    );
}

#[test]
fn branches_have_points_of_their_own() {
    check(
        quote! {
            async fn w(notes: Notes) -> Result<Article> {
                let (outline, facts) = parallel!(
                    outline(&notes),
                    async {
                        let facts = extract(&notes).await?;
                        Ok(pause(confirm(&facts)).await)
                    },
                )?;
                write(notes, outline, facts).await
            }
        },
        &expect![[r#"
            ~start [notes] writes []
            parallel [notes] writes [notes]
            parallel done [notes, outline, facts] writes [facts, outline]
            parallel.0: ~start [] writes []
            parallel.1: ~start [] writes []
            parallel.1: extract done [facts] writes [facts]
            parallel.1: confirm [] writes []
        "#]],
    );
}

#[test]
fn a_for_loop_keeps_its_list_once_and_its_position_each_time() {
    check(
        quote! {
            async fn w(xs: Vec<X>) -> Result<()> {
                for x in xs {
                    let y = f(x).await?;
                    g(y).await?;
                }
                Ok(())
            }
        },
        &expect![[r#"
            ~start [xs] writes []
            ~loop [items, position] writes []
            f done [items, position, y] writes [items?, position, y]
            g done [items, position] writes []
        "#]],
    );
}

#[test]
fn a_range_is_kept_as_its_rest() {
    check(
        quote! {
            async fn w() -> Result<()> {
                for n in 1..=9 { f(n).await?; }
                Ok(())
            }
        },
        &expect![[r#"
            ~start [] writes []
            ~loop [range] writes []
            f done [range] writes [range]
        "#]],
    );
}

#[test]
fn conditions_with_steps_are_evaluated_link_by_link() {
    check(
        quote! {
            async fn w(n: u32) -> Result<u32> {
                if n > 1 && let Some(x) = f(n).await? && g(x).await? { h(x).await } else { Ok(n) }
            }
        },
        &expect![[r#"
            ~start [n] writes []
            f done [n, f] writes [f, n]
            g done [n, x, g] writes [g, x]
            ~else [n] writes []
        "#]],
    );
}
