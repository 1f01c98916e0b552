//! A relay that counts: what a daemon costs the node behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What went through a relay.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) connections: u64,
    /// Bytes to the node.
    pub(crate) to: u64,
    /// Bytes from it.
    pub(crate) from: u64,
}

impl Traffic {
    pub(crate) fn since(self, before: Self) -> Self {
        let Self { connections, to, from } = self;
        Self { connections: connections - before.connections, to: to - before.to, from: from - before.from }
    }
}

/// A relay to a node. It runs until the program ends.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    to: AtomicU64,
    from: AtomicU64,
}

impl Relay {
    /// A relay to that URL of a node.
    pub(crate) async fn to(url: &str) -> anyhow::Result<Self> {
        let node = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, counts) = (listener.local_addr()?, Arc::new(Counts::default()));
        let shared = counts.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(relay(client, node.clone(), shared.clone()));
            }
        });
        Ok(Self { address, counts })
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { connections, to, from } = &*self.counts;
        Traffic { connections: read(connections), to: read(to), from: read(from) }
    }
}

async fn relay(client: TcpStream, node: String, counts: Arc<Counts>) -> anyhow::Result<()> {
    let node = TcpStream::connect(&node).await.context("the node is gone")?;
    let ((from_client, to_client), (from_node, to_node)) = (client.into_split(), node.into_split());
    tokio::select! {
        done = carry(from_client, to_node, &counts.to) => done,
        done = carry(from_node, to_client, &counts.from) => done,
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: &AtomicU64,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        count.fetch_add(u64::try_from(length)?, Ordering::Relaxed);
        to.write_all(bytes).await?;
    }
}
