//! The accounts: an SQLite table of entries. A balance is what the entries of an account add up to.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use flow_examples::Money;
use rusqlite::{Connection, ErrorCode};

/// What every account begins with.
const OPENING: Money = Money::whole(1_000);

/// Amounts are kept in cents.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS entries (
    number  INTEGER PRIMARY KEY,
    key     TEXT UNIQUE NOT NULL,
    account TEXT NOT NULL,
    amount  INTEGER NOT NULL,
    what    TEXT NOT NULL
)";

pub(crate) struct Ledger {
    /// An SQLite file.
    pub(crate) file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("somebody else is writing the ledger")]
    Busy,
    #[error("the ledger `{}` cannot be used", .file.display())]
    File { file: PathBuf, source: rusqlite::Error },
    #[error("{account} has {balance}, and {amount} is to be paid")]
    TooLittle { account: String, balance: Money, amount: Money },
}

impl Ledger {
    /// All accounts. One without entries has what all begin with.
    pub(crate) fn balances(&self, account: &str) -> Result<BTreeMap<String, Money>, LedgerError> {
        self.open(|ledger| {
            let mut select = ledger.prepare("SELECT account, sum(amount) FROM entries GROUP BY account")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, Money::from_cents(row.get(1)?))))?;
            let mut balances = rows.collect::<rusqlite::Result<BTreeMap<String, Money>>>()?;
            balances.entry(account.to_owned()).or_insert(OPENING);
            Ok(Ok(balances))
        })
    }

    /// Takes an amount from an account, unless that was done under this key before.
    pub(crate) fn charge(&self, key: &str, account: &str, amount: Money, what: &str) -> Result<(), LedgerError> {
        self.open(|ledger| {
            // One transaction, so that a crash is before it or after it.
            ledger.execute_batch("BEGIN IMMEDIATE")?;
            enter(ledger, &format!("opening of {account}"), account, OPENING.cents(), "opening balance")?;
            let sum = "SELECT coalesce(sum(amount), 0) FROM entries WHERE account = ?1 AND key != ?2";
            let balance = Money::from_cents(ledger.query_row(sum, [account, key], |row| row.get(0))?);
            if balance < amount {
                return Ok(Err(LedgerError::TooLittle { account: account.to_owned(), balance, amount }));
            }
            enter(ledger, key, account, -amount.cents(), what)?;
            ledger.execute_batch("COMMIT").map(Ok)
        })
    }

    /// Gives an amount back, unless that was done under this key before.
    pub(crate) fn refund(&self, key: &str, account: &str, amount: Money, what: &str) -> Result<(), LedgerError> {
        self.open(|ledger| enter(ledger, key, account, amount.cents(), what).map(Ok))
    }

    /// A connection that is dropped in the middle of a transaction rolls it back.
    fn open<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        let open = || {
            let ledger = Connection::open(&self.file)?;
            // Whoever has to wait longer is told so, and the step is tried again later.
            ledger.busy_timeout(Duration::from_millis(50))?;
            ledger.execute_batch(SCHEMA)?;
            work(&ledger)
        };
        open().unwrap_or_else(|source| {
            Err(match source.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Busy,
                _ => LedgerError::File { file: self.file.clone(), source },
            })
        })
    }
}

fn enter(ledger: &Connection, key: &str, account: &str, cents: i64, what: &str) -> rusqlite::Result<()> {
    let insert =
        "INSERT INTO entries (key, account, amount, what) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING";
    ledger.execute(insert, (key, account, cents, what)).map(|_| ())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger { file: folder.path().join("ledger.db") };
        let balance = || ledger.balances("ann").unwrap()["ann"].to_string();
        assert_eq!(balance(), "1000.00");
        for _ in 0..2 {
            ledger.charge("a", "ann", Money::whole(700), "a sofa").unwrap();
            assert_eq!(balance(), "300.00");
        }
        let refused = ledger.charge("b", "ann", Money::whole(301), "another").unwrap_err();
        assert_eq!(refused.to_string(), "ann has 300.00, and 301.00 is to be paid");
        for _ in 0..2 {
            ledger.refund("a:undo", "ann", Money::whole(700), "no sofa").unwrap();
            assert_eq!(balance(), "1000.00");
        }
    }

    #[test]
    fn a_ledger_in_use_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger { file: folder.path().join("ledger.db") };
        ledger.balances("ann").unwrap();
        let other = Connection::open(&ledger.file).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(matches!(ledger.refund("a", "ann", Money::whole(1), "a gift"), Err(LedgerError::Busy)));
    }
}
