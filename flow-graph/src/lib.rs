//! Draws the workflows of [`flow_runtime`], and where their runs stand.

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
