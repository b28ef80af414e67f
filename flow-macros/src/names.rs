//! Which bindings a piece of code mentions and may change, and which a pattern introduces.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    BinOp, Block, Expr, ExprAssign, ExprBinary, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprMatch, ExprMethodCall,
    ExprPath, ExprReference, ExprUnary, ExprWhile, Ident, Item, Local, Macro, Pat, PatIdent, Token, UnOp,
    parse::Parser,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::cfg::{Scope, VarId};

/// The names a pattern binds, and whether they are `mut`.
pub(crate) fn bound(pattern: &Pat) -> Vec<(Ident, bool)> {
    struct Bound(Vec<(Ident, bool)>);
    impl<'a> Visit<'a> for Bound {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            // A lone upper-case name is a constant or a unit variant.
            let constant = pat.ident.to_string().starts_with(char::is_uppercase) && pat.subpat.is_none();
            if !constant && !self.0.iter().any(|(known, _)| *known == pat.ident) {
                self.0.push((pat.ident.clone(), pat.mutability.is_some()));
            }
            visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut found = Bound(Vec::new());
    found.visit_pat(pattern);
    found.0
}

/// One place where a binding is mentioned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mention {
    pub(crate) var: VarId,
    pub(crate) span: Span,
    /// Whether it may be changed there. Errs on the side of `true`.
    pub(crate) changed: bool,
}

/// Finds the mentions in what `walk` visits, in program order.
pub(crate) fn mentions(scope: &Scope, walk: impl FnOnce(&mut Mentions<'_>)) -> Vec<Mention> {
    let mut found = Mentions { scope, hidden: Vec::new(), found: Vec::new() };
    walk(&mut found);
    found.found
}

/// Visits code and knows which names in it are the code's own.
pub(crate) struct Mentions<'s> {
    scope: &'s Scope,
    hidden: Vec<String>,
    found: Vec<Mention>,
}

impl Mentions<'_> {
    fn name(&mut self, name: &str, span: Span, changed: bool) {
        if self.hidden.iter().any(|hidden| hidden == name) {
            return;
        }
        if let Some(var) = self.scope.get(name) {
            self.found.push(Mention { var: *var, span, changed });
        }
    }

    /// Names introduced inside `walk` are forgotten after it.
    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        let outside = self.hidden.len();
        walk(self);
        self.hidden.truncate(outside);
    }

    fn hide(&mut self, pattern: &Pat) {
        self.hidden.extend(bound(pattern).into_iter().map(|(name, _)| name.to_string()));
    }

    /// A place such as `x`, `x.a.b` or `x[i]` of which the root may be changed.
    fn changed_place(&mut self, place: &Expr) {
        match (root(place), place) {
            (Some(ident), _) => {
                self.name(&ident.to_string(), ident.span(), true);
                self.indices(place);
            }
            // `(a, b) = …`, `[a, b] = …`, `Pair(a, b) = …`, `Pair { a, b: c } = …`
            (None, Expr::Tuple(places)) => places.elems.iter().for_each(|place| self.changed_place(place)),
            (None, Expr::Array(places)) => places.elems.iter().for_each(|place| self.changed_place(place)),
            (None, Expr::Call(places)) => {
                self.visit_expr(&places.func);
                places.args.iter().for_each(|place| self.changed_place(place));
            }
            (None, Expr::Struct(places)) => places.fields.iter().for_each(|field| self.changed_place(&field.expr)),
            (None, place) => self.visit_expr(place),
        }
    }

    /// The index expressions of a place.
    fn indices(&mut self, place: &Expr) {
        match place {
            Expr::Index(index) => {
                self.indices(&index.expr);
                self.visit_expr(&index.index);
            }
            Expr::Field(field) => self.indices(&field.base),
            Expr::Paren(paren) => self.indices(&paren.expr),
            Expr::Unary(unary) => self.indices(&unary.expr),
            _ => {}
        }
    }

    /// Code inside a macro call: as expressions if it looks like a list of them, else name by name.
    fn macro_tokens(&mut self, tokens: &TokenStream, changes: bool) {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        let semicolons = |input: syn::parse::ParseStream<'_>| Punctuated::<Expr, Token![;]>::parse_terminated(input);
        let parsed: Option<Vec<Expr>> = if changes {
            None
        } else {
            let lists = list.parse2(tokens.clone()).map(|list| list.into_iter().collect());
            lists.or_else(|_| semicolons.parse2(tokens.clone()).map(|list| list.into_iter().collect())).ok()
        };
        match parsed {
            Some(parts) => {
                for part in &parts {
                    match part {
                        // `format!("{width}", width = x)`: the left side is an argument's name.
                        Expr::Assign(named) if matches!(*named.left, Expr::Path(_)) => self.visit_expr(&named.right),
                        part => self.visit_expr(part),
                    }
                }
                self.format_captures(tokens);
            }
            // Not to be read as expressions, so it may change anything.
            None => self.loose_tokens(tokens.clone()),
        }
    }

    /// `"{draft:?}"` mentions `draft`.
    fn format_captures(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            if let TokenTree::Literal(literal) = token {
                self.literal(&literal.to_string(), literal.span());
            }
        }
    }

    fn literal(&mut self, text: &str, span: Span) {
        if !text.ends_with(['"', '#']) {
            return;
        }
        let text = text.replace("{{", "");
        for part in text.split('{').skip(1) {
            // In `{value:>width$.precision$}` each of the three can be a name.
            let inside = part.split('}').next().unwrap_or_default();
            for name in inside.split(|c: char| !c.is_alphanumeric() && c != '_') {
                self.name(name, span, false);
            }
        }
    }

    fn loose_tokens(&mut self, tokens: TokenStream) {
        let mut previous = ' ';
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    self.loose_tokens(group.stream());
                    previous = ' ';
                }
                TokenTree::Ident(ident) => {
                    let next = match tokens.peek() {
                        Some(TokenTree::Punct(punct)) => punct.as_char(),
                        _ => ' ',
                    };
                    // Not a field, a path, a macro or a field's name in a struct literal.
                    if previous != '.' && previous != ':' && !matches!(next, ':' | '!') {
                        self.name(&ident.to_string(), ident.span(), true);
                    }
                    previous = ' ';
                }
                TokenTree::Punct(punct) => previous = punct.as_char(),
                TokenTree::Literal(literal) => {
                    self.literal(&literal.to_string(), literal.span());
                    previous = ' ';
                }
            }
        }
    }
}

