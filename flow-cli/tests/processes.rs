//! Processes that leave runs to others: paused, killed, interrupted, detached; and readers that go away.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]
#![cfg(unix)]

mod common;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command},
};

use common::{Newsroom, proposals};

/// Waits for a line on stderr of a process. Whatever it waits for is always said sooner or later.
fn heard(child: &mut Child, part: &str) -> BufReader<std::process::ChildStderr> {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(part) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the process ended without saying `{part}`");
    }
    stderr
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn rest(mut stderr: BufReader<std::process::ChildStderr>, child: &mut Child) -> (Option<i32>, String) {
    let (mut out, mut err) = (String::new(), String::new());
    stderr.read_to_string(&mut err).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    (child.wait().unwrap().code(), err + &out)
}

#[test]
fn a_paused_run_is_answered_from_a_second_process() {
    let room = Newsroom::new();
    let asked = room.run(&["run", "article", "--topic", "bees"]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    let [publish, _change, reject, wait] = proposals(&asked.out)[..] else { panic!("{}", asked.out) };
    let again = room.paste(wait);
    assert_eq!(again.code, Some(3), "{again:?}");
    let stale = room.paste(reject);
    assert!(stale.code == Some(2) && stale.err.contains("was answered before"), "{stale:?}");
    let done = room.paste(&publish.replace("approve-1", "approve-2"));
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn a_killed_run_goes_on() {
    let room = Newsroom::new();
    let mut killed = room.spawn(&["run", "digging", "--item", "lamp", "--ms", "600000"]);
    let _stderr = heard(&mut killed, "reserve");
    killed.kill().unwrap();
    killed.wait().unwrap();
    let run = room.json(&["runs"])["runs"][0]["run"].as_str().unwrap().to_owned();
    assert_eq!(room.json(&["show", &run])["status"], "running");
    // What it did before the kill is not done again, and can be undone.
    let mut going_on = room.spawn(&["recover", &run]);
    let cancelled = room.json(&["cancel", &run]);
    assert_eq!((&cancelled["status"], &cancelled["undone"][0]["step"]), (&"cancelled".into(), &"reserve".into()));
    assert_eq!(going_on.wait().unwrap().code(), Some(1));
    let reserved =
        room.json(&["show", &run])["attempts"].as_array().unwrap().iter().filter(|a| a["step"] == "reserve").count();
    assert_eq!(reserved, 1);
}

#[test]
fn a_start_with_a_key_is_one_run() {
    let room = Newsroom::new();
    let first = room.json(&["run", "two", "--key", "k"]);
    let second = room.json(&["run", "two", "--key", "k"]);
    assert_eq!((&first["run"], &second["status"]), (&second["run"], &"paused".into()));
}

#[test]
fn an_interrupted_run_is_handed_back() {
    let room = Newsroom::new();
    let mut child = room.spawn(&["run", "digging", "--item", "lamp", "--ms", "600000"]);
    let stderr = heard(&mut child, "reserve");
    signal(&child, "INT");
    let mut stderr = stderr;
    let mut line = String::new();
    while !line.contains("Ctrl-C again") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0);
    }
    signal(&child, "INT");
    let (code, said) = rest(stderr, &mut child);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("newsroom recover "), "{said}");
    assert_eq!(room.json(&["show"])["status"], "running");
}

#[test]
fn a_worker_drives_what_was_left_to_it() {
    let room = Newsroom::new();
    let left = room.run(&["run", "digging", "--item", "lamp", "--ms", "1", "--detach"]);
    assert!(left.code == Some(0) && left.out.contains("is running"), "{left:?}");
    let mut worker = room.spawn(&["worker"]);
    let stderr = heard(&mut worker, "the run has ended");
    signal(&worker, "TERM");
    let (code, said) = rest(stderr, &mut worker);
    assert!(code == Some(0) && said.contains("0 runs given back"), "{code:?}: {said}");
    assert_eq!(room.json(&["show"])["status"], "completed");
}

