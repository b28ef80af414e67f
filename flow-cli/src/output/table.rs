//! Tables without lines, whose last column is as wide as the terminal lets it be.

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, ContentArrangement, presets::NOTHING};

/// A table about to be written.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        let heading = |heading: &&str| Cell::new(heading).add_attribute(Attribute::Dim);
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).enforce_styling();
        table.set_header(headings.iter().map(heading));
        Table(table)
    }

    /// Adds a row of texts and their styles.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = (Style, String)>) {
        self.0.add_row(cells.into_iter().map(|(style, text)| cell(style, text)));
    }
}

fn cell(style: Style, text: String) -> Cell {
    let mut cell = Cell::new(text);
    if let Some(color) = style.get_fg_color() {
        cell = cell.fg(match color {
            anstyle::Color::Ansi(AnsiColor::Green) => comfy_table::Color::DarkGreen,
            anstyle::Color::Ansi(AnsiColor::Red) => comfy_table::Color::DarkRed,
            anstyle::Color::Ansi(AnsiColor::Yellow) => comfy_table::Color::DarkYellow,
            _ => comfy_table::Color::DarkCyan,
        });
    }
    let effects = style.get_effects();
    if effects.contains(anstyle::Effects::BOLD) {
        cell = cell.add_attribute(Attribute::Bold);
    }
    if effects.contains(anstyle::Effects::DIMMED) {
        cell = cell.add_attribute(Attribute::Dim);
    }
    cell
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = self.0.clone();
        // The padding is no part of what is coloured, so that it can go where a line ends.
        table.style_text_only();
        table.column_iter_mut().for_each(|column| _ = column.set_padding((0, 2)));
        for line in table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
