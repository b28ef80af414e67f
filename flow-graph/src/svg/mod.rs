//! A drawing as SVG that stands alone.

mod shapes;
mod style;

use std::fmt::{self, Write as _};

use flow_runtime::{Graph, NodeKind};

use crate::{
    layout::{Edge, Layout, Node, Shape, layout},
    place::{ICON, TITLE},
    standing::{Mark, Standing, State},
    text::Font,
};

/// How round the corners of lines are.
const ROUND: i32 = 8;
/// How far down the middle of a line of text its base is, by font size.
const BASE: i32 = 4;

/// Draws a workflow's graph, and where a run of it stands, as SVG: one that needs nothing else, no script, no font, no style
/// sheet. It has a light and a dark form, and shows the one the reader has chosen.
///
/// `Standing::default()` is that of no run. Every node is a group with the attribute `data-node`, its
/// [id](crate::Node::id), and every line one with `data-from` and `data-to`. Colours come from CSS variables, which a page can
/// set if the drawing stands inside of it: `--flow-bg`, `--flow-ink`, `--flow-line` and so on, all named in the `<style>`.
///
/// ```
/// use flow_graph::{Standing, svg};
/// use flow_runtime::prelude::*;
///
/// #[step]
/// async fn greet(name: &str) -> Result<String, std::fmt::Error> {
///     Ok(format!("Hello, {name}"))
/// }
///
/// workflow! {
///     async fn hello(name: String) -> Result<String, std::fmt::Error> {
///         greet(&name).await
///     }
/// }
///
/// let drawing = svg(&Hello::GRAPH, &Standing::default());
/// assert!(drawing.starts_with("<svg") && drawing.contains("greet"));
/// ```
pub fn svg(graph: &Graph, standing: &Standing) -> String {
    draw(&layout(graph), standing)
}

/// As [`svg`], of a layout that is there already.
pub fn draw(layout: &Layout, standing: &Standing) -> String {
    let Layout { name, width, height, nodes, edges } = layout;
    let mut text = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="flow-graph" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" data-workflow="{}">"#,
        Escaped(name)
    );
    // Writing to a string cannot fail, here and below.
    let _ = write!(text, "\n<title>{}</title>\n<desc>{}</desc>", Escaped(name), Escaped(&described(layout, standing)));
    let _ = write!(text, "\n<style>{}</style>", style::STYLE);
    let _ = write!(text, "\n<rect class=\"bg\" width=\"{width}\" height=\"{height}\" rx=\"12\"/>");
    let frames = nodes.iter().filter(|node| node.is_frame());
    frames.for_each(|node| write_node(&mut text, name, node, standing));
    let is_taken = |edge: &&Edge| standing.taken.contains(&(edge.from.clone(), edge.to.clone()));
    // Those that were taken lie above the others.
    edges.iter().filter(|edge| !is_taken(edge)).for_each(|edge| write_edge(&mut text, edge, false));
    edges.iter().filter(is_taken).for_each(|edge| write_edge(&mut text, edge, true));
    edges.iter().for_each(|edge| write_label(&mut text, edge));
    let boxes = nodes.iter().filter(|node| !node.is_frame());
    boxes.for_each(|node| write_node(&mut text, name, node, standing));
    text + "\n</svg>\n"
}

