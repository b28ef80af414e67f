#[derive(Debug, Clone, Copy)]
struct Ask;
#[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
fn ask<'__deps>(draft: Draft) -> ::flow_runtime::Child<'__deps, Ask> {
    ::flow_runtime::Child::new((), draft)
}
const _: () = {
    use ::flow_runtime::machine as __flow;
    #[diagnostic::on_unimplemented(
        message = "input `draft` has to be stored, but `{Self}` does not implement `Serialize`",
        label = "add `#[derive(serde::Serialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Serialize_draft: ::core::marker::Sized {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::Serialize> Needs_Serialize_draft for T {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            __flow::to_json(self)
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `draft` has to be read back, but `{Self}` does not implement `Deserialize`",
        label = "add `#[derive(serde::Deserialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Deserialize_draft: ::core::marker::Sized {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::DeserializeOwned> Needs_Deserialize_draft for T {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            __flow::from_json(text)
        }
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            fields.take("draft")
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `draft` has to be described, but `{Self}` does not implement `JsonSchema`",
        label = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_JsonSchema_draft: ::core::marker::Sized {
        fn schema() -> __flow::Value;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::JsonSchema> Needs_JsonSchema_draft for T {
        fn schema() -> __flow::Value {
            __flow::schema::<Self>()
        }
    }
    impl ::flow_runtime::Workflow for Ask {
        const ID: &'static str = "ask";
        const NAME: &'static str = "ask";
        const DOC: &'static str = "";
        const GRAPH: ::flow_runtime::Graph = ::flow_runtime::Graph {
            name: "ask",
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
                    kind: ::flow_runtime::NodeKind::Pause,
                    name: "approve",
                    line: 0u32,
                    call: ::core::option::Option::Some(0u32),
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Choice,
                    name: "approve",
                    line: 0u32,
                    call: ::core::option::Option::None,
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "revise",
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
                    when: "Approval::Publish",
                },
                ::flow_runtime::Edge {
                    from: 3u32,
                    to: 4u32,
                    when: "Approval::Reject(why)",
                },
                ::flow_runtime::Edge {
                    from: 4u32,
                    to: 2u32,
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
                    message = "binding `draft` has to be saved at pause `approve`, but `{Self}` cannot be saved",
                    label = "binding `draft` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "clone the value if it is a borrow; else derive serde for `{Self}`, or finish using `draft` before pause `approve`"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_draft: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_draft for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("draft");
                }
                #[diagnostic::on_unimplemented(
                    message = "the position of this loop has to be saved at pause `approve`, but `{Self}` cannot be saved",
                    label = "the position of this loop is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`; an error that has no serde can be made text: `.await.map_err(|error| error.to_string())`"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_rounds: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_rounds for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("rounds");
                }
                let __at = __frame.at();
                let __s0 = __flow::slot::<Draft>(0u32, "start");
                let __s1 = __flow::slot(1u32, "loop");
                if __at == 0u32 {
                    let mut __changed = __frame.changed();
                    let __live = __s0.take(__frame);
                    return __flow::block(async move {
                        let mut draft = __live;
                        let mut __rounds_2: u64 = 0;
                        return __s1.jump(__changed, (draft, __rounds_2));
                    });
                }
                let __s2 = __flow::slot(2u32, "approve");
                let __saver_0 = Saved_draft::SAVER;
                let __saver_2 = Saved_rounds::SAVER;
                if __at == 1u32 {
                    let mut __changed = __frame.changed();
                    let __live = __s1.take(__frame);
                    return __flow::block(async move {
                        let (mut draft, mut __rounds_2) = __live;
                        __cx.count_round(&mut __rounds_2, (3) as u64, "the loop `loop`")
                            .await;
                        __cx.looped(
                            2u32,
                            ::core::option::Option::Some(__rounds_2 as u64),
                        );
                        let mut __w = __cx.writer();
                        __c0.ask(__cx, &mut __w, pause(approve(&draft)));
                        if __changed & 1u64 != 0 {
                            __saver_0.put(&draft, &mut __w);
                        }
                        __saver_2.put(&__rounds_2, &mut __w);
                        return __s2.save(__cx, __w, (draft, __rounds_2));
                    });
                }
                let __s3 = __flow::slot(3u32, "revise done");
                if __at == 2u32 {
                    let __waits_for = __frame.waits_for();
                    let mut __changed = __frame.changed();
                    let ::core::option::Option::Some(__live) = __s2
                        .open(__cx, __frame, (__saver_0, __saver_2)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (mut draft, mut __rounds_2) = __live;
                        let __approve_3 = __c0.answer(__cx, __waits_for).await;
                        match __approve_3 {
                            Approval::Publish => {
                                __cx.chose(3u32, "Approval::Publish");
                                return {
                                    let __result: Result<Draft> = Ok(draft);
                                    <Result<Draft> as __flow::ResultLike>::done(__result)
                                };
                            }
                            Approval::Reject(why) => {
                                __cx.chose(3u32, "Approval::Reject(why)");
                                __changed |= 1u64;
                                draft = __flow::Awaited(revise(draft, why))
                                    .drive_step(__cx, __c1)
                                    .await?;
                                let mut __w = __cx.writer();
                                __saver_0.put(&draft, &mut __w);
                                return __s3.save(__cx, __w, (draft, __rounds_2));
                            }
                        }
                    });
                }
                if __at == 3u32 {
                    let mut __changed = __frame.changed();
                    let ::core::option::Option::Some(__live) = __s3
                        .open(__cx, __frame, (__saver_0, __saver_2)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (mut draft, mut __rounds_2) = __live;
                        return __s1.jump(__changed, (draft, __rounds_2));
                    });
                }
                ::core::unreachable!()
            }),
            &[
                __flow::PointInfo {
                    region: "",
                    name: "start",
                    live: &["draft"],
                    saved: false,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "loop",
                    live: &["draft", "rounds"],
                    saved: false,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "approve",
                    live: &["draft", "rounds"],
                    saved: true,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "revise done",
                    live: &["draft", "rounds"],
                    saved: true,
                    node: ::core::option::Option::Some(4u32),
                },
            ],
        );
        type Deps = ();
        type Refs<'d> = ();
        type Input = Draft;
        type Output = <Result<Draft> as __flow::ResultLike>::Ok;
        type Error = <Result<Draft> as __flow::ResultLike>::Err;
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
            <Draft as Needs_JsonSchema_draft>::schema()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            <Draft as Needs_Serialize_draft>::to_json(input)
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            <Draft as Needs_Deserialize_draft>::from_json(text)
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
