//! What is to be done when a step fails: the options of `#[step(…)]`, and the attributes at its call.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

use crate::{parse::CratePath, report::Report};

/// Something that was said, and where.
#[derive(Clone, Debug)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// How long retries wait: the first, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) first_ms: u64,
    pub(crate) max_ms: u64,
}

/// `name`, `name = value`, or `use<Names>`.
struct Pair {
    name: Ident,
    value: Option<Expr>,
    uses: Vec<Ident>,
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let mut uses = Vec::new();
        if name == "use" && input.peek(Token![<]) {
            input.parse::<Token![<]>()?;
            while !input.peek(Token![>]) {
                uses.push(input.call(Ident::parse_any)?);
                if !input.peek(Token![>]) {
                    input.parse::<Token![,]>()?;
                }
            }
            input.parse::<Token![>]>()?;
        }
        let equals: Option<Token![=]> = input.parse()?;
        // After `=` a value is missed, not a comma.
        let value = equals.map(|_| input.parse()).transpose()?;
        Ok(Pair { name, value, uses })
    }
}

impl Pair {
    /// The value, which has to be there.
    fn value(&self, example: &str) -> syn::Result<&Expr> {
        let message = || format!("`{}` takes a value: `{example}`", self.name);
        self.value.as_ref().ok_or_else(|| Error::new(self.name.span(), message()))
    }

    /// That there is no value.
    fn flag(&self) -> syn::Result<Span> {
        match &self.value {
            None => Ok(self.name.span()),
            Some(value) => {
                Err(Error::new_spanned(value, format!("`{0}` takes no value: write `{0}` alone", self.name)))
            }
        }
    }
}

/// `#[step(retries = 3, backoff = "500ms..1m", timeout = "2m", retry_if = f, undo = f, once, tx, blocking, use<T>, crate = path)]`
#[derive(Default)]
pub(crate) struct StepOptions {
    pub(crate) krate: CratePath,
    pub(crate) retries: Option<Said<u32>>,
    pub(crate) backoff: Option<Said<Backoff>>,
    pub(crate) timeout_ms: Option<Said<u64>>,
    /// The function that tells which errors are worth another attempt.
    pub(crate) retry_if: Option<Said<Path>>,
    /// The step that undoes.
    pub(crate) undo: Option<Said<Path>>,
    pub(crate) once: Option<Span>,
    pub(crate) tx: Option<Span>,
    pub(crate) blocking: Option<Span>,
    /// The generic parameters around the step.
    pub(crate) uses: Option<Vec<Ident>>,
}

const STEP_OPTIONS: [&str; 10] =
    ["retries", "backoff", "timeout", "retry_if", "undo", "once", "tx", "blocking", "use<…>", "crate"];

impl StepOptions {
    /// Reads the options; what is wrong with them is reported.
    pub(crate) fn read(args: TokenStream, report: &mut Report) -> Self {
        let mut options = StepOptions::default();
        let pairs = match Punctuated::<Pair, Token![,]>::parse_terminated.parse2(args) {
            Ok(pairs) => pairs,
            Err(error) => {
                report.push(error);
                return options;
            }
        };
        let mut seen: Vec<String> = Vec::new();
        for pair in &pairs {
            let name = pair.name.to_string();
            if seen.contains(&name) {
                report.at(&pair.name, format!("`{name}` is given twice"));
            } else if let Err(error) = options.take(pair) {
                report.push(error);
            }
            seen.push(name);
        }
        if !seen.iter().any(|name| name == "retries") {
            for pair in &pairs {
                if pair.name == "backoff" {
                    report.at(&pair.name, "`backoff` is the wait before a retry: say how many with `retries = 3`");
                } else if pair.name == "retry_if" {
                    report.at(&pair.name, "`retry_if` says which errors to retry: say how often with `retries = 3`");
                }
            }
        }
        if let (Some(_), Some(once)) = (options.tx, options.once) {
            let message = "what a `tx` step writes and that it is done are committed together, so nobody has to be asked whether it has happened: leave out `once`";
            report.span(once, message);
        }
        options
    }

