//! A client of HTTP/1.1 that costs little itself: one connection, one request at a time.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A connection that is kept.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    /// Reads what is there.
    pub async fn get(&mut self, path: &str) -> String {
        self.ask(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await
    }

    /// Sends JSON, with further headers, each with its end of the line.
    pub async fn post(&mut self, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        self.ask(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ))
        .await
    }

    /// The body of the response, which has to be one of a request that went well.
    async fn ask(&mut self, request: String) -> String {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let (mut line, mut head, mut length) = (String::new(), String::new(), 0);
        loop {
            line.clear();
            self.stream.read_line(&mut line).await.unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
        }
        assert!(head.starts_with("HTTP/1.1 2"), "{request}\n\n{head}");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        String::from_utf8(body).unwrap()
    }
}
