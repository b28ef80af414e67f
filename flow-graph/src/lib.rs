//! Draws the workflows of [`flow_runtime`], and where their runs stand.
//!
//! [`svg`] makes a drawing that stands alone: for a README, a page, a terminal's `--svg`. [`layout`] gives its coordinates, for a
//! page that draws by itself, and [`Standing::of`] what is known of a run, node by node; both serialise.
//!
//! ```
//! use flow_graph::{Standing, svg};
//! use flow_runtime::prelude::*;
//!
//! #[step]
//! async fn write(topic: &str) -> Result<String, std::fmt::Error> {
//!     Ok(format!("About {topic}"))
//! }
//!
//! /// Is it good enough?
//! #[pause]
//! fn approve(draft: &str) -> bool;
//!
//! workflow! {
//!     async fn article(topic: String) -> Result<String, std::fmt::Error> {
//!         let mut draft = write(&topic).await?;
//!         #[max(3)]
//!         while !pause(approve(&draft)).await {
//!             draft = write(&topic).await?;
//!         }
//!         Ok(draft)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let drawing = svg(&Article::GRAPH, &Standing::default());
//! assert!(drawing.contains("approve"));
//!
//! let app = App::builder().register::<Article>(()).build()?;
//! let run = app.start::<Article>("bees".to_owned()).await?;
//! run.wait().await?;
//! let drawing_of_a_run = svg(&Article::GRAPH, &Standing::of(run.any()).await?);
//! assert!(drawing_of_a_run.contains("waits for an answer"));
//! # Ok(())
//! # }
//! ```

mod chart;
mod flow;
mod layout;
mod place;
mod standing;
mod svg;
mod text;

pub use layout::{Edge, Label, Layout, Node, Shape, layout};
pub use standing::{Asked, Items, Mark, Standing, State};
pub use svg::{draw, svg};

/// The programs in the guide compile.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/graphs.md")]
    struct Graphs;
}
