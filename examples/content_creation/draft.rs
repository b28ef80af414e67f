//! The draft of an article: how it is put together, what can be wrong with it, and how that is put right.

use std::collections::{BTreeMap, BTreeSet};

use flow_cli::text;
use serde::{Deserialize, Serialize};

use crate::{
    facts::{Fact, Finding, place},
    search::{Passage, similarity},
};

/// How many sections an article has at most.
const SECTIONS: usize = 7;

/// Which passages go under which heading.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outline {
    /// The passage that opens the article, and stands in no section.
    lead: usize,
    sections: Vec<(String, Vec<usize>)>,
}

impl Outline {
    /// Sections from the passages' nearest headings: the best first, those of one file side by side.
    pub(crate) fn new(passages: &[Passage]) -> Self {
        let mut sections: Vec<(String, Vec<usize>)> = Vec::new();
        // The best passage tells which section opens the article; it begins where its author let it begin.
        let best = &passages[0];
        let beside = passages
            .iter()
            .enumerate()
            .filter(|(_, passage)| passage.file == best.file && passage.headings == best.headings);
        let lead = beside.min_by_key(|(_, passage)| passage.line).map_or(0, |(position, _)| position);
        for (position, passage) in passages.iter().enumerate().filter(|(position, _)| *position != lead) {
            let heading = passage.headings.last().unwrap_or(&passage.file);
            match sections.iter_mut().find(|(other, _)| other == heading) {
                Some((_, members)) => members.push(position),
                None => sections.push((heading.clone(), vec![position])),
            }
        }
        sections.truncate(SECTIONS);
        let file = |section: &(String, Vec<usize>)| passages[section.1[0]].file.clone();
        let files: Vec<String> = sections.iter().map(file).collect();
        sections.sort_by_key(|section| files.iter().position(|other| *other == file(section)));
        for (_, members) in &mut sections {
            members.sort_by_key(|position| (&passages[*position].file, passages[*position].line));
        }
        Outline { lead, sections }
    }
}

/// An article that is not published yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// Its title.
    pub title: String,
    /// The paragraph it opens with.
    pub lead: Passage,
    /// The rest of it.
    pub sections: Vec<Section>,
    /// The numbers in it, checked.
    pub facts: Vec<Fact>,
}

/// A heading and what stands below it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Section {
    /// The heading.
    pub heading: String,
    /// Its paragraphs, each with its source.
    pub paragraphs: Vec<Passage>,
}

/// What a review finds wrong with a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Complaint {
    /// It has more words than the brief allows.
    TooLong {
        /// How many words it may have.
        limit: usize,
    },
    /// The passage at this place says what another one says.
    Repeats {
        /// File and line of it.
        place: String,
    },
    /// Nothing is left under this heading.
    Unsourced {
        /// The heading.
        section: String,
    },
}

impl Draft {
    /// The first draft.
    pub(crate) fn new(topic: &str, outline: &Outline, passages: &[Passage], facts: Vec<Fact>) -> Self {
        let mut letters = topic.chars();
        let title = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        let section = |(heading, members): &(String, Vec<usize>)| Section {
            heading: heading.clone(),
            paragraphs: members.iter().map(|position| passages[*position].clone()).collect(),
        };
        Draft {
            title,
            lead: passages[outline.lead].clone(),
            sections: outline.sections.iter().map(section).collect(),
            facts,
        }
    }

    fn paragraphs(&self) -> impl Iterator<Item = &Passage> {
        std::iter::once(&self.lead).chain(self.sections.iter().flat_map(|section| &section.paragraphs))
    }

    /// How many words it has.
    pub(crate) fn words(&self) -> usize {
        self.paragraphs().map(|paragraph| paragraph.text.split_whitespace().count()).sum()
    }

    /// Its sources in the order in which they are cited: place and headings.
    pub(crate) fn sources(&self) -> Vec<(String, String)> {
        self.paragraphs().map(|paragraph| (place(paragraph), paragraph.headings.join(" › "))).collect()
    }

