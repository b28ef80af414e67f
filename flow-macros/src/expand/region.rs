//! One region → the `match` over its points.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Expr, ExprAsync, ExprClosure, ExprReturn, Ident, Item, Pat, PatIdent, Stmt, Type,
    visit_mut::{self, VisitMut},
};

use super::{
    call_at, here, ident,
    naming::Names,
    saved::{Savers, Suspect},
};
use crate::{
    cfg::{After, Bind, Block, BlockId, Call, Effect, ForkKind, Kind, Op, OpKind, Region, Term, VarId},
    graph::{self, Graph},
    live,
    report::Report,
};

/// What a region begins and ends with.
pub(super) struct Entry {
    /// The type of its first frame; `None` for a branch, which begins with nothing.
    pub(super) ty: Option<TokenStream>,
    /// Whether the first frame is the only input itself, not a tuple of inputs.
    pub(super) one_input: bool,
    /// The `Result` type it returns.
    pub(super) output: TokenStream,
    /// The fork it is a branch of.
    pub(super) branch_of: Option<ForkKind>,
    /// Whether its first frame is an item of a fan-out, of the type that `__item` stands for.
    pub(super) is_item: bool,
}

impl Entry {
    /// Ends a block with a result. Its type stands at a `let`, so that another one is an error about the value and nothing
    /// else.
    fn finish(&self, value: &TokenStream) -> TokenStream {
        let output = &self.output;
        let value = match self.branch_of {
            Some(ForkKind::Race) => quote!(__flow::same(__kind, #value)),
            _ => value.clone(),
        };
        quote!({ let __result: #output = #value; <#output as __flow::ResultLike>::done(__result) })
    }

    /// Ends a block with the result of the last step, which in a branch need not have the workflow's error.
    fn finish_call(&self, region: &Region, span: Span, value: &TokenStream) -> TokenStream {
        let Some(fork) = self.branch_of else { return self.finish(value) };
        let finish = match fork {
            ForkKind::Settle if region.is_call => quote_spanned!(span=> kept),
            _ => quote_spanned!(span=> converted),
        };
        let value = quote_spanned!(span=> __flow::Finish(#value).#finish());
        let finished = self.finish(&value);
        quote!({
            #[allow(unused_imports)]
            use __flow::FinishPlain as _;
            #finished
        })
    }
}

/// The blocks of a region that are points, in the order of their numbers.
pub(crate) fn slots(region: &Region) -> Vec<BlockId> {
    region.reachable().into_iter().filter(|block| region.blocks[*block].kind != Kind::Inline).collect()
}

/// The body of the dispatch closure of a region.
pub(super) fn dispatch(region: &Region, entry: &Entry, graph: &Graph, report: &mut Report) -> TokenStream {
    let slots = slots(region);
    let savers = Savers::of(region, &slots);
    let (declared, declarations) = (BTreeSet::new(), TokenStream::new());
    let mut generator =
        Generator { region, entry, graph, slots: &slots, savers: &savers, declared, declarations, report };
    let points: Vec<TokenStream> = slots.iter().map(|slot| generator.point(*slot)).collect();
    let (items, own_items) = (&savers.items, &region.items);
    let checks = savers.suspects.iter().map(|suspect| generator.owned(suspect));
    quote! {
        #(#own_items)*
        #items
        let __at = __frame.at();
        #(#points)*
        #(#checks)*
        ::core::unreachable!()
    }
}

pub(super) struct Generator<'g, 'r> {
    pub(super) region: &'r Region,
    pub(super) entry: &'g Entry,
    pub(super) graph: &'g Graph,
    pub(super) slots: &'g [BlockId],
    pub(super) savers: &'g Savers,
    /// The slots and savers that have been declared. Each is where it is first needed, not at the top with all others: the
    /// compiler visits the types that it does not know yet again and again.
    pub(super) declared: BTreeSet<Ident>,
    /// What has to be declared before the block that is being generated.
    pub(super) declarations: TokenStream,
    pub(super) report: &'g mut Report,
}

impl<'r> Generator<'_, 'r> {
    fn number(&self, slot: BlockId) -> u32 {
        self.slots.iter().position(|known| *known == slot).and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    fn slot_ident(&self, slot: BlockId) -> Ident {
        ident(&format!("__s{}", self.number(slot)))
    }

    /// The name of a slot, declared where it is mentioned first: `let __s1 = slot(1, "research done");`
    fn slot(&mut self, slot: BlockId) -> Ident {
        let (number, name, block) = (self.number(slot), self.slot_ident(slot), &self.region.blocks[slot]);
        if self.declared.insert(name.clone()) {
            let ty = self.entry.ty.as_ref().filter(|_| block.kind == Kind::Entry).map(|ty| quote!(::<#ty>));
            let point = &block.name;
            self.declarations.extend(match block.kind {
                Kind::Entry if self.entry.is_item => quote!(let #name = __flow::slot_of(__item, #number, #point);),
                _ => quote!(let #name = __flow::slot #ty(#number, #point);),
            });
        }
        name
    }

    /// `{ let (_, value) = s1.example(); … }`
    fn owned(&self, suspect: &Suspect) -> TokenStream {
        let (slot, value) = (self.slot_ident(suspect.slot), ident("__value"));
        let live = self.region.blocks[suspect.slot].live_in.iter();
        let live = live.map(|var| if *var == suspect.var { quote!(#value) } else { quote!(_) });
        let (pattern, check) = (tuple(&live.collect::<Vec<_>>()), suspect.check(&value));
        quote!({ let #pattern = #slot.example(); #check })
    }

    /// The name of what writes and reads a binding, declared where it is mentioned first.
    pub(super) fn saver(&mut self, var: VarId) -> Ident {
        let (name, declaration) = self.savers.saver(self.region, var);
        if self.declared.insert(name.clone()) {
            self.declarations.extend(declaration);
        }
        name
    }

    /// `if at == 1 { let live = …; return block(async move { … }); }`
    fn point(&mut self, slot: BlockId) -> TokenStream {
        let region = self.region;
        let (number, name, block) = (self.number(slot), self.slot(slot), &region.blocks[slot]);
        let mut names = Names::at_slot(region, block);
        let waits = matches!(block.ops.first(), Some(Op { kind: OpKind::Answer(..), .. }));
        let pause = waits.then(|| quote!(let __waits_for = __frame.waits_for();));
        let live = if block.kind.is_saved() {
            let savers: Vec<Ident> = block.live_in.iter().map(|var| self.saver(*var)).collect();
            let savers = tuple(&savers);
            quote! {
                let ::core::option::Option::Some(__live) = #name.open(__cx, __frame, #savers) else {
                    return __flow::refused();
                };
            }
        } else {
            quote!(let __live = #name.take(__frame);)
        };
        let bound: Vec<TokenStream> = match block.kind {
            // The first frame holds every parameter, used or not.
            Kind::Entry if self.entry.ty.is_some() => {
                let inputs = region.captured..region.vars.len();
                let inputs = inputs.filter(|var| block.scope.values().any(|known| known == var));
                inputs
                    .map(|var| {
                        let (name, mutability) =
                            (&region.vars[var].name, region.vars[var].mutable.then(|| quote!(mut)));
                        quote!(#mutability #name)
                    })
                    .collect()
            }
            _ => block.live_in.iter().map(|var| names.pattern(*var)).collect(),
        };
        let pattern = match (block.kind, &self.entry.ty) {
            (Kind::Entry, Some(_)) if self.entry.one_input => quote!(#(#bound)*),
            (Kind::Entry, Some(_)) => quote!((#(#bound,)*)),
            _ => tuple(&bound),
        };
        let body = self.block(slot, &mut names);
        let flags = (!region.flags.is_empty()).then(|| quote!(let mut __changed = __frame.changed();));
        let declarations = std::mem::take(&mut self.declarations);
        quote! {
            #declarations
            if __at == #number {
                #pause
                #flags
                #live
                return __flow::block(async move { let #pattern = __live; #body });
            }
        }
    }

    /// The code of a block, and of those that are part of it.
    fn block(&mut self, id: BlockId, names: &mut Names<'r>) -> TokenStream {
        let block = &self.region.blocks[id];
        let mut tokens = TokenStream::new();
        for op in &block.ops {
            tokens.extend(self.flag(&op.effect));
            tokens.extend(self.op(op, names));
        }
        tokens.extend(self.flag(&block.term_effect));
        tokens.extend(self.term(id, block, names));
        tokens
    }

    /// `__changed |= 4;` for bindings of which only the frame knows whether they have changed.
    fn flag(&self, effect: &Effect) -> Option<TokenStream> {
        let bits =
            effect.changes().filter_map(|var| self.region.flags.get(&var)).fold(0_u64, |bits, bit| bits | 1 << bit);
        (bits != 0).then(|| quote!(__changed |= #bits;))
    }

    fn op(&mut self, op: &Op, names: &mut Names<'r>) -> TokenStream {
        let defs = &op.effect.defs;
        match &op.kind {
            OpKind::Glue(Stmt::Local(local)) => {
                let mut local = local.clone();
                if let Some(init) = &mut local.init {
                    self.returns(&mut init.expr);
                    if let Some((_, diverge)) = &mut init.diverge {
                        self.returns(diverge);
                    }
                }
                let after;
                (local.pat, after) = names.define(&local.pat, defs, &op.live_after);
                quote!(#local #after)
            }
            OpKind::Glue(stmt) => {
                let mut stmt = stmt.clone();
                if let Stmt::Expr(expr, _) = &mut stmt {
                    self.returns(expr);
                }
                quote!(#stmt)
            }
            OpKind::Set(var, value) => {
                let value = self.expr(value);
                self.set(*var, &value, &op.live_after, names)
            }
            OpKind::Assign(var, value) => {
                let value = self.expr(value);
                self.assign(*var, &value, &op.live_after, names)
            }
            OpKind::Rebind(pat, ty, from) => {
                let from = names.of(*from);
                let (pat, after) = names.define(pat, defs, &op.live_after);
                let ty = ty.as_ref().map(|ty| quote!(: #ty));
                quote!(let #pat #ty = #from; #after)
            }
            OpKind::Answer(call, bind) => {
                let span = here(call.await_span);
                let index = call_at(call.index, span);
                let (cx, pause) = (Ident::new("__cx", span), Ident::new("__waits_for", span));
                let value = self.after(&call.after, quote_spanned!(span=> #index.answer(#cx, #pause).await));
                self.bind(bind, defs, &value, &op.live_after, names)
            }
            OpKind::Round(head, counter) => {
                let Some(node) = self.graph.node_at(self.region, *head) else { return TokenStream::new() };
                let round = match counter {
                    Some(counter) => {
                        let counter = names.of(*counter);
                        quote!(::core::option::Option::Some(#counter as u64))
                    }
                    None => quote!(::core::option::Option::None),
                };
                quote!(__cx.looped(#node, #round);)
            }
            OpKind::Count(var, max, name) => {
                let span = here(syn::spanned::Spanned::span(max));
                let (rounds, max) = (names.of(*var), self.expr(max));
                let max = quote_spanned!(span=> (#max) as u64);
                quote!(__cx.count_round(&mut #rounds, #max, #name).await;)
            }
        }
    }

    fn term(&mut self, id: BlockId, block: &'r Block, names: &mut Names<'r>) -> TokenStream {
        let region = self.region;
        let live_in = |block: BlockId| -> BTreeSet<VarId> { region.blocks[block].live_in.iter().copied().collect() };
        match &block.term {
            Term::Open => TokenStream::new(),
            Term::Goto(next) => self.goto(id, *next, names, None),
            Term::Step { call, bind, next } => {
                let value = self.step(call);
                let bound = self.bind(bind, &block.term_effect.defs, &value, &live_in(*next), names);
                let next = self.goto(id, *next, names, None);
                quote!(#bound #next)
            }
            Term::Ask { call, next } => {
                let mut asked = call.expr.clone();
                self.returns(&mut asked);
                let span = here(call.await_span);
                let index = call_at(call.index, span);
                let (cx, w) = (Ident::new("__cx", span), Ident::new("__w", span));
                let ask = quote_spanned!(span=> #index.ask(#cx, &mut #w, #asked););
                self.goto(id, *next, names, Some(ask))
            }
            Term::Fork { fork, bind, next } => {
                let value = self.fork(fork, names);
                let bound = self.bind(bind, &block.term_effect.defs, &value, &live_in(*next), names);
                let name = &fork.name;
                let next = self.goto(id, *next, names, Some(quote!(__w.forget(#name);)));
                quote!(#bound #next)
            }
            Term::If { cond, then, other } => {
                let mut inside = names.clone();
                let needed = live_in(*then);
                let (cond, hides) = self.condition(cond, &block.term_effect.defs, &needed, &mut inside);
                let then = self.goto(id, *then, &mut inside, None);
                let other = self.goto(id, *other, &mut names.clone(), None);
                let (yes, no) = (self.chose(id, "yes"), self.chose(id, "no"));
                quote!(if #cond { #hides #yes #then } else { #no #other })
            }
            Term::Match { on, arms } => {
                let scrutinee = self.expr(on);
                let choices = graph::choices(region, on, arms).unwrap_or_default();
                let mut choices = choices.iter().map(String::as_str);
                let arms = arms.iter().map(|arm| {
                    let chose = choices.next().and_then(|choice| self.chose(id, choice));
                    self.match_arm(id, block, on, arm, chose, names)
                });
                let arms: Vec<TokenStream> = arms.collect();
                quote!(match #scrutinee { #(#arms)* })
            }
            Term::Last(call) => {
                let value = self.step(call);
                let value = self.entry.finish_call(region, here(call.span), &value);
                quote!(return #value;)
            }
            Term::Return(value) => {
                let value = self.expr(value);
                let value = self.entry.finish(&value);
                quote!(return #value;)
            }
            Term::Diverge(value) => {
                let value = self.expr(value);
                quote!(#value)
            }
        }
    }

    /// `__cx.chose(3, "yes");`
    fn chose(&self, block: BlockId, choice: &str) -> Option<TokenStream> {
        let node = self.graph.choice_at(self.region, block)?;
        Some(quote!(__cx.chose(#node, #choice);))
    }

    /// Goes on at a block: inside the same code, or through its point. `first` is emitted between opening the checkpoint
    /// and writing it.
    pub(super) fn goto(
        &mut self,
        from: BlockId,
        to: BlockId,
        names: &mut Names<'r>,
        first: Option<TokenStream>,
    ) -> TokenStream {
        let block = &self.region.blocks[to];
        if block.kind == Kind::Inline {
            let enter = names.enter(block);
            let body = self.block(to, names);
            return quote!(#enter #body);
        }
        let slot = self.slot(to);
        let values: Vec<Ident> = block.live_in.iter().map(|var| self.mention(*var, names)).collect();
        let live = tuple(&values);
        if !block.kind.is_saved() {
            let changed = if self.region.flags.is_empty() { quote!(0) } else { quote!(__changed) };
            return quote!(return #slot.jump(#changed, #live););
        }
        let (dirty, clean) = (live::dirty_after(self.region, from), live::clean_after(self.region, from));
        let mut saves = TokenStream::new();
        for (var, value) in block.live_in.iter().zip(&values).filter(|(var, _)| dirty.contains(var)) {
            let (saver, value) = (self.saver(*var), quote_spanned!(value.span()=> &#value));
            let save = quote!(#saver.put(#value, &mut __w););
            saves.extend(match self.region.flags.get(var) {
                Some(bit) if clean.contains(var) => {
                    let bit = 1_u64 << bit;
                    quote!(if __changed & #bit != 0 { #save })
                }
                _ => save,
            });
        }
        quote! {
            let mut __w = __cx.writer();
            #first
            #saves
            return #slot.save(__cx, __w, #live);
        }
    }

    /// A binding that is handed over, mentioned where the user mentions it last: that is what errors should point at.
    fn mention(&self, var: VarId, names: &Names<'r>) -> Ident {
        let mut name = names.of(var);
        if let Some((_, span)) = self.region.mentions.iter().rev().find(|(known, _)| *known == var) {
            name.set_span(span.resolved_at(name.span()));
        }
        name
    }

    /// `Awaited(research(&topic)).drive_step(cx, c0).await?`
    fn step(&mut self, call: &Call) -> TokenStream {
        let mut expr = call.expr.clone();
        self.returns(&mut expr);
        let span = here(call.await_span);
        let (index, cx, rules) = (call_at(call.index, span), Ident::new("__cx", span), call.policy.rules());
        self.after(&call.after, quote_spanned!(span=> __flow::Awaited(#expr) #rules .drive_step(#cx, #index).await))
    }

    /// The methods and the `?` that belong to a suspension point.
    pub(super) fn after(&self, after: &After, value: TokenStream) -> TokenStream {
        struct Awaited(Option<TokenStream>);
        impl VisitMut for Awaited {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                if matches!(expr, Expr::Path(path) if path.path.is_ident("__awaited"))
                    && let Some(value) = self.0.take()
                {
                    *expr = Expr::Verbatim(value);
                    return;
                }
                visit_mut::visit_expr_mut(self, expr);
            }
        }
        let tried = after.tried.map(|span| quote_spanned!(span=> ?));
        match &after.chain {
            None => quote!(#value #tried),
            Some(chain) => {
                let mut chain = chain.clone();
                self.returns(&mut chain);
                Awaited(Some(value)).visit_expr_mut(&mut chain);
                quote!(#chain #tried)
            }
        }
    }

    fn bind(
        &mut self,
        bind: &Bind,
        defs: &BTreeSet<VarId>,
        value: &TokenStream,
        needed: &BTreeSet<VarId>,
        names: &mut Names<'r>,
    ) -> TokenStream {
        match bind {
            Bind::Discard => quote!(#value;),
            Bind::Let(pat, ty) => {
                let (pat, after) = names.define(pat, defs, needed);
                let ty = ty.as_ref().map(|ty| quote!(: #ty));
                quote!(let #pat #ty = #value; #after)
            }
            Bind::Place(place) => {
                let place = self.expr(place);
                quote!(#place = #value;)
            }
            Bind::Var(var) => self.assign(*var, value, needed, names),
        }
    }

    fn assign(
        &mut self,
        var: VarId,
        value: &TokenStream,
        needed: &BTreeSet<VarId>,
        names: &mut Names<'r>,
    ) -> TokenStream {
        if names.is_visible(var) {
            let name = names.of(var);
            return quote!(#name = #value;);
        }
        // Nothing of its old value was needed, so it was not carried here: this is where it begins.
        self.set(var, value, needed, names)
    }

    fn set(&mut self, var: VarId, value: &TokenStream, needed: &BTreeSet<VarId>, names: &mut Names<'r>) -> TokenStream {
        let info = &self.region.vars[var];
        let pat = Pat::Ident(PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: info.mutable.then(|| syn::Token![mut](Span::call_site())),
            ident: info.name.clone(),
            subpat: None,
        });
        let (pat, after) = names.define(&pat, &BTreeSet::from([var]), needed);
        let ty: Option<&Type> = info.ty.as_ref();
        let ty = ty.map(|ty| quote!(: #ty));
        quote!(let #pat #ty = #value; #after)
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> TokenStream {
        let mut expr = expr.clone();
        self.returns(&mut expr);
        expr.into_token_stream()
    }

    /// `return value` in glue ends the workflow or branch.
    pub(super) fn returns(&self, expr: &mut Expr) {
        struct Returns<'e>(&'e Entry);
        impl VisitMut for Returns<'_> {
            fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
            fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
            fn visit_item_mut(&mut self, _: &mut Item) {}
            fn visit_expr_return_mut(&mut self, ret: &mut ExprReturn) {
                visit_mut::visit_expr_return_mut(self, ret);
                let value = ret.expr.take().map_or_else(|| quote!(()), ToTokens::into_token_stream);
                ret.expr = Some(Box::new(Expr::Verbatim(self.0.finish(&value))));
            }
        }
        Returns(self.entry).visit_expr_mut(expr);
    }
}

/// What lives at a point, as one tuple. Traits are implemented for tuples up to a length; what is longer is a tuple of two.
fn tuple(live: &[impl ToTokens]) -> TokenStream {
    const LONGEST: usize = 16;
    if live.len() <= LONGEST {
        return quote!((#(#live,)*));
    }
    let (left, right) = live.split_at(live.len() / 2);
    let (left, right) = (tuple(left), tuple(right));
    quote!(__flow::Both(#left, #right))
}
