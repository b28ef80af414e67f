//! What a run changes of its session: kept until the frame moves, and written with that.

use std::sync::{Arc, Mutex};

use super::{RunState, state::is_within};
use crate::{
    JsonError,
    lock::lock,
    store::{NewRun, SessionRecord, SessionWrite, StoreError},
};

/// Changes a state, from JSON to JSON. Called again if somebody else has changed the session at the same time.
pub(crate) type Change = Box<dyn FnMut(&str) -> Result<String, JsonError> + Send>;

/// What is known of a run besides its frames.
pub(crate) struct About {
    pub(crate) session: Option<String>,
    pub(crate) user: Option<String>,
    /// As JSON.
    pub(crate) metadata: Option<String>,
    /// What frames that have ended a block have changed, and not written yet.
    changes: Mutex<Vec<(Arc<str>, Change)>>,
}

impl About {
    pub(crate) fn of(run: &NewRun) -> Self {
        let NewRun { session, user, metadata, .. } = run;
        let (session, user, metadata) = (session.clone(), user.clone(), metadata.clone());
        About { session, user, metadata, changes: Mutex::default() }
    }

    /// The same run, of which nothing has changed anything.
    pub(crate) fn again(&self) -> Self {
        let About { session, user, metadata, changes: _ } = self;
        let (session, user, metadata) = (session.clone(), user.clone(), metadata.clone());
        About { session, user, metadata, changes: Mutex::default() }
    }

    /// Keeps what a frame has changed until it moves.
    pub(super) fn keep(&self, path: &Arc<str>, changes: Vec<Change>) {
        if !changes.is_empty() {
            lock(&self.changes).extend(changes.into_iter().map(|change| (path.clone(), change)));
        }
    }

    /// What the frame of this path, and those below it, have changed.
    pub(crate) fn take(&self, path: &str) -> Vec<Change> {
        let mut changes = lock(&self.changes);
        if changes.is_empty() {
            return Vec::new();
        }
        changes.extract_if(.., |(changed, _)| is_within(changed, path)).map(|(_, change)| change).collect()
    }

    /// Applies what is not written yet.
    pub(crate) fn apply(&self, mut state: String) -> Result<String, JsonError> {
        // Outside of the lock, because a change is the user's code.
        let mut changes = std::mem::take(&mut *lock(&self.changes));
        let applied = changes.iter_mut().try_for_each(|(_, change)| {
            state = change(&state)?;
            Ok(())
        });
        lock(&self.changes).splice(..0, changes).for_each(drop);
        applied.map(|()| state)
    }
}

/// Why a session could not be written.
pub(crate) enum Unwritten {
    Store(StoreError),
    /// What is there now does not fit.
    Misfit(JsonError),
}

impl RunState {
    /// Id of the run's session: its own, if it has none with others.
    pub(crate) fn session_id(&self) -> &str {
        self.about.session.as_deref().unwrap_or(&self.id)
    }

    /// What is said of a session whose state does not fit, and why.
    pub(crate) fn misfit(&self, error: &JsonError) -> Vec<String> {
        let message = format!("the state of session `{}` is not what the workflow takes it for", self.session_id());
        vec![message, error.to_string()]
    }

    /// The session as it is stored now.
    pub(crate) async fn session(&self) -> Result<Option<SessionRecord>, StoreError> {
        match &self.store {
            Some((store, _)) => store.session(self.session_id()).await,
            None => Ok(None),
        }
    }

    /// A write of the session with these changes.
    pub(crate) async fn session_write(&self, changes: &mut [Change]) -> Result<Option<SessionWrite>, Unwritten> {
        if changes.is_empty() {
            return Ok(None);
        }
        let stored = self.session().await.map_err(Unwritten::Store)?;
        let base = stored.as_ref().map_or(0, |session| session.version);
        let mut state = stored.map_or_else(|| "null".to_owned(), |session| session.state);
        for change in changes {
            state = change(&state).map_err(Unwritten::Misfit)?;
        }
        let (id, user) = (self.session_id().to_owned(), self.about.user.clone());
        Ok(Some(SessionWrite { id, base, state: Some(state), name: None, user, at: self.clock.now_ms() }))
    }
}
