//! What can go wrong with a command, and which way out there is.

use std::path::PathBuf;

use flow_runtime::{AnswerError, BuildError, ControlError, DefinitionError, RunError, StoreError};

use crate::{
    form::BadJson,
    output::{DIM, MARK, WRONG, paint},
    reports::{ErrorReport, Problem},
};

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The program's own code could not say which workflows there are.
    #[error("this program could not get ready")]
    Builder(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// `--store` or `FLOW_STORE` is not understood.
    #[error("`{given}` is no store: write sqlite:PATH or postgres://USER@HOST/DATABASE")]
    StoreUrl {
        /// What was given.
        given: String,
    },
    /// There is no such file, and only commands that write new runs make one.
    #[error("there is no file `{}`", .0.display())]
    NoFile(PathBuf),
    /// Runs in PostgreSQL are a feature.
    #[error("this program cannot use PostgreSQL: build it with the feature `postgres` of flow-cli")]
    NoPostgres,
    /// There is no workflow of this id.
    #[error("there is no workflow `{given}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownWorkflow {
        /// What was typed.
        given: String,
        /// The id that is most like it.
        nearest: Option<String>,
    },
    /// No run has an id that ends so.
    #[error("no run's id ends in `{given}`")]
    UnknownRun {
        /// What was typed.
        given: String,
    },
    /// Several runs have an id that ends so.
    #[error("several runs' ids end in `{given}`: {}", .ids.join(", "))]
    AmbiguousRun {
        /// What was typed.
        given: String,
        /// The ids that fit.
        ids: Vec<String>,
    },
    /// A text that has to be JSON is not.
    #[error("{what} is not JSON: {} at line {}, column {}", .error.message, .error.line, .error.column)]
    NotJson {
        /// What it is: `the input`, `the answer`.
        what: String,
        /// Where it stops being JSON.
        #[doc(hidden)]
        error: BadJson,
    },
    /// An input or an answer does not fit.
    #[error("{what}")]
    Fields {
        /// What is wrong, naming the flag.
        what: String,
        /// What may be done about it.
        hints: Vec<String>,
    },
    /// An answer was not taken.
    #[error("{source}")]
    Answer {
        /// Why. Boxed, so that a `Result` with an error of this crate stays small.
        source: Box<AnswerError>,
        /// Commands that would do.
        hints: Vec<String>,
    },
    /// Nobody can be asked, and nothing was given.
    #[error("{what}")]
    Usage {
        /// What is missing or too much.
        what: String,
        /// Commands that would do.
        hints: Vec<String>,
    },
    /// The command line itself, as clap sees it.
    #[error("{0}")]
    Clap(clap::Error),
    /// The run could not be cancelled, tried again or copied.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The run could not be started or driven.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A definition could not be saved, found or read.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The workflows make no App.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server cannot serve.
    #[cfg(feature = "serve")]
    #[error(transparent)]
    Serve(#[from] flow_server::ServeError),
    /// The terminal, or the system below, failed.
    #[error("{doing} failed")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

/// The name that is most like another one, if any is alike.
pub(crate) fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let alike = names.into_iter().map(|name| (strsim::damerau_levenshtein(&given.to_lowercase(), name), name));
    let close = alike.filter(|(distance, name)| *distance <= name.len().max(given.len()).div_ceil(3) && name.len() > 1);
    close.min().map(|(_, name)| name.to_owned())
}

impl CliError {
    /// An input or an answer that does not fit.
    pub(crate) fn fields(what: impl Into<String>) -> Self {
        CliError::Fields { what: what.into(), hints: Vec::new() }
    }

    /// A text that is no JSON.
    pub(crate) fn not_json(what: &str, error: BadJson) -> Self {
        CliError::NotJson { what: what.to_owned(), error }
    }

