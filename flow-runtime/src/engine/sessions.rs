//! Sessions from outside of their runs: read, changed, named, listed, deleted.

use std::sync::Arc;

use serde_json::Value;

use super::{app::App, driver::Engine};
use crate::{
    PastRun, Saved, SessionError,
    context::{past_runs, state_of},
    json::JsonError,
    store::{SessionFilter, SessionReceipt, SessionRecord, SessionWrite, StoreError},
};

/// How the state given at the start of a run meets the one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Merge {
    /// Objects are merged, field by field and all the way down; of everything else the new value counts.
    Deep,
    /// The new state counts, and nothing of the old.
    Replace,
}

impl Merge {
    /// The new state of a session.
    fn apply(self, old: Value, new: Value) -> Value {
        match (self, old, new) {
            (Merge::Deep, Value::Object(mut old), Value::Object(new)) => {
                for (name, new) in new {
                    let before = old.remove(&name).unwrap_or_default();
                    old.insert(name, self.apply(before, new));
                }
                Value::Object(old)
            }
            (_, _, new) => new,
        }
    }

    /// The write that brings a session this state.
    pub(super) async fn write(
        self,
        engine: &Engine,
        session: &str,
        user: Option<&str>,
        new: &Value,
    ) -> Result<SessionWrite, StoreError> {
        let stored = engine.store.session(session).await?;
        let base = stored.as_ref().map_or(0, |session| session.version);
        let old = stored.and_then(|session| serde_json::from_str(&session.state).ok()).unwrap_or_default();
        Ok(SessionWrite {
            id: session.to_owned(),
            base,
            state: Some(self.apply(old, new.clone()).to_string()),
            name: None,
            user: user.map(str::to_owned),
            at: engine.clock.now_ms(),
        })
    }
}

/// A session: a state that runs share, and the runs that were started in it. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    engine: Arc<Engine>,
    id: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    /// The session of this id. It is there from its first run on, or from when it is first written.
    pub fn session(&self, id: impl Into<String>) -> Session {
        Session { engine: self.engine.clone(), id: id.into() }
    }

    /// Lists sessions, those that were written last first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionRecord>, StoreError> {
        self.engine.store.sessions(filter).await
    }
}

impl Session {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is stored of it, `None` if nothing is.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn record(&self) -> Result<Option<SessionRecord>, StoreError> {
        self.engine.store.session(&self.id).await
    }

    /// Its state, the default one if it has none.
    ///
    /// # Errors
    /// [`SessionError::State`] with the field that does not fit, and those of the store.
    pub async fn read<S: Default + Saved>(&self) -> Result<S, SessionError> {
        let stored = self.record().await?.map_or_else(|| "null".to_owned(), |session| session.state);
        state_of(&stored).map_err(|source| self.misfit(source))
    }

    /// Changes its state, and returns what `update` returns. If a run changes it at the same time, `update` is called again on
    /// what that has made of it.
    ///
    /// # Errors
    /// [`SessionError::State`] with the field that does not fit, and those of the store. Nothing has changed then.
    pub async fn update<S: Default + Saved, R>(
        &self,
        mut update: impl FnMut(&mut S) -> R + Send,
    ) -> Result<R, SessionError> {
        loop {
            let stored = self.record().await?;
            let base = stored.as_ref().map_or(0, |session| session.version);
            let text = stored.map_or_else(|| "null".to_owned(), |session| session.state);
            let (result, text) = {
                let mut state: S = state_of(&text).map_err(|source| self.misfit(source))?;
                let result = update(&mut state);
                (result, serde_json::to_string(&state).map_err(|error| self.misfit(error.into()))?)
            };
            if self.write(base, Some(text), None).await? {
                return Ok(result);
            }
        }
    }

    /// Gives it another state, whatever it has now.
    ///
    /// # Errors
    /// [`SessionError::State`] for a state without a JSON form, and those of the store.
    pub async fn replace<S: Saved>(&self, state: &S) -> Result<(), SessionError> {
        let text = serde_json::to_string(state).map_err(|error| self.misfit(error.into()))?;
        while !self.write(self.version().await?, Some(text.clone()), None).await? {}
        Ok(())
    }

    /// Gives it a name for people.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rename(&self, name: &str) -> Result<(), StoreError> {
        while !self.write(self.version().await?, None, Some(name.to_owned())).await? {}
        Ok(())
    }

    /// Its last `n` runs that have ended, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn history(&self, n: u32) -> Result<Vec<PastRun>, StoreError> {
        past_runs(&*self.engine.store, &self.id, n).await
    }

    /// Deletes it, with its state and its runs, unless one of these has not ended.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn delete(&self) -> Result<SessionReceipt, StoreError> {
        self.engine.store.delete_session(&self.id).await
    }

    async fn version(&self) -> Result<u64, StoreError> {
        Ok(self.record().await?.map_or(0, |session| session.version))
    }

    /// Writes it, if it still has this version. Returns whether it had.
    async fn write(&self, base: u64, state: Option<String>, name: Option<String>) -> Result<bool, StoreError> {
        let (id, at) = (self.id.clone(), self.engine.clock.now_ms());
        match self.engine.store.write_session(&SessionWrite { id, base, state, name, user: None, at }).await {
            Ok(()) => Ok(true),
            Err(StoreError::SessionChanged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn misfit(&self, source: JsonError) -> SessionError {
        SessionError::State { session: self.id.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Merge;

    #[test]
    fn states_are_merged() {
        let old = json!({ "a": { "b": 1, "c": [1, 2] }, "d": 1 });
        let new = json!({ "a": { "c": [3], "e": null }, "f": 2 });
        let merged = json!({ "a": { "b": 1, "c": [3], "e": null }, "d": 1, "f": 2 });
        assert_eq!(Merge::Deep.apply(old.clone(), new.clone()), merged);
        assert_eq!(Merge::Replace.apply(old, new.clone()), new);
        assert_eq!(Merge::Deep.apply(json!(null), new.clone()), new);
        assert_eq!(Merge::Deep.apply(new, json!(7)), json!(7));
    }
}
