//! Statements with their values, put together from the parts a write needs.

use std::{error::Error, fmt};

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A statement and its values. The text speaks of the tables as `flow.…`, whatever the schema is called.
#[derive(Debug, Default)]
pub(crate) struct Sql<'a> {
    pub(crate) text: String,
    values: Vec<Value<'a>>,
}

/// A value of a statement.
#[derive(Debug)]
enum Value<'a> {
    Text(Option<&'a str>),
    Owned(String),
    Int(Option<i64>),
    Texts(Vec<Option<&'a str>>),
    Ints(Vec<Option<i64>>),
}

/// The place of a value in the text of its statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    number: usize,
    of: &'static str,
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}::{}", self.number, self.of)
    }
}

impl<'a> Sql<'a> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn value(&mut self, of: &'static str, value: Value<'a>) -> Param {
        self.values.push(value);
        Param { number: self.values.len(), of }
    }

    pub(crate) fn text(&mut self, text: impl Into<Option<&'a str>>) -> Param {
        self.value("text", Value::Text(text.into()))
    }

    pub(crate) fn owned(&mut self, text: String) -> Param {
        self.value("text", Value::Owned(text))
    }

    pub(crate) fn int(&mut self, int: impl Into<Option<i64>>) -> Param {
        self.value("bigint", Value::Int(int.into()))
    }

    pub(crate) fn number(&mut self, number: u64) -> Param {
        self.int(number.cast_signed())
    }

    pub(crate) fn texts<T: Into<Option<&'a str>>>(&mut self, texts: impl IntoIterator<Item = T>) -> Param {
        self.value("text[]", Value::Texts(texts.into_iter().map(Into::into).collect()))
    }

    pub(crate) fn ints<T: Into<Option<i64>>>(&mut self, ints: impl IntoIterator<Item = T>) -> Param {
        self.value("bigint[]", Value::Ints(ints.into_iter().map(Into::into).collect()))
    }

    pub(crate) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Text(text) => text.to_sql(of, out),
            Value::Owned(text) => text.to_sql(of, out),
            Value::Int(int) => int.to_sql(of, out),
            Value::Texts(texts) => texts.to_sql(of, out),
            Value::Ints(ints) => ints.to_sql(of, out),
        }
    }

    // The text of every statement says of which type its values are.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
