//! Texts cut into passages, and the search for those that are about something.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A paragraph or a list item, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Passage {
    /// Path below the folder.
    pub file: String,
    /// Line of its first word.
    pub line: usize,
    /// The headings above it, the outermost first.
    pub headings: Vec<String>,
    /// Its text on one line, with Markdown's `code` marks only.
    pub text: String,
    /// How well it fits the topic.
    #[serde(default)]
    pub score: f64,
}

/// Reads all texts in a folder, or one text, in the order of their names.
pub(crate) fn read_folder(folder: &Path) -> io::Result<Vec<Passage>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut passages = Vec::new();
    for file in files {
        let name = file.strip_prefix(folder).ok().filter(|name| !name.as_os_str().is_empty());
        let name = name.map_or_else(|| file.file_name().unwrap_or_default().to_string_lossy(), Path::to_string_lossy);
        passages.extend(split(&name.replace('\\', "/"), &String::from_utf8_lossy(&fs::read(&file)?)));
    }
    Ok(passages)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy();
        // Hidden folders and build output hold texts too, but nobody wrote them.
        if name.starts_with('.') || ["target", "node_modules", "vendor"].contains(&&*name) {
            continue;
        }
        let is_text = path.extension().is_some_and(|end| ["md", "markdown", "txt"].iter().any(|text| end == *text));
        if is_text || path.is_dir() {
            collect(&path, files)?;
        }
    }
    Ok(())
}

/// Cuts a text into passages. Code blocks, tables and images are no prose and left out.
pub(crate) fn split(file: &str, text: &str) -> Vec<Passage> {
    let mut cut = Cut { file, passages: Vec::new(), headings: Vec::new(), open: String::new(), line: 0 };
    let mut fence = None;
    let lines: Vec<&str> = text.lines().collect();
    for (number, raw) in lines.iter().enumerate() {
        let line = raw.trim();
        let marks = ["```", "~~~"].into_iter().find(|marks| line.starts_with(marks));
        if let Some(open) = fence {
            fence = (marks != Some(open)).then_some(open);
            continue;
        }
        if marks.is_some() {
            cut.close();
            fence = marks;
        } else if let Some(level) = heading_level(line) {
            cut.heading(level, line[level..].trim_matches([' ', '#']));
        } else if is_underline(line) && !cut.open.is_empty() {
            let title = std::mem::take(&mut cut.open);
            cut.heading(if line.starts_with('=') { 1 } else { 2 }, &title);
        } else if line.is_empty() || line.starts_with(['|', '<']) || line.starts_with("![") || raw.starts_with("    ") {
            // Indented four deep it is code, unless a paragraph or list item goes on there.
            if raw.starts_with("    ") && !line.is_empty() && !cut.open.is_empty() {
                cut.add(line, number + 1);
            } else {
                cut.close();
            }
        } else if let Some(item) = list_item(line) {
            cut.close();
            cut.add(item, number + 1);
        } else {
            cut.add(line.trim_start_matches(['>', ' ']), number + 1);
        }
    }
    cut.close();
    cut.passages
}

struct Cut<'a> {
    file: &'a str,
    passages: Vec<Passage>,
    headings: Vec<(usize, String)>,
    open: String,
    line: usize,
}

impl Cut<'_> {
    fn add(&mut self, text: &str, line: usize) {
        if self.open.is_empty() {
            self.line = line;
        } else {
            self.open.push(' ');
        }
        self.open.push_str(text);
    }

    fn close(&mut self) {
        let text = plain(&std::mem::take(&mut self.open));
        // Fewer words than this are a label, not a statement, and what a colon announces is a list or code.
        if text.split_whitespace().count() >= 5 && !text.ends_with(':') {
            let headings = self.headings.iter().map(|(_, title)| title.clone()).collect();
            self.passages.push(Passage { file: self.file.to_owned(), line: self.line, headings, text, score: 0.0 });
        }
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.close();
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, plain(title).replace('`', "")));
    }
}

fn heading_level(line: &str) -> Option<usize> {
    let level = line.chars().take_while(|c| *c == '#').count();
    ((1..=6).contains(&level) && line[level..].starts_with(' ')).then_some(level)
}

fn is_underline(line: &str) -> bool {
    line.len() >= 3 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

fn list_item(line: &str) -> Option<&str> {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let bullet = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark));
    bullet.or_else(|| line[digits..].strip_prefix(". ").filter(|_| digits > 0))
}

/// Markdown without emphasis and link targets; `code` keeps its marks.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let link = after.split_once("](").filter(|(title, _)| c == '[' && !title.contains(['[', ']']));
        if let Some((title, target)) = link
            && let Some((_, behind)) = target.split_once(')')
        {
            out.push_str(&title.replace("**", ""));
            rest = behind;
        } else if c == '`'
            && let Some((code, behind)) = after.split_once('`')
        {
            out.push_str(&format!("`{code}`"));
            rest = behind;
        } else {
            rest = rest.strip_prefix("**").unwrap_or_else(|| {
                out.push(c);
                after
            });
        }
    }
    out
}

