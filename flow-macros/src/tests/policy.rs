//! Options of `#[step]`, rules at a call, and how mistakes in them are told.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Local, Stmt, parse_quote};

use crate::{
    policy::{Backoff, CallPolicy, StepOptions, duration, nearest},
    report::Report,
    step,
};

#[test]
fn durations_are_numbers_with_units() {
    let ms = |text| duration(text).expect("it is one");
    assert_eq!((ms("500ms"), ms("30s"), ms("2m")), (500, 30_000, 120_000));
    assert_eq!((ms("1h30m"), ms("7d"), ms("0s")), (5_400_000, 604_800_000, 0));
    let wrong = |text| duration(text).expect_err("it is none");
    let units = "the units are `ms`, `s`, `m`, `h` and `d`, as in \"500ms\", \"30s\", \"1h30m\" or \"7d\"";
    assert_eq!(wrong(""), format!("a time is missed here; {units}"));
    assert_eq!(wrong("30"), format!("`30` is no time: `30` has no unit; {units}"));
    assert_eq!(wrong("1.5s"), format!("`1.5s` is no time: `.` is no unit; {units}"));
    assert_eq!(wrong("s"), format!("`s` is no time: there is no number before `s`; {units}"));
    assert_eq!(wrong("2 weeks"), format!("`2 weeks` is no time: `weeks` is no unit; {units}"));
    assert_eq!(wrong("3µs"), format!("`3µs` is no time: `µs` is no unit; {units}"));
    for huge in ["999999999d", "99999999999999999999s", "1000y"] {
        assert!(duration(huge).is_err(), "{huge}");
    }
}

fn options(args: TokenStream) -> Result<StepOptions, Vec<String>> {
    let mut report = Report::default();
    let options = StepOptions::read(args, &mut report);
    if report.is_empty() { Ok(options) } else { Err(report.messages()) }
}

#[track_caller]
fn one_option(args: TokenStream, expected: &str) {
    assert_eq!(options(args).err(), Some(vec![expected.to_owned()]));
}

#[test]
fn options_are_read() {
    let all = options(quote!(
        retries = 3,
        backoff = "500ms..1m",
        timeout = "2m",
        retry_if = Error::is_transient,
        undo = Self::release,
        once,
        blocking,
        use<Self, T>,
        crate = path::to::runtime,
    ));
    let all = all.expect("all of them are known");
    assert_eq!(all.retries.map(|said| said.value), Some(3));
    assert_eq!(all.backoff.map(|said| said.value), Some(Backoff { first_ms: 500, max_ms: 60_000 }));
    assert_eq!(all.timeout_ms.map(|said| said.value), Some(120_000));
    assert!(all.retry_if.is_some() && all.undo.is_some() && all.once.is_some() && all.blocking.is_some());
    assert_eq!(all.uses.map(|uses| uses.len()), Some(2));
    let backoff = |args| options(args).ok().and_then(|options| options.backoff).map(|said| said.value);
    let first = |first_ms, max_ms| Some(Backoff { first_ms, max_ms });
    assert_eq!(backoff(quote!(retries = 1, backoff = "2s")), first(2_000, 60_000));
    assert_eq!(backoff(quote!(retries = 1, backoff = "2h")), first(7_200_000, 7_200_000));
    assert!(options(quote!()).is_ok_and(|options| options.first_rule().is_none()));
}

#[test]
fn mistakes_in_options_are_named() {
    one_option(quote!(retrys = 3), "unknown option `retrys`: did you mean `retries`?");
    one_option(quote!(time_out = "3s"), "unknown option `time_out`: did you mean `timeout`?");
    one_option(
        quote!(whenever),
        "unknown option `whenever`: there are `retries`, `backoff`, `timeout`, `retry_if`, `undo`, `once`, `tx`, \
         `blocking`, `use<…>`, `crate`",
    );
    one_option(quote!(retries), "`retries` takes a value: `retries = 3`");
    one_option(quote!(retries = "3"), "write how often to try again as a number: `retries = 3`");
    one_option(quote!(retries = 0), "0 retries are what there is anyway: write `retries = 3`, or nothing");
    one_option(quote!(once = true), "`once` takes no value: write `once` alone");
    one_option(
        quote!(tx, once),
        "what a `tx` step writes and that it is done are committed together, so nobody has to be asked whether it has \
         happened: leave out `once`",
    );
    one_option(quote!(once, once), "`once` is given twice");
    one_option(quote!(timeout = 30), "write the time as a text with its unit: `\"30s\"`");
    one_option(quote!(timeout = "0s"), "nothing is done in no time: write at least \"1ms\"");
    one_option(
        quote!(retries = 1, backoff = "1m..1s"),
        "the first wait is longer than the longest: write the shorter one first",
    );
    one_option(quote!(undo = release()), "write a name: `undo = release`");
    one_option(quote!(backoff = "1s"), "`backoff` is the wait before a retry: say how many with `retries = 3`");
    one_option(quote!(retry_if = f), "`retry_if` says which errors to retry: say how often with `retries = 3`");
    one_option(quote!(use), "name the generic parameters around this step: `use<T>`, in a trait `use<Self>`");
}

/// The rules of a statement, and the attributes that are none.
fn rules(statement: Stmt) -> Result<(CallPolicy, usize), Vec<String>> {
    let Stmt::Local(Local { mut attrs, .. }) = statement else { return Err(Vec::new()) };
    let mut report = Report::default();
    let policy = CallPolicy::take(&mut attrs, &mut report);
    if report.is_empty() { Ok((policy, attrs.len())) } else { Err(report.messages()) }
}

