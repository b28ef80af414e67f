//! Control flow: branches, loops, jumps, forks.

use super::{
    Around, Generator,
    program::{Block, Branch, Expr, Stmt, Ty},
    statements::code,
};

impl Generator {
    /// A block of a few statements.
    fn block(&mut self, value: Option<Ty>, first: impl FnOnce(&mut Self, &mut Vec<Stmt>)) -> Block {
        let mark = self.scope.begin();
        self.depth += 1;
        let mut block = Block::default();
        first(self, &mut block.stmts);
        for _ in 0..1 + self.prng.below(3) {
            if self.left > 0 {
                self.statement(&mut block.stmts);
            }
        }
        if block.stmts.is_empty() {
            // So that the way the program took shows.
            let place = self.fresh("at ");
            block.stmts.push(code(match self.returns {
                None => format!("log.push(\"{place}\".to_string())"),
                Some(_) => format!("tell(\"{place}\").await"),
            }));
        }
        block.value = value.map(|ty| {
            let value = match self.prng.chance(40) {
                true => self.awaited(ty),
                false => self.glue(ty),
            };
            Box::new(Expr::Code(value))
        });
        self.depth -= 1;
        self.scope.end(&mark);
        block
    }

    fn plain_block(&mut self, value: Option<Ty>) -> Block {
        self.block(value, |_, _| {})
    }

    /// Adds one statement with blocks.
    pub(super) fn control(&mut self, out: &mut Vec<Stmt>) {
        match self.prng.below(100) {
            0..14 => {
                let branch = self.branch(None);
                out.push(Stmt::Expr(branch));
            }
            14..26 => {
                let matched = self.matched(None);
                out.push(Stmt::Expr(matched));
            }
            26..44 => self.looped(out),
            44..62 => self.fork(out),
            62..76 => {
                let ty = self.ty();
                let value = self.valued(ty);
                self.bind_to(out, ty, value);
            }
            76..84 => self.let_else(out),
            84..88 => {
                let block = self.plain_block(None);
                out.push(Stmt::Expr(Expr::Block(None, block)));
            }
            88..92 => self.glue_loop(out),
            _ => {
                let cond = self.cond();
                let jump = self.leaving();
                out.push(Stmt::Expr(Expr::If(cond, jump, None)));
            }
        }
    }

    /// An expression with blocks that has a value.
    pub(super) fn valued(&mut self, ty: Ty) -> Expr {
        if ty == Ty::Pair && self.fork_depth < 2 && self.prng.chance(60) {
            let could_fail = std::mem::replace(&mut self.branch_may_fail, false);
            let branches = vec![self.fork_branch(Ty::Num), self.fork_branch(Ty::Text)];
            self.branch_may_fail = could_fail;
            return Expr::Fork(branches, true);
        }
        match self.prng.below(6) {
            0 => Expr::Block(None, self.plain_block(Some(ty))),
            1 => self.branch(Some(ty)),
            2 => self.matched(Some(ty)),
            3 => {
                let label = self.fresh("block");
                // A jump may come between a move and the assignment after it.
                let length = self.scope.len();
                let loop_from = std::mem::replace(&mut self.scope.loop_from, length);
                self.around.push(Around { label: label.clone(), is_loop: false, value: Some(ty) });
                let block = self.block(Some(ty), |this, out| {
                    let cond = this.cond();
                    let value = this.glue(ty);
                    let jump = Stmt::Jump(format!("break '{}", label), Some(Expr::Code(value)));
                    out.push(Stmt::Expr(Expr::If(cond, Block { stmts: vec![jump], value: None }, None)));
                });
                self.around.pop();
                self.scope.loop_from = loop_from;
                Expr::Block(Some(label), block)
            }
            4 if self.loop_depth < 2 => {
                let counter = self.fresh("k");
                let start = Stmt::Let(format!("mut {counter}"), Expr::Code("0u64".to_owned()));
                let mark = self.scope.begin();
                self.scope.define_counter(&counter);
                let looped = self.counted_loop(&counter, Some(ty));
                self.scope.end(&mark);
                Expr::Block(None, Block { stmts: vec![start], value: Some(Box::new(looped)) })
            }
            _ => Expr::Code(self.awaited(ty)),
        }
    }

