//! Every way to ask people something, each as a small workflow in plain Rust.
//!
//! ```sh
//! cargo run --example people -- list
//! cargo run --example people -- run settle-a-complaint --customer "Ann, 12345 Hill" --paid 80
//! cargo run --example people -- run two-approvals --to "the printer" --euros 300 --user ann
//! ```
//!
//! What the workflows have done, a line for each letter, is in the file `FLOW_OUTBOX`, `outbox.txt` if that is not set.

mod approvals;
mod confirm;
mod deadlines;
mod decision_tree;
mod desk;
mod everywhere;
mod failing;
mod form;
mod reviewing;
mod route;
#[cfg(test)]
mod tests;

use std::{env, path::PathBuf, sync::Arc};

use flow_runtime::{App, AppBuilder};

use crate::{
    approvals::TwoApprovals,
    confirm::{ConfirmOrCancel, ConfirmOrElse, ConfirmOrRetry, ConfirmOrSkip},
    deadlines::{NoAnswerApproves, NoAnswerAsksSomebodyElse, NoAnswerCancels, NoAnswerSkips},
    decision_tree::SettleAComplaint,
    desk::Desk,
    everywhere::{AskInBranches, AskInChildren, AskPerItem},
    failing::AskOnError,
    form::BookAJourney,
    reviewing::{ReviewALetter, ReviewEachRound, ReviewIfLong},
    route::{PickARoute, PickARouteInARoute, PickSomeReaders},
};

flow_cli::main!(register(Arc::new(Desk::with_outbox(outbox()))));

fn outbox() -> PathBuf {
    env::var_os("FLOW_OUTBOX").map_or_else(|| "outbox.txt".into(), PathBuf::from)
}

/// All workflows of this program, at one desk.
fn register(desk: Arc<Desk>) -> AppBuilder {
    App::builder()
        .register::<ConfirmOrSkip>(desk.clone())
        .register::<ConfirmOrCancel>(desk.clone())
        .register::<ConfirmOrElse>(desk.clone())
        .register::<ConfirmOrRetry>(desk.clone())
        .register::<BookAJourney>(desk.clone())
        .register::<PickARoute>(desk.clone())
        .register::<PickSomeReaders>(desk.clone())
        .register::<PickARouteInARoute>(desk.clone())
        .register::<ReviewALetter>(desk.clone())
        .register::<ReviewEachRound>(desk.clone())
        .register::<ReviewIfLong>(desk.clone())
        .register::<AskOnError>(desk.clone())
        .register::<NoAnswerCancels>(desk.clone())
        .register::<NoAnswerSkips>(desk.clone())
        .register::<NoAnswerApproves>(desk.clone())
        .register::<NoAnswerAsksSomebodyElse>(desk.clone())
        .register::<TwoApprovals>(desk.clone())
        .register::<SettleAComplaint>(desk.clone())
        .register::<AskInBranches>(desk.clone())
        .register::<AskPerItem>(desk.clone())
        .register::<AskInChildren>(desk)
}