/// Words that say nothing about a topic.
const STOP_WORDS: &str = " a about after all also an and any are as at be because been before but by can could did do does for \
    from had happen happens has have how i if in into is it its just may more most no not of on one only or other our out over own same should so \
    some such than that the their them then there these they this those to too two under up very was we were what when where \
    which while who why will with would you your ";

/// The words of a text that say something, cut down to their stems.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    words.filter(|word| !STOP_WORDS.contains(&format!(" {word} "))).map(|word| stem(&word)).collect()
}

/// Cuts English endings off, so that `crash`, `crashes` and `crashed` meet.
fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    let cut = |stem: &mut String, ending: &str, least: usize| {
        let fits = stem.ends_with(ending) && stem.len() >= ending.len() + least && stem.is_ascii();
        if fits {
            stem.truncate(stem.len() - ending.len());
        }
        fits
    };
    if cut(&mut stem, "ies", 2) {
        stem.push('y');
    } else if !["ss", "us", "is"].iter().any(|ending| stem.ends_with(ending)) {
        cut(&mut stem, "s", 3);
    }
    if cut(&mut stem, "ing", 3) || cut(&mut stem, "ed", 3) {
        let last_two: Vec<char> = stem.chars().rev().take(2).collect();
        // `stopped` has become `stopp`.
        if last_two.first() == last_two.last() && !['l', 's', 'z'].contains(&last_two[0]) {
            stem.pop();
        }
    }
    cut(&mut stem, "e", 3);
    stem
}

/// How much a word in a heading counts against one in the text.
const HEADING_WEIGHT: f64 = 2.5;

/// How many of the best passages lend their words to the topic, how many words, and how much these count.
const EXPANSION: (usize, usize, f64) = (6, 12, 0.3);

/// The passages about a topic, the best first: Okapi BM25 with the headings as a heavier field. The second of two rounds
/// also looks for the words that are typical of what the first one found: who asks for a crash wants to read of processes.
pub(crate) fn search(topic: &str, passages: &[Passage], limit: usize) -> Vec<Passage> {
    let index = Index::new(passages);
    let mut query: BTreeMap<String, f64> = terms(topic).into_iter().map(|term| (term, 1.0)).collect();
    let first = index.ranked(&query);
    let (sources, words, weight) = EXPANSION;
    for term in index.typical(&first[..sources.min(first.len())], words) {
        query.entry(term).or_insert(weight);
    }
    let ranked = if first.is_empty() { first } else { index.ranked(&query) };
    let best = ranked.first().map_or(0.0, |(score, _)| *score);
    let mut found: Vec<Passage> = Vec::new();
    for (score, position) in ranked {
        let passage = &passages[position];
        if score <= best * 0.1 || found.len() == limit {
            break;
        }
        if found.iter().all(|other| similarity(&other.text, &passage.text) < 0.7) {
            found.push(Passage { score: (score * 1000.0).round() / 1000.0, ..passage.clone() });
        }
    }
    found
}

/// What BM25 knows of the passages.
struct Index {
    /// The terms of each passage with their weights, and its length.
    passages: Vec<(BTreeMap<String, f64>, f64)>,
    /// In how many passages each term occurs.
    spread: BTreeMap<String, f64>,
    average_length: f64,
}

impl Index {
    fn new(passages: &[Passage]) -> Self {
        let passages: Vec<_> = passages.iter().map(frequencies).collect();
        let mut spread = BTreeMap::new();
        for term in passages.iter().flat_map(|(found, _)| found.keys()) {
            *spread.entry(term.clone()).or_default() += 1.0;
        }
        let total: f64 = passages.iter().map(|(_, length)| length).sum();
        Index { average_length: total / passages.len().max(1) as f64, passages, spread }
    }

    /// How much a term tells: the rarer, the more.
    fn idf(&self, term: &str) -> f64 {
        let (count, with) = (self.passages.len() as f64, self.spread.get(term).copied().unwrap_or(0.0));
        (1.0 + (count - with + 0.5) / (with + 0.5)).ln()
    }