    /// What is wrong with it.
    pub(crate) fn complaints(&self, limit: usize) -> Vec<Complaint> {
        let mut found = Vec::new();
        let paragraphs: Vec<&Passage> = self.paragraphs().collect();
        for (position, paragraph) in paragraphs.iter().enumerate() {
            if paragraphs[..position].iter().any(|earlier| similarity(&earlier.text, &paragraph.text) > 0.55) {
                found.push(Complaint::Repeats { place: place(paragraph) });
            }
        }
        for section in self.sections.iter().filter(|section| section.paragraphs.is_empty()) {
            found.push(Complaint::Unsourced { section: section.heading.clone() });
        }
        // Removing repetitions may be enough, so this is a matter for the next round.
        if found.is_empty() && self.words() > limit && !self.sections.is_empty() {
            found.push(Complaint::TooLong { limit });
        }
        found
    }

    /// The draft with one complaint put right.
    pub(crate) fn revised(mut self, complaint: &Complaint) -> Self {
        match complaint {
            Complaint::Repeats { place: wrong } => self.retain(|paragraph| place(paragraph) != *wrong),
            Complaint::Unsourced { section } => {
                self.sections.retain(|other| other.heading != *section || !other.paragraphs.is_empty());
            }
            Complaint::TooLong { limit } => {
                let mut by_score: Vec<Passage> = self.paragraphs().skip(1).cloned().collect();
                by_score.sort_by(|left, right| right.score.total_cmp(&left.score));
                while self.words() > *limit
                    && let Some(weakest) = by_score.pop()
                {
                    self.retain(|paragraph| place(paragraph) != place(&weakest));
                }
            }
        }
        let places: BTreeSet<String> = self.paragraphs().map(place).collect();
        self.facts.retain(|fact| places.contains(&fact.place));
        self
    }

    fn retain(&mut self, keep: impl Fn(&Passage) -> bool) {
        self.sections.iter_mut().for_each(|section| section.paragraphs.retain(&keep));
    }

    /// The draft for a terminal.
    pub(crate) fn to_text(&self) -> String {
        let paragraph =
            |paragraph: &Passage| text::wrap(&format!("{} [{}]", paragraph.text, place(paragraph))) + "\n\n";
        let files: BTreeSet<&String> = self.paragraphs().map(|paragraph| &paragraph.file).collect();
        let mut out = format!("{}\n{}\n\n", self.title, "=".repeat(self.title.chars().count()));
        out.push_str(&paragraph(&self.lead));
        for section in &self.sections {
            out.push_str(&format!("{}\n{}\n", section.heading, "-".repeat(section.heading.chars().count())));
            out.extend(section.paragraphs.iter().map(paragraph));
        }
        out.push_str(&format!(
            "{} words from {} {}.",
            self.words(),
            files.len(),
            if files.len() == 1 { "file" } else { "files" }
        ));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for fact in &self.facts {
            *counts.entry(fact.verdict.label()).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(label, count)| format!("{count} {label}")).collect();
        if !counts.is_empty() {
            out.push_str(&format!(" Numbers: {}.", counts.join(", ")));
        }
        out.push('\n');
        for fact in &self.facts {
            if let Finding::Contradicted { other, place } = &fact.verdict {
                let claim = format!("! {} at {}, but {other} at {place}: {}", fact.number, fact.place, fact.sentence);
                out.push_str(&(text::wrap(&claim) + "\n"));
            }
        }
        out
    }
}

impl Finding {
    /// The verdict in a word or two.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Finding::Confirmed(_) => "confirmed",
            Finding::Contradicted { .. } => "contradicted",
            Finding::Alone => "in one source only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::split;

    #[test]
    fn a_review_comes_to_an_end_within_the_limit() {
        let text = (1..40)
            .map(|n| format!("# Part {}\nParagraph {n} tells about topic{n} and thing{n} in word{n}.\n\n", n / 4));
        let passages = split(
            "a.md",
            &(text.collect::<String>() + "# Copy\nParagraph 3 tells about topic3 and thing3 in word3.\n"),
        );
        let mut draft = Draft::new("the topic", &Outline::new(&passages), &passages, Vec::new());
        draft.sections.push(Section { heading: "Copy".to_owned(), paragraphs: vec![passages[2].clone()] });
        let mut rounds = 0;
        loop {
            let complaints = draft.complaints(60);
            if complaints.is_empty() {
                break;
            }
            rounds += 1;
            draft = complaints.iter().fold(draft, Draft::revised);
        }
        assert!((2..=5).contains(&rounds), "{rounds}");
        assert!(draft.words() <= 60 && draft.sections.iter().all(|section| !section.paragraphs.is_empty()));
    }
}
