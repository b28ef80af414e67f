//! One program in both forms.

use std::{future::Future, pin::Pin};

use flow_runtime::{AppBuilder, RunError, Workflow};
use serde_json::Value;

use crate::values::{Error, Result};

/// A future of a case.
pub type Running<T> = Pin<Box<dyn Future<Output = T>>>;

/// A program as a plain function and as a workflow, without their types.
#[derive(Clone, Copy)]
pub struct Case {
    /// The function's name.
    pub name: &'static str,
    /// Id of the workflow.
    pub workflow: &'static str,
    /// The plain function, for a seed.
    pub plain: fn(u64) -> Running<Result<String>>,
    /// The workflow in memory, for a seed.
    pub run: fn(u64) -> Running<Result<String, RunError>>,
    /// Adds the workflow to an App.
    pub register: fn(AppBuilder) -> AppBuilder,
    /// The input of a seed.
    pub input: fn(u64) -> Value,
    /// Whether which steps run depends on how far the branches beside a failing one have come.
    pub cancels: bool,
    /// Whether its result in place may be another, because nobody answers there before the time is over.
    pub waits: bool,
}

impl Case {
    /// A case whose only input is the seed.
    pub fn of<W>(plain: fn(u64) -> Running<Result<String>>, cancels: bool, waits: bool) -> Self
    where
        W: Workflow<Input = u64, Deps = (), Output = String, Error = Error>,
    {
        Case {
            name: W::NAME,
            workflow: W::ID,
            plain,
            run: |seed| Box::pin(W::run(&(), seed)),
            register: |app| app.register::<W>(()),
            input: Value::from,
            cancels,
            waits,
        }
    }
}
