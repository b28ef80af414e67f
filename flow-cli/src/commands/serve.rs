//! `serve`.

use std::{convert::Infallible, fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::Args;
use flow_server::{Server, Token, Webhook};

use super::worker::told;
use crate::{
    CliError,
    context::{Context, Mode},
    drive::Signals,
    output::{self, now_ms, parse_duration},
    reports::{Said, WorkerReport},
};

/// What is not to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Secret(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where to listen; another address than one of this machine needs a token
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// Who may do what: SECRET and USER:SECRET may do everything, USER:WORDS:SECRET what the words say, of read, run, answer,
    /// admin and roles, with commas between; may be repeated. Others on this machine see what is given here: better take the
    /// environment [env: FLOW_TOKENS, with spaces between]
    #[arg(long, value_name = "TOKEN")]
    pub token: Vec<Secret>,
    /// Where the server is found from outside: links begin with it, and its page may be used there
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Signs links, so that they outlive the process: 16 bytes at least. Better given in the environment, too [env:
    /// FLOW_LINK_KEY]
    #[arg(long, value_name = "SECRET")]
    pub link_key: Option<Secret>,
    /// The folder for files that are too large to stand in an input
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    /// A name this server is asked under, besides localhost where it needs no token; requests to others are refused; may be repeated
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Lets pages of this origin use the server from a browser; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Tells this address of events, signed with FLOW_WEBHOOK_SECRET; may be repeated
    #[arg(long, value_name = "URL")]
    pub webhook: Vec<String>,
    /// Tells webhooks of this kind of event only: `pause_asked`; may be repeated
    #[arg(long, value_name = "KIND", requires = "webhook")]
    pub webhook_kind: Vec<String>,
    /// The SQLite file that keeps how far webhooks have got
    #[arg(long, value_name = "FILE", default_value = "flow-webhooks.db")]
    pub webhook_file: PathBuf,
    /// How many runs it may drive at once when another is to be started
    #[arg(long, value_name = "NUMBER")]
    pub max_runs: Option<usize>,
    /// How long requests and steps may take to finish when it is stopped
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "25s")]
    pub grace: Duration,
}

/// Serves the workflows over HTTP, and drives their runs, until it is told to stop.
pub(crate) async fn serve(cx: Context, args: ServeArgs) -> Result<Said, CliError> {
    let (json, quiet) = (cx.kit.options.json, cx.kit.options.quiet);
    if !quiet {
        told::listen(json);
    }
    let (tokens, hooks) = (tokens(&args)?, hooks(&args)?);
    // Signals are heard before anything is taken up.
    let mut signals = Signals::new();
    let desk = cx.open(Mode::Start).await?;
    let begun = now_ms();
    let mut server = Server::new(desk.app.clone()).addr(args.addr).grace(args.grace);
    server = tokens.into_iter().fold(server, Server::token);
    server = args.host.iter().fold(server, Server::host);
    server = args.allow_origin.iter().fold(server, Server::allow_origin);
    if let Some(url) = &args.public_url {
        server = server.public_url(url);
    }
    if let Some(key) = given(args.link_key.as_ref(), "FLOW_LINK_KEY") {
        server = server.link_key(key);
    }
    if let Some(folder) = &args.files {
        server = server.files(folder);
    }
    if let Some(most) = args.max_runs {
        server = server.max_runs(most);
    }
    if !hooks.is_empty() {
        server = server.webhooks(&args.webhook_file, hooks);
    }
    let bound = server.bind().await?;
    // The one thing a person or a script has to know.
    let url = format!("http://{}/", bound.addr());
    output::out(&if json { format!("{{\"url\":\"{url}\"}}\n") } else { format!("{url}\n") });
    desk.kit.note(&format!("Serving {}; Ctrl-C or SIGTERM stops.", desk.kit.url()?));
    desk.app.recover().await?;
    let left = bound.serve(signals.next()).await;
    Ok(WorkerReport { given_back: left.runs, interrupted: left.interrupted, ms: now_ms() - begun }.into())
}

/// What was given on the command line or, if nothing was, in the environment.
fn given(flag: Option<&Secret>, variable: &str) -> Option<String> {
    let flag = flag.map(|Secret(secret)| secret.clone());
    flag.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty())
}

fn tokens(args: &ServeArgs) -> Result<Vec<Token>, CliError> {
    let from_environment = std::env::var("FLOW_TOKENS").unwrap_or_default();
    let texts = args.token.iter().map(|Secret(text)| text.as_str()).chain(from_environment.split_whitespace());
    let read = |text: &str| text.parse().map_err(|error: flow_server::TokenError| usage(error.to_string()));
    texts.map(read).collect()
}

fn hooks(args: &ServeArgs) -> Result<Vec<Webhook>, CliError> {
    if args.webhook.is_empty() {
        return Ok(Vec::new());
    }
    let secret = given(None, "FLOW_WEBHOOK_SECRET");
    let secret = secret.ok_or_else(|| usage("webhooks are signed: FLOW_WEBHOOK_SECRET says with what".to_owned()))?;
    let hook = |url: &String| {
        let hook = Webhook::new(url, &secret).map_err(|error| usage(error.to_string()))?;
        Ok(args.webhook_kind.iter().fold(hook, Webhook::kind))
    };
    args.webhook.iter().map(hook).collect()
}

fn usage(what: String) -> CliError {
    CliError::Usage { what, hints: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret("0123456789abcdef".to_owned());
        assert_eq!(format!("{:?}", Some(secret)), "Some(Secret(…))");
    }
}
