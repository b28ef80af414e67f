//! Statements without blocks, and which kind comes next.

use super::{
    Generator,
    program::{Block, Expr, Stmt, Ty},
};

impl Generator {
    /// Adds one statement, sometimes two that belong together.
    pub(super) fn statement(&mut self, out: &mut Vec<Stmt>) {
        self.left = self.left.saturating_sub(1);
        let deep = self.depth >= 4;
        match self.prng.below(if deep { 55 } else { 100 }) {
            0..12 => self.bind(out),
            12..26 => {
                let ty = self.ty();
                let value = self.awaited(ty);
                self.bind_to(out, ty, Expr::Code(value));
            }
            26..38 => self.change(out),
            38..43 => self.assign(out),
            43..48 => self.consume_and_refill(out),
            48..51 => {
                let text = self.text();
                match self.returns {
                    None => out.push(code(format!("log.push({text})"))),
                    Some(_) => self.bind_to(out, Ty::Text, Expr::Code(text)),
                }
            }
            51..55 => {
                let call = self.call(Ty::Num);
                let what = if self.prng.chance(30) {
                    format!("sleep(seconds({})).await", 2 + self.prng.below(4))
                } else if self.prng.chance(50) {
                    "tell(\"x\").await".to_owned()
                } else {
                    format!("{call}.await?")
                };
                out.push(code(what));
            }
            _ => self.control(out),
        }
    }

    fn bind(&mut self, out: &mut Vec<Stmt>) {
        let ty = self.ty();
        let value = self.glue(ty);
        self.bind_to(out, ty, Expr::Code(value));
    }

    /// `let x = value;`, or a pattern where there is one.
    pub(super) fn bind_to(&mut self, out: &mut Vec<Stmt>, ty: Ty, value: Expr) {
        if ty == Ty::Pair && self.prng.chance(50) {
            let (first, second) = self.two_names();
            let mutable = self.prng.chance(40);
            let mutability = if mutable { "mut " } else { "" };
            out.push(Stmt::Let(format!("({mutability}{first}, {second})"), value));
            self.scope.define(&first, Ty::Num, mutable);
            self.scope.define(&second, Ty::Text, false);
            return;
        }
        let (name, mutable) = (self.name(), self.prng.chance(55));
        out.push(Stmt::Let(format!("{}{name}", if mutable { "mut " } else { "" }), value));
        self.scope.define(&name, ty, mutable);
    }

    pub(super) fn two_names(&mut self) -> (String, String) {
        let first = self.name();
        loop {
            let second = self.name();
            if second != first {
                return (first, second);
            }
        }
    }

    /// Changes a binding in place.
    fn change(&mut self, out: &mut Vec<Stmt>) {
        let ty = self.ty();
        let known = self.scope.changeable(ty);
        let Some(name) = self.prng.pick(&known) else { return self.bind(out) };
        let text = match (ty, self.prng.below(3)) {
            (Ty::Num, 0) => format!("{name} = ({name} + {}) % 61", self.small()),
            (Ty::Num, 1) => format!("{name} += {}.await?", self.call(Ty::Num)),
            (Ty::Num, _) => format!("{name} += 1"),
            (Ty::Text, 0) => format!("{name}.push('z')"),
            (Ty::Text, 1) => format!("{name}.clear()"),
            (Ty::Text, _) => format!("{name} += \"y\""),
            (Ty::List, 0) => format!("{name}.push({})", self.small()),
            (Ty::List, 1) => format!("{name}.retain(|n| n % 2 == 0)"),
            (Ty::List, _) => format!("{name}.iter_mut().for_each(|n| *n += 1)"),
            (Ty::Maybe, 0) => format!("let _ = {name}.take()"),
            (Ty::Maybe, 1) => format!("if let Some(inside) = &mut {name} {{ *inside += 1 }}"),
            (Ty::Maybe, _) => format!("{name} = {name}.or(Some(1))"),
            (Ty::Pair, 0) => format!("{name}.0 += 1"),
            (Ty::Pair, 1) => format!("{name}.0 = {}.await?", self.call(Ty::Num)),
            (Ty::Pair, _) => format!("{name}.1 = {}.await?", self.call(Ty::Text)),
            (Ty::Shape, 0) => format!("if let Shape::Line(inside) = &mut {name} {{ *inside += 1 }}"),
            (Ty::Shape, _) => format!("{name} = Shape::Line({})", self.small()),
        };
        out.push(code(text));
    }

    /// Assigns to a binding, also to one whose value is gone.
    fn assign(&mut self, out: &mut Vec<Stmt>) {
        let ty = self.ty();
        let known = self.scope.assignable(ty);
        let Some(name) = self.prng.pick(&known) else { return self.bind(out) };
        let other = self.scope.changeable(ty).into_iter().find(|other| *other != name);
        if let Some(other) = other
            && self.scope.of(ty).contains(&name)
            && self.prng.chance(30)
        {
            let (a, b) = match ty {
                Ty::Num | Ty::Maybe => (other.clone(), name.clone()),
                _ => (format!("{other}.clone()"), format!("{name}.clone()")),
            };
            out.push(code(format!("({name}, {other}) = ({a}, {b})")));
            return;
        }
        let value = match self.prng.below(4) {
            0 => Expr::Code(self.glue(ty)),
            1 if self.depth < 4 => self.valued(ty),
            _ => Expr::Code(self.awaited(ty)),
        };
        self.scope.assigned(&name);
        out.push(Stmt::Assign(name, value));
    }

    /// `let n = consume(d).await?; d = describe(&n).await?;`
    fn consume_and_refill(&mut self, out: &mut Vec<Stmt>) {
        let known = self.scope.changeable(Ty::Text);
        let Some(name) = self.prng.pick(&known) else { return self.bind(out) };
        let used = self.fresh("used");
        out.push(Stmt::Let(used.clone(), Expr::Code(format!("consume({name}).await?"))));
        out.push(code(format!("{name} = describe(&{used}).await?")));
    }

    /// What a program ends with: a text that shows everything.
    pub(super) fn tail(&mut self, block: &mut Block) {
        let shown: Vec<String> = self.scope.all().iter().map(|name| format!("{{{name}:?}}")).collect();
        let shown = format!("format!(\"{{log:?}} {}\")", shown.join(" "));
        let value = match self.prng.below(6) {
            0 => {
                let cond = self.cond();
                let then =
                    Block { stmts: Vec::new(), value: Some(Box::new(Expr::Code("describe(&seed).await".to_owned()))) };
                let other = Block { stmts: Vec::new(), value: Some(Box::new(Expr::Code(format!("Ok({shown})")))) };
                Expr::If(cond, then, Some(other))
            }
            1 => {
                block.stmts.push(Stmt::Let("shown".to_owned(), Expr::Code(shown)));
                Expr::Code("same(shown).await".to_owned())
            }
            2 => {
                block.stmts.push(Stmt::Let("shown".to_owned(), Expr::Code(shown)));
                Expr::Code("Ok(same(shown).await? + \".\")".to_owned())
            }
            _ => Expr::Code(format!("Ok({shown})")),
        };
        block.value = Some(Box::new(value));
    }
}

/// A statement of glue.
pub(super) fn code(text: String) -> Stmt {
    Stmt::Expr(Expr::Code(text))
}
