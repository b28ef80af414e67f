//! Syntax tree → text.

use super::program::{Block, Branch, Expr, Stmt};

/// Bound of all loops: larger than any of them needs.
const BOUND: &str = "#[max(99)]";

fn tabs(depth: usize) -> String {
    "    ".repeat(depth)
}

/// The statements of a block, one a line.
pub(crate) fn lines(block: &Block, depth: usize) -> String {
    let tab = tabs(depth);
    let mut text: String = block.stmts.iter().map(|stmt| format!("{tab}{}\n", self::stmt(stmt, depth))).collect();
    if let Some(value) = &block.value {
        text += &format!("{tab}{}\n", own_line(value, depth));
    }
    text
}

fn braces(block: &Block, depth: usize) -> String {
    format!("{{\n{}{}}}", lines(block, depth + 1), tabs(depth))
}

fn stmt(stmt: &Stmt, depth: usize) -> String {
    match stmt {
        Stmt::Let(pat, value) => format!("let {pat} = {};", value_of(value, depth)),
        Stmt::LetElse(pat, value, other) => format!("let {pat} = {value} else {};", braces(other, depth)),
        Stmt::Assign(place, value) => format!("{place} = {};", value_of(value, depth)),
        Stmt::Expr(value) => {
            let text = own_line(value, depth);
            if text.ends_with('}') { text } else { text + ";" }
        }
        Stmt::Jump(jump, None) => format!("{jump};"),
        Stmt::Jump(jump, Some(value)) => format!("{jump} {};", value_of(value, depth)),
    }
}

/// An expression where a line begins: a loop has its bound above it.
fn own_line(expr: &Expr, depth: usize) -> String {
    match expr {
        Expr::Loop { .. } | Expr::While { .. } => format!("{BOUND}\n{}{}", tabs(depth), bare(expr, depth)),
        expr => bare(expr, depth),
    }
}

/// An expression in the middle of a line.
fn value_of(expr: &Expr, depth: usize) -> String {
    match expr {
        Expr::Loop { .. } | Expr::While { .. } => {
            let tab = tabs(depth + 1);
            format!("\n{tab}{BOUND}\n{tab}{}", bare(expr, depth + 1))
        }
        expr => bare(expr, depth),
    }
}

fn labelled(label: &Option<String>) -> String {
    label.as_ref().map_or_else(String::new, |label| format!("'{label}: "))
}

fn bare(expr: &Expr, depth: usize) -> String {
    let tab = tabs(depth + 1);
    match expr {
        Expr::Code(code) => code.clone(),
        Expr::Block(label, block) => format!("{}{}", labelled(label), braces(block, depth)),
        Expr::If(cond, then, None) => format!("if {cond} {}", braces(then, depth)),
        Expr::If(cond, then, Some(other)) => {
            format!("if {cond} {} else {}", braces(then, depth), braces(other, depth))
        }
        Expr::Match(on, arms) => {
            let arms: String =
                arms.iter().map(|(pat, body)| format!("{tab}{pat} => {}\n", braces(body, depth + 1))).collect();
            format!("match {} {{\n{arms}{}}}", bare(on, depth), tabs(depth))
        }
        Expr::For { label, pat, over, body } => {
            format!("{}for {pat} in {over} {}", labelled(label), braces(body, depth))
        }
        Expr::While { label, cond, body } => format!("{}while {cond} {}", labelled(label), braces(body, depth)),
        Expr::Loop { label, body } => format!("{}loop {}", labelled(label), braces(body, depth)),
        Expr::Fork(branches, tried) => {
            let branches: String = branches
                .iter()
                .map(|branch| match branch {
                    Branch::Call(call) => format!("{tab}{call},\n"),
                    Branch::Async(block) => format!("{tab}async {},\n", braces(block, depth + 1)),
                })
                .collect();
            format!("parallel!(\n{branches}{}){}", tabs(depth), if *tried { "?" } else { "" })
        }
    }
}
