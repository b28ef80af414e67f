//! Definitions that are stored: saved by version, listed, and loaded if this program is what they say.

use serde_json::Value;

use super::{app::App, driver::Engine, limits::nearest, registry::Registered, run::AnyRun, start::StartRun};
use crate::{
    Definition, DefinitionDiff, JsonError, Workflow,
    error::perhaps,
    store::{DefinitionRecord, NewDefinition, RunRecord, Stage, StoreError},
};

/// Why a definition could not be saved, listed or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// The workflow is not registered with the [`App`](crate::App).
    #[error("workflow `{workflow}` is not registered{}", perhaps(.nearest.as_deref()))]
    NotRegistered {
        /// Id of the workflow.
        workflow: String,
        /// The registered id that is most like it.
        nearest: Option<String>,
    },
    /// There is no such version, or none with this label.
    #[error("there is no stored definition `{wanted}`; {}", version_list(.known))]
    NotStored {
        /// What was asked for.
        wanted: String,
        /// The versions of the workflow that are stored, with their labels, the newest first.
        known: Vec<String>,
    },
    /// This program is not what is stored.
    #[error("version {version} of workflow `{workflow}` is not what this program has: {diff}")]
    Differs {
        /// Id of the workflow.
        workflow: String,
        /// The stored version.
        version: u32,
        /// What changed from the stored definition to this program's.
        diff: Box<DefinitionDiff>,
    },
    /// A label would be taken for something else.
    #[error("`{label}` cannot be a label: it has to be a text without `@` and spaces around it, and no number")]
    Label {
        /// What was given.
        label: String,
    },
    /// What is stored was written by another version of this crate, and cannot be read.
    #[error("version {version} of workflow `{workflow}` cannot be read by this program")]
    Unreadable {
        /// Id of the workflow.
        workflow: String,
        /// The stored version.
        version: u32,
        /// What is wrong with it.
        #[source]
        source: JsonError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn version_list(known: &[String]) -> String {
    if known.is_empty() { "none of this workflow is".to_owned() } else { format!("there are: {}", known.join(", ")) }
}

/// A definition as it is stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SavedDefinition {
    /// Its number in its workflow, from 1. Numbers only grow.
    pub version: u32,
    /// Whether it may still be replaced.
    pub stage: Stage,
    /// Its label, unique in its workflow.
    pub label: Option<String>,
    /// When it was saved, in milliseconds since the Unix epoch.
    pub saved_at: i64,
    /// The definition.
    pub definition: Definition,
}

/// A stored definition that is what this program has: runs of it can be started. See [`App::load`].
#[derive(Clone)]
pub struct LoadedWorkflow {
    app: App,
    saved: SavedDefinition,
}

impl LoadedWorkflow {
    /// What is stored of it.
    pub fn saved(&self) -> &SavedDefinition {
        &self.saved
    }

    /// What it is.
    pub fn definition(&self) -> &Definition {
        &self.saved.definition
    }

    /// Starts a run of it, as [`App::start_json`].
    ///
    /// # Errors
    /// As [`App::start_json`].
    pub fn start_json(&self, input: Value) -> StartRun<AnyRun> {
        self.app.start_json(&self.saved.definition.id, input)
    }
}

impl std::fmt::Debug for LoadedWorkflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedWorkflow").field("saved", &self.saved).finish_non_exhaustive()
    }
}

impl App {
    /// The definition of a registered workflow, under the id it has in this App.
    ///
    /// # Errors
    /// [`DefinitionError::NotRegistered`].
    pub fn definition<W: Workflow>(&self) -> Result<Definition, DefinitionError> {
        self.definition_of(self.id::<W>()?)
    }

    /// The definition of the registered workflow of this id.
    ///
    /// # Errors
    /// [`DefinitionError::NotRegistered`].
    pub fn definition_of(&self, workflow: &str) -> Result<Definition, DefinitionError> {
        let not_registered = || {
            let nearest = nearest(workflow, &self.engine.workflow_ids()).map(str::to_owned);
            DefinitionError::NotRegistered { workflow: workflow.to_owned(), nearest }
        };
        self.engine.workflows.get(workflow).map(|entry| linked(workflow, &**entry)).ok_or_else(not_registered)
    }

    /// Stores the definition of a workflow, as a draft or published, with a label if wanted, and returns what is stored now.
    ///
    /// A definition that equals the last version of its stage is not stored again. A draft that is the last version is replaced;
    /// what is published stays as it is, and the next one gets the next number. A label belongs to one version of a workflow: one
    /// that had it loses it.
    ///
    /// # Errors
    /// [`DefinitionError::NotRegistered`], [`DefinitionError::Label`] for a label that could be taken for something else, and
    /// those of the store.
    pub async fn save<W: Workflow>(
        &self,
        stage: Stage,
        label: Option<&str>,
    ) -> Result<SavedDefinition, DefinitionError> {
        self.save_id(self.id::<W>()?, stage, label).await
    }

