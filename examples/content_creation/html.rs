//! The article as a web page that needs nothing else.

use crate::{
    draft::Draft,
    facts::{Fact, Finding},
    search::Passage,
};

const STYLE: &str = "
  :root { color-scheme: light dark; --ink: #1d2329; --dim: #66707a; --line: #dfe3e8; --page: #fdfdfb; --accent: #1a5f7a;
          --good: #2c7a4b; --bad: #b3382c; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --dim: #98a2ac; --line: #343b42; --page: #16191c;
          --accent: #7cc4e0; --good: #7fd19e; --bad: #ff9185; } }
  body { max-width: 42rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; color: var(--ink); background: var(--page);
         font: 1.0625rem/1.65 Charter, 'Iowan Old Style', Georgia, serif; overflow-wrap: break-word; }
  h1, h2, th, .meta, .tag, footer { font-family: system-ui, sans-serif; }
  h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.015em; text-wrap: balance; }
  h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; }
  .meta { color: var(--dim); font-size: .85rem; margin: 0 0 2rem; }
  .lead { font-size: 1.25rem; line-height: 1.55; }
  code { font: .88em ui-monospace, Menlo, Consolas, monospace; background: var(--line); padding: .08em .3em; border-radius: .25em; }
  a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
  sup { font: .7rem/1 system-ui, sans-serif; } :target { background: color-mix(in srgb, var(--accent) 18%, transparent); }
  table { border-collapse: collapse; width: 100%; font-size: .92rem; line-height: 1.45; }
  th { text-align: left; font-size: .78rem; color: var(--dim); font-weight: 600; }
  th, td { padding: .5rem .8rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  td:first-child { white-space: nowrap; font-weight: 600; }
  .tag { font-size: .8rem; } .good { color: var(--good); } .bad { color: var(--bad); } .open, .dim { color: var(--dim); }
  ol { padding-left: 1.6rem; font-size: .92rem; } footer { margin-top: 3rem; color: var(--dim); font-size: .8rem; }
";

/// The page.
pub(crate) fn page(draft: &Draft, by: &str) -> String {
    let title = escape(&draft.title);
    let mut number = 0;
    let mut paragraph = |class: &str, paragraph: &Passage| {
        number += 1;
        let (place, text) = (escape(&crate::facts::place(paragraph)), prose(&paragraph.text));
        let cite =
            format!("<sup><a href=\"#source-{number}\" id=\"cite-{number}\" title=\"{place}\">[{number}]</a></sup>");
        format!("<p{class}>{text}&nbsp;{cite}</p>\n")
    };
    let mut body = paragraph(" class=\"lead\"", &draft.lead);
    for section in &draft.sections {
        body.push_str(&format!("\n<h2>{}</h2>\n", escape(&section.heading)));
        body.extend(section.paragraphs.iter().map(|text| paragraph("", text)));
    }
    let (words, sources) = (draft.words(), draft.sources());
    let source = |(number, (place, headings)): (usize, &(String, String))| {
        let (n, place, headings) = (number + 1, escape(place), escape(headings));
        format!(
            "<li id=\"source-{n}\"><code>{place}</code> <span class=\"dim\">{headings}</span> <a href=\"#cite-{n}\">↩</a></li>\n"
        )
    };
    let sources: String = sources.iter().enumerate().map(source).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<article>\n<h1>{title}</h1>\n\
         <p class=\"meta\">{words} words · published by {by}</p>\n\n{body}{facts}\n\
         <h2>Sources</h2>\n<ol>\n{sources}</ol>\n</article>\n\
         <footer>Every paragraph is taken from the source it cites.</footer>\n</body>\n</html>\n",
        by = escape(by),
        facts = facts(&draft.facts),
    )
}

fn facts(facts: &[Fact]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    // What needs a reader's attention comes first.
    let rank = |fact: &&Fact| match fact.verdict {
        Finding::Contradicted { .. } => 0,
        Finding::Confirmed(_) => 1,
        Finding::Alone => 2,
    };
    let mut ranked: Vec<&Fact> = facts.iter().collect();
    ranked.sort_by_key(rank);
    let row = |fact: &Fact| {
        let (class, verdict) = match &fact.verdict {
            Finding::Confirmed(places) => ("good", format!("✓ also at <code>{}</code>", escape(&places.join(", ")))),
            Finding::Contradicted { other, place } => {
                ("bad", format!("✗ {} at <code>{}</code>", escape(other), escape(place)))
            }
            Finding::Alone => ("open", "in one source only".to_owned()),
        };
        let (number, sentence, place) = (escape(&fact.number), prose(&fact.sentence), escape(&fact.place));
        format!(
            "<tr><td>{number}</td><td>{sentence} <code>{place}</code></td><td class=\"tag {class}\">{verdict}</td></tr>\n"
        )
    };
    let rows: String = ranked.into_iter().map(row).collect();
    format!(
        "\n<h2>The numbers, checked</h2>\n<table>\n\
         <thead><tr><th>Number</th><th>Statement</th><th>Other texts</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}

/// Text with `code` in it.
fn prose(text: &str) -> String {
    let part = |(position, part): (usize, &str)| match position % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    // A mark without a partner is a character like any other.
    if text.matches('`').count() % 2 == 1 { escape(text) } else { text.split('`').enumerate().map(part).collect() }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_sources_becomes_markup() {
        assert_eq!(prose("a < b & `Vec<T>` \"q\""), "a &lt; b &amp; <code>Vec&lt;T&gt;</code> &quot;q&quot;");
        assert_eq!(prose("one ` mark"), "one ` mark");
    }
}