    fn take(&mut self, pair: &Pair) -> syn::Result<()> {
        let span = pair.name.span();
        match pair.name.to_string().as_str() {
            "retries" => {
                let value = count(pair.value("retries = 3")?, "retries = 3")?;
                self.retries = Some(Said { value, span });
            }
            "backoff" => {
                let value = backoff(pair.value("backoff = \"500ms..1m\"")?)?;
                self.backoff = Some(Said { value, span });
            }
            "timeout" => {
                let value = timeout(pair.value("timeout = \"30s\"")?)?;
                self.timeout_ms = Some(Said { value, span });
            }
            "retry_if" => {
                let value = function(pair.value("retry_if = is_transient")?, "retry_if = is_transient")?;
                self.retry_if = Some(Said { value, span });
            }
            "undo" => {
                let value = function(pair.value("undo = release")?, "undo = release")?;
                self.undo = Some(Said { value, span });
            }
            "once" => self.once = Some(pair.flag()?),
            "tx" => self.tx = Some(pair.flag()?),
            "blocking" => self.blocking = Some(pair.flag()?),
            "use" if !pair.uses.is_empty() => self.uses = Some(pair.uses.clone()),
            "use" => {
                let message = "name the generic parameters around this step: `use<T>`, in a trait `use<Self>`";
                return Err(Error::new(span, message));
            }
            "crate" => {
                let example = "crate = path::to::flow_runtime";
                self.krate = CratePath::of(function(pair.value(example)?, example)?);
            }
            other => return Err(Error::new(span, unknown(other, &STEP_OPTIONS))),
        }
        Ok(())
    }

    /// Where the first rule stands. That it blocks is none.
    pub(crate) fn first_rule(&self) -> Option<Span> {
        let StepOptions { retries, timeout_ms, undo, once, tx, .. } = self;
        let retries = retries.as_ref().map(|said| said.span);
        let undo = undo.as_ref().map(|said| said.span);
        retries.or(timeout_ms.as_ref().map(|said| said.span)).or(undo).or(*once).or(*tx)
    }