    /// `if … { … } else { … }`
    fn branch(&mut self, value: Option<Ty>) -> Expr {
        let mark = self.scope.begin();
        let (cond, bound) = match self.prng.below(5) {
            0 => {
                let (name, on) = (self.name(), self.call(Ty::Maybe));
                (format!("let Some({name}) = {on}.await?"), Some(name))
            }
            1 => {
                let (name, on) = (self.name(), self.call(Ty::Maybe));
                let (of, glue) = (2 + self.prng.below(3), self.glue_cond_after(&name));
                (format!("let Some({name}) = {on}.await? && {glue} && is({name}, {of}).await?"), Some(name))
            }
            2 => match self.prng.pick(&self.scope.of(Ty::Maybe)) {
                Some(on) if self.prng.chance(50) => {
                    let name = self.name();
                    (format!("let Some({name}) = {on}"), Some(name))
                }
                Some(on) => {
                    let name = self.fresh("some");
                    (format!("let Some({name}) = {on} && {name} > {}", self.prng.below(6)), Some(name))
                }
                None => (self.cond(), None),
            },
            _ => (self.cond(), None),
        };
        let inner = self.scope.begin();
        if let Some(name) = &bound {
            self.scope.define(name, Ty::Num, false);
        }
        let then = self.plain_block(value);
        self.scope.end(&inner);
        let other = (value.is_some() || self.prng.chance(50)).then(|| self.plain_block(value));
        self.scope.end(&mark);
        Expr::If(cond, then, other)
    }

    /// A condition in which a new binding of this name may appear.
    fn glue_cond_after(&mut self, name: &str) -> String {
        let mark = self.scope.begin();
        self.scope.define(name, Ty::Num, false);
        let cond = self.glue_cond();
        self.scope.end(&mark);
        cond
    }

    /// `match … { … }`
    fn matched(&mut self, value: Option<Ty>) -> Expr {
        let ty = [Ty::Num, Ty::Maybe, Ty::Pair, Ty::Shape][self.prng.below(4)];
        let awaited = self.prng.chance(60);
        let on = if awaited { self.awaited(ty) } else { self.glue(ty) };
        // What is matched may borrow from a binding, which payloads must not hide then.
        let mut names: Vec<String> = Vec::new();
        for _ in 0..4 {
            let name = if awaited { self.name() } else { self.fresh("v") };
            let name = if names.contains(&name) { self.fresh("v") } else { name };
            names.push(name);
        }
        let guarded = self.fresh("g");
        let guard = format!("{guarded} % 2 == {}", self.prng.below(2));
        let other_guard = self.glue_cond();
        let [a, b, c, d] = [&names[0], &names[1], &names[2], &names[3]];
        let arms: Vec<(String, Vec<(String, Ty)>)> = match ty {
            Ty::Num => vec![
                ("0 | 3 | 5".to_owned(), vec![]),
                (format!("{guarded} if {guarded} % 3 == 1 && {other_guard}"), vec![(guarded, Ty::Num)]),
                (format!("{a} @ 10..=40"), vec![(a.clone(), Ty::Num)]),
                (b.clone(), vec![(b.clone(), Ty::Num)]),
            ],
            Ty::Maybe => vec![
                (format!("Some({guarded}) if {guard}"), vec![(guarded, Ty::Num)]),
                (format!("Some({a})"), vec![(a.clone(), Ty::Num)]),
                ("None".to_owned(), vec![]),
            ],
            Ty::Pair => vec![
                (format!("({guarded}, _) if {guard}"), vec![(guarded, Ty::Num)]),
                (format!("({a}, {b})"), vec![(a.clone(), Ty::Num), (b.clone(), Ty::Text)]),
            ],
            _ => vec![
                ("Shape::Dot".to_owned(), vec![]),
                (format!("Shape::Line({guarded}) if {guard}"), vec![(guarded, Ty::Num)]),
                (format!("Shape::Line({a})"), vec![(a.clone(), Ty::Num)]),
                (format!("Shape::Area {{ w: {b}, h: {c} }}"), vec![(b.clone(), Ty::Num), (c.clone(), Ty::Num)]),
                (format!("Shape::Named(mut {d})"), vec![(d.clone(), Ty::Text)]),
            ],
        };
        let arms = arms.into_iter().map(|(pat, bound)| {
            let mark = self.scope.begin();
            for (name, ty) in &bound {
                self.scope.define(name, *ty, *ty == Ty::Text && pat.contains("mut"));
            }
            let body = self.plain_block(value);
            self.scope.end(&mark);
            (pat, body)
        });
        let arms = arms.collect();
        let on = if on.starts_with("Shape::Area") { format!("({on})") } else { on };
        Expr::Match(Box::new(Expr::Code(on)), arms)
    }