    /// As [`save`](Self::save), by the workflow's id.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn save_id(
        &self,
        workflow: &str,
        stage: Stage,
        label: Option<&str>,
    ) -> Result<SavedDefinition, DefinitionError> {
        let definition = self.definition_of(workflow)?;
        if let Some(label) = label.filter(|label| !is_label(label)) {
            return Err(DefinitionError::Label { label: label.to_owned() });
        }
        let new = NewDefinition {
            workflow: workflow.to_owned(),
            fingerprint: definition.fingerprint.clone(),
            // A struct of texts and JSON always has a JSON form.
            definition: serde_json::to_string(&definition).unwrap_or_default(),
            stage,
            label: label.map(str::to_owned),
            saved_at: self.engine.clock.now_ms(),
        };
        read(self.engine.store.save_definition(&new).await?)
    }

    /// Lists the stored definitions of a workflow, or of all: by workflow, the newest version first.
    ///
    /// # Errors
    /// [`DefinitionError::Unreadable`] for one that this program cannot read, and those of the store.
    pub async fn definitions(&self, workflow: Option<&str>) -> Result<Vec<SavedDefinition>, DefinitionError> {
        self.engine.store.definitions(workflow).await?.into_iter().map(read).collect()
    }

    /// Finds a stored definition and checks that this program is what it says, so that runs of it can be started.
    ///
    /// `order@3` is version 3 of workflow `order`, `order@stable` the version with this label, and `order` the last one that is
    /// published, or the last draft if none is.
    ///
    /// # Errors
    /// [`DefinitionError::Differs`] says exactly how this program differs from what is stored,
    /// [`DefinitionError::NotStored`] what there is instead of what was asked for; [`DefinitionError::NotRegistered`],
    /// [`DefinitionError::Unreadable`], and those of the store.
    pub async fn load(&self, wanted: &str) -> Result<LoadedWorkflow, DefinitionError> {
        let (workflow, which) = match wanted.rsplit_once('@') {
            // The id of a workflow may have an `@` of its own.
            Some((workflow, which)) if !self.engine.workflows.contains_key(wanted) => (workflow, Some(which)),
            _ => (wanted, None),
        };
        let stored = self.engine.store.definitions(Some(workflow)).await?;
        let found = stored.iter().find(|record| match which {
            None => record.definition.stage == Stage::Published,
            Some(which) => match which.parse::<u32>() {
                Ok(version) => record.version == version,
                Err(_) => record.definition.label.as_deref() == Some(which),
            },
        });
        let Some(found) = found.or(stored.first().filter(|_| which.is_none())) else {
            // A name that nobody knows is more likely mistyped than not stored.
            self.definition_of(workflow)?;
            let known = stored.iter().map(|record| match &record.definition.label {
                Some(label) => format!("{} ({label})", record.version),
                None => record.version.to_string(),
            });
            return Err(DefinitionError::NotStored { wanted: wanted.to_owned(), known: known.collect() });
        };
        let saved = read(found.clone())?;
        let diff = saved.definition.changes_to(&self.definition_of(workflow)?);
        if !diff.is_empty() {
            let (workflow, version) = (workflow.to_owned(), saved.version);
            return Err(DefinitionError::Differs { workflow, version, diff: Box::new(diff) });
        }
        Ok(LoadedWorkflow { app: self.clone(), saved })
    }

    fn id<W: Workflow>(&self) -> Result<&str, DefinitionError> {
        let not_registered = |_| DefinitionError::NotRegistered { workflow: W::ID.to_owned(), nearest: None };
        self.engine.id_of::<W>().map_err(not_registered)
    }
}

impl Engine {
    /// How this program differs from the definition a run was started with, if that one is stored and they differ.
    pub(super) async fn changed_since(&self, run: &RunRecord) -> Option<Box<DefinitionDiff>> {
        let workflow = run.run.workflow.as_str();
        let entry = self.workflows.get(workflow)?;
        // What is not known cannot be told, for whatever reason.
        let stored = self.store.definitions(Some(workflow)).await.ok()?;
        let same = stored.into_iter().find(|record| record.definition.fingerprint == run.run.fingerprint)?;
        let diff = read(same).ok()?.definition.changes_to(&linked(workflow, &**entry));
        (!diff.is_empty()).then(|| Box::new(diff))
    }
}

/// The definition of a workflow of this program.
fn linked(id: &str, entry: &dyn Registered) -> Definition {
    Definition::new(id, &entry.graph(), entry.doc(), entry.input_schema(), entry.code())
}

fn read(record: DefinitionRecord) -> Result<SavedDefinition, DefinitionError> {
    let DefinitionRecord { version, definition } = record;
    let NewDefinition { workflow, definition, stage, label, saved_at, .. } = definition;
    let definition =
        crate::json::decode(&definition).map_err(|source| DefinitionError::Unreadable { workflow, version, source })?;
    Ok(SavedDefinition { version, stage, label, saved_at, definition })
}

/// Whether a text is a label and cannot be taken for a version, or for a part of an id.
fn is_label(text: &str) -> bool {
    !text.is_empty() && !text.contains('@') && text.parse::<u32>().is_err() && text.trim() == text
}
