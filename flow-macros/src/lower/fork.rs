//! Forks: `parallel!`, `settle!`, `race!`, over branches or over the items of a list.

use std::collections::BTreeSet;

use syn::{
    Block, Expr, Ident, Macro, Pat, Stmt, Token, parse::ParseStream, parse_quote, punctuated::Punctuated,
    spanned::Spanned,
};

use super::{Dest, Lower, suspend::merge, values::Target};
use crate::{
    cfg::{After, Effect, FanOut, Fork, ForkKind, Kind, OpKind, Region, Term, Var, VarId},
    policy::nearest,
};

/// What stands in a fork's parentheses.
#[allow(clippy::large_enum_variant, reason = "few of them exist, and only while a workflow is compiled")]
enum Parts {
    /// `a(), async { … }`
    Branches(Vec<Expr>),
    /// `for x in xs { … }, limit = 8`
    Each { pat: Pat, list: Expr, body: Block, limit: Option<Expr> },
}

impl Parts {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Token![for]) {
            let parts = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
            return Ok(Parts::Branches(parts.into_iter().collect()));
        }
        input.parse::<Token![for]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<Token![in]>()?;
        let list = input.call(Expr::parse_without_eager_brace)?;
        let body: Block = input.parse()?;
        let mut limit = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Ident = input.parse()?;
            if option != "limit" {
                let hint = match nearest(&option.to_string(), &["limit"]) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "the only one is `limit = n`".to_owned(),
                };
                return Err(syn::Error::new(option.span(), format!("unknown option `{option}`: {hint}")));
            }
            input.parse::<Token![=]>()?;
            limit = Some(input.parse()?);
        }
        Ok(Parts::Each { pat, list, body, limit })
    }
}

