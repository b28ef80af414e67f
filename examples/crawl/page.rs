//! What a page links to, and what can be linked to in it: Markdown and HTML, read line by line.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};

/// A link, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) line: usize,
    /// As it was written.
    pub(crate) target: String,
}

/// What matters of a page here.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Page {
    /// The links that lead to files.
    pub(crate) links: Vec<Link>,
    /// The places in it that a link can name.
    pub(crate) anchors: BTreeSet<String>,
}

/// Whether a file has links to follow.
pub(crate) fn is_page(file: &Path) -> bool {
    let end = file.extension().unwrap_or_default().to_ascii_lowercase();
    ["md", "markdown", "html", "htm"].iter().any(|page| end == *page)
}

impl Page {
    pub(crate) fn parse(text: &str) -> Self {
        let mut page = Page::default();
        let mut times = BTreeMap::new();
        let (mut fence, mut last) = (None, "");
        for (number, raw) in (1..).zip(text.lines()) {
            let line = raw.trim();
            let marks = ["```", "~~~"].into_iter().find(|marks| line.starts_with(marks));
            if let Some(open) = fence {
                fence = (marks != Some(open)).then_some(open);
                continue;
            }
            if marks.is_some() {
                fence = marks;
                continue;
            }
            let level = line.chars().take_while(|c| *c == '#').count();
            let underline = line.len() >= 3 && ["=", "-"].iter().any(|mark| line.replace(mark, "").is_empty());
            if (1..=6).contains(&level) && line[level..].starts_with(' ') {
                page.heading(line[level..].trim_end_matches('#'), &mut times);
            } else if underline && !last.is_empty() && !last.starts_with(['#', '|', '-', '<']) {
                page.heading(last, &mut times);
            }
            page.line(number, &without_code(line));
            last = line;
        }
        page
    }

    /// Headings are known by their words; of two with the same words, the second one has a number.
    fn heading(&mut self, text: &str, times: &mut BTreeMap<String, usize>) {
        let name = slug(text);
        let before = times.entry(name.clone()).or_default();
        self.anchors.insert(if *before == 0 { name.clone() } else { format!("{name}-{before}") });
        *before += 1;
    }

    fn line(&mut self, number: usize, line: &str) {
        for name in ["id", "name"].into_iter().flat_map(|attribute| values(line, attribute)) {
            self.anchors.insert(name.to_owned());
        }
        let mut targets: Vec<&str> = ["href", "src"].into_iter().flat_map(|name| values(line, name)).collect();
        // `[words](target "title")`, and `![words](target)`.
        targets.extend(line.split("](").skip(1).filter_map(|rest| match rest.strip_prefix('<') {
            Some(rest) => Some(rest.split_once('>')?.0),
            None => Some(within_brackets(rest)?.split_whitespace().next().unwrap_or_default()),
        }));
        // `[words]: target`
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            targets.extend(target.split_whitespace().next().map(|target| target.trim_matches(['<', '>'])));
        }
        // Other machines are not asked.
        let is_local = |target: &&str| !target.starts_with("//") && !has_scheme(target) && !target.is_empty();
        let links = targets.into_iter().filter(is_local).map(|target| Link { line: number, target: target.to_owned() });
        self.links.extend(links);
    }
}

/// The part before the bracket that closes what was opened before it.
fn within_brackets(text: &str) -> Option<&str> {
    let mut depth = 0;
    let end = text.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth < 0
    })?;
    Some(&text[..end])
}

fn has_scheme(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// The values of an HTML attribute.
fn values<'l>(line: &'l str, attribute: &str) -> impl Iterator<Item = &'l str> {
    let name = format!("{attribute}=");
    let starts: Vec<(usize, usize)> = line.match_indices(&name).map(|(at, name)| (at, at + name.len())).collect();
    starts.into_iter().filter_map(|(at, end)| {
        let is_attribute = line[..at].ends_with([' ', '\t']) && line[..at].contains('<');
        let quote = line[end..].chars().next().filter(|c| ['"', '\''].contains(c))?;
        let value = line[end + 1..].split(quote).next();
        value.filter(|_| is_attribute)
    })
}

/// The line with nothing left of what stands between backticks.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((_, behind)) = after.split_once('`') else { break };
        out.push_str(before);
        out.push('`');
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The words of a heading as they stand in links.
fn slug(heading: &str) -> String {
    // Of a link only the words count.
    let mut text = heading.trim().to_owned();
    while let Some((start, end)) = text.find("](").and_then(|at| Some((at, at + text[at..].find(')')?))) {
        text.replace_range(start..=end, "");
    }
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// `%20` and the like, as what they stand for.
pub(crate) fn decoded(target: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = target.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_anchors() {
        let text = "# The first: `one`!\n[a](a.md) and ![b](<b c.png> \"d\"), not `[c](c.md)`\n\n```\n[d](d.md)\n# no\n```\n\
                    The first one\n---\n<a href='e.html#x' id=\"here\">e</a> [web](https://x.org) [f](f_(1).md)\n\
                    [g]: <g.md>\n## The [first](h.md) one ##\n[mail](mailto:a@b.c) [own](#here)\n";
        let page = Page::parse(text);
        let links: Vec<_> = page.links.iter().map(|link| (link.line, &*link.target)).collect();
        let expected = [
            (2, "a.md"),
            (2, "b c.png"),
            (10, "e.html#x"),
            (10, "f_(1).md"),
            (11, "g.md"),
            (12, "h.md"),
            (13, "#here"),
        ];
        assert_eq!(links, expected);
        let anchors: Vec<_> = page.anchors.iter().map(String::as_str).collect();
        assert_eq!(anchors, ["here", "the-first-one", "the-first-one-1", "the-first-one-2"]);
    }

    #[test]
    fn percent_signs() {
        assert_eq!(decoded("a%20b%C3%A9"), "a bé");
        assert_eq!(decoded("100%"), "100%");
    }
}