    /// `Policy { retries: 3, ..Policy::PLAIN }`
    pub(crate) fn policy(&self, flow: &TokenStream) -> TokenStream {
        let mut fields = TokenStream::new();
        if let Some(Said { value, .. }) = &self.retries {
            fields.extend(quote!(retries: #value,));
        }
        if let Some(Said { value: Backoff { first_ms, max_ms }, .. }) = &self.backoff {
            fields.extend(quote!(first_delay_ms: #first_ms, max_delay_ms: #max_ms,));
        }
        if let Some(Said { value, .. }) = &self.timeout_ms {
            fields.extend(quote!(timeout_ms: #value,));
        }
        if self.undo.is_some() {
            fields.extend(quote!(undo: true,));
        }
        if self.tx.is_some() {
            fields.extend(quote!(tx: true,));
        }
        match fields.is_empty() {
            true => quote!(#flow::Policy::PLAIN),
            false => quote!(#flow::Policy { #fields ..#flow::Policy::PLAIN }),
        }
    }
}

/// `#[pause(validate, crate = path)]`
#[derive(Default)]
pub(crate) struct PauseOptions {
    pub(crate) krate: CratePath,
    /// Whether answers are held against the rules of their type.
    pub(crate) validate: Option<Span>,
}

impl PauseOptions {
    /// Reads the options.
    ///
    /// # Errors
    /// The first that is wrong.
    pub(crate) fn read(args: TokenStream) -> syn::Result<Self> {
        let mut options = PauseOptions::default();
        for pair in &Punctuated::<Pair, Token![,]>::parse_terminated.parse2(args)? {
            match pair.name.to_string().as_str() {
                "validate" => options.validate = Some(pair.flag()?),
                "crate" => {
                    let example = "crate = path::to::flow_runtime";
                    options.krate = CratePath::of(function(pair.value(example)?, example)?);
                }
                other => return Err(Error::new(pair.name.span(), unknown(other, &["validate", "crate"]))),
            }
        }
        Ok(options)
    }
}

/// `#[retry(5, backoff = "1s..1m")]`
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) retries: u32,
    /// The step's own if there is none.
    pub(crate) backoff: Option<Backoff>,
    /// Where the attribute's name stands.
    pub(crate) span: Span,
}

/// The rules given where a step is called: `#[retry(5)] #[timeout("30s")] #[on_error(pause)]`, and the name of its point,
/// `#[id = "first draft"]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallPolicy {
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout_ms: Option<Said<u64>>,
    /// Where `on_error` stands, if somebody is to be asked.
    pub(crate) on_error: Option<Span>,
    pub(crate) id: Option<(String, Span)>,
}

const CALL_ATTRIBUTES: [&str; 4] = ["retry", "timeout", "on_error", "id"];

impl CallPolicy {
    /// Splits the rules off the attributes of a statement; what is wrong with them is reported.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, report: &mut Report) -> Self {
        let mut policy = CallPolicy::default();
        let mut seen: Vec<&str> = Vec::new();
        attrs.retain(|attr| {
            let Some(name) = CALL_ATTRIBUTES.into_iter().find(|name| attr.path().is_ident(name)) else { return true };
            if seen.contains(&name) {
                report.at(attr, format!("`#[{name}]` is given twice"));
            } else if let Err(error) = policy.attribute(name, attr) {
                report.push(error);
            }
            seen.push(name);
            false
        });
        policy
    }

    fn attribute(&mut self, name: &str, attr: &Attribute) -> syn::Result<()> {
        let span = attr.path().span();
        match name {
            "retry" => self.retry = Some(retry(attr)?),
            "timeout" => {
                let value = timeout(&argument(attr, "write how long an attempt may take: `#[timeout(\"30s\")]`")?)?;
                self.timeout_ms = Some(Said { value, span });
            }
            "on_error" => {
                let message = "unknown: the only one is `pause`, which asks somebody what to do: `#[on_error(pause)]`";
                match argument(attr, message)? {
                    Expr::Path(path) if path.path.is_ident("pause") => self.on_error = Some(span),
                    other => return Err(Error::new_spanned(other, message)),
                }
            }
            _ => {
                let message = "write the name of this point: `#[id = \"first draft\"]`";
                match &attr.meta {
                    Meta::NameValue(pair) => match &pair.value {
                        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                            self.id = Some((point_name(text)?, text.span()));
                        }
                        other => return Err(Error::new_spanned(other, message)),
                    },
                    other => return Err(Error::new_spanned(other, message)),
                }
            }
        }
        Ok(())
    }

    /// Where the first thing stands that is said.
    pub(crate) fn first(&self) -> Option<Span> {
        self.first_rule().or(self.id.as_ref().map(|(_, span)| *span))
    }

    /// Where the first rule stands. The name of a point is none.
    pub(crate) fn first_rule(&self) -> Option<Span> {
        let retry = self.retry.as_ref().map(|retry| retry.span);
        retry.or(self.timeout_ms.as_ref().map(|timeout| timeout.span)).or(self.on_error)
    }

    /// What comes between `__flow::Awaited(step(…))` and `.drive_step(…)`.
    pub(crate) fn rules(&self) -> TokenStream {
        let Some(first) = self.first_rule() else { return TokenStream::new() };
        let at = |span: Span| shown_at(&quote!(__flow), span);
        let look = look(&quote!(__flow), first);
        let mut calls = quote_spanned!(first=> .ruled(#look));
        if let Some(Retry { retries, backoff, span }) = &self.retry {
            let flow = at(*span);
            calls.extend(quote_spanned!(*span=> .retry::<#retries>(#flow::Fallible::failed)));
            if let Some(Backoff { first_ms, max_ms }) = backoff {
                calls.extend(quote_spanned!(*span=> .backoff::<#first_ms, #max_ms>()));
            }
        }
        if let Some(Said { value, span }) = &self.timeout_ms {
            let flow = at(*span);
            calls.extend(quote_spanned!(*span=> .timeout::<#value>(#flow::TimesOut::timed_out)));
        }
        if let Some(span) = self.on_error {
            let flow = at(span);
            calls.extend(quote_spanned! {here(span)=>
                .recover(
                    |__outcome| {
                        #[allow(unused_imports)]
                        use #flow::{GivenNothing as _, GivenResult as _};
                        (&__outcome).given()
                    },
                    #flow::Recovers::recovered,
                )
            });
        }
        calls
    }
}

/// Errors are shown at the user's token, but names are looked up where the macro is called.
pub(crate) fn here(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// A path of the expansion's own, shown at this place. Paths lead to items, and those are found from anywhere.
pub(crate) fn shown_at(path: &TokenStream, span: Span) -> TokenStream {
    let tokens = path.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    tokens.collect()
}

/// The closure that looks at what a step has returned: the texts of an error, or `None`.
pub(crate) fn look(flow: &TokenStream, span: Span) -> TokenStream {
    let flow = &shown_at(flow, span);
    quote_spanned! {here(span)=>
        |__output| {
            #[allow(unused_imports)]
            use #flow::{
                DescribeAny as _, DescribeDebug as _, DescribeDisplay as _, DescribeError as _, ShapeOfResult as _,
                ShapeOfValue as _,
            };
            match #flow::split((&#flow::outcome(__output)).shape(), __output) {
                ::core::result::Result::Ok(_) => ::core::option::Option::None,
                ::core::result::Result::Err(__error) => {
                    ::core::option::Option::Some((&&&&#flow::Describe(__error)).describe())
                }
            }
        }
    }
}

/// `5`, `5, backoff = "1s..1m"`
fn retry(attr: &Attribute) -> syn::Result<Retry> {
    const EXAMPLE: &str = "write how often to try again: `#[retry(3)]`";
    let Meta::List(list) = &attr.meta else { return Err(Error::new_spanned(attr, EXAMPLE)) };
    if list.tokens.is_empty() {
        return Err(Error::new_spanned(attr, EXAMPLE));
    }
    attr.parse_args_with(|input: ParseStream<'_>| {
        let number: Expr = input.parse()?;
        if let Expr::Assign(assign) = &number {
            let message = match assign.left.to_token_stream().to_string().as_str() {
                "backoff" => EXAMPLE.to_owned(),
                other => unknown(other, &["backoff"]),
            };
            return Err(Error::new_spanned(&assign.left, message));
        }
        let retries = count(&number, "#[retry(3)]")?;
        let mut backoff_of = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let pair: Pair = input.parse()?;
            if pair.name != "backoff" {
                return Err(Error::new(pair.name.span(), unknown(&pair.name.to_string(), &["backoff"])));
            }
            if backoff_of.is_some() {
                return Err(Error::new(pair.name.span(), "`backoff` is given twice"));
            }
            backoff_of = Some(backoff(pair.value("backoff = \"1s..1m\"")?)?);
        }
        Ok(Retry { retries, backoff: backoff_of, span: attr.path().span() })
    })
}

/// The one argument of an attribute.
fn argument(attr: &Attribute, message: &str) -> syn::Result<Expr> {
    match &attr.meta {
        Meta::List(list) if !list.tokens.is_empty() => attr.parse_args(),
        _ => Err(Error::new_spanned(attr, message)),
    }
}

/// How often to try again.
fn count(value: &Expr, example: &str) -> syn::Result<u32> {
    if let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = value {
        return match number.base10_parse() {
            Ok(0) => Err(Error::new_spanned(
                value,
                format!("0 retries are what there is anyway: write `{example}`, or nothing"),
            )),
            Ok(number) => Ok(number),
            Err(error) => Err(Error::new_spanned(value, error)),
        };
    }
    Err(Error::new_spanned(value, format!("write how often to try again as a number: `{example}`")))
}

/// The name of a function.
fn function(value: &Expr, example: &str) -> syn::Result<Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => Ok(path.path.clone()),
        Expr::Group(group) => function(&group.expr, example),
        other => Err(Error::new_spanned(other, format!("write a name: `{example}`"))),
    }
}

/// The name of a point. Paths of frames and the runtime's own points have other characters.
fn point_name(text: &LitStr) -> syn::Result<String> {
    let name = text.value();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    if name.trim().is_empty() {
        return Err(Error::new_spanned(text, "a point needs a name: `#[id = \"first draft\"]`"));
    }
    match name.chars().find(|c| !fits(*c)) {
        Some(c) => {
            let message = format!("the name of a point has letters, digits, spaces, `-` and `_`, but no `{c}`");
            Err(Error::new_spanned(text, message))
        }
        None => Ok(name),
    }
}

/// `"30s"`, which must not be nothing.
fn timeout(value: &Expr) -> syn::Result<u64> {
    let text = literal(value, "\"30s\"")?;
    match duration(&text.value()) {
        Ok(0) => Err(Error::new_spanned(text, "nothing is done in no time: write at least \"1ms\"")),
        Ok(ms) => Ok(ms),
        Err(message) => Err(Error::new_spanned(text, message)),
    }
}

/// `"500ms"` or `"500ms..1m"`.
fn backoff(value: &Expr) -> syn::Result<Backoff> {
    let text = literal(value, "\"500ms..1m\"")?;
    let whole = text.value();
    let (first, max) = match whole.split_once("..") {
        Some((first, max)) => (first, Some(max)),
        None => (whole.as_str(), None),
    };
    let read = |part: &str| duration(part.trim()).map_err(|message| Error::new_spanned(text, message));
    let first_ms = read(first)?;
    // Without a longest wait, a minute is long; more only if the first is.
    let max_ms = max.map(read).transpose()?.unwrap_or(first_ms.max(60_000));
    match first_ms <= max_ms {
        true => Ok(Backoff { first_ms, max_ms }),
        false => {
            Err(Error::new_spanned(text, "the first wait is longer than the longest: write the shorter one first"))
        }
    }
}

fn literal<'e>(value: &'e Expr, example: &str) -> syn::Result<&'e LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
        Expr::Group(group) => literal(&group.expr, example),
        other => Err(Error::new_spanned(other, format!("write the time as a text with its unit: `{example}`"))),
    }
}

/// The milliseconds of a duration: numbers with units.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    const UNITS: &str = "the units are `ms`, `s`, `m`, `h` and `d`, as in \"500ms\", \"30s\", \"1h30m\" or \"7d\"";
    if text.trim().is_empty() {
        return Err(format!("a time is missed here; {UNITS}"));
    }
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let wrong = |what: &dyn Display| Err(format!("`{text}` is no time: {what}; {UNITS}"));
        if number.is_empty() {
            return wrong(&format!("there is no number before `{unit}`"));
        }
        let ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => return wrong(&format!("`{number}` has no unit")),
            unit => return wrong(&format!("`{}` is no unit", unit.trim())),
        };
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(ms));
        let sum = part.and_then(|part| total.checked_add(part));
        // Times are stored in signed milliseconds; a thousand years do.
        match sum.filter(|sum| *sum <= 1_000 * 365 * 86_400_000) {
            Some(sum) => total = sum,
            None => return wrong(&"it is longer than a thousand years"),
        }
        rest = next;
    }
    Ok(total)
}

/// "unknown option `retrys`: did you mean `retries`?"
fn unknown(wrong: &str, known: &[&str]) -> String {
    match (nearest(wrong, known), known) {
        (Some(near), _) => format!("unknown option `{wrong}`: did you mean `{near}`?"),
        (None, [only]) => format!("unknown option `{wrong}`: the only one is `{only}`"),
        (None, known) => {
            let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("unknown option `{wrong}`: there are {}", known.join(", "))
        }
    }
}

/// The known name that is most like a wrong one, if one is alike at all.
pub(crate) fn nearest<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|known| (distance(wrong, known), *known)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
