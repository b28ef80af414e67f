//! The market and the ledger.

use std::{fmt, num::NonZeroU32, path::PathBuf, time::Duration};

use flow_examples::Money;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::Side;

/// Where prices come from, and where trades go.
pub(crate) struct Broker {
    /// A CSV file with `symbol`, `bid` and `ask`.
    pub(crate) prices: PathBuf,
    /// An SQLite file.
    pub(crate) ledger: PathBuf,
}

/// What a share costs at the moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Quote {
    pub(crate) symbol: String,
    /// What one gets for it.
    pub(crate) bid: Money,
    /// What one pays for it.
    pub(crate) ask: Money,
}

/// A line of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trade {
    pub(crate) order_id: String,
    pub(crate) symbol: String,
    pub(crate) side: Side,
    pub(crate) quantity: NonZeroU32,
    pub(crate) price: Money,
    pub(crate) value: Money,
    /// The ledger it stands in.
    pub(crate) ledger: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("the prices in `{}` cannot be read", .file.display())]
    Prices { file: PathBuf, source: csv::Error },
    #[error("there is no price for {symbol}; there are prices for {}", .known.join(", "))]
    NoPrice { symbol: String, known: Vec<String> },
    #[error("the ledger `{}` cannot be used", .file.display())]
    Ledger { file: PathBuf, source: rusqlite::Error },
}

/// Amounts are kept in cents.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS trades (
    order_id TEXT PRIMARY KEY NOT NULL,
    symbol   TEXT NOT NULL,
    side     TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price    INTEGER NOT NULL
)";

impl Quote {
    /// What counts for a side.
    pub(crate) fn price(&self, side: Side) -> Money {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }
}

impl Broker {
    /// The price of a share.
    pub(crate) fn quote(&self, symbol: &str) -> Result<Quote, BrokerError> {
        let unreadable = |source| BrokerError::Prices { file: self.prices.clone(), source };
        let mut reader = csv::Reader::from_path(&self.prices).map_err(unreadable)?;
        let quotes: Vec<Quote> = reader.deserialize().collect::<Result<_, _>>().map_err(unreadable)?;
        let found = quotes.iter().find(|quote| quote.symbol == symbol).cloned();
        let known = || quotes.into_iter().map(|quote| quote.symbol).collect();
        found.ok_or_else(|| BrokerError::NoPrice { symbol: symbol.to_owned(), known: known() })
    }

    /// How many of a share are held.
    pub(crate) fn holding(&self, symbol: &str) -> Result<i64, BrokerError> {
        let sum = "SELECT coalesce(sum(iif(side = 'buy', quantity, -quantity)), 0) FROM trades WHERE symbol = ?1";
        self.ledger(|ledger| ledger.query_row(sum, [symbol], |row| row.get(0)))
    }

    /// Trades, unless the ledger has the order already. Returns what the ledger says of it.
    pub(crate) fn trade(
        &self,
        order_id: &str,
        symbol: &str,
        side: Side,
        quantity: NonZeroU32,
        price: Money,
    ) -> Result<Trade, BrokerError> {
        self.ledger(|ledger| {
            // One statement, so that a crash is before it or after it.
            let insert = "INSERT INTO trades VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (order_id) DO NOTHING";
            ledger.execute(insert, (order_id, symbol, side.to_string(), quantity.get(), price.cents()))?;
            let select = "SELECT quantity, price FROM trades WHERE order_id = ?1";
            let (quantity, cents): (NonZeroU32, i64) = ledger.query_row(select, [order_id], |row| {
                Ok((NonZeroU32::new(row.get(0)?).unwrap_or(quantity), row.get(1)?))
            })?;
            let price = Money::from_cents(cents);
            let (order_id, symbol, ledger) = (order_id.to_owned(), symbol.to_owned(), self.ledger.clone());
            Ok(Trade { order_id, symbol, side, quantity, price, value: price.times(quantity), ledger })
        })
    }

    fn ledger<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BrokerError> {
        let open = || {
            let ledger = Connection::open(&self.ledger)?;
            ledger.busy_timeout(Duration::from_secs(10))?;
            ledger.execute_batch(SCHEMA)?;
            work(&ledger)
        };
        open().map_err(|source| BrokerError::Ledger { file: self.ledger.clone(), source })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        })
    }
}