#[test]
fn a_server_says_where_it_is_and_stops_when_told() {
    use std::{io::Write as _, net::TcpStream};
    let room = Newsroom::new();
    let mut server = room.spawn(&["serve", "--addr", "127.0.0.1:0", "--token", "ann:read:0123456789abcdef"]);
    let mut out = BufReader::new(server.stdout.take().unwrap());
    let mut url = String::new();
    out.read_line(&mut url).unwrap();
    let addr = url.trim().trim_start_matches("http://").trim_end_matches('/');
    let ask = |token: &str| {
        let mut stream = TcpStream::connect(addr).unwrap();
        let head =
            format!("GET /api/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    assert!(ask("0123456789abcdef").ends_with("{\"name\":\"ann\",\"roles\":[\"read\"]}"));
    assert!(ask("0123456789abcdee").starts_with("HTTP/1.1 401"));
    signal(&server, "TERM");
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(said.contains("0 runs given back"), "{said}");
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let open = room.run(&["serve", "--addr", "0.0.0.0:0"]);
    assert!(open.code == Some(2) && open.err.contains("can be reached from other machines"), "{open:?}");
    let short = room.run(&["serve", "--token", "ann:secret"]);
    assert!(short.code == Some(2) && short.err.contains("can be guessed"), "{short:?}");
}

#[test]
fn answers_can_be_left_to_a_worker_as_well() {
    let room = Newsroom::new();
    room.paused(&["two"]);
    for pause in ["confirm-1", "confirm-2"] {
        let said = room.run(&["answer", "last", pause, "Yes", "--detach"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_eq!(room.json(&["recover", "last"])["output"], true);
}

#[test]
fn events_are_followed_to_the_end() {
    let room = Newsroom::new();
    room.paused(&["two"]);
    let mut follower = room.spawn(&["events", "last", "--follow"]);
    let mut out = BufReader::new(follower.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("run paused") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0);
    }
    room.json(&["cancel", "last"]);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("run cancelled"), "{rest}");
    assert_eq!(follower.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_may_go_away() {
    let room = Newsroom::new();
    for _ in 0..3 {
        room.json(&["run", "many", "1"]);
    }
    for command in ["runs", "list", "events last", "show last", "graph article --format svg", "completions bash"] {
        let cut = room.paste(&format!("newsroom {command} | head -n 1 >/dev/null; exit ${{PIPESTATUS:-0}}"));
        assert!(cut.err.is_empty(), "{command}: {cut:?}");
    }
}

#[test]
fn colours_go_to_terminals_only() {
    let room = Newsroom::new();
    room.json(&["run", "many", "1"]);
    assert!(!room.run(&["runs"]).out.contains('\u{1b}'));
    let mut wanted = room.command(&["runs"]);
    assert!(
        common::ended({
            wanted.env("CLICOLOR_FORCE", "1");
            wanted
        })
        .out
        .contains('\u{1b}')
    );
    let mut refused = room.command(&["runs"]);
    refused.env("NO_COLOR", "1");
    assert!(!common::ended(refused).out.contains('\u{1b}'));
}

#[test]
fn the_environment_says_where_and_who() {
    let room = Newsroom::new();
    let mut start = room.command(&["run", "many", "1", "--json"]);
    start.env("FLOW_STORE", "sqlite:other.db").env("FLOW_USER", "ann");
    let started = common::ended(start);
    assert_eq!(started.code, Some(0), "{started:?}");
    let runs = room.json(&["runs", "--store", "sqlite:other.db"]);
    assert_eq!(runs["runs"][0]["user"], "ann");
    assert!(!room.folder().join("flow.db").exists());
}

#[test]
fn an_input_comes_from_a_file_or_from_stdin() {
    let room = Newsroom::new();
    std::fs::write(room.folder().join("in.json"), "[1, 2]").unwrap();
    assert_eq!(room.json(&["run", "many", "--input", "@in.json"])["output"], 6);
    std::fs::write(room.folder().join("name.txt"), "bees").unwrap();
    let said = room.paste("echo '[5]' | newsroom run many --input - --quiet");
    assert!(said.code == Some(0) && said.out.contains("10"), "{said:?}");
    assert_eq!(room.json(&["run", "survey", "@name.txt"])["status"], "paused");
    assert_eq!(room.json(&["show"])["input"], "bees");
}
