#[derive(Debug, Clone, Copy)]
struct Hidden;
#[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
fn hidden<'__deps>(x: u32) -> ::flow_runtime::Child<'__deps, Hidden> {
    ::flow_runtime::Child::new((), x)
}
const _: () = {
    use ::flow_runtime::machine as __flow;
    #[diagnostic::on_unimplemented(
        message = "input `x` has to be stored, but `{Self}` does not implement `Serialize`",
        label = "add `#[derive(serde::Serialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Serialize_x: ::core::marker::Sized {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::Serialize> Needs_Serialize_x for T {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            __flow::to_json(self)
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `x` has to be read back, but `{Self}` does not implement `Deserialize`",
        label = "add `#[derive(serde::Deserialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Deserialize_x: ::core::marker::Sized {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::DeserializeOwned> Needs_Deserialize_x for T {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            __flow::from_json(text)
        }
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            fields.take("x")
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `x` has to be described, but `{Self}` does not implement `JsonSchema`",
        label = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_JsonSchema_x: ::core::marker::Sized {
        fn schema() -> __flow::Value;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::JsonSchema> Needs_JsonSchema_x for T {
        fn schema() -> __flow::Value {
            __flow::schema::<Self>()
        }
    }
    impl ::flow_runtime::Workflow for Hidden {
        const ID: &'static str = "hidden";
        const NAME: &'static str = "hidden";
        const DOC: &'static str = "";
        const GRAPH: ::flow_runtime::Graph = ::flow_runtime::Graph {
            name: "hidden",
            nodes: &[
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Start,
                    name: "start",
                    line: 0u32,
                    call: ::core::option::Option::None,
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::End,
                    name: "end",
                    line: 0u32,
                    call: ::core::option::Option::None,
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "f",
                    line: 0u32,
                    call: ::core::option::Option::Some(0u32),
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "g",
                    line: 0u32,
                    call: ::core::option::Option::Some(1u32),
                },
            ],
            edges: &[
                ::flow_runtime::Edge {
                    from: 0u32,
                    to: 2u32,
                    when: "",
                },
                ::flow_runtime::Edge {
                    from: 2u32,
                    to: 3u32,
                    when: "",
                },
                ::flow_runtime::Edge {
                    from: 3u32,
                    to: 1u32,
                    when: "",
                },
            ],
            calls: <Self as ::flow_runtime::Workflow>::MACHINE.calls,
            points: <Self as ::flow_runtime::Workflow>::MACHINE.points,
        };
        const MACHINE: __flow::Machine<Self> = __flow::Body::machine(
            #[allow(
                unused_mut,
                unused_parens,
                unused_assignments,
                unreachable_code,
                clippy::all,
                clippy::pedantic,
                clippy::nursery
            )]
            &__flow::body::<
                Self,
                _,
                _,
            >(|__cx, _, mut __frame, (__c0, __c1): (__flow::Call<_>, __flow::Call<_>)| {
                #[diagnostic::on_unimplemented(
                    message = "binding `x` has to be saved after step `f`, but `{Self}` cannot be saved",
                    label = "binding `x` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "clone the value if it is a borrow; else derive serde for `{Self}`, or finish using `x` before step `f`"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_x: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_x for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("x");
                }
                #[diagnostic::on_unimplemented(
                    message = "binding `x` has to be saved after step `f`, but `{Self}` cannot be saved",
                    label = "binding `x` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`, or let step `f` return only what is needed of it"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_x_2: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_x_2 for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("x#2");
                }
                #[diagnostic::on_unimplemented(
                    message = "binding `sum` has to be saved after step `g`, but `{Self}` cannot be saved",
                    label = "binding `sum` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`, or let step `g` return only what is needed of it"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_sum: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_sum for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("sum");
                }
                let __at = __frame.at();
                let __s0 = __flow::slot::<u32>(0u32, "start");
                let __s1 = __flow::slot(1u32, "f done");
                let __saver_0 = Saved_x::SAVER;
                let __saver_2 = Saved_x_2::SAVER;
                if __at == 0u32 {
                    let __live = __s0.take(__frame);
                    return __flow::block(async move {
                        let x = __live;
                        let __new_x = __flow::Awaited(f(x))
                            .drive_step(__cx, __c0)
                            .await?;
                        let __hidden_x_0 = x;
                        let x = __new_x;
                        let mut __w = __cx.writer();
                        __saver_0.put(&__hidden_x_0, &mut __w);
                        __saver_2.put(&x, &mut __w);
                        return __s1.save(__cx, __w, (__hidden_x_0, x));
                    });
                }
                let __s2 = __flow::slot(2u32, "g done");
                let __saver_1 = Saved_sum::SAVER;
                if __at == 1u32 {
                    let ::core::option::Option::Some(__live) = __s1
                        .open(__cx, __frame, (__saver_0, __saver_2)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (__hidden_x_0, x) = __live;
                        let sum = __flow::Awaited(g(x)).drive_step(__cx, __c1).await?;
                        let mut __w = __cx.writer();
                        __saver_1.put(&sum, &mut __w);
                        return __s2.save(__cx, __w, (__hidden_x_0, sum));
                    });
                }
                if __at == 2u32 {
                    let ::core::option::Option::Some(__live) = __s2
                        .open(__cx, __frame, (__saver_0, __saver_1)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (__hidden_x_0, __hidden_sum_1) = __live;
                        let sum = __hidden_sum_1;
                        let x = __hidden_x_0;
                        return {
                            let __result: Result<u32> = Ok(sum + x);
                            <Result<u32> as __flow::ResultLike>::done(__result)
                        };
                    });
                }
                ::core::unreachable!()
            }),
            &[
                __flow::PointInfo {
                    region: "",
                    name: "start",
                    live: &["x"],
                    saved: false,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "f done",
                    live: &["x", "x#2"],
                    saved: true,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "g done",
                    live: &["x", "sum"],
                    saved: true,
                    node: ::core::option::Option::Some(3u32),
                },
            ],
        );
        type Deps = ();
        type Refs<'d> = ();
        type Input = u32;
        type Output = <Result<u32> as __flow::ResultLike>::Ok;
        type Error = <Result<u32> as __flow::ResultLike>::Err;
        fn refs(deps: &Self::Deps) -> Self::Refs<'_> {
            {
                let _ = deps;
            }
        }
        fn shorter<'short, 'long: 'short>(
            refs: Self::Refs<'long>,
        ) -> Self::Refs<'short> {
            refs
        }
        fn input_schema() -> __flow::Value {
            <u32 as Needs_JsonSchema_x>::schema()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            <u32 as Needs_Serialize_x>::to_json(input)
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            <u32 as Needs_Deserialize_x>::from_json(text)
        }
        fn describe_error(
            error: &Self::Error,
        ) -> ::std::vec::Vec<::std::string::String> {
            #[allow(unused_imports)]
            use __flow::{
                DescribeAny as _, DescribeDebug as _, DescribeDisplay as _,
                DescribeError as _,
            };
            (&&&&__flow::Describe(error)).describe()
        }
    }
};