    /// The passages with any word of the query, the best first: score and position.
    fn ranked(&self, query: &BTreeMap<String, f64>) -> Vec<(f64, usize)> {
        let (k, b) = (1.2, 0.75);
        let asked: Vec<(&String, f64)> =
            query.iter().filter(|(_, weight)| **weight >= 1.0).map(|(term, _)| (term, self.idf(term))).collect();
        let whole = asked.iter().map(|(_, idf)| idf).sum::<f64>().max(f64::MIN_POSITIVE);
        let matched = |found: &BTreeMap<String, f64>| {
            asked.iter().filter(|(term, _)| found.contains_key(*term)).map(|(_, idf)| idf).sum::<f64>()
        };
        let query: Vec<(&String, f64)> = query.iter().map(|(term, weight)| (term, weight * self.idf(term))).collect();
        let score = |(found, length): &(BTreeMap<String, f64>, f64)| {
            let norm = k * (1.0 - b + b * length / self.average_length);
            let hits = query.iter().filter_map(|(term, weight)| found.get(*term).map(|times| (times, weight)));
            let sum = hits.map(|(times, weight)| weight * times * (k + 1.0) / (times + norm)).sum::<f64>();
            // A passage with two words of the topic beats one with a single word twice.
            sum * (0.3 + 0.7 * matched(found) / whole)
        };
        let scores = self.passages.iter().map(score).enumerate().map(|(position, score)| (score, position));
        let mut ranked: Vec<(f64, usize)> = scores.filter(|(score, _)| *score > 0.0).collect();
        // Equal scores keep the order of the files, so that the same folder always gives the same article.
        ranked.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        ranked
    }

    /// The terms that stand out in these passages.
    fn typical(&self, ranked: &[(f64, usize)], limit: usize) -> Vec<String> {
        let mut weights: BTreeMap<&String, (f64, usize)> = BTreeMap::new();
        for (score, position) in ranked {
            let (found, length) = &self.passages[*position];
            for (term, times) in found {
                let weight = weights.entry(term).or_default();
                weight.0 += score * times / length.max(1.0) * self.idf(term);
                weight.1 += 1;
            }
        }
        // A word of one passage only is that passage's own.
        let mut terms: Vec<(&String, f64)> = weights
            .into_iter()
            .filter(|(_, (_, passages))| *passages > 1)
            .map(|(term, (weight, _))| (term, weight))
            .collect();
        terms.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        terms.into_iter().take(limit).map(|(term, _)| term.clone()).collect()
    }
}

/// How often each term occurs, and how long the passage is.
fn frequencies(passage: &Passage) -> (BTreeMap<String, f64>, f64) {
    let mut found = BTreeMap::new();
    let own = terms(&passage.text);
    let length = own.len() as f64;
    own.into_iter().for_each(|term| *found.entry(term).or_default() += 1.0);
    // The nearest heading says what a passage is about, the outer ones in what context.
    for (distance, heading) in passage.headings.iter().rev().enumerate() {
        let words = terms(heading);
        // A word of a long heading says less.
        let weight = HEADING_WEIGHT / (distance + 1) as f64 / (words.len().max(2) as f64 / 2.0).sqrt();
        words.into_iter().for_each(|term| *found.entry(term).or_default() += weight);
    }
    (found, length)
}

/// The share of terms that two texts have in common.
pub(crate) fn similarity(left: &str, right: &str) -> f64 {
    let sets = [left, right].map(|text| terms(text).into_iter().collect::<BTreeSet<_>>());
    let both = sets[0].intersection(&sets[1]).count() as f64;
    both / (sets[0].len() + sets[1].len()) as f64 * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_headings_paragraphs_items_and_code() {
        let text = "# One\n\nA paragraph of more than five\nwords, with a [link](x.md).\n\n```\nlet code = 1 + 2 + 3;\n```\n\
                    ## Two\n- an item of exactly six words\n\nTitle\n---\nText under an underlined heading here.\n";
        let found = split("a.md", text);
        let shown: Vec<_> =
            found.iter().map(|passage| (passage.line, passage.headings.join("/"), &*passage.text)).collect();
        assert_eq!(
            shown,
            [
                (3, "One".to_owned(), "A paragraph of more than five words, with a link."),
                (10, "One/Two".to_owned(), "an item of exactly six words"),
                (14, "One/Title".to_owned(), "Text under an underlined heading here."),
            ]
        );
    }

    #[test]
    fn endings_do_not_matter() {
        for words in [
            "crash crashes crashed crashing",
            "stop stops stopped stopping",
            "survive survives survived",
            "copy copies",
        ] {
            assert_eq!(terms(words).into_iter().collect::<BTreeSet<_>>().len(), 1, "{words}");
        }
    }

    #[test]
    fn headings_and_rare_words_count_more() {
        let text = "# Weather\nIt rains on the plain all day.\n# Crashes\nWhat happens then is told here.\n# Rest\nThe run takes the day off, mostly.\n";
        let found = search("a crash of the run", &split("a.md", text), 9);
        assert_eq!(found[0].headings, ["Crashes"]);
        assert!(found.iter().all(|passage| passage.headings != ["Weather"]));
    }
}
