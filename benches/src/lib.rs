//! What the benchmarks share: measuring side by side, and the tables they end with.
//!
//! `cargo bench -p flow-benches` runs them all. Absolute times depend on the machine; the ratios, measured side by side in
//! one run, are what counts.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing better to do than to end")]

mod bare;
pub mod client;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use criterion::Criterion;

pub use bare::{Bare, Written, record};

/// A table in plain text: the first column to the left, all others to the right.
#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads.
    pub fn new(title: &str, heads: &[&str]) -> Self {
        Table { title: title.to_owned(), rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()] }
    }

    /// One more row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it.
    pub fn print(&self) {
        println!("\n{}", self.text());
    }

    fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = format!("{}\n", self.title);
        for (index, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Writing to a String does not fail.
                let _ = match column {
                    0 => write!(text, "  {cell:<width$}"),
                    _ => write!(text, "  {cell:>width$}"),
                };
            }
            text.push('\n');
            if index == 0 {
                let width = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
                let _ = writeln!(text, "  {}", "-".repeat(width));
            }
        }
        text
    }
}

/// A measured value beside the aim it should not exceed: `1.42 ✓` or `1.71 ✗`.
pub fn judged(value: f64, aim: f64) -> String {
    format!("{value:.2} {}", if value <= aim { "✓" } else { "✗" })
}

/// The smallest and the middle one of some measurements.
pub fn min_and_median(samples: &[f64]) -> (f64, f64) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => (f64::NAN, f64::NAN),
        count => (sorted[0], sorted[count / 2]),
    }
}

/// Criterion as it is used here: short, and without pictures.
pub fn criterion() -> Criterion {
    Criterion::default()
        .configure_from_args()
        .without_plots()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

/// Measures some programs in turns, so that whatever else the machine does hits all alike. Criterion reports the first one
/// under this name; the smallest time of each, in nanoseconds, is returned.
pub fn side_by_side<const N: usize>(criterion: &mut Criterion, name: &str, programs: [&dyn Fn(); N]) -> [f64; N] {
    let mut samples: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut first = Duration::ZERO;
            for (index, (program, samples)) in programs.iter().zip(&mut samples).enumerate() {
                let start = Instant::now();
                (0..rounds).for_each(|_| program());
                let time = start.elapsed();
                samples.push(time.as_secs_f64() * 1e9 / rounds as f64);
                if index == 0 {
                    first = time;
                }
            }
            first
        });
    });
    samples.map(|samples| min_and_median(&samples).0)
}
