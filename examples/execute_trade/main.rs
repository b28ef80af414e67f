//! Buys or sells shares within a limit: checks the price and the risk, asks when the risk is large, and writes the trade into
//! a ledger, once and only once.
//!
//! ```sh
//! cargo run --example execute_trade -- run execute-trade --symbol ACME --side buy --quantity 300 --limit 55.00
//! ```
//!
//! The market is a CSV file, `FLOW_PRICES`, and the ledger an SQLite file, `FLOW_LEDGER`.

mod broker;

use std::{env, error::Error, num::NonZeroU32, path::PathBuf};

use broker::{Broker, BrokerError, Quote, Trade};
use flow_cli::Cli;
use flow_examples::{Money, data_file};
use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trades above this value need somebody's approval.
const ASK_ABOVE: Money = Money::whole(10_000);
/// Nobody can approve trades above this value.
const NEVER_ABOVE: Money = Money::whole(100_000);

/// What to trade.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Order {
    /// Given when the order is made, so that the ledger knows it again when a crash makes a step run twice.
    #[serde(default = "id")]
    #[schemars(skip)]
    id: String,
    /// Which share.
    #[serde(default = "symbol")]
    symbol: String,
    /// Whether it comes or goes.
    #[serde(default)]
    side: Side,
    /// How many.
    #[serde(default = "quantity")]
    quantity: NonZeroU32,
    /// The worst price that will do.
    #[serde(default = "limit")]
    limit: Money,
}

fn id() -> String {
    format!("order-{}", &uuid::Uuid::now_v7().simple().to_string()[16..])
}

fn symbol() -> String {
    "ACME".to_owned()
}

fn quantity() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(299)
}

fn limit() -> Money {
    Money::whole(55)
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Side {
    #[default]
    Buy,
    Sell,
}

/// What a trade would mean.
#[derive(Debug, Serialize, Deserialize)]
struct Risk {
    value: Money,
    holding: i64,
    holding_after: i64,
    /// Why somebody has to look at it; empty if nobody has to.
    reasons: Vec<String>,
}

/// How it ended.
#[derive(Debug, Serialize, Deserialize)]
enum Settled {
    Traded(Trade),
    Declined { why: String },
}

#[derive(Debug, thiserror::Error)]
enum TradeError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("{symbol} is at {price}, outside the limit of {limit}")]
    Limit { symbol: String, price: Money, limit: Money },
}

type Result<T> = std::result::Result<T, TradeError>;

workflow! {
    /// Trades shares within a limit; asks first if much is at stake.
    async fn execute_trade(broker: &Broker, order: Order) -> Result<Settled> {
        let mut quote = price(broker, &order).await?;
        let risk = assess(broker, &order, &quote).await?;
        let mut quantity = order.quantity;
        if !risk.reasons.is_empty() {
            let mut objection = None;
            #[max(10)]
            loop {
                match pause(approve(&order, &quote, &risk, &objection)).await {
                    Approval::Approve { quantity: approved } => {
                        quantity = approved;
                        objection = object(&order, quantity, &quote);
                        if objection.is_none() {
                            break;
                        }
                    }
                    Approval::Decline { why } => return Ok(Settled::Declined { why }),
                }
            }
            // The market did not wait for the answer.
            quote = price(broker, &order).await?;
        }
        execute(broker, &order, quantity, &quote).await
    }
}

/// This order needs an approval. Approve it, with another quantity if need be, or decline it.
#[pause]
fn approve(order: &Order, quote: &Quote, risk: &Risk, objection: &Option<String>) -> Approval;

/// What somebody says to an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
enum Approval {
    /// Trade this many.
    Approve { quantity: NonZeroU32 },
    /// Do not trade.
    Decline {
        #[schemars(example = &"Too much of one share.")]
        why: String,
    },
}

/// What speaks against an approved quantity.
fn object(order: &Order, quantity: NonZeroU32, quote: &Quote) -> Option<String> {
    let value = quote.price(order.side).times(quantity);
    if quantity > order.quantity {
        return Some(format!("{quantity} are more than the {} ordered", order.quantity));
    }
    (value > NEVER_ABOVE)
        .then(|| format!("{quantity} are worth {value}, and nothing above {NEVER_ABOVE} can be approved"))
}

/// Asks for the price, and checks it against the limit.
#[step]
async fn price(broker: &Broker, order: &Order) -> Result<Quote> {
    let quote = broker.quote(&order.symbol)?;
    let price = quote.price(order.side);
    let fits = match order.side {
        Side::Buy => price <= order.limit,
        Side::Sell => price >= order.limit,
    };
    if fits { Ok(quote) } else { Err(TradeError::Limit { symbol: order.symbol.clone(), price, limit: order.limit }) }
}

/// Works out what the trade would mean.
#[step]
async fn assess(broker: &Broker, order: &Order, quote: &Quote) -> Result<Risk> {
    let holding = broker.holding(&order.symbol)?;
    let change = i64::from(order.quantity.get());
    let holding_after = match order.side {
        Side::Buy => holding + change,
        Side::Sell => holding - change,
    };
    let value = quote.price(order.side).times(order.quantity);
    let mut reasons = Vec::new();
    if value > ASK_ABOVE {
        reasons.push(format!("it is worth more than {ASK_ABOVE}"));
    }
    if holding_after < 0 {
        reasons.push(format!("it sells {} that are not there", -holding_after));
    }
    Ok(Risk { value, holding, holding_after, reasons })
}

/// Trades, and writes it into the ledger. An order that is there already is not traded again.
#[step]
async fn execute(broker: &Broker, order: &Order, quantity: NonZeroU32, quote: &Quote) -> Result<Settled> {
    let price = quote.price(order.side);
    Ok(Settled::Traded(broker.trade(&order.id, &order.symbol, order.side, quantity, price)?))
}

/// The dependency of the workflow.
fn broker() -> Broker {
    let prices = env::var_os("FLOW_PRICES").map_or_else(|| data_file("prices.csv"), PathBuf::from);
    let ledger = env::var_os("FLOW_LEDGER").map_or_else(|| PathBuf::from("ledger.db"), PathBuf::from);
    Broker { prices, ledger }
}

/// The order a run starts with: shares are written in capitals.
fn prepare(order: Order) -> std::result::Result<Order, Box<dyn Error + Send + Sync>> {
    Ok(Order { symbol: order.symbol.to_uppercase(), ..order })
}

/// How it ended, in words.
fn tell(settled: &Settled) -> String {
    match settled {
        Settled::Declined { why } => format!("Nothing was traded: {why}\n"),
        Settled::Traded(trade) => {
            let Trade { side, quantity, symbol, price, value, .. } = trade;
            format!(
                "{side} {quantity} {symbol} at {price}, {value} in all.\n\nsqlite3 ledger.db 'SELECT * FROM trades'\n"
            )
        }
    }
}

flow_cli::main!(
    Cli::new(App::builder().register::<ExecuteTrade>(broker()))
        .prepare::<ExecuteTrade>(prepare)
        .output::<ExecuteTrade>(tell)
);