#[track_caller]
fn one_rule(attr: TokenStream, expected: &str) {
    assert_eq!(rules(parse_quote!(#attr let x = f().await?;)).err(), Some(vec![expected.to_owned()]));
}

#[test]
fn rules_are_split_off_the_attributes() {
    let statement = parse_quote! {
        #[retry(5, backoff = "1s..1m")]
        #[allow(unused)]
        #[timeout("30s")]
        #[on_error(pause)]
        #[id = "first draft"]
        let draft = draft().await?;
    };
    let (policy, others) = rules(statement).expect("all of them are known");
    assert_eq!(others, 1);
    let retry = policy.retry.clone().expect("it is there");
    assert_eq!((retry.retries, retry.backoff), (5, Some(Backoff { first_ms: 1_000, max_ms: 60_000 })));
    assert_eq!(policy.timeout_ms.clone().map(|said| said.value), Some(30_000));
    assert_eq!(policy.id.clone().map(|(name, _)| name).as_deref(), Some("first draft"));
    let rules_of_call = policy.rules();
    let call: Expr = parse_quote!(__flow::Awaited(draft()) #rules_of_call .drive_step(__cx, __c0));
    let text = quote!(#call).to_string();
    for part in
        ["ruled", "retry :: < 5u32 >", "backoff :: < 1000u64 , 60000u64 >", "timeout :: < 30000u64 >", "recover"]
    {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    let (plain, _) = rules(parse_quote!(#[id = "a"] let x = f().await?;)).expect("a name is known");
    assert!(plain.rules().is_empty());
}

#[test]
fn mistakes_in_rules_are_named() {
    one_rule(quote!(#[retry]), "write how often to try again: `#[retry(3)]`");
    one_rule(quote!(#[retry()]), "write how often to try again: `#[retry(3)]`");
    one_rule(quote!(#[retry(0)]), "0 retries are what there is anyway: write `#[retry(3)]`, or nothing");
    one_rule(quote!(#[retry("3")]), "write how often to try again as a number: `#[retry(3)]`");
    one_rule(quote!(#[retry(backoff = "1s")]), "write how often to try again: `#[retry(3)]`");
    one_rule(quote!(#[retry(3, backof = "1s")]), "unknown option `backof`: did you mean `backoff`?");
    one_rule(quote!(#[retry(3, forever)]), "unknown option `forever`: the only one is `backoff`");
    one_rule(quote!(#[retry(3)] #[retry(4)]), "`#[retry]` is given twice");
    one_rule(quote!(#[timeout]), "write how long an attempt may take: `#[timeout(\"30s\")]`");
    one_rule(quote!(#[timeout(30)]), "write the time as a text with its unit: `\"30s\"`");
    let on_error = "unknown: the only one is `pause`, which asks somebody what to do: `#[on_error(pause)]`";
    one_rule(quote!(#[on_error(skip)]), on_error);
    one_rule(quote!(#[on_error]), on_error);
    one_rule(quote!(#[id = ""]), "a point needs a name: `#[id = \"first draft\"]`");
    one_rule(quote!(#[id("a")]), "write the name of this point: `#[id = \"first draft\"]`");
    one_rule(quote!(#[id = "a/b"]), "the name of a point has letters, digits, spaces, `-` and `_`, but no `/`");
}

#[test]
fn names_that_are_alike_are_found() {
    assert_eq!(nearest("retri", &["retry", "timeout"]), Some("retry"));
    assert_eq!(nearest("blockng", &["blocking", "once"]), Some("blocking"));
    assert_eq!(nearest("deadline", &["retry", "timeout"]), None);
}

/// The errors of a step.
fn errors(args: TokenStream, step: TokenStream) -> Vec<String> {
    let text = step::expand(args, &step).to_string();
    let errors = text.split("compile_error ! {").skip(1);
    errors.filter_map(|error| error.split('"').nth(1)).map(str::to_owned).collect()
}

#[test]
fn blocking_steps_are_plain_functions_of_owned_values() {
    let blocking = |step| errors(quote!(blocking), step);
    assert!(
        blocking(quote!(
            fn f(text: String, of: &'static str) -> usize {
                text.len()
            }
        ))
        .is_empty()
    );
    assert!(
        blocking(quote!(
            fn f(self: Arc<Self>) -> usize {
                self.0
            }
        ))
        .is_empty()
    );
    let borrow = "a blocking step runs on a thread of its own, so it cannot borrow: take an owned value, or an `Arc`";
    for step in [
        quote!(
            fn f(text: &str) {}
        ),
        quote!(
            fn f(&self) {}
        ),
        quote!(
            fn f(self: &Arc<Self>) {}
        ),
        quote!(
            fn f(text: Option<&str>) {}
        ),
        quote!(
            fn f<'a>(text: Cow<'a, str>) {}
        ),
        quote!(
            fn f(text: Cow<'_, str>) {}
        ),
    ] {
        assert_eq!(blocking(step.clone()), [borrow], "{step}");
    }
    let both = "a blocking step is a plain `fn`, because it does not wait: leave out `async`, or `blocking`";
    assert_eq!(
        blocking(quote!(
            async fn f(text: String) {}
        )),
        [both]
    );
    assert!(
        errors(
            quote!(),
            quote!(
                fn f() {}
            )
        )[0]
        .contains("`#[step(blocking)]`")
    );
    let declared = errors(
        quote!(once),
        quote!(
            async fn f(&self);
        ),
    );
    assert_eq!(declared, ["a step that is only declared has no rules: give them where its body is"]);
}
