//! A port that closes and opens again, as a node's does when its process dies and is started again.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long to wait until a port that somebody else has taken is tried again.
const TAKEN: Duration = Duration::from_millis(20);

/// A port of this process.
#[derive(Debug)]
pub(super) enum Port {
    /// Connections are accepted.
    Open(TcpListener),
    /// They are refused.
    Closed {
        address: SocketAddr,
        /// Keeps the port from what takes any free one: bound, and not listening.
        reserved: Option<TcpSocket>,
    },
}

impl Port {
    /// From now on connections are refused.
    pub(super) fn close(self) -> io::Result<Self> {
        let Self::Open(listener) = self else { return Ok(self) };
        let address = listener.local_addr()?;
        drop(listener);
        Ok(Self::Closed { address, reserved: reserve(address).ok() })
    }

    /// From now on they are accepted again. Waits if somebody else has taken the port in the meantime.
    pub(super) async fn open(self) -> Self {
        let Self::Closed { address, mut reserved } = self else { return self };
        loop {
            let socket = reserved.take().map_or_else(|| reserve(address), Ok);
            match socket.and_then(|socket| socket.listen(BACKLOG)) {
                Ok(listener) => return Self::Open(listener),
                Err(error) => tracing::warn!(%address, %error, "the port is taken"),
            }
            tokio::time::sleep(TAKEN).await;
        }
    }

    /// The next connection. While the port is closed there is none.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => Ok(listener.accept().await?.0),
            Self::Closed { .. } => std::future::pending().await,
        }
    }
}

fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of the closed port may linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses_and_opens_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut port = Port::Open(listener);
        for _ in 0..3 {
            let (accepted, connected) = tokio::join!(port.accept(), TcpStream::connect(address));
            accepted.unwrap();
            connected.unwrap();
            port = port.close().unwrap();
            let refused = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            port = port.open().await;
        }
    }
}
