//! Runs about to be started.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
};

use serde_json::Value;

use super::{
    driver::{Engine, detached},
    run::AnyRun,
};
use crate::{
    RunError,
    clock::now_ms,
    machine::{PointInfo, RunState},
    store::NewRun,
};

/// A run about to be started; see [`App::start`](crate::App::start).
#[must_use = "a run starts when this is awaited"]
pub struct StartRun<H> {
    engine: Arc<Engine>,
    what: Result<(String, String), RunError>,
    session: Option<String>,
    user: Option<String>,
    metadata: Option<Value>,
    handle: PhantomData<fn() -> H>,
}

impl<H> StartRun<H> {
    /// A run of this workflow id with this input, or why there is none.
    pub(crate) fn new(engine: Arc<Engine>, what: Result<(String, String), RunError>) -> Self {
        StartRun { engine, what, session: None, user: None, metadata: None, handle: PhantomData }
    }

    /// The session the run belongs to.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// The user on whose behalf it runs.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Anything else to be kept with it.
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

impl<H: From<AnyRun> + 'static> IntoFuture for StartRun<H> {
    type Output = Result<H, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (workflow, input) = self.what?;
            let entry = self.engine.workflow(&workflow)?.clone();
            let run = NewRun {
                id: uuid::Uuid::now_v7().to_string(),
                workflow,
                fingerprint: fingerprint(entry.points()),
                input,
                session: self.session,
                user: self.user,
                metadata: self.metadata.map(|metadata| metadata.to_string()),
                created_at: now_ms(),
                deadline: None,
            };
            detached(async move {
                let fence = self.engine.store.create(&run).await?;
                let store = Some((self.engine.store.clone(), fence));
                let state = RunState::new(run.id.clone(), entry.points(), store, Vec::new(), Vec::new());
                let driven = self.engine.spawn(&entry, state, run.input);
                Ok(AnyRun::new(self.engine, run.id, run.workflow, Some(driven)))
            })
            .await
            .map(H::from)
        })
    }
}

/// A short name for the points of a definition and what lives there: equal for definitions that can continue each other's
/// runs without a look at the types.
fn fingerprint(points: &[PointInfo]) -> String {
    // FNV-1a: stable over builds and platforms, unlike the standard library's hashers.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for point in points.iter().filter(|point| point.saved) {
        add(point.region);
        add(point.name);
        point.live.iter().for_each(|name| add(name));
    }
    format!("{hash:016x}")
}
