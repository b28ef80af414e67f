//! `completions`.

use clap::Args;
use clap_complete::Shell;

use crate::{CliError, cli::program, context::Context, reports::Said};

/// `completions SHELL`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// For which shell
    pub shell: Shell,
}

/// Prints completions for a shell.
pub(crate) fn completions(_cx: Context, args: CompletionsArgs) -> Result<Said, CliError> {
    let mut program = program();
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    Ok(Said::plain(String::from_utf8_lossy(&script).into_owned()))
}