    /// A loop that ends.
    fn looped(&mut self, out: &mut Vec<Stmt>) {
        if self.loop_depth >= 2 {
            return self.statement(out);
        }
        match self.prng.below(5) {
            0..2 => {
                let over = match self.prng.below(6) {
                    0 => format!("0..{}u64", 1 + self.prng.below(3)),
                    1 => format!("{} % 3..=3", self.small()),
                    2 => format!("list({} % 4).await?", self.small()),
                    3 => format!("{}.into_iter().take(3).rev()", self.glue(Ty::List)),
                    4 => format!("{}.into_iter().take(3)", self.glue(Ty::List)),
                    _ => format!("vec![{}, 2]", self.small()),
                };
                let (name, label) = (self.name(), self.fresh("l"));
                let item = name.clone();
                let body = self.in_loop(&label, None, |this| {
                    let mark = this.scope.begin();
                    this.scope.define(&item, Ty::Num, false);
                    let body = this.plain_block(None);
                    this.scope.end(&mark);
                    body
                });
                out.push(Stmt::Expr(Expr::For { label: Some(label), pat: name, over, body }));
            }
            2 => {
                let (counter, label) = (self.fresh("k"), self.fresh("l"));
                out.push(Stmt::Let(format!("mut {counter}"), Expr::Code("0u64".to_owned())));
                self.scope.define_counter(&counter);
                let end = 1 + self.prng.below(3);
                let body = self.in_loop(&label, None, |this| this.counting(&counter, |_, _| {}));
                let cond = format!("{counter} < {end}");
                out.push(Stmt::Expr(Expr::While { label: Some(label), cond, body }));
            }
            3 => {
                let (counter, label, name) = (self.fresh("k"), self.fresh("l"), self.name());
                out.push(Stmt::Let(format!("mut {counter}"), Expr::Code("0u64".to_owned())));
                self.scope.define_counter(&counter);
                let end = 1 + self.prng.below(3);
                let item = name.clone();
                let body = self.in_loop(&label, None, |this| {
                    let mark = this.scope.begin();
                    this.scope.define(&item, Ty::Num, false);
                    let body = this.counting(&counter, |_, _| {});
                    this.scope.end(&mark);
                    body
                });
                let cond = format!("let Some({name}) = below({counter}, {end}).await?");
                out.push(Stmt::Expr(Expr::While { label: Some(label), cond, body }));
            }
            _ => {
                let counter = self.fresh("k");
                out.push(Stmt::Let(format!("mut {counter}"), Expr::Code("0u64".to_owned())));
                self.scope.define_counter(&counter);
                let looped = self.counted_loop(&counter, None);
                out.push(Stmt::Expr(looped));
            }
        }
    }

