#[derive(Debug, Clone, Copy)]
struct Both;
#[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
fn both<'__deps>(notes: Notes) -> ::flow_runtime::Child<'__deps, Both> {
    ::flow_runtime::Child::new((), notes)
}
const _: () = {
    use ::flow_runtime::machine as __flow;
    #[allow(unused_imports)]
    use parallel as _;
    #[diagnostic::on_unimplemented(
        message = "input `notes` has to be stored, but `{Self}` does not implement `Serialize`",
        label = "add `#[derive(serde::Serialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Serialize_notes: ::core::marker::Sized {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::Serialize> Needs_Serialize_notes for T {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            __flow::to_json(self)
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `notes` has to be read back, but `{Self}` does not implement `Deserialize`",
        label = "add `#[derive(serde::Deserialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Deserialize_notes: ::core::marker::Sized {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::DeserializeOwned> Needs_Deserialize_notes for T {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            __flow::from_json(text)
        }
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            fields.take("notes")
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `notes` has to be described, but `{Self}` does not implement `JsonSchema`",
        label = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_JsonSchema_notes: ::core::marker::Sized {
        fn schema() -> __flow::Value;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::JsonSchema> Needs_JsonSchema_notes for T {
        fn schema() -> __flow::Value {
            __flow::schema::<Self>()
        }
    }
    impl ::flow_runtime::Workflow for Both {
        const ID: &'static str = "both";
        const NAME: &'static str = "both";
        const DOC: &'static str = "";
        const GRAPH: ::flow_runtime::Graph = ::flow_runtime::Graph {
            name: "both",
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
                    kind: ::flow_runtime::NodeKind::Fork,
                    name: "parallel",
                    line: 0u32,
                    call: ::core::option::Option::None,
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Join,
                    name: "join",
                    line: 0u32,
                    call: ::core::option::Option::None,
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "count",
                    line: 0u32,
                    call: ::core::option::Option::Some(0u32),
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "count",
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
                    to: 4u32,
                    when: "",
                },
                ::flow_runtime::Edge {
                    from: 4u32,
                    to: 3u32,
                    when: "",
                },
                ::flow_runtime::Edge {
                    from: 2u32,
                    to: 5u32,
                    when: "",
                },
                ::flow_runtime::Edge {
                    from: 5u32,
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
                    message = "binding `notes` has to be saved at `parallel!`, but `{Self}` cannot be saved",
                    label = "binding `notes` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "clone the value if it is a borrow; else derive serde for `{Self}`, or finish using `notes` before `parallel!`"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_notes: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_notes for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("notes");
                }
                #[diagnostic::on_unimplemented(
                    message = "binding `a` has to be saved at `parallel!`, but `{Self}` cannot be saved",
                    label = "binding `a` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`, or let `parallel!` return only what is needed of it"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_a: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_a for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("a");
                }
                #[diagnostic::on_unimplemented(
                    message = "binding `b` has to be saved at `parallel!`, but `{Self}` cannot be saved",
                    label = "binding `b` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`, or let `parallel!` return only what is needed of it"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_b: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_b for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("b");
                }
                let __at = __frame.at();
                let __s0 = __flow::slot::<Notes>(0u32, "start");
                let __s1 = __flow::slot(1u32, "parallel");
                let __saver_0 = Saved_notes::SAVER;
                if __at == 0u32 {
                    let __live = __s0.take(__frame);
                    return __flow::block(async move {
                        let notes = __live;
                        let mut __w = __cx.writer();
                        __saver_0.put(&notes, &mut __w);
                        return __s1.save(__cx, __w, (notes,));
                    });
                }
                let __s2 = __flow::slot(2u32, "parallel done");
                let __saver_1 = Saved_a::SAVER;
                let __saver_2 = Saved_b::SAVER;
                if __at == 1u32 {
                    let ::core::option::Option::Some(__live) = __s1
                        .open(__cx, __frame, (__saver_0,)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (notes,) = __live;
                        let (a, b) = ({
                            #[diagnostic::on_unimplemented(
                                message = "the result of this branch has to be saved when it is there, but `{Self}` cannot be saved",
                                label = "a branch that is done is not run again, so its result is part of the saved state",
                                note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                                note = "derive serde for it, or return only what is needed of it from the branch"
                            )]
                            trait __Result: ::core::marker::Sized {
                                const SAVER: __flow::Saver<Self>;
                            }
                            #[diagnostic::do_not_recommend]
                            impl<T: __flow::Saved> __Result for T {
                                const SAVER: __flow::Saver<T> = __flow::Saver::new(
                                    "=result",
                                );
                            }
                            {
                                let [__b0, __b1] = __cx.branches("parallel");
                                match __flow::joined(
                                        __flow::branch::<
                                            Self,
                                            _,
                                        >(
                                            &__b0,
                                            __Result::SAVER,
                                            {
                                                let notes = {
                                                    #[allow(unused_imports)]
                                                    use __flow::{CaptureCopy as _, CaptureRef as _};
                                                    (&__flow::Capture(&notes)).capture()
                                                };
                                                move |__cx, mut __frame| {
                                                    let __at = __frame.at();
                                                    let __s0 = __flow::slot(0u32, "start");
                                                    if __at == 0u32 {
                                                        let __live = __s0.take(__frame);
                                                        return __flow::block(async move {
                                                            let () = __live;
                                                            return {
                                                                #[allow(unused_imports)]
                                                                use __flow::FinishPlain as _;
                                                                {
                                                                    let __result: ::core::result::Result<
                                                                        _,
                                                                        <Self as __flow::Workflow>::Error,
                                                                    > = __flow::Finish(
                                                                            __flow::Awaited(count(&notes)).drive_step(__cx, __c0).await,
                                                                        )
                                                                        .converted();
                                                                    <::core::result::Result<
                                                                        _,
                                                                        <Self as __flow::Workflow>::Error,
                                                                    > as __flow::ResultLike>::done(__result)
                                                                }
                                                            };
                                                        });
                                                    }
                                                    ::core::unreachable!()
                                                }
                                            },
                                        ),
                                        __flow::branch::<
                                            Self,
                                            _,
                                        >(
                                            &__b1,
                                            __Result::SAVER,
                                            {
                                                let notes = {
                                                    #[allow(unused_imports)]
                                                    use __flow::{CaptureCopy as _, CaptureRef as _};
                                                    (&__flow::Capture(&notes)).capture()
                                                };
                                                move |__cx, mut __frame| {
                                                    #[diagnostic::on_unimplemented(
                                                        message = "binding `n` has to be saved after step `count`, but `{Self}` cannot be saved",
                                                        label = "binding `n` is still needed later, so it is part of the saved state",
                                                        note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                                                        note = "derive serde for `{Self}`, or let step `count` return only what is needed of it"
                                                    )]
                                                    #[allow(non_camel_case_types)]
                                                    trait Saved_n: ::core::marker::Sized {
                                                        const SAVER: __flow::Saver<Self>;
                                                    }
                                                    #[diagnostic::do_not_recommend]
                                                    impl<T: __flow::Saved> Saved_n for T {
                                                        const SAVER: __flow::Saver<T> = __flow::Saver::new("n");
                                                    }
                                                    let __at = __frame.at();
                                                    let __s0 = __flow::slot(0u32, "start");
                                                    let __s1 = __flow::slot(1u32, "count done");
                                                    let __saver_1 = Saved_n::SAVER;
                                                    if __at == 0u32 {
                                                        let __live = __s0.take(__frame);
                                                        return __flow::block(async move {
                                                            let () = __live;
                                                            let n = __flow::Awaited(count(&notes))
                                                                .drive_step(__cx, __c1)
                                                                .await?;
                                                            let mut __w = __cx.writer();
                                                            __saver_1.put(&n, &mut __w);
                                                            return __s1.save(__cx, __w, (n,));
                                                        });
                                                    }
                                                    if __at == 1u32 {
                                                        let ::core::option::Option::Some(__live) = __s1
                                                            .open(__cx, __frame, (__saver_1,)) else {
                                                            return __flow::refused();
                                                        };
                                                        return __flow::block(async move {
                                                            let (n,) = __live;
                                                            return {
                                                                let __result: ::core::result::Result<
                                                                    _,
                                                                    <Self as __flow::Workflow>::Error,
                                                                > = Ok(n + 1);
                                                                <::core::result::Result<
                                                                    _,
                                                                    <Self as __flow::Workflow>::Error,
                                                                > as __flow::ResultLike>::done(__result)
                                                            };
                                                        });
                                                    }
                                                    ::core::unreachable!()
                                                }
                                            },
                                        ),
                                    )
                                    .await
                                {
                                    ::core::result::Result::Ok((__r0, __r1)) => {
                                        ::core::result::Result::Ok((__r0, __r1))
                                    }
                                    ::core::result::Result::Err(__error) => {
                                        ::core::result::Result::Err(__error)
                                    }
                                }
                            }
                        })?;
                        let mut __w = __cx.writer();
                        __w.forget("parallel");
                        __saver_1.put(&a, &mut __w);
                        __saver_2.put(&b, &mut __w);
                        return __s2.save(__cx, __w, (a, b));
                    });
                }
                if __at == 2u32 {
                    let ::core::option::Option::Some(__live) = __s2
                        .open(__cx, __frame, (__saver_1, __saver_2)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (a, b) = __live;
                        return {
                            let __result: Result<u32> = Ok(a + b);
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
                    live: &["notes"],
                    saved: false,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "parallel",
                    live: &["notes"],
                    saved: true,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "parallel done",
                    live: &["a", "b"],
                    saved: true,
                    node: ::core::option::Option::Some(3u32),
                },
                __flow::PointInfo {
                    region: "parallel.0",
                    name: "start",
                    live: &[],
                    saved: false,
                    node: ::core::option::Option::Some(4u32),
                },
                __flow::PointInfo {
                    region: "parallel.1",
                    name: "start",
                    live: &[],
                    saved: false,
                    node: ::core::option::Option::Some(5u32),
                },
                __flow::PointInfo {
                    region: "parallel.1",
                    name: "count done",
                    live: &["n"],
                    saved: true,
                    node: ::core::option::Option::Some(5u32),
                },
            ],
        );
        type Deps = ();
        type Refs<'d> = ();
        type Input = Notes;
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
            <Notes as Needs_JsonSchema_notes>::schema()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            <Notes as Needs_Serialize_notes>::to_json(input)
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            <Notes as Needs_Deserialize_notes>::from_json(text)
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
