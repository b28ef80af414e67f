//! The outline and the icon of every shape, and the small signs of the states.

use std::fmt::Write as _;

use crate::{
    layout::{Node, Shape},
    place::{STACK, TITLE},
    standing::State,
};

/// How much of a corner is round, or cut off.
const CORNER: i32 = 9;

/// The outline of a node, as SVG elements.
pub(super) fn outline(node: &Node, state: State) -> String {
    let Node { x, y, width, height, .. } = *node;
    let (right, bottom, middle) = (x + width, y + height, y + height / 2);
    let rect = |class: &str, x: i32, y: i32, width: i32, height: i32, round: i32| {
        format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{round}"/>"#)
    };
    match node.shape {
        Shape::Card => rect("box", x, y, width, height, CORNER),
        Shape::Start | Shape::Pill => rect("box", x, y, width, height, height / 2),
        Shape::Bar => rect("box", x, y, width, height, (height / 2).min(6)),
        Shape::End => {
            let (x, radius) = (x + width / 2, width / 2);
            let inside = match state {
                State::Done => format!(r#"<path class="tick" d="M{} {middle}l3 3 5-6"/>"#, x - 4),
                _ => format!(r#"<circle class="dot" cx="{x}" cy="{middle}" r="{}"/>"#, radius - 5),
            };
            format!(r#"<circle class="box" cx="{x}" cy="{middle}" r="{}"/>{inside}"#, radius - 1)
        }
        Shape::Question => {
            let cut = CORNER;
            format!(
                r#"<path class="box" d="M{} {y}H{}L{right} {}V{}L{} {bottom}H{}L{x} {}V{}Z"/>"#,
                x + cut,
                right - cut,
                y + cut,
                bottom - cut,
                right - cut,
                x + cut,
                bottom - cut,
                y + cut
            )
        }
        Shape::Decision => {
            let point = (height / 2).min(18);
            format!(
                r#"<path class="box" d="M{x} {middle}L{} {y}H{}L{right} {middle}L{} {bottom}H{}Z"/>"#,
                x + point,
                right - point,
                right - point,
                x + point
            )
        }
        Shape::Call => {
            let sides = format!(r#"<path class="deco" d="M{} {y}V{bottom}M{} {y}V{bottom}"/>"#, x + 6, right - 6);
            rect("box", x, y, width, height, 3) + &sides
        }
        Shape::Frame => {
            let (round, under) = (CORNER, y + TITLE);
            let title = format!(
                r#"<path class="title" d="M{x} {under}V{}Q{x} {y} {} {y}H{}Q{right} {y} {right} {}V{under}Z"/>"#,
                y + round,
                x + round,
                right - round,
                y + round
            );
            let line = format!(r#"<path class="deco" d="M{x} {under}H{right}"/>"#);
            rect("ground", x, y, width, height, round) + &title + &line + &rect("box", x, y, width, height, round)
        }
        Shape::Lane => {
            let card = |by: i32, class: &str| rect(class, x + by, y + by, width, height, CORNER);
            card(STACK, "deco") + &card(STACK / 2, "deco") + &card(0, "box")
        }
    }
}

/// A line around a node that is being worked on.
pub(super) fn halo(node: &Node) -> String {
    let (x, y, width, height) = (node.x - 4, node.y - 4, node.width + 8, node.height + 8);
    format!(r#"<rect class="halo" x="{x}" y="{y}" width="{width}" height="{height}" rx="{}"/>"#, CORNER + 4)
}

/// The icon of a node, 16 pixels wide, with its upper left corner here.
pub(super) fn icon(node: &Node, x: i32, y: i32) -> String {
    let drawn = match node.shape {
        // A cog, as simple as one can be.
        Shape::Card => {
            r#"<circle cx="8" cy="8" r="3.2"/><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6l1.4 1.4M11 11l1.4 1.4M12.4 3.6L11 5M5 11l-1.4 1.4"/>"#
        }
        // A person.
        Shape::Question => r#"<circle cx="8" cy="5" r="2.8"/><path d="M2.6 14c.4-3 2.6-4.6 5.4-4.6s5 1.6 5.4 4.6"/>"#,
        // A clock.
        Shape::Pill => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5v3.7l2.4 1.5"/>"#,
        // A box in a box.
        Shape::Call | Shape::Frame => {
            r#"<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2"/><rect x="5.6" y="5.6" width="4.8" height="4.8" rx="1" class="solid"/>"#
        }
        // Lines that part.
        Shape::Bar if node.text.is_empty() => return String::new(),
        Shape::Bar => r#"<path d="M8 2v4M8 6c0 3-5 2-5 6.5M8 6c0 3 5 2 5 6.5M1 11l2 2 2-2M11 11l2 2 2-2"/>"#,
        Shape::Start | Shape::End | Shape::Decision | Shape::Lane => return String::new(),
    };
    format!(r#"<g class="icon" transform="translate({x} {y})">{drawn}</g>"#)
}

/// The sign of a state in 10 pixels, and the number at it.
pub(super) fn badge(node: &Node, state: State, text: &str) -> String {
    let sign = match state {
        State::Done => r#"<path d="M1.5 5.5l2.5 2.5 4.5-5.5"/>"#,
        State::Working => r#"<path class="solid" d="M2.5 1l6 4-6 4z"/>"#,
        State::Waiting => r#"<path d="M3.2 1.5v7M6.8 1.5v7"/>"#,
        State::Sleeping => r#"<path d="M2 1.5h6L2 8.5h6"/>"#,
        State::Failed => r#"<path d="M2 2l6 6M8 2l-6 6"/>"#,
        State::Ahead | State::Skipped => return String::new(),
    };
    // Where the corner is.
    let cut = if node.shape == Shape::Decision { 12 } else { 0 };
    let glyphs = i32::try_from(text.chars().count()).unwrap_or(0);
    let width = 18 + if glyphs == 0 { 0 } else { glyphs * 6 + 5 };
    let (x, y) = (node.x + node.width + 7 - cut - width, node.y - 9);
    let mut drawn = format!(r#"<g class="badge"><rect x="{x}" y="{y}" width="{width}" height="18" rx="9"/>"#);
    // Writing to a string cannot fail.
    let _ = write!(drawn, r#"<g transform="translate({} {})">{sign}</g>"#, x + 4, y + 4);
    if glyphs > 0 {
        let center = x + 16 + (width - 20) / 2;
        let _ = write!(drawn, r#"<text x="{center}" y="{}">{text}</text>"#, y + 13);
    }
    drawn + "</g>"
}