    /// `for x in list.iter() { if … { continue 'outer; } … }`
    fn glue_loop(&mut self, out: &mut Vec<Stmt>) {
        let Some(list) = self.prng.pick(&self.scope.of(Ty::List)) else { return self.statement(out) };
        let (name, target) = (self.fresh("r"), self.prng.below(self.around.len() + 2));
        let jump = match self.around.get(target) {
            Some(Around { label, is_loop: true, value }) if value.is_some() || self.prng.chance(50) => {
                format!("continue '{label}")
            }
            Some(Around { label, value: None, .. }) => format!("break '{label}"),
            _ => "break".to_owned(),
        };
        let (cond, counts) = (self.glue_cond(), self.scope.changeable(Ty::Num));
        let count = match self.prng.pick(&counts) {
            Some(count) => format!("{count} = ({count} + *{name}) % 71; "),
            None => String::new(),
        };
        let of = 2 + self.prng.below(3);
        out.push(code(format!(
            "for {name} in {list}.iter() {{ if *{name} % {of} == 1 && {cond} {{ {jump}; }} {count}}}"
        )));
    }

    fn in_loop(&mut self, label: &str, value: Option<Ty>, body: impl FnOnce(&mut Self) -> Block) -> Block {
        let length = self.scope.len();
        let before = std::mem::replace(&mut self.scope.loop_from, length);
        self.loop_depth += 1;
        self.around.push(Around { label: label.to_owned(), is_loop: true, value });
        let body = body(self);
        self.around.pop();
        self.loop_depth -= 1;
        self.scope.loop_from = before;
        body
    }

    /// A body that counts first, so that `continue` cannot keep it from ending.
    fn counting(&mut self, counter: &str, next: impl FnOnce(&mut Self, &mut Vec<Stmt>)) -> Block {
        let count = code(format!("{counter} += 1"));
        self.block(None, |this, out| {
            out.push(count);
            next(this, out);
        })
    }

    /// `'l: loop { k += 1; if k > 3 { break value; } … }`
    fn counted_loop(&mut self, counter: &str, value: Option<Ty>) -> Expr {
        let (label, end) = (self.fresh("l"), 1 + self.prng.below(3));
        let body = self.in_loop(&label, value, |this| {
            this.counting(counter, |this, out| {
                let value = value.map(|ty| Expr::Code(this.glue(ty)));
                let jump = Block { stmts: vec![Stmt::Jump("break".to_owned(), value)], value: None };
                out.push(Stmt::Expr(Expr::If(format!("{counter} > {end}"), jump, None)));
            })
        });
        Expr::Loop { label: Some(label), body }
    }

    /// A block that ends with a jump.
    fn leaving(&mut self) -> Block {
        let mark = self.scope.begin();
        let mut stmts = Vec::new();
        if self.prng.chance(40) && self.left > 0 && self.depth < 4 {
            self.depth += 1;
            self.statement(&mut stmts);
            self.depth -= 1;
        }
        let jump = self.jump();
        stmts.push(jump);
        self.scope.end(&mark);
        Block { stmts, value: None }
    }

    fn jump(&mut self) -> Stmt {
        if !self.around.is_empty() && self.prng.chance(80) {
            let target = self.prng.below(self.around.len());
            let Around { label, is_loop, value } = &self.around[target];
            let (label, is_loop, value) = (label.clone(), *is_loop, *value);
            let innermost = target + 1 == self.around.len() && is_loop;
            let label = if innermost && self.prng.chance(50) { String::new() } else { format!(" '{label}") };
            if is_loop && self.prng.chance(50) {
                return Stmt::Jump(format!("continue{label}"), None);
            }
            let value = value.map(|ty| Expr::Code(if self.prng.chance(30) { self.awaited(ty) } else { self.glue(ty) }));
            return Stmt::Jump(format!("break{label}"), value);
        }
        let fails = self.returns.is_none() && self.may_fail() && self.prng.chance(50);
        let result = match self.returns {
            None if fails => format!("Err(Error({}))", self.text()),
            None if self.prng.chance(30) => format!("{}.await", self.call(Ty::Text)),
            None => format!("Ok({})", self.text()),
            Some(ty) if self.prng.chance(30) => format!("{}.await", self.call(ty)),
            Some(ty) => format!("Ok({})", self.glue(ty)),
        };
        Stmt::Jump("return".to_owned(), Some(Expr::Code(result)))
    }

