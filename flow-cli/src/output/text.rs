//! JSON values and prose, laid out for a terminal.

use serde_json::Value;

/// How wide a line may get.
const WIDTH: usize = 100;

/// A JSON value for a person: objects as `key: value` lines, lists with dashes, lists of small objects as tables.
///
/// ```
/// let value = serde_json::json!({ "order": { "symbol": "ACME", "quantity": 3 }, "notes": ["one", "two"] });
/// assert_eq!(
///     flow_cli::text::render(&value),
///     "order:\n  symbol: ACME\n  quantity: 3\nnotes:\n  - one\n  - two\n",
/// );
/// ```
pub fn render(value: &Value) -> String {
    let mut out = String::new();
    block(value, &mut out);
    out
}

fn block(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('_', " ");
                match scalar(value) {
                    Some(text) => push(out, &format!("{name}: {text}")),
                    None => {
                        push(out, &format!("{name}:"));
                        out.push_str(&indent(&render(value), "  "));
                    }
                }
            }
        }
        Value::Array(items) => match table(items) {
            Some(table) => out.push_str(&table),
            None => {
                for item in items {
                    let text = indent(&render(item), "  ");
                    out.push_str("- ");
                    out.push_str(text.trim_start());
                }
            }
        },
        other => push(out, &scalar(other).unwrap_or_default()),
    }
}

fn push(out: &mut String, line: &str) {
    out.push_str(&wrap(line));
    out.push('\n');
}

/// A value that fits on a line of its own.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("none".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Objects of equal keys and short values, as a table.
fn table(items: &[Value]) -> Option<String> {
    let keys: Vec<&String> = items.first()?.as_object()?.keys().collect();
    let mut rows = vec![keys.iter().map(|key| key.replace('_', " ")).collect::<Vec<_>>()];
    for item in items {
        let fields = item.as_object().filter(|fields| fields.keys().collect::<Vec<_>>() == keys)?;
        // What is no plain value may still be a short one.
        rows.push(fields.values().map(|value| scalar(value).unwrap_or_else(|| value.to_string())).collect());
    }
    let text = columns(&rows);
    text.lines().all(|line| line.chars().count() <= WIDTH).then_some(text)
}

/// Rows of equal length, in columns.
pub fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// Breaks lines between words, so that none is longer than a terminal is wide.
pub fn wrap(text: &str) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
    }
    out
}

/// The text with something before each line that is not empty.
pub fn indent(text: &str, by: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{by}{line}\n") };
    text.lines().map(line).collect()
}

/// The first `max` characters, with an ellipsis if there are more.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
