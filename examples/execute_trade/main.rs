//! Buys or sells shares within a limit: checks the price and the risk, asks when the risk is large, and writes the trade into
//! a ledger, once and only once.
//!
//! ```sh
//! cargo run --example execute_trade -- start ACME buy 300 55.00
//! ```
//!
//! The market is a CSV file, `FLOW_PRICES`, and the ledger an SQLite file, `FLOW_LEDGER`.

mod broker;

use std::{env, error::Error, num::NonZeroU32, path::PathBuf, process::ExitCode, sync::Arc};

use broker::{Broker, BrokerError, Quote, Trade};
use flow_examples::{Example, Money, data_file};
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
    id: String,
    /// Which share.
    symbol: String,
    side: Side,
    /// How many.
    quantity: NonZeroU32,
    /// The worst price that will do.
    limit: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
enum Side {
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

/// What `start` takes.
#[derive(clap::Args)]
struct Args {
    /// Which share.
    #[arg(default_value = "ACME")]
    symbol: String,
    #[arg(value_enum, default_value = "buy")]
    side: Side,
    /// How many.
    #[arg(default_value = "300")]
    quantity: NonZeroU32,
    /// The worst price that will do.
    #[arg(default_value = "55.00")]
    limit: Money,
}

impl Example for ExecuteTrade {
    type Args = Args;

    fn deps() -> Arc<Broker> {
        let prices = env::var_os("FLOW_PRICES").map_or_else(|| data_file("prices.csv"), PathBuf::from);
        let ledger = env::var_os("FLOW_LEDGER").map_or_else(|| PathBuf::from("ledger.db"), PathBuf::from);
        Arc::new(Broker { prices, ledger })
    }

    fn input(args: Args) -> std::result::Result<Order, Box<dyn Error + Send + Sync>> {
        let Args { symbol, side, quantity, limit } = args;
        let id = format!("order-{}", &uuid::Uuid::now_v7().simple().to_string()[16..]);
        Ok(Order { id, symbol: symbol.to_uppercase(), side, quantity, limit })
    }

    fn title(order: &Order) -> String {
        format!("{} {} {} at {}", order.side, order.quantity, order.symbol, order.limit)
    }

    fn output(settled: &Settled) -> String {
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
}

fn main() -> ExitCode {
    flow_examples::run::<ExecuteTrade>()
}
