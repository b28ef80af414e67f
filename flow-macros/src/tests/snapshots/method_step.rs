impl Client {
    /// Fetch a page.
    #[allow(clippy::manual_async_fn, clippy::needless_lifetimes)]
    #[allow(
        refining_impl_trait,
        clippy::let_unit_value,
        clippy::needless_return,
        clippy::redundant_locals,
        clippy::type_complexity
    )]
    pub fn fetch(
        &self,
        url: String,
    ) -> ::flow_runtime::Step<
        ::flow_runtime::machine::Retried<
            ::flow_runtime::machine::Method<
                5usize,
                18usize,
                ::flow_runtime::machine::Words<
                    137416410556360247172233079273809012070u128,
                    11877u128,
                    0u128,
                    0u128,
                    (),
                >,
            >,
            2u32,
        >,
        impl ::core::future::Future<Output = Result<Page>> + ::core::marker::Send,
    > {
        ::flow_runtime::Step::tagged(async move {
                if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                    Result<Page>,
                > {
                    #[allow(unreachable_code)] return __output;
                }
                let mut url = url;
                let __output: Result<Page> = {
                    url.push('/');
                    self.get(url).await
                };
                #[allow(unreachable_code)] __output
            })
            .judged(::flow_runtime::machine::Looker::<Result<Page>>::NEW.look())
            .again(::flow_runtime::machine::Fallible::failed)
    }
    #[allow(clippy::manual_async_fn, clippy::needless_lifetimes)]
    #[allow(
        refining_impl_trait,
        clippy::let_unit_value,
        clippy::needless_return,
        clippy::redundant_locals,
        clippy::type_complexity
    )]
    fn shrink(
        self: Arc<Self>,
        image: Vec<u8>,
        argument_2: (u32, u32),
    ) -> ::flow_runtime::Step<
        ::flow_runtime::machine::Method<
            6usize,
            6usize,
            ::flow_runtime::machine::Words<118121959680115u128, 0u128, 0u128, 0u128, ()>,
        >,
        impl ::core::future::Future<Output = Result<Vec<u8>>> + ::core::marker::Send,
    > {
        ::flow_runtime::Step::tagged(
                ::flow_runtime::machine::blocking(move || -> Result<Vec<u8>> {
                    let image = image;
                    let (width, height) = argument_2;
                    self.resize(image, width, height)
                }),
            )
            .judged(::flow_runtime::machine::Looker::<Result<Vec<u8>>>::NEW.look())
    }
}
trait Mailer {
    fn send(
        &self,
        to: &str,
    ) -> ::flow_runtime::Step<
        impl ::flow_runtime::machine::HasMeta + use<Self>,
        impl ::core::future::Future<Output = Result<()>> + ::core::marker::Send,
    >;
}
