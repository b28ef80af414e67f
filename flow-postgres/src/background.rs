//! The thread beside a store handle: it keeps the handle's lease alive and hears what others do.
//!
//! It has a runtime and a connection of its own, so that a program whose threads are all busy, or that has stopped the clock of
//! its runtime in a test, still counts as alive. It is started by the first claim or the first listener.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool::managed::Manager as _;
use deadpool_postgres::{ClientWrapper, Pool};
use flow_runtime::store::Change;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_postgres::Client;

use crate::{
    connect::{Alone, Server},
    fault::Fault,
    notify,
};

/// How many changes a listener may be behind before it is told that it has missed some.
const BEHIND: usize = 1024;

/// How long dropping the last handle may wait until the server knows.
const FAREWELL: Duration = Duration::from_secs(2);

/// How to reach the server beside the pool.
pub(crate) enum Way {
    Server(Arc<Server>),
    /// Connections made as the pool makes them. They hear nothing.
    Pool(Pool),
}

/// What the thread works with.
pub(crate) struct Plan {
    pub(crate) way: Way,
    /// The quoted schema with a dot.
    pub(crate) prefix: String,
    pub(crate) channel: String,
    pub(crate) token: String,
    pub(crate) lease: Duration,
    /// How long to try before somebody who waits is told that it does not work.
    pub(crate) patience: Duration,
}

/// The thread, as those see it who need it.
pub(crate) struct Background {
    plan: Mutex<Option<Plan>>,
    orders: mpsc::UnboundedSender<Order>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<Order>>>,
    changes: broadcast::Sender<Change>,
    lease: Arc<Lease>,
    closed: AtomicBool,
}

/// Until when the handle counts as alive, by this machine's clock: never later than by the server's.
#[derive(Default)]
pub(crate) struct Lease(Mutex<Option<Instant>>);

impl Lease {
    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// What is left of it, `None` if it is over or has not begun.
    pub(crate) fn left(&self) -> Option<Duration> {
        let until = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

enum Order {
    /// To keep the lease alive from now on. Answered when it is.
    Hold(oneshot::Sender<Result<(), Fault>>),
    /// To listen from now on. Answered when changes are heard.
    Listen(oneshot::Sender<Result<(), Fault>>),
    /// To give the lease back and to end.
    Close(Box<dyn FnOnce() + Send>),
}

impl Background {
    pub(crate) fn new(plan: Plan) -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        Background {
            plan: Mutex::new(Some(plan)),
            orders,
            inbox: Mutex::new(Some(inbox)),
            changes: broadcast::channel(BEHIND).0,
            lease: Arc::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Makes sure that others find this handle alive.
    pub(crate) async fn hold(&self) -> Result<(), Fault> {
        self.ordered(Order::Hold).await
    }

    /// Hears what others do from now on.
    pub(crate) async fn listen(&self) -> Result<broadcast::Receiver<Change>, Fault> {
        let changes = self.changes.subscribe();
        self.ordered(Order::Listen).await?;
        Ok(changes)
    }

    async fn ordered(&self, order: fn(oneshot::Sender<Result<(), Fault>>) -> Order) -> Result<(), Fault> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(closed());
        }
        self.start()?;
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    fn start(&self) -> Result<(), Fault> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.is_none() {
            return Ok(());
        }
        // What can fail comes first: should it, the next one finds everything in its place.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::other)?;
        let (hand_over, work) = std::sync::mpsc::sync_channel::<Work>(1);
        let thread = std::thread::Builder::new().name("flow-postgres".to_owned());
        let run = move || work.recv().map_or((), |work| runtime.block_on(work.run()));
        thread.spawn(run).map_err(Fault::other)?;
        let Some(plan) = plan.take() else { return Ok(()) };
        let Some(inbox) = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let work = Work {
            plan,
            inbox,
            changes: self.changes.clone(),
            lease: self.lease.clone(),
            line: None,
            holding: false,
            listening: false,
            listened: false,
            renewed: None,
            waiting: Vec::new(),
        };
        hand_over.send(work).map_err(|_| closed())
    }

    /// Gives the lease back and ends the thread. `then` is called when that is done, or when there is nothing to do.
    fn farewell(&self, then: impl FnOnce() + Send + 'static) {
        self.closed.store(true, Ordering::SeqCst);
        // A thread that never was, or is gone, drops the order and with it whatever waits for its end.
        let never = self.plan.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !never {
            let _ = self.orders.send(Order::Close(Box::new(then)));
        }
    }

    pub(crate) async fn close(&self) {
        let (done, is_done) = oneshot::channel();
        self.farewell(move || done.send(()).unwrap_or_default());
        let _ = is_done.await;
    }
}

impl Drop for Background {
    /// Waits until the server knows, so that the claims of this handle are free when its last clone is gone; not for long,
    /// should the server not be there.
    fn drop(&mut self) {
        let (done, is_done) = std::sync::mpsc::channel();
        self.farewell(move || done.send(()).unwrap_or_default());
        let _ = is_done.recv_timeout(FAREWELL);
    }
}

fn closed() -> Fault {
    Fault::other("the store was closed")
}

/// The connection of the thread.
enum Line {
    Alone(Alone),
    Pooled(Box<ClientWrapper>),
}

impl Line {
    fn client(&self) -> &Client {
        match self {
            Line::Alone(alone) => &alone.client,
            Line::Pooled(client) => client,
        }
    }

