/// Keep a seat free.
#[allow(clippy::manual_async_fn, clippy::needless_lifetimes)]
pub fn reserve(
    client: &Client,
    argument_1: [u8; 2],
) -> ::flow_runtime::Step<
    impl ::flow_runtime::machine::HasMeta + use<>,
    impl ::core::future::Future<Output = Result<Seat>> + ::core::marker::Send,
> {
    struct __Meta;
    impl ::flow_runtime::machine::HasMeta for __Meta {
        const META: ::flow_runtime::machine::CallMeta = ::flow_runtime::machine::CallMeta {
            name: "reserve",
            doc: "Keep a seat free.",
            kind: ::flow_runtime::machine::CallKind::Step,
            policy: ::flow_runtime::machine::Policy {
                retries: 3u32,
                timeout_ms: 120000u64,
                undo: true,
                ..::flow_runtime::machine::Policy::PLAIN
            },
        };
    }
    async fn reserve(client: &Client, [row, seat]: [u8; 2]) -> Result<Seat> {
        client.reserve(row, seat).await
    }
    let __step = ::flow_runtime::Step::<
        __Meta,
        _,
    >::tagged(
            ::flow_runtime::replaceable!(
                "reserve", Result < Seat >, async move { #[allow(unused_imports)] use
                ::flow_runtime::machine:: { ShapeOfResult as _, ShapeOfValue as _ };
                match ::flow_runtime::machine::undoing((&
                ::flow_runtime::machine::Outcome:: < Result < Seat > > ::NEW).shape()) {
                ::core::option::Option::None => reserve(client, argument_1). await,
                ::core::option::Option::Some(__undo) =>
                ::flow_runtime::machine::undo(__undo, move | __output | release(client,
                argument_1, __output), | __output | { #[allow(unused_imports)] use
                ::flow_runtime::machine:: { DescribeAny as _, DescribeDebug as _,
                DescribeDisplay as _, DescribeError as _, ShapeOfResult as _,
                ShapeOfValue as _, }; match ::flow_runtime::machine::split((&
                ::flow_runtime::machine::outcome(__output)).shape(), __output) {
                ::core::result::Result::Ok(_) => ::core::option::Option::None,
                ::core::result::Result::Err(__error) => {
                ::core::option::Option::Some((&& &&
                ::flow_runtime::machine::Describe(__error)).describe()) } } }). await, }
                }
            ),
        )
        .judged(::flow_runtime::machine::Looker::<Result<Seat>>::NEW.look())
        .again(|__output| match ::flow_runtime::machine::Fallible::failure(__output) {
            ::core::option::Option::Some(__error) => is_transient(__error),
            ::core::option::Option::None => false,
        })
        .timed(::flow_runtime::machine::TimesOut::timed_out)
        .undone(|__output| {
            #[allow(unused_imports)]
            use ::flow_runtime::machine::{ShapeOfResult as _, ShapeOfValue as _};
            ::flow_runtime::machine::written(
                (&::flow_runtime::machine::outcome(__output)).shape(),
                __output,
            )
        });
    __step
        .once(|__outcome| {
            #[allow(unused_imports)]
            use ::flow_runtime::machine::{ShapeOfResult as _, ShapeOfValue as _};
            (&__outcome).shape()
        })
}
