//! Unit tests on tokens: what a body is lowered to, what lives where, what is reported, and what is emitted.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod liveness;
mod lowering;
mod mistakes;
mod policy;
mod snapshots;

use std::fmt::Write as _;

use proc_macro2::TokenStream;
use syn::ItemFn;

use crate::{
    cfg::{Region, Term},
    check, live,
    lower::{Lower, Shared},
    parse::{Parameters, check_signature},
    report::Report,
};

/// Lowers and analyses a workflow; the messages of its mistakes if there are any.
fn analysed(tokens: TokenStream) -> Result<Region, Vec<String>> {
    let item: ItemFn = syn::parse2(tokens).expect("the test's source is a function");
    let mut report = Report::default();
    check_signature(&item, &mut report);
    let parameters = Parameters::of(&item, &mut report);
    let deps = parameters.deps.iter().map(|dep| dep.name.to_string()).collect();
    let mut shared = Shared { report, calls: Vec::new(), deps, fork_paths: Vec::new() };
    let mut lower = Lower::new(&mut shared, String::new(), Vec::new());
    for input in &parameters.inputs {
        lower.parameter(input.name.clone(), input.mutable);
    }
    let mut body = lower.body(&item.block.stmts);
    if shared.report.is_empty() {
        live::analyse(&mut body);
        check::check(&body, &mut shared.report);
    }
    if shared.report.is_empty() { Ok(body) } else { Err(shared.report.messages()) }
}

/// The points of a body, one a line: name, what lives there, what is written there. `~` stands before points that are never
/// saved, `?` after what is written only if it has changed.
fn points(tokens: TokenStream) -> String {
    let region = analysed(tokens).expect("the test's source has no mistakes");
    let mut text = String::new();
    write_points(&region, &mut text);
    text
}

fn write_points(region: &Region, text: &mut String) {
    for id in crate::expand::slots(region) {
        let block = &region.blocks[id];
        let mark = if block.kind.is_saved() { "" } else { "~" };
        let live: Vec<&str> = block.live_in.iter().map(|var| region.vars[*var].stored.as_str()).collect();
        let path = if region.path.is_empty() { String::new() } else { format!("{}: ", region.path) };
        let mut written: Vec<String> = Vec::new();
        for from in region.reachable() {
            if block.kind.is_saved() && region.successors(from).contains(&id) {
                let (dirty, clean) = (live::dirty_after(region, from), live::clean_after(region, from));
                let vars = block.live_in.iter().filter(|var| dirty.contains(var));
                written.extend(vars.map(|var| {
                    let doubt = if clean.contains(var) && region.flags.contains_key(var) { "?" } else { "" };
                    format!("{}{doubt}", region.vars[*var].stored)
                }));
            }
        }
        written.sort_unstable();
        written.dedup();
        writeln!(text, "{path}{mark}{} [{}] writes [{}]", block.name, live.join(", "), written.join(", ")).unwrap();
    }
    for id in region.reachable() {
        if let Term::Fork { fork, .. } = &region.blocks[id].term {
            fork.branches.iter().for_each(|branch| write_points(branch, text));
        }
    }
}
