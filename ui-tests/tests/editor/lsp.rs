//! A small client of the language server protocol: enough to ask a real rust-analyzer about one file.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The answer is out of date before it was given, because the server learnt something meanwhile: ask again.
const ASK_AGAIN: [i64; 3] = [-32800, -32801, -32802];

/// What went wrong between us and the server.
pub(crate) type Outcome<T> = Result<T, String>;

/// A running language server.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// The last of what the server said about itself: the end of a message about a timeout.
    said: VecDeque<String>,
    last_id: i64,
    patience: Duration,
}

impl Server {
    /// Starts the server in a folder and waits until it has loaded the project there.
    ///
    /// `patience` is for this start, and again for each question.
    pub(crate) fn start(program: &Path, folder: &Path, options: &Value, patience: Duration) -> Outcome<Self> {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the server has no input and output".to_owned());
        };
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Server { child, input, messages, said: VecDeque::new(), last_id: 0, patience };
        server.ask(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri(folder),
                "capabilities": {
                    "window": { "workDoneProgress": true },
                    "textDocument": {
                        "hover": { "contentFormat": ["markdown"] },
                        "definition": { "linkSupport": true },
                        "diagnostic": {},
                    },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": options,
            }),
        )?;
        server.tell("initialized", &json!({}))?;
        server.load()?;
        Ok(server)
    }

    /// Waits until the server has nothing left to load.
    fn load(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + self.patience;
        loop {
            let message = self.receive(deadline, "loading the project")?;
            if message["method"] != "experimental/serverStatus" {
                continue;
            }
            let status = &message["params"];
            match status["health"].as_str() {
                Some("ok") if status["quiescent"] == true => return Ok(()),
                Some("ok") => {}
                _ if status["quiescent"] == true => {
                    return Err(format!("the server could not load the project: {}", status["message"]));
                }
                _ => {}
            }
        }
    }

    /// Asks a question and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Outcome<Value> {
        let deadline = Instant::now() + self.patience;
        loop {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
            let mut answer = loop {
                let message = self.receive(deadline, method)?;
                if message["id"] == id {
                    break message;
                }
            };
            match answer["error"]["code"].as_i64() {
                None => return Ok(answer["result"].take()),
                Some(code) if ASK_AGAIN.contains(&code) => {}
                Some(_) => return Err(format!("{method}: {}", answer["error"])),
            }
        }
    }

    /// Tells the server something there is no answer to.
    pub(crate) fn tell(&mut self, method: &str, params: &Value) -> Outcome<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn send(&mut self, message: &Value) -> Outcome<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .map_err(|error| format!("the server is gone: {error}"))
    }

    /// The next message that is not a request of the server's own; those are answered with nothing.
    fn receive(&mut self, deadline: Instant, what: &str) -> Outcome<Value> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("the server ended ({what}){}", self.last_words()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no answer within {:?} ({what}){}", self.patience, self.last_words()));
                }
            };
            if message["method"].is_string() && !message["id"].is_null() {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
                continue;
            }
            if message["method"].is_string() {
                if self.said.len() == 10 {
                    self.said.pop_front();
                }
                self.said.push_back(message.to_string());
            }
            return Ok(message);
        }
    }

    fn last_words(&self) -> String {
        self.said.iter().fold("; the last it said:".to_owned(), |text, message| format!("{text}\n  {message}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One message, `None` at the end.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// `file:///…`
pub(crate) fn uri(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/").replace(' ', "%20");
    format!("file://{}{path}", if path.starts_with('/') { "" } else { "/" })
}
