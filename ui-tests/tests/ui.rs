//! `fail/*.rs` must fail with the output next to each; `pass/*.rs` must compile.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn no_mistakes() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
