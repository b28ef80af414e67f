//! The stores of this crate do what every store must do.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::Arc;

use flow_runtime::{
    Memory, Store,
    testing::conformance::{Opened, Place},
};

struct InMemory(Memory);

impl Place for InMemory {
    fn open(&self) -> Opened<'_> {
        let store: Arc<dyn Store> = Arc::new(self.0.reopen());
        Box::pin(std::future::ready(store))
    }
}

mod memory {
    use super::*;

    flow_runtime::store_conformance!(async { InMemory(Memory::new()) });
}

#[cfg(feature = "sqlite")]
mod in_a_file {
    use flow_runtime::store::{Sqlite, Synchronous};
    use tempfile::TempDir;

    use super::*;

    struct File(TempDir, Synchronous);

    impl Place for File {
        fn open(&self) -> Opened<'_> {
            let options = Sqlite::options().synchronous(self.1);
            let store: Arc<dyn Store> = Arc::new(options.open(self.0.path().join("flow.db")).unwrap());
            Box::pin(std::future::ready(store))
        }
    }

    mod normal {
        use super::*;

        flow_runtime::store_conformance!(async { File(TempDir::new().unwrap(), Synchronous::Normal) });
    }

    mod full {
        use super::*;

        flow_runtime::store_conformance!(async { File(TempDir::new().unwrap(), Synchronous::Full) });
    }
}
