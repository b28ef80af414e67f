#[derive(Debug, Clone, Copy)]
struct Broken;
const _: () = {
    use ::flow_runtime::machine as __flow;
    ::core::compile_error! {
        "give the binding a value here: a workflow's bindings are saved, so they cannot be filled in later"
    }
    #[diagnostic::on_unimplemented(
        message = "input `n` has to be stored, but `{Self}` does not implement `Serialize`",
        label = "add `#[derive(serde::Serialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Serialize_n: ::core::marker::Sized {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::Serialize> Needs_Serialize_n for T {
        fn to_json(
            &self,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            __flow::to_json(self)
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `n` has to be read back, but `{Self}` does not implement `Deserialize`",
        label = "add `#[derive(serde::Deserialize)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_Deserialize_n: ::core::marker::Sized {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError>;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::DeserializeOwned> Needs_Deserialize_n for T {
        fn from_json(
            text: &str,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            __flow::from_json(text)
        }
        fn from_fields(
            fields: &mut __flow::Fields,
        ) -> ::core::result::Result<Self, ::flow_runtime::JsonError> {
            fields.take("n")
        }
    }
    #[diagnostic::on_unimplemented(
        message = "input `n` has to be described, but `{Self}` does not implement `JsonSchema`",
        label = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
    )]
    #[allow(non_camel_case_types, dead_code)]
    trait Needs_JsonSchema_n: ::core::marker::Sized {
        fn schema() -> __flow::Value;
    }
    #[diagnostic::do_not_recommend]
    impl<T: __flow::JsonSchema> Needs_JsonSchema_n for T {
        fn schema() -> __flow::Value {
            __flow::schema::<Self>()
        }
    }
    impl ::flow_runtime::Workflow for Broken {
        const ID: &'static str = "broken";
        const NAME: &'static str = "broken";
        const DOC: &'static str = "";
        const GRAPH: ::flow_runtime::Graph = ::flow_runtime::Graph {
            name: "broken",
            nodes: &[],
            edges: &[],
            calls: <Self as ::flow_runtime::Workflow>::MACHINE.calls,
        };
        const MACHINE: __flow::Machine<Self> = __flow::Body::machine(
            &__flow::body::<Self, (), _>(|_, _, _, _| ::core::unreachable!()),
            &[],
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
        fn input_schema() -> __flow::Value {
            <u32 as Needs_JsonSchema_n>::schema()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            <u32 as Needs_Serialize_n>::to_json(input)
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            <u32 as Needs_Deserialize_n>::from_json(text)
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
