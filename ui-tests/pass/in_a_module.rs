// A workflow in a module of its own, with steps that are re-exported.
#![deny(warnings)]
#[path = "../fail/prelude/mod.rs"]
mod prelude;

mod steps {
    pub use crate::prelude::{approve, research as look_up, write};
}

mod flows {
    use super::{
        prelude::{Draft, Result, Topic},
        steps,
    };

    flow_runtime::workflow! {
        pub(crate) async fn article(topic: Topic) -> Result<Draft> {
            let notes = steps::look_up(&topic).await?;
            let draft = steps::write(notes, 800).await?;
            let approval = flow_runtime::pause(steps::approve(&draft)).await;
            println!("{}", approval.by);
            Ok(draft)
        }
    }
}

fn main() {
    let _ = <flows::Article as flow_runtime::Workflow>::GRAPH;
}
