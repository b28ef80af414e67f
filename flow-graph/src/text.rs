//! How wide a text will be, without a font: average widths of glyphs, and a little more, because fonts differ.

/// A font as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Font {
    /// Names: a proportional font of 13 px.
    Name,
    /// Code, at edges and in decisions: a font of 11 px whose glyphs are all of one width.
    Code,
}

impl Font {
    /// Height of a line.
    pub(crate) fn line(self) -> i32 {
        match self {
            Font::Name => 17,
            Font::Code => 15,
        }
    }

    /// Width of a glyph, in hundredths of a pixel.
    fn glyph(self, glyph: char) -> i32 {
        let (thousandths, size) = match self {
            // Those that are twice as wide everywhere.
            _ if glyph >= '\u{1100}' => (1050, 13),
            Font::Code => (610, 11),
            Font::Name => {
                let width = match glyph {
                    'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' => 290,
                    'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '/' | ' ' => 390,
                    'm' | 'w' | 'M' | 'W' | '@' | '%' => 920,
                    '_' | 's' | 'c' | 'k' | 'v' | 'x' | 'y' | 'z' | 'J' => 550,
                    'A'..='Z' | '&' => 710,
                    _ => 600,
                };
                (width, 13)
            }
        };
        // Semibold, and fonts differ.
        thousandths * size * 106 / 1000
    }
}

/// Width of a text in pixels.
pub(crate) fn width(text: &str, font: Font) -> i32 {
    let hundredths: i32 = text.chars().map(|glyph| font.glyph(glyph)).sum();
    (hundredths + 99) / 100
}

/// A text in lines of at most this many pixels, cut off with `…` if there are too many of them.
pub(crate) fn wrapped(text: &str, font: Font, most: i32, lines: usize) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(&text) {
        let fits = |line: &str| width(line.trim_end(), font) <= most;
        if fits(&format!("{line}{piece}")) {
            line.push_str(piece);
            continue;
        }
        if !line.trim().is_empty() {
            found.push(line.trim().to_owned());
        }
        line = piece.trim_start().to_owned();
        while !fits(&line) {
            let (head, tail) = cut(&line, font, most);
            found.push(head);
            line = tail;
        }
    }
    if !line.trim().is_empty() {
        found.push(line.trim().to_owned());
    }
    if found.len() > lines {
        found.truncate(lines);
        if let Some(last) = found.last_mut() {
            while !last.is_empty() && width(&format!("{last}…"), font) > most {
                last.pop();
            }
            let kept = last.trim_end().len();
            last.truncate(kept);
            last.push('…');
        }
    }
    found
}

/// As much of a text as fits, and the rest.
fn cut(text: &str, font: Font, most: i32) -> (String, String) {
    let mut at = 0;
    for (position, glyph) in text.char_indices() {
        let next = position + glyph.len_utf8();
        if width(&text[..next], font) > most && at > 0 {
            break;
        }
        at = next;
    }
    (text[..at].to_owned(), text[at..].to_owned())
}

/// A pattern with the last segments of its paths only: `Revise { feedback }`.
pub(crate) fn without_path(pattern: &str) -> String {
    let mut kept = String::new();
    for piece in pattern.split_inclusive("::") {
        let Some(path) = piece.strip_suffix("::") else {
            kept.push_str(piece);
            continue;
        };
        let name = path.trim_end_matches(|glyph: char| glyph.is_alphanumeric() || glyph == '_').len();
        // Something else than the name of a type, `<T as Trait>::` for instance.
        kept.push_str(if name < path.len() { &path[..name] } else { piece });
    }
    kept
}

/// Where a text may be broken: after spaces, underscores, dots, and after `::`. What stands in braces stays together.
fn pieces(text: &str) -> Vec<&str> {
    let (mut found, mut from) = (Vec::new(), 0);
    let glyphs: Vec<(usize, char)> = text.char_indices().collect();
    for (position, (at, glyph)) in glyphs.iter().enumerate() {
        let next = glyphs.get(position + 1).map(|(_, glyph)| *glyph);
        let ends = match glyph {
            ' ' => !text[..*at].ends_with(['{', '(']) && !matches!(next, Some('}' | ')')),
            '_' | '-' | '/' => true,
            ':' => next != Some(':'),
            '.' => next.is_some_and(char::is_alphabetic),
            _ => false,
        };
        if ends {
            let end = at + glyph.len_utf8();
            found.push(&text[from..end]);
            from = end;
        }
    }
    if from < text.len() {
        found.push(&text[from..]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_where_words_end() {
        assert_eq!(wrapped("publish", Font::Name, 180, 2), ["publish"]);
        let name = "reconcile_all_open_positions_of_the_day";
        assert_eq!(wrapped(name, Font::Name, 160, 3), ["reconcile_all_open_", "positions_of_the_day"]);
        let pattern = "Verdict::Revise { feedback }";
        assert_eq!(wrapped(pattern, Font::Code, 120, 2), ["Verdict::Revise", "{ feedback }"]);
    }

    #[test]
    fn what_is_too_long_ends_in_dots() {
        let lines = wrapped(&"word ".repeat(60), Font::Name, 160, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && lines.iter().all(|line| width(line, Font::Name) <= 160), "{lines:?}");
        let lines = wrapped(&"x".repeat(300), Font::Code, 120, 2);
        assert!(lines.len() == 2 && lines.iter().all(|line| width(line, Font::Code) <= 120), "{lines:?}");
    }

    #[test]
    fn patterns_are_shown_without_their_paths() {
        assert_eq!(without_path("Verdict::Revise { feedback }"), "Revise { feedback }");
        assert_eq!(without_path("Some(crate::Kind::A | Kind::B)"), "Some(A | B)");
        assert_eq!(without_path("n if n > 100"), "n if n > 100");
    }

    #[test]
    fn an_empty_text_has_no_lines() {
        assert!(wrapped(" \n ", Font::Name, 100, 2).is_empty());
    }
}
