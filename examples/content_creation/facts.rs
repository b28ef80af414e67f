//! Numbers in the sources, and whether the sources agree on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::search::{Passage, terms};

/// A statement with a number, checked against all other texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fact {
    /// The sentence that says it.
    pub sentence: String,
    /// The number and what it counts: `10 seconds`.
    pub number: String,
    /// File and line of the sentence.
    pub place: String,
    /// What the other texts say.
    pub verdict: Finding,
}

/// What other texts say about a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Finding {
    /// The same, here.
    Confirmed(Vec<String>),
    /// Something else: the other number, and where it stands.
    Contradicted {
        /// The other number.
        other: String,
        /// File and line of it.
        place: String,
    },
    /// Nothing.
    Alone,
}

struct Claim<'a> {
    passage: &'a Passage,
    sentence: String,
    number: String,
    unit: String,
    /// What the clause is about, without the number and its unit.
    about: BTreeSet<String>,
    /// The same of the sentence's other clauses.
    beside: Vec<BTreeSet<String>>,
}

/// Checks the numbers in `passages` against all texts.
pub(crate) fn check(passages: &[Passage], all: &[Passage]) -> Vec<Fact> {
    let mut by_unit: BTreeMap<String, Vec<Claim<'_>>> = BTreeMap::new();
    for claim in all.iter().flat_map(claims) {
        by_unit.entry(claim.unit.clone()).or_default().push(claim);
    }
    let fact = |claim: Claim<'_>| {
        let others = by_unit.get(&claim.unit).into_iter().flatten();
        let others = others.filter(|other| {
            let own = place(other.passage) == place(claim.passage);
            // Of two numbers in one sentence the other text means the one that it has more words in common with.
            let common = common(&claim.about, &other.about);
            let nearer = claim.beside.iter().any(|beside| self::common(beside, &other.about) > common);
            !own && !nearer && same_subject(&claim, other)
        });
        let (same, different): (Vec<_>, Vec<_>) = others.partition(|other| other.number == claim.number);
        let verdict = match (different.first(), same.is_empty()) {
            (Some(other), _) => {
                Finding::Contradicted { other: format!("{} {}", other.number, other.unit), place: place(other.passage) }
            }
            (None, false) => {
                let places: BTreeSet<String> = same.iter().map(|other| place(other.passage)).collect();
                Finding::Confirmed(places.into_iter().collect())
            }
            (None, true) => Finding::Alone,
        };
        let number = format!("{} {}", claim.number, claim.unit);
        Fact { number, place: place(claim.passage), sentence: claim.sentence, verdict }
    };
    let mut seen = BTreeSet::new();
    let facts = passages.iter().flat_map(claims).map(fact);
    facts.filter(|fact| seen.insert((fact.sentence.clone(), fact.number.clone()))).collect()
}

/// File and line of a passage.
pub(crate) fn place(passage: &Passage) -> String {
    format!("{}:{}", passage.file, passage.line)
}

/// Two sentences are about the same if they share most of the shorter one's words, and more than one of them.
fn same_subject(left: &Claim<'_>, right: &Claim<'_>) -> bool {
    let both = common(&left.about, &right.about);
    both >= 2 && both * 2 >= left.about.len().min(right.about.len())
}

fn common(left: &BTreeSet<String>, right: &BTreeSet<String>) -> usize {
    left.intersection(right).count()
}

fn claims(passage: &Passage) -> Vec<Claim<'_>> {
    sentences(&passage.text).into_iter().flat_map(|sentence| claims_of(passage, sentence)).collect()
}

fn claims_of<'a>(passage: &'a Passage, sentence: &str) -> Vec<Claim<'a>> {
    // Numbers in code are no statements.
    let prose: String = sentence.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let clauses: Vec<&str> = prose.split([';', ':']).flat_map(|part| part.split(", ")).collect();
    let terms_of = |clause: &&str| terms(clause).into_iter().collect::<BTreeSet<_>>();
    let mut found = Vec::new();
    for (position, clause) in clauses.iter().enumerate() {
        let words: Vec<&str> = clause.split_whitespace().collect();
        for pair in words.windows(2) {
            let unit = pair[1].trim_matches(|c: char| !c.is_alphanumeric());
            let Some(number) = number(pair[0]) else { continue };
            if unit.len() < 2 || !unit.chars().all(char::is_alphabetic) || terms(unit).is_empty() {
                continue;
            }
            let (mut about, own) = (terms_of(clause), terms(&format!("{} {unit}", pair[0])));
            about.retain(|term| !own.contains(term));
            let beside = clauses.iter().enumerate().filter(|(other, _)| *other != position);
            let beside = beside.map(|(_, clause)| terms_of(clause)).collect();
            found.push(Claim { passage, sentence: sentence.to_owned(), number, unit: unit.to_owned(), about, beside });
        }
    }
    found
}

/// A number in digits or as a word, in one spelling.
fn number(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let names = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if let Some(position) = names.iter().position(|name| word.eq_ignore_ascii_case(name)) {
        return Some((position + 2).to_string());
    }
    let digits =
        word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || ",.".contains(c));
    digits.then(|| word.replace(',', ""))
}

/// The sentences of a text. A full stop ends one if a capital letter or nothing follows.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, mark) in text.match_indices(['.', '!', '?']) {
        let end = at + mark.len();
        let rest = &text[end..];
        let goes_on = !rest.is_empty() && !rest.trim_start().starts_with(|c: char| c.is_uppercase() || c == '`');
        let in_word = !rest.is_empty() && !rest.starts_with(' ');
        let in_code = text[start..at].matches('`').count() % 2 == 1;
        if !goes_on && !in_word && !in_code {
            found.push(text[start..end].trim());
            start = end;
        }
    }
    if !text[start..].trim().is_empty() {
        found.push(text[start..].trim());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::split;

    #[test]
    fn numbers_are_compared_with_what_others_say_of_the_same_thing() {
        let mut all = split(
            "a.md",
            "The owner renews its lease every 10 seconds. A commit of the store takes 13 microseconds.\n",
        );
        all.extend(split("b.md", "The owner must renew its lease every 15 seconds.\n"));
        all.extend(split(
            "c.md",
            "On most machines a commit of this store takes 13 microseconds. Eggs take ten minutes.\n",
        ));
        let verdicts: Vec<_> = check(&all, &all).into_iter().map(|fact| (fact.number, fact.verdict)).collect();
        let contradicted =
            |other: &str, place: &str| Finding::Contradicted { other: other.to_owned(), place: place.to_owned() };
        assert_eq!(
            verdicts,
            [
                ("10 seconds".to_owned(), contradicted("15 seconds", "b.md:1")),
                ("13 microseconds".to_owned(), Finding::Confirmed(vec!["c.md:1".to_owned()])),
                ("15 seconds".to_owned(), contradicted("10 seconds", "a.md:1")),
                ("13 microseconds".to_owned(), Finding::Confirmed(vec!["a.md:1".to_owned()])),
                ("10 minutes".to_owned(), Finding::Alone),
            ]
        );
    }

    #[test]
    fn a_point_in_a_name_ends_no_sentence() {
        assert_eq!(
            sentences("See a.md for 1.5 of it. Then stop! `x.y. Z` is code."),
            ["See a.md for 1.5 of it.", "Then stop!", "`x.y. Z` is code.",]
        );
    }
}
