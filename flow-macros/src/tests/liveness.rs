//! What lives at a point, what is written there, and under which name.

use expect_test::expect;
use quote::quote;

use super::points;

#[test]
fn an_immutable_binding_is_written_once() {
    let source = quote! {
        async fn w(a: A) -> Result<B> {
            let b = f(&a).await?;
            let c = g(&a, &b).await?;
            h(a, b, c).await
        }
    };
    expect![[r#"
        ~start [a] writes []
        f done [a, b] writes [a, b]
        g done [a, b, c] writes [c]
    "#]]
    .assert_eq(&points(source));
}

#[test]
fn a_mutable_binding_is_written_again_where_it_may_have_changed() {
    let source = quote! {
        async fn w() -> Result<Vec<u32>> {
            let mut log = Vec::new();
            let mut count = 0;
            f(&log).await?;
            println!("{} {count}", log.len());
            g(count).await?;
            log.push(count);
            h().await?;
            count += 1;
            i(&mut log, count).await?;
            Ok(log)
        }
    };
    // `log.len()` might change `log` for all that the macro knows.
    expect![[r#"
        ~start [] writes []
        f done [log, count] writes [count, log]
        g done [log, count] writes [log]
        h done [log, count] writes [log]
        i done [log] writes [log]
    "#]]
    .assert_eq(&points(source));
}

#[test]
fn a_binding_that_gets_a_new_value_is_not_kept_until_then() {
    let source = quote! {
        async fn w(mut a: A) -> Result<A> {
            consume(a).await?;
            a = make().await?;
            keep(&a).await?;
            Ok(a)
        }
    };
    expect![[r#"
        ~start [a] writes []
        consume done [] writes []
        make done [a] writes [a]
        keep done [a] writes []
    "#]]
    .assert_eq(&points(source));
}

#[test]
fn a_hidden_binding_that_is_needed_later_is_kept_under_a_name_of_its_own() {
    let source = quote! {
        async fn w(x: u32) -> Result<u32> {
            let sum = {
                let x = f(x).await?;
                let y = g(x).await?;
                x + y
            };
            Ok(sum + x)
        }
    };
    expect![[r##"
        ~start [x] writes []
        f done [x, x#2] writes [x, x#2]
        g done [x, x#2, y] writes [y]
    "##]]
    .assert_eq(&points(source));
}

#[test]
fn format_strings_and_macros_mention_bindings() {
    let source = quote! {
        async fn w(name: String, width: usize, other: u32) -> Result<String> {
            f().await?;
            let text = format!("{name:>width$}", width = width);
            g(vec![1, 2]).await?;
            Ok(text)
        }
    };
    expect![[r#"
        ~start [name, width] writes []
        f done [name, width] writes [name, width]
        g done [text] writes [text]
    "#]]
    .assert_eq(&points(source));
}

#[test]
fn what_a_loop_changes_is_alive_around_it() {
    let source = quote! {
        async fn w(xs: Vec<u32>) -> Result<u32> {
            let mut best = 0;
            let floor = limit().await?;
            #[max(10)]
            while best < floor {
                let next = improve(best).await?;
                if next == best { break; }
                best = next;
            }
            Ok(best + xs.len() as u32)
        }
    };
    expect![[r#"
        ~start [xs] writes []
        limit done [xs, best, floor] writes [best, floor, xs]
        ~loop [xs, best, floor, rounds] writes []
        improve done [xs, best, floor, rounds, next] writes [best?, next, rounds]
        ~end [xs, best] writes []
    "#]]
    .assert_eq(&points(source));
}

#[test]
fn the_payload_of_an_arm_lives_across_steps() {
    let source = quote! {
        async fn w(draft: Draft) -> Result<Draft> {
            match review(&draft).await? {
                Verdict::Accept => Ok(draft),
                Verdict::Revise { feedback, by: Some(by) } if by.is_known() => {
                    let hits = lookup(&feedback).await?;
                    revise(draft, feedback, hits, by).await
                }
                Verdict::Revise { feedback, .. } => revise(draft, feedback, 0, "").await,
            }
        }
    };
    expect![[r#"
        ~start [draft] writes []
        review done [draft, review] writes [draft, review]
        lookup done [draft, feedback, by, hits] writes [by, feedback, hits]
    "#]]
    .assert_eq(&points(source));
}
