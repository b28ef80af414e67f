//! The PostgreSQL server the tests need: started for them, and ended after them, also when they fail.

use std::env;

use flow_test_server::{Server, VARIABLE, programs};

use crate::{
    debian,
    shell::{Outcome, Shown},
};

/// Runs commands that are told of a server: the one of the environment, if there is one, or else one to throw away.
pub(crate) fn with_server(commands: impl IntoIterator<Item = Shown>) -> Outcome {
    let mut commands = commands.into_iter();
    // Some tests start one of their own in any case.
    install()?;
    if env::var_os(VARIABLE).is_some() {
        return commands.try_for_each(Shown::run);
    }
    let server = Server::start(false)?;
    commands.try_for_each(|command| command.env(VARIABLE, &server.url()).run())
}

/// Installs PostgreSQL if it is missing.
fn install() -> Outcome {
    let Err(missing) = programs() else { return Ok(()) };
    debian::install(&["postgresql"]).and_then(|()| programs().map(|_| ())).map_err(|error| {
        format!("{error}\n{missing}. The tests need it; or set {VARIABLE} to the URL of a server whose user may make schemas.")
    })
}
