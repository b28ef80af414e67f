//! `events`.

use clap::Args;
use flow_runtime::Event;
use futures::StreamExt as _;

use crate::{
    CliError,
    context::{Context, Desk, Mode},
    drive::Signals,
    output::out_while_read,
    reports::{EventReport, Report as _, Said},
};

/// `events RUN`.
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// The run: its id, the end of it, or `last`
    #[arg(default_value = "last")]
    pub run: String,
    /// Go on with what happens, until the run has ended
    #[arg(long, short)]
    pub follow: bool,
    /// The number of the first one
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub from: u64,
    /// Only these kinds: step_completed, pause_asked; may be repeated
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
}

/// Shows what has happened in a run, and, if wanted, what happens.
pub(crate) async fn events(cx: Context, args: EventsArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let record = desk.find(&args.run).await?;
    let run = desk.app.any_run(&record.run.id).await?;
    let until = if args.follow { u64::MAX } else { super::answer::next_event(&desk, &run).await? };
    if until <= args.from {
        return Ok(Said::nothing());
    }
    let mut events = run.events(args.from);
    let mut signals = Signals::new();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = signals.next() => None,
        };
        let Some(event) = event else { break };
        let event = event?;
        if !wanted(&args, &event) || print(&desk, &event) {
            if event.seq.is_some_and(|seq| seq + 1 >= until) {
                break;
            }
            continue;
        }
        break;
    }
    Ok(Said::nothing())
}

fn wanted(args: &EventsArgs, event: &Event) -> bool {
    args.kind.is_empty() || args.kind.iter().any(|kind| kind.replace(' ', "_") == event.kind.name())
}

/// Prints one. Returns whether somebody still reads.
fn print(desk: &Desk, event: &Event) -> bool {
    let report = EventReport::of(event);
    let line = match desk.kit.options.json {
        true => serde_json::to_string(&report).unwrap_or_default() + "\n",
        false => report.text(),
    };
    out_while_read(&line)
}