/// The drawing in words, for those who do not see it.
fn described(layout: &Layout, standing: &Standing) -> String {
    let count =
        |kind: NodeKind| layout.nodes.iter().filter(|node| node.kind == kind && node.shape != Shape::Lane).count();
    let parts = [
        (count(NodeKind::Step), "step"),
        (count(NodeKind::Pause), "pause"),
        (count(NodeKind::Timer), "timer"),
        (count(NodeKind::Choice), "decision"),
        (count(NodeKind::Fork), "fork"),
        (count(NodeKind::Child), "other workflow"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" })).collect();
    let mut text = format!("The workflow {} as a flowchart, from top to bottom: {}.", layout.name, parts.join(", "));
    if let (Some(run), Some(status)) = (&standing.run, &standing.status) {
        let _ = write!(text, " Run {run} is {status}.", status = status.as_str());
        for node in &layout.nodes {
            let Some(mark) = standing.nodes.get(&node.id) else { continue };
            if mark.state > State::Done {
                let _ = write!(text, " {}: {}.", node.name, in_words(mark));
            }
        }
    }
    text
}

/// What is known of a node, in words.
fn in_words(mark: &Mark) -> String {
    let mut parts = Vec::new();
    match mark.state {
        State::Ahead => {}
        State::Done => parts.push("done".to_owned()),
        State::Skipped => parts.push("not taken".to_owned()),
        State::Working => parts.push("at work".to_owned()),
        State::Sleeping if mark.attempts > 0 => parts.push("waits for its next attempt".to_owned()),
        State::Sleeping => parts.push("asleep".to_owned()),
        State::Waiting => parts.push("waits for an answer".to_owned()),
        State::Failed => parts.push("failed".to_owned()),
    }
    match mark.done {
        0 => {}
        1 if mark.state == State::Done => {}
        1 => parts.push("done once".to_owned()),
        times => parts.push(format!("done {times} times")),
    }
    if mark.attempts > 1 {
        parts.push(format!("attempt {}", mark.attempts));
    }
    if let Some(items) = mark.items {
        parts.push(match items.all {
            Some(all) => format!("{} of {all} items done", items.done),
            None => format!("{} items done", items.done),
        });
    }
    if mark.undone > 0 {
        parts.push("undone".to_owned());
    }
    parts.extend(mark.pauses.iter().map(|asked| format!("{}: {}", asked.id, asked.question)));
    parts.extend(mark.error.clone());
    parts.join(", ")
}

fn write_node(text: &mut String, workflow: &str, node: &Node, standing: &Standing) {
    let mark = standing.nodes.get(&node.id).filter(|_| node.shape != Shape::Lane);
    let state = mark.map(|mark| mark.state).unwrap_or_default();
    let class = format!("{} {}", shape_class(node.shape), node.kind.as_str());
    let class = if state == State::Ahead { class } else { format!("{class} is-{}", state.as_str()) };
    let id = format!("{workflow}-{}", node.id.replace('/', "-"));
    let _ = write!(
        text,
        "\n<g class=\"node {class}\" id=\"{}\" data-node=\"{}\">",
        Escaped(&id),
        Escaped(node.id.trim_end_matches("-lane"))
    );
    let _ = write!(text, "<title>{}</title>", Escaped(&tooltip(node, mark)));
    if matches!(state, State::Working | State::Waiting | State::Failed) {
        text.push_str(&shapes::halo(node));
    }
    text.push_str(&shapes::outline(node, state));
    write_text(text, node);
    // Beginnings and ends are too small for a sign, and their colour says enough.
    let is_small = matches!(node.kind, NodeKind::Start | NodeKind::End | NodeKind::Join);
    if let Some(mark) = mark.filter(|_| !is_small) {
        text.push_str(&shapes::badge(node, state, &number(mark)));
    }
    text.push_str("</g>");
}

/// The number at the sign of a state.
fn number(mark: &Mark) -> String {
    match (mark.items, mark.state) {
        (Some(items), _) => match items.all {
            Some(all) => format!("{}/{all}", items.done),
            None => items.done.to_string(),
        },
        (None, State::Done) if mark.done > 1 => format!("×{}", mark.done),
        (None, State::Working | State::Sleeping | State::Failed) if mark.attempts > 1 => format!("#{}", mark.attempts),
        (None, State::Waiting) if mark.pauses.len() > 1 => format!("×{}", mark.pauses.len()),
        _ => String::new(),
    }
}

fn tooltip(node: &Node, mark: Option<&Mark>) -> String {
    let mut lines = vec![format!("{} ({})", node.name, node.kind.as_str())];
    if node.shape == Shape::Lane {
        lines = vec!["Every item of the list does this.".to_owned()];
    }
    lines.extend(Some(node.doc.clone()).filter(|doc| !doc.is_empty()));
    if node.line > 0 {
        lines.push(format!("line {}", node.line));
    }
    lines.extend(mark.map(in_words).filter(|words| !words.is_empty()));
    lines.join("\n")
}

fn write_text(text: &mut String, node: &Node) {
    if node.text.is_empty() {
        return;
    }
    let font = if node.shape == Shape::Decision { Font::Code } else { Font::Name };
    let height = if node.shape == Shape::Frame { TITLE } else { node.height };
    let has_icon = !matches!(node.shape, Shape::Start | Shape::Decision);
    if has_icon {
        text.push_str(&shapes::icon(node, node.x + 12, node.y + (height - 16) / 2));
    }
    let center = node.x + if has_icon { (node.width + ICON) / 2 } else { node.width / 2 };
    let count = i32::try_from(node.text.len()).unwrap_or(1);
    let class = if font == Font::Code { " class=\"code\"" } else { "" };
    for (line, content) in (0..).zip(&node.text) {
        let base = node.y + (height - count * font.line()) / 2 + line * font.line() + font.line() / 2 + BASE;
        let _ = write!(text, "<text{class} x=\"{center}\" y=\"{base}\">{}</text>", Escaped(content));
    }
}

fn write_edge(text: &mut String, edge: &Edge, taken: bool) {
    let class = if edge.back { "edge back" } else { "edge" };
    let class = if taken { format!("{class} taken") } else { class.to_owned() };
    let (from, to) = (Escaped(&edge.from), Escaped(&edge.to));
    let _ = write!(text, "\n<g class=\"{class}\" data-from=\"{from}\" data-to=\"{to}\">");
    if !edge.when.is_empty() {
        let _ = write!(text, "<title>{}</title>", Escaped(&edge.when.join("\n")));
    }
    let _ = write!(text, "<path d=\"{}\"/><path class=\"tip\" d=\"{}\"/></g>", path(&edge.points), tip(&edge.points));
}

fn write_label(text: &mut String, edge: &Edge) {
    let Some(label) = &edge.label else { return };
    let (x, y, width, height) = (label.x, label.y, label.width, label.height);
    let title = Escaped(&edge.when.join("\n")).to_string();
    let _ = write!(
        text,
        "\n<g class=\"label\"><title>{title}</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
    );
    for (line, content) in (0..).zip(&label.text) {
        let base = y + 2 + line * Font::Code.line() + Font::Code.line() / 2 + BASE;
        let _ = write!(text, "<text x=\"{}\" y=\"{base}\">{}</text>", x + width / 2, Escaped(content));
    }
    text.push_str("</g>");
}

/// A line with round corners.
fn path(points: &[(i32, i32)]) -> String {
    let mut text = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 {
            let _ = write!(text, "M{x} {y}");
            continue;
        }
        let (before, after) = (points[at - 1], points.get(at + 1));
        let Some(after) = after else {
            let _ = write!(text, "L{x} {y}");
            continue;
        };
        let length = |other: &(i32, i32)| (other.0 - x).abs() + (other.1 - y).abs();
        let round = ROUND.min(length(&before) / 2).min(length(after) / 2);
        let towards = |other: &(i32, i32)| (x + (other.0 - x).signum() * round, y + (other.1 - y).signum() * round);
        let (from, to) = (towards(&before), towards(after));
        let _ = write!(text, "L{} {}Q{x} {y} {} {}", from.0, from.1, to.0, to.1);
    }
    text
}

/// The arrow at the end of a line.
fn tip(points: &[(i32, i32)]) -> String {
    let [.., (from_x, from_y), (x, y)] = *points else { return String::new() };
    let (right, down) = ((x - from_x).signum(), (y - from_y).signum());
    let (back_x, back_y) = (x - 8 * right, y - 8 * down);
    format!("M{x} {y}L{} {}L{} {}Z", back_x + 4 * down, back_y + 4 * right, back_x - 4 * down, back_y - 4 * right)
}

fn shape_class(shape: Shape) -> &'static str {
    match shape {
        Shape::Start | Shape::End => "round",
        Shape::Card => "card",
        Shape::Question => "question",
        Shape::Pill => "pill",
        Shape::Decision => "decision",
        Shape::Call => "call",
        Shape::Frame => "frame",
        Shape::Lane => "lane",
        Shape::Bar => "bar",
    }
}

/// A text as XML. What XML cannot say is left out.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for glyph in self.0.chars() {
            match glyph {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(glyph)?,
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
                glyph => f.write_char(glyph)?,
            }
        }
        Ok(())
    }
}
