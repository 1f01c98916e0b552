//! As much HTTP/1.1 as a node's own web server speaks. Every answer closes its connection.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use dogwatch_chain::Time;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest head, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The longest body, in bytes.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// How long a client may take to close the connection after its answer.
const LINGER: Duration = Duration::from_secs(1);

/// Reads a request's body. Like nodes, it goes by `Content-Length` alone, and reads a chunked body as empty.
pub(crate) async fn read_body(stream: &mut TcpStream) -> io::Result<String> {
    let mut received = Vec::new();
    let head_end = loop {
        if let Some(end) = find(&received, b"\r\n\r\n") {
            break end;
        }
        if received.len() > MAX_HEAD || stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let mut body = received.split_off(head_end);
    let head = String::from_utf8_lossy(&received).to_ascii_lowercase();
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.split_once(':').filter(|(field, _)| *field == name))
            .map(|(_, value)| value.trim())
    };
    let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0usize);
    if length > MAX_BODY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if header("expect") == Some("100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    body.truncate(length);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The offset after the first `needle`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)?.checked_add(needle.len())
}

/// Writes the answer, made at `now`, and closes the connection. Its `Date` is that of the proxy in front of a real node.
pub(crate) async fn answer(stream: &mut TcpStream, now: Time, status: &str, kind: &str, body: &str) -> io::Result<()> {
    let date = UNIX_EPOCH.checked_add(now.since(Time::from_millis(0))).unwrap_or(UNIX_EPOCH);
    let date = httpdate::fmt_http_date(date);
    let head = format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing with unread bytes would reset the connection, and the client might lose the answer.
    let _late = tokio::time::timeout(LINGER, closed(stream)).await;
    Ok(())
}

/// Waits until the client closes the connection.
pub(crate) async fn closed(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}
