//! The command line as a person uses it: in a real terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]
#![cfg(unix)]

mod common;

use common::Newsroom;
use rexpect::session::{Options, PtySession, spawn_with_options};

/// How long anything may take on a busy machine.
const PATIENCE: Option<u64> = Some(30_000);
const DOWN: &str = "\u{1b}[B";
const ENTER: &str = "\r";
const ESCAPE: &str = "\u{1b}";
/// Takes a word back.
const BACK: &str = "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}";

/// A command in a terminal.
struct Terminal(PtySession);

impl Terminal {
    fn new(room: &Newsroom, words: &[&str]) -> Self {
        let mut command = room.command(words);
        command.stdin(std::process::Stdio::inherit()).env("TERM", "xterm-256color").env("NO_COLOR", "1");
        let options = Options::new().timeout_ms(PATIENCE).strip_ansi_escape_codes(true);
        Terminal(spawn_with_options(command, options).unwrap())
    }

    fn sees(&mut self, text: &str) -> &mut Self {
        self.0.exp_string(text).unwrap();
        self
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
        self
    }

    /// Waits for its end, and returns the exit code.
    fn ends(mut self) -> i32 {
        self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            rexpect::process::WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_kind_of_question_is_asked_right_there() {
    let room = Newsroom::new();
    let mut terminal = Terminal::new(&room, &["run", "survey", "bees", "--user", "ann"]);
    terminal.sees("Does bees begin?").sees("(y/n)").types("maybe\r").sees("type y or n");
    terminal.types(BACK).types("y\r").sees("Which way?").sees("south").types(DOWN).types(ENTER);
    terminal.sees("Which colours?").types(ENTER).sees("at least 1 must be marked");
    terminal.types(" ").types(DOWN).types(" ").types(ENTER).sees("Where do we meet?").sees("room");
    terminal.types("Room 7\r").sees("people").types("few\r").sees("expected a whole number");
    terminal.types(BACK).types("5\r").sees("remark").types(ENTER).sees("coffee").types("y\r").sees("points 1");
    terminal.types("one\r").sees("points 2").types(ENTER).sees("How many?").types("7\r");
    terminal.sees("Is this good?").types(DOWN).types(ENTER).sees("Edit").types("!\r");
    terminal.sees("is done").sees("bees goes east with red and green!: 5 of 7 in Room 7");
    assert_eq!(terminal.ends(), 0);
    let shown = room.json(&["show"]);
    let meeting = &shown["pauses"][3]["answer"];
    let expected = serde_json::json!({ "room": "Room 7", "people": 5, "coffee": true, "points": ["one"] });
    assert_eq!(meeting, &expected);
    assert_eq!(shown["pauses"][1]["by"], "ann");
}

#[test]
fn a_choice_with_fields_and_one_that_is_found_by_typing() {
    let room = Newsroom::new();
    let mut terminal = Terminal::new(&room, &["run", "article", "--topic", "bees"]);
    terminal.sees("bees: bees fly, bees sing (700 words)").sees("Please read the draft.").types("Cha\r").sees("title");
    // What the question shows is proposed.
    terminal.types(" and more\r").sees("words").types("80\r").sees("asked once before");
    terminal.sees("bees: bees fly, bees sing and more (80 words)").types("Rej\r").sees("why").types("dull\r");
    terminal.sees("failed").sees("dull");
    assert_eq!(terminal.ends(), 1);
}

#[test]
fn later_leaves_the_run_paused_with_the_command_to_answer() {
    let room = Newsroom::new();
    let mut terminal = Terminal::new(&room, &["run", "article", "--topic", "bees"]);
    terminal.sees("Esc: answer later").types(ESCAPE).sees("waits for an answer").sees("newsroom answer");
    assert_eq!(terminal.ends(), 3);
    let mut terminal = Terminal::new(&room, &["answer", "last"]);
    terminal.sees("Please read the draft.").types("Pub\r").sees("by").types("Ann\r").sees("is done");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn an_answer_that_comes_too_late_is_told() {
    let room = Newsroom::new();
    let mut terminal = Terminal::new(&room, &["run", "article", "--topic", "bees"]);
    terminal.sees("Please read the draft.").sees("Esc");
    let elsewhere = room.json(&["answer", "last", "approve-1", "Wait", "--by", "bob", "--detach"]);
    assert_eq!(elsewhere["status"], "paused", "{elsewhere}");
    terminal.types("Pub\r").sees("by").types("Ann\r").sees("was answered before by bob");
    terminal.sees("asked once before").types(ESCAPE).sees("waits for an answer");
    assert_eq!(terminal.ends(), 3);
}

#[test]
fn a_question_for_somebody_else_is_left_to_them() {
    let room = Newsroom::new();
    room.paused(&["survey", "bees"]);
    room.json(&["answer", "last", "Yes"]);
    let mut terminal = Terminal::new(&room, &["answer", "last", "--by", "bob"]);
    terminal.sees("for ann").sees("north").types(ENTER).sees("is for ann: not for bob").sees("waits for an answer");
    assert_eq!(terminal.ends(), 3);
}

#[test]
fn several_questions_are_asked_one_after_the_other() {
    let room = Newsroom::new();
    room.paused(&["two"]);
    let mut terminal = Terminal::new(&room, &["answer", "last"]);
    terminal.sees("Left?").sees("Esc").types(ESCAPE).sees("Right?").sees("Esc").types("y\r");
    // The one that was put off is not asked again here.
    terminal.sees("waits for an answer").sees("confirm-1");
    assert_eq!(terminal.ends(), 3);
}

#[test]
fn what_is_at_work_is_shown() {
    let room = Newsroom::new();
    let mut terminal = Terminal::new(&room, &["run", "digging", "--item", "lamp", "--ms", "1500"]);
    terminal.sees("reserve").sees("dig").sees("is done");
    assert_eq!(terminal.ends(), 0);
}
