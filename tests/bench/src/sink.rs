//! The receiver of alerts: accepts everything and keeps nothing.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    _task: JoinSet<()>,
}

impl Sink {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for alerts")?;
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer(stream));
            }
        });
        Ok(Self { address, _task: task })
    }
}

/// Answers after a moment of silence: alerts are small and sent at once.
async fn answer(mut stream: TcpStream) {
    let mut received = vec![0; 16 << 10];
    while stream.read(&mut received).await.is_ok_and(|read| read > 0) {
        let pause = std::time::Duration::from_millis(2);
        while tokio::time::timeout(pause, stream.read(&mut received)).await.is_ok_and(|read| matches!(read, Ok(1..))) {}
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        if stream.write_all(answer).await.is_err() || stream.shutdown().await.is_err() {
            return;
        }
    }
}
