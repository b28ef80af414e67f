//! The stock: a JSON file of what is there and what is put aside for whom.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::PathBuf,
};

use flow_examples::Money;
use serde::{Deserialize, Serialize};

/// The stock, and the file it begins with if there is none yet.
pub(crate) struct Stock {
    pub(crate) file: PathBuf,
    pub(crate) first: PathBuf,
}

/// A line of the stock.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) price: Money,
    pub(crate) in_stock: u32,
    /// What is put aside, by the key of the step that did so.
    pub(crate) reserved: BTreeMap<String, u32>,
}

type Lines = BTreeMap<String, Line>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum StockError {
    #[error("somebody else is writing the stock")]
    Busy,
    #[error("the stock in `{}` cannot be used", .file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("there is no {item}; there is {}", .known.join(", "))]
    Unknown { item: String, known: Vec<String> },
    #[error("{wanted} {item} are wanted, and {left} are left")]
    TooFew { item: String, wanted: u32, left: u32 },
}

impl Stock {
    /// What there is.
    pub(crate) fn lines(&self) -> Result<Lines, StockError> {
        self.read().map_err(|source| self.unusable(source))
    }

    /// Puts some aside, unless that was done under this key before. Returns what one of them costs.
    pub(crate) fn reserve(&self, key: &str, item: &str, quantity: u32) -> Result<Money, StockError> {
        self.change(|lines| {
            let known = || lines.keys().cloned().collect();
            let Some(line) = lines.get(item) else {
                return Err(StockError::Unknown { item: item.to_owned(), known: known() });
            };
            let (price, left) = (line.price, line.in_stock);
            if !line.reserved.contains_key(key) {
                let too_few = StockError::TooFew { item: item.to_owned(), wanted: quantity, left };
                let left = left.checked_sub(quantity).ok_or(too_few)?;
                if let Some(line) = lines.get_mut(item) {
                    line.in_stock = left;
                    line.reserved.insert(key.to_owned(), quantity);
                }
            }
            Ok(price)
        })
    }

    /// Puts back what was put aside under this key, if it still is.
    pub(crate) fn release(&self, key: &str, item: &str) -> Result<(), StockError> {
        self.change(|lines| {
            if let Some(line) = lines.get_mut(item)
                && let Some(quantity) = line.reserved.remove(key)
            {
                line.in_stock += quantity;
            }
            Ok(())
        })
    }

    /// Reads, changes and writes the file while nobody else does.
    fn change<T>(&self, work: impl FnOnce(&mut Lines) -> Result<T, StockError>) -> Result<T, StockError> {
        // A file of its own: the stock's is replaced with each change. The system drops the lock with the process.
        let lock = OpenOptions::new().create(true).append(true).open(self.file.with_extension("lock"));
        let lock: File = lock.map_err(|source| self.unusable(source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StockError::Busy),
            Err(TryLockError::Error(source)) => return Err(self.unusable(source)),
        }
        let mut lines = self.lines()?;
        let result = work(&mut lines)?;
        // Under another name first, so that a crash never leaves half a file.
        let half = self.file.with_extension("part");
        let text = format!("{:#}\n", serde_json::json!(lines));
        let written = fs::write(&half, text).and_then(|()| fs::rename(&half, &self.file));
        written.map_err(|source| self.unusable(source))?;
        Ok(result)
    }

    fn read(&self) -> io::Result<Lines> {
        let text = match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::read_to_string(&self.first)?,
            text => text?,
        };
        Ok(serde_json::from_str(&text)?)
    }

    fn unusable(&self, source: io::Error) -> StockError {
        StockError::File { file: self.file.clone(), source }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = flow_examples::data_file("stock.json");
        let stock = Stock { file: folder.path().join("stock.json"), first };
        let left = || stock.lines().unwrap()["lamp"].in_stock;
        for _ in 0..2 {
            assert_eq!(stock.reserve("a", "lamp", 5).unwrap().to_string(), "49.90");
            assert_eq!(left(), 7);
        }
        assert!(matches!(stock.reserve("b", "lamp", 8), Err(StockError::TooFew { left: 7, .. })));
        for _ in 0..2 {
            stock.release("a", "lamp").unwrap();
            assert_eq!(left(), 12);
        }
        assert!(matches!(stock.reserve("c", "lump", 1), Err(StockError::Unknown { .. })));
    }

    #[test]
    fn two_do_not_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let stock = Stock { file: folder.path().join("stock.json"), first: flow_examples::data_file("stock.json") };
        let other = File::create(folder.path().join("stock.lock")).unwrap();
        other.lock().unwrap();
        assert!(matches!(stock.reserve("a", "lamp", 1), Err(StockError::Busy)));
        drop(other);
        stock.reserve("a", "lamp", 1).unwrap();
    }
}
