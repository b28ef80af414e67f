//! What stores tell each other through `NOTIFY`: who tells it, and of which run.
//!
//! A commit that notifies takes a lock of the whole database, so only what others wait for is told: not the checkpoints.

use flow_runtime::store::Change;

use crate::sql::{Param, Sql};

/// A notification holds 8000 bytes.
const ROOM: usize = 7_000;

/// The payload that tells of a run that may be due; with an empty id, that any may be.
pub(crate) fn due(token: &str, run: &str) -> String {
    payload('d', token, run)
}

fn payload(kind: char, token: &str, run: &str) -> String {
    if run.len() > ROOM { payload('m', token, "") } else { format!("{kind}{token}{run}") }
}

/// An expression that tells of a run when the statement is committed.
pub(crate) fn tell<'a>(sql: &mut Sql<'a>, (channel, token): (&'a str, &str), run: &str, may_be_due: bool) -> Tell {
    let payload = payload(if may_be_due { 'd' } else { 'r' }, token, run);
    Tell(sql.text(channel), sql.owned(payload))
}

/// The call that tells.
pub(crate) struct Tell(Param, Param);

impl std::fmt::Display for Tell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pg_notify({}, {})", self.0, self.1)
    }
}

/// What a payload says, unless it is one's own.
pub(crate) fn heard(payload: &str, own: &str) -> impl Iterator<Item = Change> {
    let kind = payload.chars().next();
    let rest = kind.map_or("", |kind| &payload[kind.len_utf8()..]);
    let (token, run) = rest.split_at_checked(own.len()).unwrap_or(("", ""));
    let of_run = || (!run.is_empty()).then(|| Change::Run(run.to_owned()));
    let changes = match kind {
        _ if token == own => [None, None],
        Some('r') => [of_run(), None],
        Some('d') => [of_run(), Some(Change::Due)],
        _ => [Some(Change::Missed), None],
    };
    changes.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(payload: &str) -> Vec<Change> {
        heard(payload, "me").collect()
    }

    #[test]
    fn what_is_told_is_heard_by_others() {
        let run = || Change::Run("r-é".to_owned());
        assert_eq!(said(&payload('r', "yo", "r-é")), [run()]);
        assert_eq!(said(&due("yo", "r-é")), [run(), Change::Due]);
        assert_eq!(said(&due("yo", "")), [Change::Due]);
        assert_eq!(said(&due("me", "r-é")), []);
        assert_eq!(said(&due("yo", &"r".repeat(9_000))), [Change::Missed]);
        assert_eq!(said(""), [Change::Missed]);
        assert_eq!(said("from a stranger"), [Change::Missed]);
    }
}
