/// Research and write.
#[derive(Debug, Clone, Copy)]
pub struct Article;
/// Research and write.
#[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
pub fn article<'__deps>(
    app: &'__deps App,
    topic: Topic,
) -> ::flow_runtime::Child<'__deps, Article> {
    ::flow_runtime::Child::new(app, topic)
}
const _: () = {
    use ::flow_runtime::machine as __flow;
    #[diagnostic::on_unimplemented(
        message = "input `topic` has to be stored, but `{Self}` does not implement `Serialize`",
        label = "add `#[derive(serde::Serialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Serialize_topic: ::core::marker::Sized {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::Serialize> Needs_Serialize_topic for T {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            __flow::to_json(self)
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `topic` has to be read back, but `{Self}` does not implement `Deserialize`",
        label = "add `#[derive(serde::Deserialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Deserialize_topic: ::core::marker::Sized {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::DeserializeOwned> Needs_Deserialize_topic for T {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            __flow::from_json(text)
        }
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            fields.take("topic")
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `topic` has to be described, but `{Self}` does not implement `JsonSchema`",
        label = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_JsonSchema_topic: ::core::marker::Sized {
        fn schema() -> __flow::Value;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::JsonSchema> Needs_JsonSchema_topic for T {
        fn schema() -> __flow::Value {
            __flow::schema::<Self>()
        }
    }
    impl ::flow_runtime::Workflow for Article {
        const ID: &'static str = "article";
        const NAME: &'static str = "article";
        const DOC: &'static str = "Research and write.";
        const GRAPH: ::flow_runtime::Graph = ::flow_runtime::Graph {
            name: "article",
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
                    name: "research",
                    line: 0u32,
                    call: ::core::option::Option::Some(0u32),
                },
                ::flow_runtime::Node {
                    kind: ::flow_runtime::NodeKind::Step,
                    name: "write",
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
            >(|__cx, app, mut __frame, (__c0, __c1): (__flow::Call<_>, __flow::Call<_>)| {
                #[diagnostic::on_unimplemented(
                    message = "binding `notes` has to be saved after step `research`, but `{Self}` cannot be saved",
                    label = "binding `notes` is still needed later, so it is part of the saved state",
                    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`",
                    note = "derive serde for `{Self}`, or let step `research` return only what is needed of it"
                )]
                #[allow(non_camel_case_types)]
                trait Saved_notes: ::core::marker::Sized {
                    const SAVER: __flow::Saver<Self>;
                }
                #[diagnostic::do_not_recommend]
                impl<T: __flow::Saved> Saved_notes for T {
                    const SAVER: __flow::Saver<T> = __flow::Saver::new("notes");
                }
                let __at = __frame.at();
                let __s0 = __flow::slot::<Topic>(0u32, "start");
                let __s1 = __flow::slot(1u32, "research done");
                let __saver_1 = Saved_notes::SAVER;
                if __at == 0u32 {
                    let __live = __s0.take(__frame);
                    return __flow::block(async move {
                        let topic = __live;
                        let notes = __flow::Awaited(research(app, &topic))
                            .drive_step(__cx, __c0)
                            .await?;
                        let mut __w = __cx.writer();
                        __saver_1.put(&notes, &mut __w);
                        return __s1.save(__cx, __w, (notes,));
                    });
                }
                if __at == 1u32 {
                    let ::core::option::Option::Some(__live) = __s1
                        .open(__cx, __frame, (__saver_1,)) else {
                        return __flow::refused();
                    };
                    return __flow::block(async move {
                        let (notes,) = __live;
                        let words = notes.len();
                        return {
                            let __result: Result<Draft> = __flow::Awaited(
                                    write(notes, words),
                                )
                                .drive_step(__cx, __c1)
                                .await;
                            <Result<Draft> as __flow::ResultLike>::done(__result)
                        };
                    });
                }
                ::core::unreachable!()
            }),
            &[
                __flow::PointInfo {
                    region: "",
                    name: "start",
                    live: &["topic"],
                    saved: false,
                    node: ::core::option::Option::Some(2u32),
                },
                __flow::PointInfo {
                    region: "",
                    name: "research done",
                    live: &["notes"],
                    saved: true,
                    node: ::core::option::Option::Some(2u32),
                },
            ],
        );
        type Deps = App;
        type Refs<'d> = &'d App;
        type Input = Topic;
        type Output = <Result<Draft> as __flow::ResultLike>::Ok;
        type Error = <Result<Draft> as __flow::ResultLike>::Err;
        fn refs(deps: &Self::Deps) -> Self::Refs<'_> {
            deps
        }
        fn shorter<'short, 'long: 'short>(
            refs: Self::Refs<'long>,
        ) -> Self::Refs<'short> {
            refs
        }
        fn input_schema() -> __flow::Value {
            <Topic as Needs_JsonSchema_topic>::schema()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            <Topic as Needs_Serialize_topic>::to_json(input)
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            <Topic as Needs_Deserialize_topic>::from_json(text)
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