    /// 2 if another command line would help, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Clap(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            CliError::Answer { source, .. } if matches!(**source, AnswerError::Run(_)) => 1,
            CliError::Control(ControlError::Run(_))
            | CliError::Builder(_)
            | CliError::Store(_)
            | CliError::Build(_)
            | CliError::System { .. } => 1,
            CliError::Run(error) => match error {
                RunError::Input { .. } | RunError::NotRegistered { .. } => 2,
                RunError::Store(StoreError::UnknownRun { .. }) => 2,
                _ => 1,
            },
            #[cfg(feature = "serve")]
            CliError::Serve(error) => match error {
                flow_server::ServeError::Unprotected { .. }
                | flow_server::ServeError::LinkKey { .. }
                | flow_server::ServeError::PublicUrl { .. } => 2,
                _ => 1,
            },
            CliError::Definition(DefinitionError::Store(_) | DefinitionError::Unreadable { .. }) => 1,
            _ => 2,
        }
    }

    /// What it is, for scripts.
    fn kind(&self) -> &'static str {
        match self {
            CliError::Builder(_) | CliError::Build(_) => "program",
            CliError::StoreUrl { .. } | CliError::NoFile(_) | CliError::NoPostgres | CliError::Store(_) => "store",
            CliError::UnknownWorkflow { .. } => "unknown_workflow",
            CliError::UnknownRun { .. } => "unknown_run",
            CliError::AmbiguousRun { .. } => "ambiguous_run",
            CliError::NotJson { .. } => "not_json",
            CliError::Fields { .. } => "fields",
            CliError::Answer { source, .. } => match **source {
                AnswerError::AlreadyAnswered { .. } => "already_answered",
                AnswerError::Expired { .. } => "expired",
                AnswerError::NotWaiting { .. } | AnswerError::NoSuchPause { .. } => "not_waiting",
                AnswerError::Mismatch { .. } | AnswerError::Invalid { .. } => "fields",
                AnswerError::NotAllowed { .. } => "not_allowed",
                AnswerError::Run(_) => "run",
                _ => "answer",
            },
            CliError::Usage { .. } | CliError::Clap(_) => "usage",
            CliError::Control(_) => "control",
            CliError::Run(_) => "run",
            CliError::Definition(_) => "definition",
            #[cfg(feature = "serve")]
            CliError::Serve(_) => "serve",
            CliError::System { .. } => "system",
        }
    }

    /// What can be done about it.
    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            CliError::NoFile(_) => one("`run` makes it; --store names another one"),
            CliError::UnknownWorkflow { .. } => one("`list` shows the workflows"),
            CliError::UnknownRun { .. } => one("`runs` shows the runs; `last` is the newest one"),
            CliError::AmbiguousRun { .. } => one("give more of its end"),
            #[cfg(feature = "serve")]
            CliError::Serve(flow_server::ServeError::Unprotected { .. }) => {
                one("--token \"$(openssl rand -hex 16)\" is one; leave --addr out for this machine only")
            }
            #[cfg(feature = "serve")]
            CliError::Serve(flow_server::ServeError::Bind { .. }) => one("--addr names another address"),
            CliError::Store(StoreError::Backend { .. })
            | CliError::Run(RunError::Store(StoreError::Backend { .. })) => one("--store names another store"),
            CliError::Fields { hints, .. } | CliError::Usage { hints, .. } | CliError::Answer { hints, .. } => {
                hints.clone()
            }
            _ => Vec::new(),
        }
    }

    /// The error and its sources, the outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut chain = match self {
            CliError::Answer { source, .. } => vec![not_taken(source)],
            CliError::Clap(error) => vec![clap_message(error)],
            _ => vec![self.to_string()],
        };
        if is_said(self) {
            return chain;
        }
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let text = error.to_string();
            // A transparent error has its source's text, and one that quotes its source says it all.
            if chain.last().is_some_and(|last| !last.contains(&text)) {
                chain.push(text);
            }
            source = error.source();
        }
        chain
    }

    /// For scripts.
    pub(crate) fn report(&self) -> ErrorReport {
        let mut chain = self.chain().into_iter();
        let message = chain.next().unwrap_or_default();
        let hints = self.hints();
        ErrorReport { error: Problem { kind: self.kind().to_owned(), message, because: chain.collect(), hints } }
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        if let CliError::Clap(error) = self {
            return error.render().ansi().to_string();
        }
        let mut chain = self.chain();
        if matches!(self, CliError::Store(_) | CliError::Run(RunError::Store(_))) {
            // What is below was written for those who made the storage.
            chain.truncate(2);
        }
        let mut text = format!("{} {}\n", paint(WRONG, "error:"), chain.join("\n  because "));
        if let CliError::NotJson { error, .. } = self {
            text.push_str(&format!("\n{}\n", error.picture()));
        }
        let hints = self.hints();
        if let [only] = &hints[..] {
            text.push_str(&format!("\n{} {only}\n", paint(DIM, "hint:")));
        } else if !hints.is_empty() {
            text.push_str(&format!("\n{}\n", paint(DIM, "what would do:")));
            hints.iter().for_each(|hint| text.push_str(&format!("  {}\n", paint(MARK, hint))));
        }
        text
    }
}

/// The texts of an error and of its sources, the outermost first.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        chain.push(error.to_string());
        source = error.source();
    }
    chain
}

/// Why an answer was not taken, in words that fit a command line.
fn not_taken(error: &AnswerError) -> String {
    match error {
        AnswerError::AlreadyAnswered { pause, answer } => {
            let by = answer.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let when = crate::output::ago(answer.at);
            format!("pause `{pause}` was answered before{by}, {when}, with {}", answer.value)
        }
        AnswerError::NotAllowed { pause, by, allowed } => {
            let by = by.as_ref().map_or_else(|| "--by NAME says who answers".to_owned(), |by| format!("not for {by}"));
            format!("pause `{pause}` is for {allowed}: {by}")
        }
        error => error.to_string(),
    }
}

/// Whether the first sentence says it all.
fn is_said(error: &CliError) -> bool {
    use AnswerError::{AlreadyAnswered, NotAllowed};
    matches!(error, CliError::Answer { source, .. } if matches!(**source, AlreadyAnswered { .. } | NotAllowed { .. }))
}

/// What clap has to say, in one line.
fn clap_message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}
