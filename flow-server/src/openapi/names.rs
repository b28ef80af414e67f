//! Names of what comes from workflows: of types, of operations, in paths. No two have the same.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Takes a name if it is free, or else the same with the first number that makes it so.
    pub(super) fn take(&mut self, name: &str) -> String {
        let free = |name: &String| !self.0.contains(name);
        let numbered = (2_u64..).map(|n| format!("{name}{n}"));
        let found = std::iter::once(name.to_owned()).chain(numbered).find(free).unwrap_or_default();
        self.0.insert(found.clone());
        found
    }
}

/// A name for a type: `content-creation` is `ContentCreation`.
pub(super) fn pascal(id: &str) -> String {
    let words = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// A part of a path that stands for itself.
pub(super) fn segment(id: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(id, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_once() {
        let mut names = Names::default();
        let taken = ["A", "B", "A", "A2", "A"].map(|name| names.take(name));
        assert_eq!(taken, ["A", "B", "A2", "A22", "A3"]);
        assert_eq!(pascal("content-creation_2.x"), "ContentCreation2X");
        assert_eq!(segment("a b/ü"), "a%20b%2F%C3%BC");
    }
}
