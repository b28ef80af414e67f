//! Names and types of columns, and the rows that do not fit them.

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, BufRead, BufReader, Read},
};

use rusqlite::types::Value;
use serde::{Deserialize, Serialize};

/// Four values of five decide a column's type; the others are mistakes. An exact half would turn a column of numbers with a
/// few typos into text.
const MAJORITY: (usize, usize) = (4, 5);

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Integer,
    Real,
    Text,
}

/// A value that does not fit, or a row of the wrong length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) line: u32,
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) expected: String,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Integer => "integer",
            Kind::Real => "real",
            Kind::Text => "text",
        })
    }
}

impl Kind {
    /// The narrowest type a value fits.
    fn of(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        if is_code(text) || !numeric {
            Kind::Text
        } else if text.parse::<i64>().is_ok() {
            Kind::Integer
        } else if text.parse::<f64>().is_ok_and(f64::is_finite) {
            Kind::Real
        } else {
            Kind::Text
        }
    }

    /// The value as SQLite keeps it, `None` if it does not fit. What is empty is missing.
    pub(crate) fn value(self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        match self {
            _ if trimmed.is_empty() => Some(Value::Null),
            Kind::Text => Some(Value::Text(text.to_owned())),
            Kind::Integer => (Kind::of(trimmed) == Kind::Integer).then(|| trimmed.parse().ok().map(Value::Integer))?,
            Kind::Real => (Kind::of(trimmed) != Kind::Text).then(|| trimmed.parse().ok().map(Value::Real))?,
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit())
}

/// Counts what the values of each column look like.
pub(crate) struct Tally {
    names: Vec<String>,
    /// Integers, reals and texts of each column.
    counts: Vec<[usize; 3]>,
    /// Whether there are codes in it: numbers with zeros in front, as in postcodes. One is enough to tell.
    codes: Vec<bool>,
}

impl Tally {
    /// Begins with the header.
    pub(crate) fn new(header: &[String]) -> Self {
        let mut taken = BTreeSet::new();
        let mut name = |(position, title): (usize, &String)| {
            let name = identifier(title, &format!("column_{}", position + 1));
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
            taken.insert(free.clone());
            free
        };
        let names: Vec<String> = header.iter().enumerate().map(&mut name).collect();
        Tally { counts: vec![[0; 3]; names.len()], codes: vec![false; names.len()], names }
    }

    /// Adds a row. One of the wrong length says nothing about the columns.
    pub(crate) fn count(&mut self, fields: &[String]) {
        if fields.len() == self.names.len() {
            for (position, field) in
                fields.iter().map(|field| field.trim()).enumerate().filter(|(_, field)| !field.is_empty())
            {
                self.counts[position][Kind::of(field) as usize] += 1;
                self.codes[position] |= is_code(field);
            }
        }
    }

    /// The columns with the narrowest types that most of their values fit.
    pub(crate) fn columns(self) -> Vec<Column> {
        let kind = |([integers, reals, texts], codes): ([usize; 3], bool)| {
            let all = integers + reals + texts;
            let most = |count: usize| all > 0 && count * MAJORITY.1 >= all * MAJORITY.0;
            match () {
                () if codes => Kind::Text,
                () if most(integers) => Kind::Integer,
                () if most(integers + reals) => Kind::Real,
                () => Kind::Text,
            }
        };
        let columns = self.names.into_iter().zip(self.counts.into_iter().zip(self.codes));
        columns.map(|(name, found)| Column { name, kind: kind(found) }).collect()
    }
}

/// What is wrong with a row.
pub(crate) fn problems(columns: &[Column], line: u32, fields: &[String]) -> Vec<Problem> {
    if fields.len() != columns.len() {
        let value = format!("{} fields", fields.len());
        return vec![Problem { line, column: "-".to_owned(), value, expected: format!("{} fields", columns.len()) }];
    }
    let wrong = columns.iter().zip(fields).filter(|(column, field)| column.kind.value(field).is_none());
    wrong
        .map(|(column, field)| {
            let (column, expected) = (column.name.clone(), column.kind.to_string());
            Problem { line, column, value: flow_cli::text::shorten(field, 30), expected }
        })
        .collect()
}

/// A name that needs no quotes in SQL: `Order No.` becomes `order_no`.
pub(crate) fn identifier(title: &str, otherwise: &str) -> String {
    let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = words.join("_").to_lowercase();
    match name.chars().next() {
        None => otherwise.to_owned(),
        Some(first) if first.is_numeric() => format!("_{name}"),
        Some(_) => name,
    }
}

/// What separates the fields: whichever of the usual characters the header has most of.
pub(crate) fn delimiter(file: impl Read) -> io::Result<u8> {
    let mut header = Vec::new();
    BufReader::new(file).read_until(b'\n', &mut header)?;
    let count = |delimiter: &u8| header.iter().filter(|byte| *byte == delimiter).count();
    // Of equals `max_by_key` takes the last, which is the comma.
    Ok([b'|', b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rows: &[&[&str]]) -> Vec<Kind> {
        let row = |row: &[&str]| row.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        let mut tally = Tally::new(&row(&vec!["x"; rows[0].len()]));
        rows.iter().for_each(|fields| tally.count(&row(fields)));
        tally.columns().into_iter().map(|column| column.kind).collect()
    }

    #[test]
    fn most_values_decide() {
        let rows: &[&[&str]] = &[
            &["1", "1", "007", "", "x"],
            &["2", "2.5", "12", "", "1"],
            &["3", "3", "13", "", "2"],
            &["x", "4", "04", "", "y"],
            &["5", "5e3", "5", "", "3"],
        ];
        assert_eq!(tally(rows), [Kind::Integer, Kind::Real, Kind::Text, Kind::Text, Kind::Text]);
    }

    #[test]
    fn values() {
        assert_eq!(Kind::Integer.value(" -7 "), Some(Value::Integer(-7)));
        assert_eq!(Kind::Integer.value("7.0"), None);
        assert_eq!(Kind::Real.value("7"), Some(Value::Real(7.0)));
        assert_eq!(Kind::Real.value("nan"), None);
        assert_eq!(Kind::Real.value(""), Some(Value::Null));
        assert_eq!(Kind::Text.value(" a "), Some(Value::Text(" a ".to_owned())));
    }

    #[test]
    fn names_are_free_of_surprises() {
        let header = ["Order No.", "order-no", "", "2nd", "Größe"].map(str::to_owned);
        let names: Vec<String> = Tally::new(&header).columns().into_iter().map(|column| column.name).collect();
        assert_eq!(names, ["order_no", "order_no_2", "column_3", "_2nd", "größe"]);
    }

    #[test]
    fn delimiters() {
        for (header, found) in [("a;b;c", b';'), ("a,b", b','), ("a\tb,c\td", b'\t'), ("a", b',')] {
            assert_eq!(delimiter(header.as_bytes()).ok(), Some(found), "{header}");
        }
    }
}