impl Lower<'_> {
    /// Lowers a fork.
    pub(super) fn fork(&mut self, kind: ForkKind, call: &Macro, after: After, target: Target) {
        let macro_name = kind.name();
        let rules = std::mem::take(&mut self.rules);
        if let Some(rule) = rules.first_rule() {
            let message =
                format!("this is for steps: write it inside `{macro_name}!`, before the step it is meant for");
            self.report().span(rule, message);
        }
        let same = |path: &&syn::Path| path.segments.last().is_some_and(|last| last.ident == macro_name);
        if !self.shared.fork_paths.iter().any(|path| same(&path)) {
            self.shared.fork_paths.push(call.path.clone());
        }
        if let (ForkKind::Settle, Some(question_mark)) = (kind, after.tried) {
            let message =
                "`settle!` hands back every result, so there is nothing for `?` here: write it where a result is used";
            self.report().span(question_mark, message);
        }
        let parts = match call.parse_body_with(Parts::parse) {
            Ok(Parts::Branches(parts)) if parts.is_empty() => {
                let message = format!("`{macro_name}!` needs branches: step calls or `async {{ … }}` blocks");
                self.report().at(call, message);
                self.bind(target);
                return;
            }
            Ok(Parts::Branches(parts)) => {
                if let Some(option) = parts.iter().find_map(option_name) {
                    let message = format!(
                        "`{option}` is an option of `{macro_name}!(for x in xs {{ … }})`: branches all run at once"
                    );
                    self.report().span(option.span(), message);
                    self.bind(target);
                    return;
                }
                Parts::Branches(parts)
            }
            Ok(Parts::Each { pat, .. }) if kind == ForkKind::Race => {
                let message = "`race!` takes branches: `race!(first(), second())`";
                self.report().at(pat, message);
                self.bind(target);
                return;
            }
            Ok(each) => each,
            Err(error) => {
                self.report().push(error);
                self.bind(target);
                return;
            }
        };
        let mut effect = Effect::default();
        let each = match &parts {
            Parts::Branches(_) => None,
            Parts::Each { list, limit, .. } => match self.fan_out(list, limit.as_ref()) {
                Some(each) => Some(each),
                None => {
                    self.bind(target);
                    return;
                }
            },
        };
        let name = self.point_name(macro_name, "", &rules);
        let at = self.point(Kind::At, name.clone(), format!("`{macro_name}!`"));
        self.goto(at);
        self.enter(at);
        if let Some(each) = &each {
            effect.reads.insert(each.items);
            if let Some(limit) = &each.limit {
                merge(&mut effect, self.effect_of(limit));
            }
        }
        let mut visible: Vec<VarId> = self.scope.values().copied().collect();
        visible.sort_unstable();
        visible.dedup();
        let (mut branches, mut places) = (Vec::new(), Vec::new());
        match &parts {
            Parts::Branches(parts) => {
                for (position, part) in parts.iter().enumerate() {
                    branches.extend(self.branch(&format!("{name}.{position}"), &visible, part));
                    places.push(part.span());
                }
            }
            Parts::Each { pat, body, .. } => {
                branches.push(self.item(&format!("{name}.*"), &visible, pat, body));
                places.push(call.path.span());
            }
        }
        for region in &branches {
            effect.reads.extend(region.used_captures().into_iter().map(|var| visible[var]));
            for (var, span) in region.mentions.iter().filter(|(var, _)| *var < region.captured) {
                self.region.mentions.push((visible[*var], *span));
            }
        }
        let returns = matches!(target, Target::Dest(Dest::Return));
        let result = returns.then(|| self.temp("result", call.span()));
        let (bind, bound) = self.bind(result.map_or(target, |var| Target::Dest(Dest::Var(var))));
        merge(&mut effect, bound);
        merge(&mut effect, self.effect_after(&after));
        let done = self.unique(&format!("{name} done"));
        let next = self.point(Kind::After, done, format!("`{macro_name}!`"));
        let fork = Fork { kind, name, branches, places, each, after, span: call.span() };
        self.close(Term::Fork { fork, bind, next }, effect);
        self.enter(next);
        self.returned(result);
    }

    /// The list of a fan-out, kept while it runs.
    fn fan_out(&mut self, list: &Expr, limit: Option<&Expr>) -> Option<FanOut> {
        if let Some(Expr::Lit(literal)) = limit
            && super::loops::is_zero(&literal.lit)
        {
            self.report().at(literal, "with `limit = 0` nothing would ever run: write at least 1, or leave it out");
            return None;
        }
        if let Some(limit) = limit
            && self.needs_graph(limit)
        {
            self.report().at(limit, "give the limit a name first: `let limit = ….await?;`");
            return None;
        }
        if let Some(borrow) = super::loops::borrowed_list(list) {
            let message = "what a fan-out visits is saved, and a borrow cannot be saved: clone it, or fan out over positions, `for i in 0..items.len()`";
            self.report().at(borrow, message);
            return None;
        }
        let mut list = list.clone();
        if !self.pull(&mut list) {
            return None;
        }
        let items = self.temp("items", list.span());
        self.region.vars[items].list = true;
        let effect = Effect { defs: BTreeSet::from([items]), ..self.effect_of(&list) };
        self.push(OpKind::Set(items, parse_quote!(__flow::Each::new(#list))), effect);
        self.mention(items);
        Some(FanOut { items, limit: limit.cloned() })
    }

    /// A region below this one. It sees the bindings around it, but cannot change them.
    fn below(&mut self, segment: &str, visible: &[VarId]) -> Lower<'_> {
        let path = match self.region.path.as_str() {
            "" => segment.to_owned(),
            path => format!("{path}/{segment}"),
        };
        let captured = visible.iter().map(|var| Var { mutable: false, ..self.region.vars[*var].clone() }).collect();
        Lower::new(self.shared, path, captured)
    }

    fn branch(&mut self, segment: &str, visible: &[VarId], part: &Expr) -> Option<Region> {
        match part {
            Expr::Async(block) => Some(self.below(segment, visible).body(&block.block.stmts)),
            Expr::Call(_) | Expr::MethodCall(_) => {
                let step: Expr = parse_quote!(#part.await);
                // `step(…)` is short for `async { Ok(step(…).await?) }`.
                let mut lower = self.below(segment, visible);
                lower.region.is_call = true;
                Some(lower.body(&[Stmt::Expr(step, None)]))
            }
            other => {
                let message = "a branch is a step call, without `.await`, or an `async { … }` block";
                self.report().at(other, message);
                None
            }
        }
    }

    /// The region all items of a fan-out share.
    fn item(&mut self, segment: &str, visible: &[VarId], pat: &Pat, body: &Block) -> Region {
        let mut lower = self.below(segment, visible);
        let item = lower.temp("item", pat.span());
        let defs = lower.define(pat);
        let effect = Effect { reads: BTreeSet::from([item]), defs, ..Effect::default() };
        lower.push(OpKind::Rebind(pat.clone(), None, item), effect);
        lower.body(&body.stmts)
    }
}

/// The `limit` of `limit = 3`.
fn option_name(part: &Expr) -> Option<Ident> {
    let Expr::Assign(assign) = part else { return None };
    let Expr::Path(path) = &*assign.left else { return None };
    path.path.get_ident().cloned()
}
