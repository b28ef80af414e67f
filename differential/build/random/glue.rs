//! Expressions: glue of every type, and calls of steps and pauses.

use super::{Generator, program::Ty};

impl Generator {
    fn var(&mut self, ty: Ty) -> Option<String> {
        let known = self.scope.of(ty);
        self.prng.pick(&known)
    }

    /// Moves a binding, now and then.
    fn moved(&mut self, ty: Ty) -> Option<String> {
        if !self.prng.chance(25) {
            return None;
        }
        let known = self.scope.movable(ty);
        let name = self.prng.pick(&known)?;
        self.scope.moved(&name);
        Some(name)
    }

    /// Glue of a type.
    pub(super) fn glue(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Num => self.num(),
            Ty::Text => self.text(),
            Ty::List => self.list(),
            Ty::Maybe => self.maybe(),
            Ty::Pair => self.owned(ty).unwrap_or_else(|| {
                let (num, text) = (self.num(), self.text());
                format!("({num}, {text})")
            }),
            Ty::Shape => self.owned(ty).unwrap_or_else(|| match self.prng.below(4) {
                0 => "Shape::Dot".to_owned(),
                1 => format!("Shape::Line({})", self.num()),
                2 => {
                    let (w, h) = (self.num(), self.num());
                    format!("Shape::Area {{ w: {w}, h: {h} }}")
                }
                _ => format!("Shape::Named({})", self.text()),
            }),
        }
    }

    /// A binding, moved or cloned.
    fn owned(&mut self, ty: Ty) -> Option<String> {
        if let Some(name) = self.moved(ty) {
            return Some(name);
        }
        match self.prng.chance(50) {
            true => self.var(ty).map(|name| format!("{name}.clone()")),
            false => None,
        }
    }

    pub(super) fn num(&mut self) -> String {
        let list = self.var(Ty::List);
        match (self.prng.below(14), list) {
            (0, Some(list)) => format!("{list}.len() as u64"),
            (1, Some(list)) => format!("{list}.first().copied().unwrap_or(1)"),
            (2, Some(list)) => format!("{list}.iter().filter(|n| **n % 2 == 0).count() as u64"),
            (3, Some(list)) => format!("{list}.iter().map(|n| n + {}).sum::<u64>() % 50", self.small()),
            (4, _) => match self.var(Ty::Text) {
                Some(text) => format!("{text}.len() as u64"),
                None => self.small(),
            },
            (5, _) => match self.var(Ty::Pair) {
                Some(pair) => format!("{pair}.0"),
                None => self.small(),
            },
            (6, _) => match self.var(Ty::Maybe) {
                Some(maybe) => format!("{maybe}.unwrap_or({})", self.prng.below(9)),
                None => self.small(),
            },
            (7, _) => {
                let (a, b) = (self.small(), self.small());
                format!("({a} + {b}) % 97")
            }
            (8, _) => {
                let (a, b) = (self.small(), self.small());
                format!("(|n: u64| (n + {a}) % 89)({b})")
            }
            _ => self.small(),
        }
    }

    /// A name or a literal.
    pub(super) fn small(&mut self) -> String {
        match self.prng.chance(75) {
            true => self.var(Ty::Num).unwrap_or_else(|| "seed".to_owned()),
            false => format!("{}u64", self.prng.below(20)),
        }
    }

    /// A text that shows some bindings, one of the growing kind at most.
    pub(super) fn text(&mut self) -> String {
        if let Some(text) = self.owned(Ty::Text) {
            return text;
        }
        let num = self.small();
        let num = if num.ends_with("u64") { "seed".to_owned() } else { num };
        match (self.prng.below(4), self.var(Ty::Text), self.var(Ty::Shape), self.var(Ty::Maybe)) {
            (0, Some(text), ..) => format!("format!(\"{{{text}}}{{{num}}}\")"),
            (1, _, Some(shape), _) => format!("format!(\"{{{shape}:?}}.{{}}\", {num})"),
            (2, _, _, Some(maybe)) => format!("format!(\"{{{maybe}:?}}{{n:>3}}\", n = {num})"),
            _ => format!("{num}.to_string()"),
        }
    }

    /// A text to borrow.
    fn text_ref(&mut self) -> String {
        match self.var(Ty::Text) {
            Some(text) if self.prng.chance(70) => format!("&{text}"),
            _ => format!("&{}.to_string()", self.small()),
        }
    }

    fn list(&mut self) -> String {
        if let Some(list) = self.owned(Ty::List) {
            return list;
        }
        match (self.prng.below(3), self.var(Ty::List)) {
            (0, Some(list)) => format!("{list}.iter().map(|n| n + 1).take(4).collect::<Vec<u64>>()"),
            (1, _) => {
                let (a, b) = (self.small(), self.num());
                format!("vec![{a}, {b}]")
            }
            _ => format!("(0..{} % 4).collect::<Vec<u64>>()", self.small()),
        }
    }

    fn list_ref(&mut self) -> String {
        match self.var(Ty::List) {
            Some(list) => format!("&{list}"),
            None => format!("&[{}]", self.small()),
        }
    }

    fn maybe(&mut self) -> String {
        match (self.prng.below(5), self.var(Ty::Maybe)) {
            (0, Some(maybe)) => maybe,
            (1, Some(maybe)) => format!("{maybe}.filter(|n| n % 2 == 0)"),
            (2, Some(maybe)) => format!("{maybe}.map(|n| (n + {}) % 77)", self.small()),
            (3, _) => "None::<u64>".to_owned(),
            _ => format!("Some({})", self.num()),
        }
    }

    /// A condition without suspension points.
    pub(super) fn glue_cond(&mut self) -> String {
        match self.prng.below(7) {
            0 => match self.var(Ty::List) {
                Some(list) => format!("{list}.len() > {}", self.prng.below(4)),
                None => "seed > 3".to_owned(),
            },
            1 => match self.var(Ty::Maybe) {
                Some(maybe) => format!("{maybe}.is_some()"),
                None => "seed % 3 == 1".to_owned(),
            },
            2 => match self.var(Ty::Shape) {
                Some(shape) => format!("matches!(&{shape}, Shape::Line(_) | Shape::Named(_))"),
                None => "seed < 5".to_owned(),
            },
            3 => match self.var(Ty::Text) {
                Some(text) => format!("{text}.len() % 2 == {}", self.prng.below(2)),
                None => "seed != 2".to_owned(),
            },
            4 => {
                let (a, b) = (self.small(), self.prng.below(12));
                format!("{a} > {b}")
            }
            _ => {
                let (a, of) = (self.small(), 2 + self.prng.below(3));
                format!("{a} % {of} == {}", self.prng.below(of))
            }
        }
    }

    /// A condition.
    pub(super) fn cond(&mut self) -> String {
        match self.prng.below(8) {
            0 | 1 => format!("is({}, {}).await?", self.small(), 2 + self.prng.below(3)),
            2 => {
                let (a, b) = (self.cond(), self.glue_cond());
                format!("{a} && {b}")
            }
            3 => {
                let (a, b) = (self.glue_cond(), self.cond());
                format!("({a} || {b})")
            }
            4 => format!("!({})", self.cond()),
            _ => self.glue_cond(),
        }
    }

    /// The call of a step that returns `Result<ty, Error>` and cannot fail.
    pub(super) fn call(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Num => match self.prng.below(9) {
                6 => format!("flaky({}, {})", self.small(), self.prng.below(4)),
                7 if self.pauses && self.prng.chance(50) => format!("asking_helper({})", self.small()),
                7 => format!("helper({})", self.small()),
                8 => format!("reserve(\"r\", {})", self.num()),
                0 | 1 => {
                    let (a, b) = (self.num(), self.small());
                    format!("add({a}, {b})")
                }
                2 => format!("total({})", self.list_ref()),
                3 => format!("consume({})", self.text()),
                4 => format!("slow({})", self.small()),
                _ => format!("same({})", self.num()),
            },
            Ty::Text => match self.prng.below(3) {
                0 => {
                    let (a, b) = (self.text_ref(), self.text_ref());
                    format!("join({a}, {b})")
                }
                1 => format!("same({})", self.text()),
                _ => format!("describe(&({}))", self.num()),
            },
            Ty::List => format!("list({} % 5)", self.small()),
            Ty::Maybe => match self.prng.below(3) {
                0 => format!("first({})", self.list_ref()),
                1 => format!("below({}, 7)", self.small()),
                _ => format!("opt({})", self.num()),
            },
            Ty::Pair => format!("pair({})", self.num()),
            Ty::Shape => format!("shape({})", self.num()),
        }
    }

    /// `parallel!` or `settle!` over a list.
    pub(super) fn fan_out(&mut self) -> String {
        let (list, item) = (self.glue(Ty::List), self.fresh("item"));
        let (call, limit) = (self.call_on(&item), 1 + self.prng.below(3));
        let list = format!("{list}.into_iter().take(3)");
        match self.prng.below(3) {
            0 => format!("parallel!(for {item} in {list} {{ {call}.await }})?"),
            1 => {
                format!(
                    "parallel!(for {item} in {list} {{ let got = {call}.await?; Ok(got + {item}) }}, limit = {limit})?"
                )
            }
            _ => format!(
                "settle!(for {item} in {list} {{ let got = fail_on({item}, 2).await?; let more = {call}.await?; Ok(got + more) }}, limit = {limit}).into_iter().flatten().collect::<Vec<u64>>()"
            ),
        }
    }

    /// A call about a number.
    fn call_on(&mut self, x: &str) -> String {
        match self.prng.below(4) {
            0 => format!("flaky({x}, {})", self.prng.below(4)),
            1 => format!("helper({x})"),
            2 if self.pauses => format!("asking_helper({x})"),
            2 => format!("slow({x})"),
            _ => format!("add({x}, 3)"),
        }
    }

    /// A suspension point that gives a value of a type.
    pub(super) fn awaited(&mut self, ty: Ty) -> String {
        if self.pauses && self.prng.chance(25) {
            match ty {
                Ty::Num => return format!("pause(ask_number({})).await", self.num()),
                Ty::Text => return format!("pause(ask_text({})).await", self.text_ref()),
                Ty::Shape => {
                    let (n, text) = (self.num(), self.text_ref());
                    return format!("pause(ask_shape({n}, {text})).await");
                }
                _ => {}
            }
        }
        if self.fork_depth < 2 && self.prng.chance(15) {
            match ty {
                Ty::List => return self.fan_out(),
                Ty::Num => {
                    let (first, second) = (self.small(), self.small());
                    let first = self.call_on(&first);
                    let second = self.call_on(&second);
                    return format!("race!({first}, async {{ sleep(seconds(9000)).await; {second}.await }})?");
                }
                _ => {}
            }
        }
        let may_fail = self.may_fail();
        match (ty, self.prng.below(12)) {
            (Ty::Num, 0) if may_fail => format!("fail_on({}, 7).await?", self.num()),
            (Ty::Num, 1) if may_fail => format!("checked({}, 60).await?", self.num()),
            (Ty::Num, 2) => format!("fail_on({}, 3).await.unwrap_or(5)", self.num()),
            (Ty::Num, 3) => format!("plain({}).await", self.small()),
            (Ty::Num, 4) if may_fail => format!("twice({}, 11).await??", self.num()),
            (Ty::Num, 5) => format!("{}.await?.len() as u64", self.call(Ty::Text)),
            (Ty::Num, 6) => format!("{}.await? + {}", self.call(Ty::Num), self.prng.below(9)),
            (Ty::Maybe, 0..5) => format!("Some({}.await?)", self.call(Ty::Num)),
            (Ty::Maybe, 5) => format!("fail_on({}, 4).await.ok()", self.small()),
            (Ty::List, 0..5) => {
                let (a, b) = (self.call(Ty::Num), self.call(Ty::Num));
                format!("[{a}.await?, {b}.await?].to_vec()")
            }
            (Ty::Pair, 0..6) => {
                let (a, b) = (self.call(Ty::Num), self.call(Ty::Text));
                format!("({a}.await?, {b}.await?)")
            }
            (Ty::Shape, 0..5) => {
                let (w, h) = (self.call(Ty::Num), self.call(Ty::Num));
                format!("Shape::Area {{ w: {w}.await?, h: {h}.await? }}")
            }
            (Ty::Shape, 5) => format!("Shape::Named({}.await?)", self.call(Ty::Text)),
            _ => format!("{}.await?", self.call(ty)),
        }
    }
}
