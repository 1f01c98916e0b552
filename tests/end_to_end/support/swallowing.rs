//! An endpoint behind connections that a middlebox forgets: each answers two requests and swallows the third.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[derive(Debug)]
pub(crate) struct Swallowing {
    pub(crate) url: String,
    swallowed: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Swallowing {
    pub(crate) async fn before(upstream: &str) -> Self {
        dogwatch::install_tls_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (client, upstream) = (reqwest::Client::new(), upstream.to_owned());
        let swallowed = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&swallowed);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(connection(stream, client.clone(), upstream.clone(), Arc::clone(&counter)));
            }
        });
        Self { url, swallowed, _task: task }
    }

    pub(crate) fn swallowed(&self) -> usize {
        self.swallowed.load(Ordering::SeqCst)
    }
}

async fn connection(mut stream: TcpStream, client: reqwest::Client, upstream: String, swallowed: Arc<AtomicUsize>) {
    let mut read = Vec::new();
    for _ in 0..2 {
        let Some(body) = request(&mut stream, &mut read).await else { return };
        let Ok(answer) = client.post(&upstream).body(body).send().await else { return };
        let answer = answer.bytes().await.unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        if stream.write_all(&[head.as_bytes(), &answer].concat()).await.is_err() {
            return;
        }
    }
    if request(&mut stream, &mut read).await.is_some() {
        swallowed.fetch_add(1, Ordering::SeqCst);
        while stream.read_buf(&mut read).await.is_ok_and(|more| more > 0) {}
    }
}

/// The body of the next request.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Bytes> {
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
            let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
            if read.len() >= end + 4 + length {
                let body = Bytes::copy_from_slice(&read[end + 4..end + 4 + length]);
                read.drain(..end + 4 + length);
                return Some(body);
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}
