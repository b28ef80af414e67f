//! The graph a person can look at: suspension points and decisions, with the plain code in between left out.

use std::collections::HashMap;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Expr;

use crate::cfg::{Arm, BlockId, Call, OpKind, Region, Term, WaitsFor};

/// The nodes and edges of a workflow, in program order.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    edges: Vec<(usize, usize, String)>,
    /// By the path of a region, what its blocks are in the graph.
    places: HashMap<String, Places>,
}

/// By block, the nodes of a region.
#[derive(Default, Clone)]
struct Places {
    /// The node a block begins with, once it has been visited.
    entered: Vec<Option<usize>>,
    /// The decision at its end.
    choices: Vec<Option<usize>>,
    /// What has been done when a block is entered that goes on after a step or a fork.
    done: Vec<Option<usize>>,
}

impl Places {
    fn of(region: &Region) -> Self {
        let none = vec![None; region.blocks.len()];
        Places { entered: none.clone(), choices: none.clone(), done: none }
    }
}

struct Node {
    kind: &'static str,
    name: String,
    line: u32,
    call: Option<usize>,
}

const START: usize = 0;
const END: usize = 1;

/// The graph of a workflow's body.
pub(crate) fn build(region: &Region) -> Graph {
    let mut graph = Graph::default();
    graph.node("Start", "start".to_owned(), Span::call_site(), None);
    graph.node("End", "end".to_owned(), Span::call_site(), None);
    walk(region, &mut graph, START, END);
    graph
}

/// Adds the nodes of a region, which begins after the one node and ends at the other.
fn walk(region: &Region, graph: &mut Graph, from: usize, end: usize) {
    let mut walk = Walk { region, places: Places::of(region), end };
    walk.block(graph, 0, from, String::new());
    graph.places.insert(region.path.clone(), walk.places);
}

/// What the edges of a `match` say, and whether it is a decision of the user's.
fn arms_of(region: &Region, on: &Expr, arms: &[Arm]) -> (String, bool, Vec<String>) {
    let (each, jump) = (is_next_item(on), is_made_up(on, "__jump_"));
    let name = match (each, jump) {
        (true, _) => "for each item".to_owned(),
        (_, true) => "leave?".to_owned(),
        _ => shown(region, on),
    };
    let whens = arms.iter().map(|arm| {
        let pattern = text(&arm.pat);
        match (each, pattern.strip_prefix("::core::option::Option::Some(")) {
            (true, Some(item)) => item.trim_end_matches(')').to_owned(),
            (true, None) => "done".to_owned(),
            (false, _) if jump => if pattern == "_" { "no" } else { "yes" }.to_owned(),
            (false, _) => match &arm.guard {
                Some(guard) => format!("{pattern} if {}", text(guard)),
                None => pattern,
            },
        }
    });
    (name, !each && !jump, whens.collect())
}

/// What the arms of a `match` are called that is a decision of the user's.
pub(crate) fn choices(region: &Region, on: &Expr, arms: &[Arm]) -> Option<Vec<String>> {
    let (_, own, whens) = arms_of(region, on, arms);
    own.then_some(whens)
}

impl Graph {
    /// The node of the decision at the end of a block.
    pub(crate) fn choice_at(&self, region: &Region, block: BlockId) -> Option<u32> {
        let node = *self.places.get(&region.path)?.choices.get(block)?;
        node.and_then(|node| u32::try_from(node).ok())
    }

    /// The node a point belongs to: what has been done when a frame gets there, or what it waits at. Of a point that is never
    /// stored the first node from there on.
    pub(crate) fn point_at(&self, region: &Region, block: BlockId) -> Option<u32> {
        let done = self.places.get(&region.path).and_then(|places| *places.done.get(block)?);
        match done {
            Some(node) => u32::try_from(node).ok(),
            None => self.node_at(region, block),
        }
    }

    /// The first node from a block on.
    pub(crate) fn node_at(&self, region: &Region, mut block: BlockId) -> Option<u32> {
        let places = self.places.get(&region.path)?;
        for _ in 0..region.blocks.len() {
            match (places.entered.get(block)?, &region.blocks[block].term) {
                (Some(node), _) => return u32::try_from(*node).ok(),
                (None, Term::Goto(next) | Term::Ask { next, .. }) => block = *next,
                (None, _) => return None,
            }
        }
        None
    }

