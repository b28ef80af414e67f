//! The syntax tree of a random program. Control flow is a tree; code without any is text.

/// The types of bindings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ty {
    /// `u64`
    Num,
    /// `String`
    Text,
    /// `Vec<u64>`
    List,
    /// `Option<u64>`
    Maybe,
    /// `(u64, String)`
    Pair,
    /// `Shape`
    Shape,
}

impl Ty {
    pub(crate) const ALL: [Ty; 6] = [Ty::Num, Ty::Text, Ty::List, Ty::Maybe, Ty::Pair, Ty::Shape];
}

/// `{ …; value }`
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) value: Option<Box<Expr>>,
}

pub(crate) enum Stmt {
    /// `let pat = value;`
    Let(String, Expr),
    /// `let pat = value else { … };`
    LetElse(String, String, Block),
    /// `place = value;`
    Assign(String, Expr),
    /// `value;`
    Expr(Expr),
    /// `break 'a value;`, `continue;`, `return value;`
    Jump(String, Option<Expr>),
}

pub(crate) enum Expr {
    Code(String),
    Block(Option<String>, Block),
    If(String, Block, Option<Block>),
    Match(Box<Expr>, Vec<(String, Block)>),
    For {
        label: Option<String>,
        pat: String,
        over: String,
        body: Block,
    },
    While {
        label: Option<String>,
        cond: String,
        body: Block,
    },
    Loop {
        label: Option<String>,
        body: Block,
    },
    /// `parallel!(…)`, with `?` or without.
    Fork(Vec<Branch>, bool),
}

pub(crate) enum Branch {
    /// The call of a step.
    Call(String),
    /// `async { … }`
    Async(Block),
}
