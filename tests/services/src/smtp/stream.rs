//! Lines from a client, and replies to it.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest line of a mail without its end (RFC 5321, 4.5.3.1.6).
pub(super) const LONGEST_LINE: usize = 998;
/// Reading stops at this length: no line may be longer, not even in a login (RFC 4954, 4).
const FAR_TOO_LONG: usize = 12_288;

/// A connection, and the bytes read ahead from it.
#[derive(Debug)]
pub(super) struct Lines<S> {
    stream: S,
    ahead: Vec<u8>,
}

/// The client is gone, or sends something other than lines.
#[derive(Debug)]
pub(super) struct Gone;

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// A line without its final CR LF. A lone CR or LF stays in the line.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, Gone> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|pair| pair == b"\r\n") {
                let mut line: Vec<u8> = self.ahead.drain(..end + 2).collect();
                line.truncate(end);
                return Ok(line);
            }
            if self.ahead.len() > 8 * FAR_TOO_LONG {
                return Err(Gone);
            }
            match self.stream.read_buf(&mut self.ahead).await {
                Ok(0) | Err(_) => return Err(Gone),
                Ok(_) => {}
            }
        }
    }

    /// Whether the client has sent more than it was asked for.
    pub(super) fn has_more(&self) -> bool {
        !self.ahead.is_empty()
    }

    pub(super) async fn reply(&mut self, code: u16, text: &str) -> Result<(), Gone> {
        let lines: Vec<_> = text.lines().collect();
        let mut reply = String::new();
        for (index, line) in lines.iter().enumerate() {
            let separator = if index + 1 == lines.len() { ' ' } else { '-' };
            reply.push_str(&format!("{code}{separator}{line}\r\n"));
        }
        self.stream.write_all(reply.as_bytes()).await.map_err(|_| Gone)?;
        self.stream.flush().await.map_err(|_| Gone)
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Closes the connection cleanly.
    pub(super) async fn close(mut self) {
        let _ = self.stream.shutdown().await;
    }
}