    fn node(&mut self, kind: &'static str, name: String, span: Span, call: Option<usize>) -> usize {
        self.nodes.push(Node { kind, name, line: line_of(span), call });
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, when: String) {
        let edge = (from, to, when);
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    /// The constant `name` of the runtime's `Graph` type.
    pub(crate) fn to_tokens(&self, krate: &TokenStream, name: &str) -> TokenStream {
        let nodes = self.nodes.iter().map(|Node { kind, name, line, call }| {
            let kind = syn::Ident::new(kind, Span::call_site());
            let call = match call {
                Some(call) => {
                    let call = u32::try_from(*call).unwrap_or(u32::MAX);
                    quote!(::core::option::Option::Some(#call))
                }
                None => quote!(::core::option::Option::None),
            };
            quote!(#krate::Node { kind: #krate::NodeKind::#kind, name: #name, line: #line, call: #call })
        });
        let edges = self.edges.iter().map(|(from, to, when)| {
            let id = |node: usize| u32::try_from(node).unwrap_or(u32::MAX);
            let (from, to) = (id(*from), id(*to));
            quote!(#krate::Edge { from: #from, to: #to, when: #when })
        });
        quote! {
            #krate::Graph {
                name: #name,
                nodes: &[#(#nodes),*],
                edges: &[#(#edges),*],
                calls: <Self as #krate::Workflow>::MACHINE.calls,
                points: <Self as #krate::Workflow>::MACHINE.points,
            }
        }
    }
}

struct Walk<'r> {
    region: &'r Region,
    places: Places,
    /// Where the region ends: the workflow's end, or the join of the fork.
    end: usize,
}

impl Walk<'_> {
    fn block(&mut self, graph: &mut Graph, block: BlockId, from: usize, when: String) {
        if let Some(node) = self.places.entered[block] {
            return graph.edge(from, node, when);
        }
        let (mut from, mut when) = (from, when);
        let region = self.region;
        for op in &region.blocks[block].ops {
            if let OpKind::Answer(call, _) = &op.kind {
                let kind = if call.waits_for == WaitsFor::Time { "Timer" } else { "Pause" };
                from = self.call(graph, block, kind, call, from, std::mem::take(&mut when));
            }
        }
        match &region.blocks[block].term {
            Term::Goto(next) => self.block(graph, *next, from, when),
            Term::Ask { next, .. } => self.block(graph, *next, from, when),
            Term::Step { call, next, .. } => {
                let node = self.call(graph, block, "Step", call, from, when);
                self.places.done[*next] = Some(node);
                self.block(graph, *next, node, String::new());
            }
            Term::Last(call) => {
                let node = self.call(graph, block, "Step", call, from, when);
                graph.edge(node, self.end, String::new());
            }
            Term::Fork { fork, next, .. } => {
                let each = if fork.each.is_some() { " for each" } else { "" };
                let node = graph.node("Fork", format!("{}{each}", fork.name), fork.span, None);
                self.places.entered[block].get_or_insert(node);
                graph.edge(from, node, when);
                let join = graph.node("Join", "join".to_owned(), fork.span, None);
                for branch in &fork.branches {
                    walk(branch, graph, node, join);
                }
                self.places.done[*next] = Some(join);
                self.block(graph, *next, join, String::new());
            }
            Term::If { cond, then, other } => {
                let node = self.choice(graph, block, format!("{}?", shown(region, cond)), cond, from, when);
                self.block(graph, *then, node, "yes".to_owned());
                self.block(graph, *other, node, "no".to_owned());
            }
            Term::Match { on, arms } => {
                let (name, _, whens) = arms_of(region, on, arms);
                let node = self.choice(graph, block, name, on, from, when);
                for (arm, when) in arms.iter().zip(whens) {
                    self.block(graph, arm.target, node, when);
                }
            }
            Term::Return(_) | Term::Open => graph.edge(from, self.end, when),
            Term::Diverge(_) => {}
        }
    }

    fn call(
        &mut self,
        graph: &mut Graph,
        block: BlockId,
        kind: &'static str,
        call: &Call,
        from: usize,
        when: String,
    ) -> usize {
        let node = graph.node(kind, call.name.clone(), call.span, Some(call.index));
        self.places.entered[block].get_or_insert(node);
        graph.edge(from, node, when);
        node
    }

    fn choice(
        &mut self,
        graph: &mut Graph,
        block: BlockId,
        name: String,
        on: &Expr,
        from: usize,
        when: String,
    ) -> usize {
        let node = graph.node("Choice", name, syn::spanned::Spanned::span(on), None);
        self.places.choices[block] = Some(node);
        self.places.entered[block].get_or_insert(node);
        graph.edge(from, node, when);
        node
    }
}

/// The text of a condition or a scrutinee. A value the user gave no name is shown as what it came from.
fn shown(region: &Region, on: &Expr) -> String {
    tidy(&named(region, on.to_token_stream()).to_string())
}

/// Tokens with the names of values the user gave none.
fn named(region: &Region, tokens: TokenStream) -> TokenStream {
    let named = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            let mut inside = Group::new(group.delimiter(), named(region, group.stream()));
            inside.set_span(group.span());
            TokenTree::Group(inside)
        }
        TokenTree::Ident(ident) => {
            let made_up = region.vars.iter().find(|var| var.made_up && var.name == ident);
            let stored = made_up.map(|var| var.stored.split('#').next().unwrap_or_default());
            // What is not a name by itself stays what it is.
            let name = stored.and_then(|name| syn::parse_str::<syn::Ident>(name).ok());
            TokenTree::Ident(name.unwrap_or(ident))
        }
        token => token,
    });
    named.collect()
}

/// Whether this is what a `for` loop asks for its next item.
fn is_next_item(on: &Expr) -> bool {
    let Expr::MethodCall(call) = on else { return false };
    call.method == "advance" && (is_made_up(&call.receiver, "__items_") || is_made_up(&call.receiver, "__range_"))
}

/// Whether this is a value the macro made up, of this kind.
fn is_made_up(on: &Expr, base: &str) -> bool {
    let Expr::Path(path) = on else { return false };
    path.path.get_ident().is_some_and(|name| name.to_string().starts_with(base))
}

fn text(tokens: impl ToTokens) -> String {
    tidy(&tokens.to_token_stream().to_string())
}

/// Tokens printed with the spaces a person would write.
pub(crate) fn tidy(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in [
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" ?", "?"),
        (" [", "["),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        ("! ", "!"),
        (",)", ")"),
    ] {
        text = text.replace(from, to);
    }
    // A single `&` is a reference, a double one an `and`.
    text.replace("&& ", "\u{0}").replace("& ", "&").replace('\u{0}', "&& ")
}

/// The source line of a span; 0 outside of a compiler.
pub(crate) fn line_of(span: Span) -> u32 {
    if !proc_macro::is_available() {
        return 0;
    }
    u32::try_from(span.unwrap().start().line()).unwrap_or(0)
}
