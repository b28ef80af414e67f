#[derive(Debug, Clone, Copy)]
struct Broken;
#[allow(dead_code, clippy::too_many_arguments, clippy::multiple_bound_locations)]
fn broken<'__deps>(n: u32) -> ::flow_runtime::Child<'__deps, Broken> {
    ::flow_runtime::Child::new((), n)
}
const _: () = {
    use ::flow_runtime::machine as __flow;
    ::core::compile_error! {
        "give the binding a value here: a workflow's bindings are saved, so they cannot be filled in later"
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
            points: <Self as ::flow_runtime::Workflow>::MACHINE.points,
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
        fn shorter<'short, 'long: 'short>(
            refs: Self::Refs<'long>,
        ) -> Self::Refs<'short> {
            refs
        }
        fn input_schema() -> __flow::Value {
            ::core::unreachable!()
        }
        fn input_to_json(
            input: &Self::Input,
        ) -> ::core::result::Result<::std::string::String, __flow::SerdeError> {
            {
                let _ = input;
                ::core::unreachable!()
            }
        }
        fn input_from_json(
            text: &str,
        ) -> ::core::result::Result<Self::Input, ::flow_runtime::JsonError> {
            {
                let _ = text;
                ::core::unreachable!()
            }
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
