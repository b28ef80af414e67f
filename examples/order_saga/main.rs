//! Takes an order: puts the goods aside, charges the account, ships; if that goes wrong at any point, or is cancelled,
//! everything is taken back, the last thing first.
//!
//! ```sh
//! cargo run --example order_saga -- run order-saga --item lamp --quantity 3
//! cargo run --example order_saga -- run order-saga --address nowhere
//! ```
//!
//! The stock is a JSON file, `FLOW_STOCK`, the accounts are an SQLite file, `FLOW_LEDGER`, and the labels of the parcels
//! lie in a folder, `FLOW_PARCELS`.

mod carrier;
mod ledger;
mod stock;

use std::{env, num::NonZeroU32, path::PathBuf, time::Duration};

use carrier::{Carrier, CarrierError, Parcel};
use flow_cli::Cli;
use flow_examples::{Money, data_file};
use flow_runtime::{idempotency_key, prelude::*};
use ledger::{Ledger, LedgerError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stock::{Stock, StockError};

/// Orders above this value need somebody's approval before they are shipped.
const ASK_ABOVE: Money = Money::whole(500);

/// What the steps work with.
struct Shop {
    stock: Stock,
    ledger: Ledger,
    carrier: Carrier,
}

/// What somebody wants.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Order {
    /// Given when the order is made: the name of its parcel.
    #[serde(default = "id")]
    #[schemars(skip)]
    id: String,
    /// What is wanted: lamp, kettle or sofa.
    #[serde(default = "item")]
    item: String,
    /// How many.
    #[serde(default = "quantity")]
    quantity: NonZeroU32,
    /// Who pays.
    #[serde(default = "account")]
    account: String,
    /// Where it goes, with a postcode of five digits.
    #[serde(default = "address")]
    address: String,
    /// How many seconds an approval may take.
    #[serde(default = "patience")]
    patience: u64,
}

fn id() -> String {
    format!("order-{}", &uuid::Uuid::now_v7().simple().to_string()[16..])
}

fn item() -> String {
    "lamp".to_owned()
}

fn quantity() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(2)
}

fn account() -> String {
    ACCOUNT.to_owned()
}

fn address() -> String {
    "1 Mill Lane, 01069 Dresden".to_owned()
}

fn patience() -> u64 {
    2 * 24 * 3600
}

/// Goods put aside.
#[derive(Debug, Serialize, Deserialize)]
struct Reservation {
    item: String,
    quantity: NonZeroU32,
    value: Money,
    /// Under which they lie there.
    key: String,
}

/// A payment made.
#[derive(Debug, Serialize, Deserialize)]
struct Payment {
    account: String,
    amount: Money,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the order cannot be shipped")]
    Carrier(#[from] CarrierError),
    #[error("nobody approved the order in time")]
    TooLate(#[from] TimedOut),
    #[error("the order was refused: {why}")]
    Refused { why: String },
}

type Result<T, E = OrderError> = std::result::Result<T, E>;

workflow! {
    /// Takes an order: puts the goods aside, charges the account, ships. What cannot be finished is taken back.
    async fn order_saga(shop: &Shop, order: Order) -> Result<Parcel> {
        let goods = reserve(shop, &order).await?;
        let payment = charge(shop, &order, goods.value).await?;
        if payment.amount > ASK_ABOVE {
            match pause(approve(&order, &payment)).timeout(Duration::from_secs(order.patience)).await? {
                Decision::Ship => {}
                Decision::Refuse { why } => return Err(OrderError::Refused { why }),
            }
        }
        ship(shop, &order).await
    }
}

/// The goods are put aside and paid for, but it is a large order. Ship it?
#[pause]
fn approve(order: &Order, payment: &Payment) -> Decision;

/// What somebody says to a large order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
enum Decision {
    /// Ship it.
    Ship,
    /// Take everything back.
    Refuse {
        #[schemars(example = &"The address is an empty house.")]
        why: String,
    },
}

/// Whether it helps to try again.
fn is_busy(error: &OrderError) -> bool {
    matches!(error, OrderError::Stock(StockError::Busy) | OrderError::Ledger(LedgerError::Busy))
}

/// What the step is known by: the same for each attempt, and never the same for anything else.
fn key() -> String {
    idempotency_key().unwrap_or_default()
}

/// Puts the goods aside.
#[step(undo = put_back, retries = 8, backoff = "50ms..1s", retry_if = is_busy)]
async fn reserve(shop: &Shop, order: &Order) -> Result<Reservation> {
    let (key, quantity) = (key(), order.quantity);
    let price = shop.stock.reserve(&key, &order.item, quantity.get())?;
    Ok(Reservation { item: order.item.clone(), quantity, value: price.times(quantity), key })
}

/// Puts goods back.
#[step(retries = 8, backoff = "50ms..1s", retry_if = is_busy)]
async fn put_back(shop: &Shop, _order: &Order, goods: Reservation) -> Result<()> {
    Ok(shop.stock.release(&goods.key, &goods.item)?)
}

/// Takes the money.
#[step(undo = refund, retries = 8, backoff = "50ms..1s", retry_if = is_busy)]
async fn charge(shop: &Shop, order: &Order, amount: Money) -> Result<Payment> {
    shop.ledger.charge(&key(), &order.account, amount, &format!("{} for {}", order.item, order.id))?;
    Ok(Payment { account: order.account.clone(), amount })
}

/// Gives the money back.
#[step(retries = 8, backoff = "50ms..1s", retry_if = is_busy)]
async fn refund(shop: &Shop, order: &Order, _amount: Money, payment: Payment) -> Result<()> {
    Ok(shop.ledger.refund(&key(), &payment.account, payment.amount, &format!("refund for {}", order.id))?)
}

/// Hands the parcel over.
#[step(undo = recall)]
async fn ship(shop: &Shop, order: &Order) -> Result<Parcel> {
    Ok(shop.carrier.ship(&order.id, &order.address, &format!("{} {}", order.quantity, order.item))?)
}

/// Takes the parcel back: somebody may cancel the run when it has been handed over and the run has not ended yet.
#[step]
async fn recall(_shop: &Shop, _order: &Order, parcel: Parcel) -> Result<()> {
    Ok(Carrier::recall(&parcel.label)?)
}

/// Whose balance is shown before there are any entries.
const ACCOUNT: &str = "ann";

/// The dependency of the workflow.
fn shop() -> Shop {
    let path = |name: &str, default: &str| env::var_os(name).map_or_else(|| PathBuf::from(default), PathBuf::from);
    Shop {
        stock: Stock { file: path("FLOW_STOCK", "stock.json"), first: data_file("stock.json") },
        ledger: Ledger { file: path("FLOW_LEDGER", "ledger.db") },
        carrier: Carrier { zones: data_file("zones.csv"), parcels: path("FLOW_PARCELS", "parcels") },
    }
}

/// Where the parcel goes, in words.
fn tell(parcel: &Parcel) -> String {
    let Parcel { label, zone, days } = parcel;
    format!("On its way to zone {zone}, {days} days: {}\n", label.display())
}

/// How things stand: what is taken back shows here.
fn world() -> Option<Value> {
    let shop = shop();
    let balances = shop.ledger.balances(ACCOUNT).ok()?;
    let stock = shop.stock.lines().ok()?;
    let stock: serde_json::Map<String, Value> =
        stock.into_iter().map(|(item, line)| (item, json!(line.in_stock))).collect();
    Some(json!({ "balances": balances, "in_stock": stock }))
}

flow_cli::main!(
    Cli::new(App::builder().register::<OrderSaga>(shop())).output::<OrderSaga>(tell).world::<OrderSaga>(world)
);
