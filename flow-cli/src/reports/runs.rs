//! `runs`.

use flow_report::RunsReport;
use serde_json::Value;

use crate::{
    StoreUrl,
    output::{BOLD, DIM, MARK, Table, ago, in_words, paint, short, status, text},
};

/// A page of runs for people: of which store, and with which command it goes on.
pub(crate) fn runs_text(page: &RunsReport, store: &StoreUrl, next: Option<&str>) -> String {
    if page.runs.is_empty() {
        return format!("No runs like that in {store}.\n");
    }
    let mut table = Table::new(&["RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "USER", "INPUT"]);
    for run in &page.runs {
        let ended = ["completed", "failed", "cancelled"].contains(&run.status.as_str());
        let took = if ended { in_words(run.updated_at - run.created_at) } else { String::new() };
        let input = text::shorten(&in_short(&run.input), 48);
        let plain = anstyle::Style::new();
        table.row([
            (BOLD, short(&run.run).to_owned()),
            (plain, run.workflow.clone()),
            (status(&run.status), run.status.clone()),
            (plain, ago(run.created_at)),
            (DIM, took),
            (plain, run.user.clone().unwrap_or_default()),
            (DIM, input),
        ]);
    }
    format!("{table}{}", more(next))
}

/// The command that shows the next page, if there is one.
pub(crate) fn more(next: Option<&str>) -> String {
    next.map(|next| format!("\nMore: {}\n", paint(MARK, next))).unwrap_or_default()
}

/// A value on one line.
pub(crate) fn in_short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::Object(_) | Value::Array(_) => format!("{name}: …"),
                value => format!("{name}: {}", crate::form::label(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ").replace('\n', " ")
        }
        value => crate::form::label(value).replace('\n', " "),
    }
}
