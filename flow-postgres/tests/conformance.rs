//! The store does what every store must do.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::{future::Future, pin::Pin, sync::Arc};

use common::Place as Schema;
use flow_runtime::{
    Store,
    testing::conformance::{Opened, Place},
};

struct Tables(Schema);

impl Place for Tables {
    fn open(&self) -> Opened<'_> {
        Box::pin(async { Arc::new(self.0.open().await) as Arc<dyn Store> })
    }

    fn close(&self, store: Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        drop(store);
        Box::pin(std::future::ready(()))
    }
}

flow_runtime::store_conformance!(async { Tables(Schema::new().await) });
