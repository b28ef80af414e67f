//! `serve`: what it takes from the command line and the environment, and what it refuses.

#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use common::{Newsroom, ended};

const TOKEN: &str = "0123456789abcdef";

/// A server, and its address.
struct Serving(Child, String);

impl Serving {
    fn begin(room: &Newsroom, environment: &[(&str, &str)]) -> Self {
        let mut command = room.command(&["serve", "--addr", "127.0.0.1:0"]);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Serving(child, addr)
    }

    fn status(&self, more: &str) -> String {
        let Serving(_, addr) = self;
        let mut stream = TcpStream::connect(addr).unwrap();
        let request = format!("GET /api/runs HTTP/1.1\r\nhost: {addr}\r\n{more}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split(' ').nth(1).unwrap_or_default().to_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn secrets_come_from_the_environment() {
    let room = Newsroom::new();
    let environment = [("FLOW_TOKENS", "ann:read:0123456789abcdef ben:fedcba9876543210"), ("FLOW_LINK_KEY", TOKEN)];
    let server = Serving::begin(&room, &environment);
    assert_eq!(server.status(""), "401");
    for token in [TOKEN, "fedcba9876543210"] {
        assert_eq!(server.status(&format!("authorization: Bearer {token}\r\n")), "200");
    }
    let open = Serving::begin(&room, &[("FLOW_TOKENS", ""), ("FLOW_LINK_KEY", "")]);
    assert_eq!(open.status(""), "200");
}

#[test]
fn what_would_be_no_protection_is_refused() {
    let room = Newsroom::new();
    let typed = format!("ann:anwser:{TOKEN}");
    for (words, says) in [
        (&["--link-key", "secret"][..], "a link key of 6 bytes can be guessed"),
        (&["--token", typed.as_str()], "`anwser` is nearly the access `answer`"),
        (&["--token", "short"], "a token of 5 characters can be guessed"),
        (&["--public-url", "flow.example.com"], "`flow.example.com` is not where a server is found"),
        (&["--addr", "0.0.0.0:0"], "can be reached from other machines"),
    ] {
        let refused = room.run(&[&["serve"], words].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(says), "{refused:?}");
        assert!(!refused.err.contains(TOKEN), "{refused:?}");
    }
    let mut command = room.command(&["serve"]);
    command.env("FLOW_LINK_KEY", "secret");
    let refused = ended(command);
    assert!(refused.code == Some(2) && refused.err.contains("a link key of 6 bytes"), "{refused:?}");
}