    /// `let Some(x) = … else { … };`
    fn let_else(&mut self, out: &mut Vec<Stmt>) {
        let on = match self.prng.chance(50) {
            true => format!("{}.await?", self.call(Ty::Maybe)),
            false => self.glue(Ty::Maybe),
        };
        let other = self.leaving();
        let (name, mutable) = (self.name(), self.prng.chance(40));
        out.push(Stmt::LetElse(format!("Some({}{name})", if mutable { "mut " } else { "" }), on, other));
        self.scope.define(&name, Ty::Num, mutable);
    }

    /// `let (a, b) = parallel!(…)?;`, or a `match` on its `Result`.
    fn fork(&mut self, out: &mut Vec<Stmt>) {
        if self.fork_depth >= 2 {
            return self.statement(out);
        }
        if self.prng.chance(35) {
            let list = self.fan_out();
            return self.bind_to(out, Ty::List, Expr::Code(list));
        }
        let count = 2 + usize::from(self.prng.chance(25));
        let types: Vec<Ty> = (0..count).map(|_| self.ty()).collect();
        let failing = self.prng.below(count);
        let could_fail = self.branch_may_fail;
        let mut branches = Vec::new();
        for (position, ty) in types.iter().enumerate() {
            self.branch_may_fail = could_fail && position == failing;
            branches.push(self.fork_branch(*ty));
        }
        self.branch_may_fail = could_fail;
        let mut names: Vec<String> = Vec::new();
        while names.len() < count {
            let name = self.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if self.prng.chance(25) && self.depth < 4 {
            let mark = self.scope.begin();
            for (name, ty) in names.iter().zip(&types) {
                self.scope.define(name, *ty, false);
            }
            let good = self.plain_block(None);
            self.scope.end(&mark);
            let error = self.fresh("error");
            let bad = self.block(None, |_, out| out.push(code(format!("tell(&{error}.0).await"))));
            let arms = vec![(format!("Ok(({}))", names.join(", ")), good), (format!("Err({error})"), bad)];
            out.push(Stmt::Expr(Expr::Match(Box::new(Expr::Fork(branches, false)), arms)));
            return;
        }
        let mutable: Vec<bool> = names.iter().map(|_| self.prng.chance(40)).collect();
        let pats: Vec<String> = names
            .iter()
            .zip(&mutable)
            .map(|(name, mutable)| format!("{}{name}", if *mutable { "mut " } else { "" }))
            .collect();
        out.push(Stmt::Let(format!("({})", pats.join(", ")), Expr::Fork(branches, true)));
        for ((name, ty), mutable) in names.iter().zip(&types).zip(mutable) {
            self.scope.define(name, *ty, mutable);
        }
    }

    fn fork_branch(&mut self, ty: Ty) -> Branch {
        let from = self.scope.len();
        let (branch_from, loop_from) = (self.scope.branch_from, self.scope.loop_from);
        (self.scope.branch_from, self.scope.loop_from) = (from, from);
        let branch = if self.prng.chance(30) || self.depth >= 4 {
            Branch::Call(self.call(ty))
        } else {
            let around = std::mem::take(&mut self.around);
            let returns = self.returns.replace(ty);
            self.fork_depth += 1;
            let mut block = self.plain_block(Some(ty));
            self.fork_depth -= 1;
            self.returns = returns;
            self.around = around;
            block.value = block.value.map(|value| match *value {
                Expr::Code(value) => Box::new(Expr::Code(format!("Ok({value})"))),
                other => Box::new(other),
            });
            Branch::Async(block)
        };
        (self.scope.branch_from, self.scope.loop_from) = (branch_from, loop_from);
        branch
    }
}
