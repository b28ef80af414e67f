//! What small workflows expand to. `cargo xtask bless` writes the expected text anew.

use expect_test::expect_file;
use proc_macro2::TokenStream;
use quote::quote;

use crate::{expand::Expansion, parse::CratePath};

fn check(source: TokenStream, expected: &expect_test::ExpectFile) {
    let item = syn::parse2(source).expect("the test's source is a function");
    let Expansion { marker, function, machine, .. } = crate::expand::expand(&CratePath::default(), &item);
    let file = syn::parse2(quote!(#marker #function const _: () = { #machine };)).expect("the expansion is Rust");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_chain() {
    check(
        quote! {
            /// Research and write.
            pub async fn article(app: &App, topic: Topic) -> Result<Draft> {
                let notes = research(app, &topic).await?;
                let words = notes.len();
                write(notes, words).await
            }
        },
        &expect_file!["snapshots/chain.rs"],
    );
}

#[test]
fn a_pause_in_a_loop() {
    check(
        quote! {
            async fn ask(mut draft: Draft) -> Result<Draft> {
                #[max(3)]
                loop {
                    match pause(approve(&draft)).await {
                        Approval::Publish => return Ok(draft),
                        Approval::Reject(why) => draft = revise(draft, why).await?,
                    }
                }
            }
        },
        &expect_file!["snapshots/pause_in_a_loop.rs"],
    );
}

#[test]
fn a_fork() {
    check(
        quote! {
            async fn both(notes: Notes) -> Result<u32> {
                let (a, b) = parallel!(
                    count(&notes),
                    async {
                        let n = count(&notes).await?;
                        Ok(n + 1)
                    },
                )?;
                Ok(a + b)
            }
        },
        &expect_file!["snapshots/fork.rs"],
    );
}

#[test]
fn a_hidden_binding() {
    check(
        quote! {
            async fn hidden(x: u32) -> Result<u32> {
                let sum = {
                    let x = f(x).await?;
                    g(x).await?
                };
                Ok(sum + x)
            }
        },
        &expect_file!["snapshots/hidden_binding.rs"],
    );
}

#[test]
fn a_step_with_rules() {
    let options = quote!(retries = 3, timeout = "2m", retry_if = is_transient, undo = release, once);
    let step = quote! {
        /// Keep a seat free.
        pub async fn reserve(client: &Client, [row, seat]: [u8; 2]) -> Result<Seat> {
            client.reserve(row, seat).await
        }
    };
    let file = syn::parse2(crate::step::expand(options, &step)).expect("the expansion is Rust");
    expect_file!["snapshots/step.rs"].assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn steps_that_are_methods() {
    let method = quote! {
        /// Fetch a page.
        pub async fn fetch(&self, mut url: String) -> Result<Page> {
            url.push('/');
            self.get(url).await
        }
    };
    let blocking = quote! {
        fn shrink(self: Arc<Self>, image: Vec<u8>, (width, height): (u32, u32)) -> Result<Vec<u8>> {
            self.resize(image, width, height)
        }
    };
    let declared = quote!(
        async fn send(&self, to: &str) -> Result<()>;
    );
    let method = crate::step::expand(quote!(retries = 2), &method);
    let blocking = crate::step::expand(quote!(blocking), &blocking);
    let declared = crate::step::expand(quote!(), &declared);
    let file = syn::parse2(quote!(impl Client { #method #blocking } trait Mailer { #declared }));
    let file = file.expect("the expansion is Rust");
    expect_file!["snapshots/method_step.rs"].assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_mistake_leaves_a_stub() {
    check(
        quote! {
            async fn broken(n: u32) -> Result<u32> {
                let m;
                Ok(n)
            }
        },
        &expect_file!["snapshots/mistake.rs"],
    );
}