    /// The next that is told. Does not end while there is nothing; `None` when the connection is gone.
    async fn told(&mut self) -> Option<String> {
        match self {
            Line::Alone(alone) => alone.told.recv().await,
            Line::Pooled(_) => std::future::pending().await,
        }
    }
}

/// Who waits for an order to be carried out, and until when.
type Waiting = (Instant, oneshot::Sender<Result<(), Fault>>);

struct Work {
    plan: Plan,
    inbox: mpsc::UnboundedReceiver<Order>,
    changes: broadcast::Sender<Change>,
    lease: Arc<Lease>,
    line: Option<Line>,
    holding: bool,
    listening: bool,
    listened: bool,
    renewed: Option<Instant>,
    waiting: Vec<Waiting>,
}

/// What happened next on the thread.
enum Next {
    Order(Option<Order>),
    Told(Option<String>),
    Time,
}

impl Work {
    async fn run(mut self) {
        let mut pause = Duration::ZERO;
        let mut due = true;
        loop {
            if due {
                match tokio::time::timeout(self.plan.lease.max(Duration::from_secs(1)) / 2, self.keep_up()).await {
                    Ok(Ok(())) => {
                        pause = Duration::ZERO;
                        self.waiting.drain(..).for_each(|(_, answer)| drop(answer.send(Ok(()))));
                    }
                    Ok(Err(fault)) => pause = self.failed(Some(fault), pause),
                    Err(_) => pause = self.failed(None, pause),
                }
            }
            let nap = if pause.is_zero() { self.until_next_beat() } else { pause };
            let told = async {
                match &mut self.line {
                    Some(line) => line.told().await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                biased;
                order = self.inbox.recv() => Next::Order(order),
                told = told => Next::Told(told),
                () = tokio::time::sleep(nap) => Next::Time,
            };
            due = match next {
                Next::Order(None) => return,
                Next::Order(Some(Order::Close(then))) => {
                    self.leave().await;
                    return then();
                }
                Next::Order(Some(Order::Hold(answer))) => {
                    (self.holding, self.renewed) = (true, None);
                    self.waiting.push((Instant::now() + self.plan.patience, answer));
                    true
                }
                Next::Order(Some(Order::Listen(answer))) => {
                    if !self.listening {
                        // On a connection from its very beginning, so that nothing is missed between two steps.
                        (self.listening, self.line) = (true, None);
                    }
                    self.waiting.push((Instant::now() + self.plan.patience, answer));
                    true
                }
                Next::Told(Some(payload)) => {
                    notify::heard(&payload, &self.plan.token).for_each(|change| drop(self.changes.send(change)));
                    false
                }
                Next::Told(None) => {
                    self.line = None;
                    true
                }
                Next::Time => true,
            };
        }
    }

    /// How long until the lease wants to be renewed.
    fn until_next_beat(&self) -> Duration {
        match self.renewed {
            Some(renewed) if self.holding => (self.plan.lease / 3).saturating_sub(renewed.elapsed()),
            _ => Duration::from_secs(60),
        }
    }

    /// Is connected, listens and has a fresh lease, as far as these are wanted.
    async fn keep_up(&mut self) -> Result<(), Fault> {
        if self.line.as_ref().is_none_or(|line| line.client().is_closed()) {
            self.line = Some(self.connect().await?);
            self.renewed = None;
        }
        let Some(line) = &self.line else { return Ok(()) };
        if self.holding && self.until_next_beat().is_zero() | self.renewed.is_none() {
            let sent = Instant::now();
            renew(line.client(), &self.plan).await?;
            self.renewed = Some(sent);
            self.lease.set(Some(sent + self.plan.lease));
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<Line, Fault> {
        match &self.plan.way {
            Way::Server(server) => {
                let alone = server.connect().await?;
                if self.listening {
                    alone
                        .client
                        .batch_execute(&format!("LISTEN {}", crate::schema::quoted(&self.plan.channel)))
                        .await?;
                    if std::mem::replace(&mut self.listened, true) {
                        // Nobody has heard what was told since the connection before was cut.
                        let _ = self.changes.send(Change::Missed);
                    }
                }
                Ok(Line::Alone(alone))
            }
            Way::Pool(pool) => {
                // Not taken from the pool: it lives as long as this thread, and in its runtime.
                Ok(Line::Pooled(Box::new(pool.manager().create().await?)))
            }
        }
    }

    /// Drops the connection, tells those whose patience is over, and says how long to wait before the next attempt.
    fn failed(&mut self, fault: Option<Fault>, before: Duration) -> Duration {
        self.line = None;
        let (now, lasting) = (Instant::now(), fault.as_ref().is_some_and(|fault| !fault.is_passing()));
        let mut fault = fault;
        for (until, answer) in std::mem::take(&mut self.waiting) {
            if lasting || now >= until {
                let why = fault.take().unwrap_or_else(|| Fault::other("the server did not answer in time"));
                drop(answer.send(Err(why)));
            } else {
                self.waiting.push((until, answer));
            }
        }
        (before * 2).clamp(Duration::from_millis(20), Duration::from_secs(1))
    }

    /// Frees the claims.
    async fn leave(&mut self) {
        if !self.holding {
            return;
        }
        self.lease.set(None);
        let gone = async {
            if self.line.as_ref().is_none_or(|line| line.client().is_closed()) {
                self.line = Some(self.connect().await?);
            }
            let Some(line) = &self.line else { return Ok(()) };
            let sql = format!(
                "WITH gone AS (DELETE FROM {}drivers WHERE token = $1::text RETURNING token)
                 SELECT pg_notify($2::text, $3::text) FROM gone",
                self.plan.prefix
            );
            let payload = notify::due(&self.plan.token, "");
            line.client().query(&sql, &[&self.plan.token, &self.plan.channel, &payload]).await?;
            Ok::<(), Fault>(())
        };
        // Should it not work, the lease ends by itself.
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }
}

/// Moves the end of the lease on, by the server's clock, and forgets drivers that are long gone.
async fn renew(client: &Client, plan: &Plan) -> Result<(), Fault> {
    let sql = format!(
        "WITH gone AS (DELETE FROM {0}drivers WHERE expires_at < clock_timestamp() - interval '1 day')
         INSERT INTO {0}drivers (token, expires_at)
         VALUES ($1::text, clock_timestamp() + $2::bigint * interval '1 millisecond')
         ON CONFLICT (token) DO UPDATE SET expires_at = excluded.expires_at",
        plan.prefix
    );
    let lease = i64::try_from(plan.lease.as_millis()).unwrap_or(i64::MAX);
    client.execute(&sql, &[&plan.token, &lease]).await?;
    Ok(())
}
