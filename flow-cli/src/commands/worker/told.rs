//! What a worker does, in lines: what the runtime tells to `tracing`.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::output::{self, DIM, NEWS, WRONG, clock, now_ms, paint, short};

/// Begins to tell, unless the program listens to itself already.
pub(crate) fn listen(json: bool) {
    // Somebody else's subscriber tells it in its own way.
    let _ = tracing::subscriber::set_global_default(Teller { json, spans: Mutex::default(), next: AtomicU64::new(1) });
}

/// Writes a line for everything that is worth one.
struct Teller {
    json: bool,
    /// The runs that are driven, by their spans.
    spans: Mutex<HashMap<u64, Kept>>,
    next: AtomicU64,
}

/// A span, and how many know it.
#[derive(Debug)]
struct Kept {
    fields: Fields,
    known: usize,
}

thread_local! {
    /// The spans around what is told here.
    static AROUND: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// What is told with something.
#[derive(Debug, Default, Clone)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Teller {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("flow_") && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Kept { fields, known: 1 });
        span::Id::from_u64(id)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let around = AROUND.with_borrow(Clone::clone);
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let inherited = |name: &str| {
            let known = around.iter().rev().filter_map(|id| spans.get(id)).find_map(|span| span.fields.get(name));
            fields.get(name).or(known).map(str::to_owned)
        };
        let (run, workflow) = (inherited("flow.run.id"), inherited("flow.workflow.id"));
        let step = inherited("flow.step.name");
        drop(spans);
        let message = fields.get("message").unwrap_or_default().to_owned();
        if self.json {
            let told: serde_json::Map<String, serde_json::Value> = fields
                .0
                .iter()
                .filter(|(name, _)| *name != "message")
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                .collect();
            let level = event.metadata().level().as_str().to_lowercase();
            let line = serde_json::json!({
                "time": now_ms(), "level": level, "message": message, "run": run, "workflow": workflow,
                "step": step, "fields": told,
            });
            output::err(&format!("{line}\n"));
            return;
        }
        let style = match *event.metadata().level() {
            Level::ERROR => WRONG,
            Level::WARN => NEWS,
            _ => anstyle::Style::new(),
        };
        let run = run.as_deref().map(short).unwrap_or_default();
        let of = workflow.map(|workflow| format!(" {workflow}")).unwrap_or_default();
        let step = step.map(|step| format!("  {step}")).unwrap_or_default();
        let why = ["error.message", "flow.pause.id", "user.id"];
        let mut why: Vec<&str> = why.iter().filter_map(|name| fields.get(name)).collect();
        if why.is_empty() {
            why.extend(fields.get("flow.run.status"));
        }
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
        let head = paint(DIM, &clock(now_ms()));
        output::err(&format!("{head}  {run}{of}{step}  {}\n", paint(style, &format!("{message}{why}"))));
    }

    fn enter(&self, span: &span::Id) {
        AROUND.with_borrow_mut(|around| around.push(span.into_u64()));
    }

    fn exit(&self, span: &span::Id) {
        AROUND.with_borrow_mut(|around| {
            if let Some(at) = around.iter().rposition(|id| *id == span.into_u64()) {
                around.remove(at);
            }
        });
    }

    fn clone_span(&self, span: &span::Id) -> span::Id {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = spans.get_mut(&span.into_u64()) {
            kept.known += 1;
        }
        span.clone()
    }

    fn try_close(&self, span: span::Id) -> bool {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = spans.get_mut(&span.into_u64()) else { return false };
        kept.known -= 1;
        let is_last = kept.known == 0;
        if is_last {
            spans.remove(&span.into_u64());
        }
        is_last
    }
}