/// The binding a place begins with: the `x` of `x.a[3].b` and of `*x`.
pub(crate) fn root(place: &Expr) -> Option<&Ident> {
    match place {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        Expr::Unary(ExprUnary { op: UnOp::Deref(_), expr, .. }) => root(expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        _ => None,
    }
}

/// Macros of the standard library that take their arguments by reference or by value.
fn only_reads(path: &syn::Path) -> bool {
    const READERS: [&str; 18] = [
        "format",
        "print",
        "println",
        "eprint",
        "eprintln",
        "panic",
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "vec",
        "matches",
        "unreachable",
        "todo",
        "dbg",
        "json",
    ];
    path.segments.last().is_some_and(|last| READERS.iter().any(|reader| last.ident == reader))
}

/// Whether an operator changes its left side: `+=` and its like.
pub(crate) fn changes_left(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

fn binds_by_mut_ref(pattern: &Pat) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            self.0 |= pat.by_ref.is_some() && pat.mutability.is_some();
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut found = Found(false);
    found.visit_pat(pattern);
    found.0
}

impl<'a> Visit<'a> for Mentions<'_> {
    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        match path.path.get_ident() {
            Some(ident) => self.name(&ident.to_string(), ident.span(), false),
            None => visit::visit_expr_path(self, path),
        }
    }

    fn visit_expr_reference(&mut self, reference: &'a ExprReference) {
        match reference.mutability {
            Some(_) => self.changed_place(&reference.expr),
            None => self.visit_expr(&reference.expr),
        }
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        // The method may take `&mut self`.
        self.changed_place(&call.receiver);
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_expr_assign(&mut self, assign: &'a ExprAssign) {
        self.visit_expr(&assign.right);
        self.changed_place(&assign.left);
    }

    fn visit_expr_binary(&mut self, binary: &'a ExprBinary) {
        if changes_left(&binary.op) {
            self.changed_place(&binary.left);
        } else {
            self.visit_expr(&binary.left);
        }
        self.visit_expr(&binary.right);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.macro_tokens(&call.tokens, !only_reads(&call.path));
    }

    fn visit_item(&mut self, _: &'a Item) {}

    fn visit_expr_closure(&mut self, closure: &'a ExprClosure) {
        self.scoped(|this| {
            closure.inputs.iter().for_each(|input| this.hide(input));
            this.visit_expr(&closure.body);
        });
    }

    fn visit_block(&mut self, block: &'a Block) {
        self.scoped(|this| visit::visit_block(this, block));
    }

    fn visit_local(&mut self, local: &'a Local) {
        if let Some(init) = &local.init {
            match binds_by_mut_ref(&local.pat) {
                true => self.changed_place(&init.expr),
                false => self.visit_expr(&init.expr),
            }
            if let Some((_, diverge)) = &init.diverge {
                self.visit_expr(diverge);
            }
        }
        self.hide(&local.pat);
    }

    fn visit_expr_match(&mut self, expr: &'a ExprMatch) {
        match expr.arms.iter().any(|arm| binds_by_mut_ref(&arm.pat)) {
            true => self.changed_place(&expr.expr),
            false => self.visit_expr(&expr.expr),
        }
        for arm in &expr.arms {
            self.scoped(|this| {
                this.hide(&arm.pat);
                this.visit_pat(&arm.pat);
                this.visit_expr(&arm.body);
            });
        }
    }

    fn visit_expr_if(&mut self, expr: &'a ExprIf) {
        self.scoped(|this| {
            this.visit_expr(&expr.cond);
            this.visit_block(&expr.then_branch);
        });
        if let Some((_, other)) = &expr.else_branch {
            self.visit_expr(other);
        }
    }

    fn visit_expr_while(&mut self, expr: &'a ExprWhile) {
        self.scoped(|this| {
            this.visit_expr(&expr.cond);
            this.visit_block(&expr.body);
        });
    }

    fn visit_expr_let(&mut self, expr: &'a ExprLet) {
        match binds_by_mut_ref(&expr.pat) {
            true => self.changed_place(&expr.expr),
            false => self.visit_expr(&expr.expr),
        }
        self.hide(&expr.pat);
    }

    fn visit_expr_for_loop(&mut self, expr: &'a ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.scoped(|this| {
            this.hide(&expr.pat);
            this.visit_block(&expr.body);
        });
    }
}

/// Whether a macro's tokens contain `.await`.
pub(crate) fn awaits_in_tokens(tokens: &TokenStream) -> Option<Span> {
    let mut dot = false;
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => {
                let found = awaits_in_tokens(&group.stream());
                if found.is_some() {
                    return found;
                }
                dot = false;
            }
            TokenTree::Punct(punct) => dot = punct.as_char() == '.',
            TokenTree::Ident(ident) if dot && ident == "await" => return Some(ident.span()),
            TokenTree::Ident(_) | TokenTree::Literal(_) => dot = false,
        }
    }
    None
}
