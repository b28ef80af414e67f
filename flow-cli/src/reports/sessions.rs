//! `sessions` and `session`.

use flow_report::{SessionLine, SessionReport, SessionsReport};

use super::{
    Report,
    runs::{in_short, more},
};
use crate::output::{BOLD, DIM, Table, ago, at, in_words, paint, short, status, text};

/// A page of sessions for people, and the command with which it goes on.
pub(crate) fn sessions_text(page: &SessionsReport, next: Option<&str>) -> String {
    if page.sessions.is_empty() {
        return "No sessions yet: `run WORKFLOW --session NAME` makes one.\n".to_owned();
    }
    let mut table = Table::new(&["SESSION", "NAME", "USER", "WRITTEN", "STATE"]);
    let plain = anstyle::Style::new();
    for session in &page.sessions {
        table.row([
            (BOLD, session.id.clone()),
            (plain, session.name.clone().unwrap_or_default()),
            (plain, session.user.clone().unwrap_or_default()),
            (plain, ago(session.updated_at)),
            (DIM, text::shorten(&in_short(&session.state), 48)),
        ]);
    }
    format!("{table}{}", more(next))
}

impl Report for SessionReport {
    fn text(&self) -> String {
        let SessionLine { id, name, user, version, created_at, updated_at, state } = &self.session;
        let name = name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
        let user = user.as_ref().map(|user| vec!["  user".to_owned(), user.clone()]);
        let mut facts = vec![
            vec!["  begun".to_owned(), format!("{} ({})", at(*created_at), ago(*created_at))],
            vec!["  written".to_owned(), format!("{version} times, last {}", ago(*updated_at))],
        ];
        facts.extend(user);
        let mut out = format!("{}{name}\n{}", paint(BOLD, id), text::columns(&facts));
        out.push_str(&format!("\n{}\n{}", paint(BOLD, "State"), text::indent(&text::render(state), "  ")));
        if self.runs.is_empty() {
            return out;
        }
        let mut table = Table::new(&["RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "INPUT"]);
        let plain = anstyle::Style::new();
        for run in &self.runs {
            table.row([
                (BOLD, short(&run.run).to_owned()),
                (plain, run.workflow.clone()),
                (status(&run.status), run.status.clone()),
                (plain, ago(run.created_at)),
                (DIM, in_words(run.updated_at - run.created_at)),
                (DIM, text::shorten(&in_short(&run.input), 48)),
            ]);
        }
        out.push_str(&format!("\n{}\n{}", paint(BOLD, "Runs"), text::indent(&table.to_string(), "  ")));
        out
    }
}
