//! What a person fills in: JSON Schemas understood, as flags, as questions on a terminal, as examples.

mod ask;
mod fields;
mod json;
mod sample;
mod shape;

pub(crate) use ask::{Later, ask};
pub(crate) use fields::{Form, Given, words};
pub(crate) use json::{BadJson, parse_json, read_argument};
pub(crate) use sample::{Choice as Sample, samples};
pub(crate) use shape::{Shape, label};
