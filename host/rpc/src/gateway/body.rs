//! A client's request body: read within limits, or drained.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body, Incoming};

/// How long a client may take to send its request.
const SENDING: Duration = Duration::from_secs(10);
/// How many bytes of an answered request are still read.
const DRAINED_BYTES: usize = 16 << 20;
/// How long an answered request is still read.
const DRAINING: Duration = Duration::from_secs(10);

/// A request body that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the request is too large")]
    TooLarge,
    #[error("the request broke off")]
    BrokenOff,
    #[error("the request took too long to arrive")]
    TooSlow,
}

impl BodyError {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(SENDING, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::BrokenOff),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Drains the rest of an answered request, up to a bound. A connection that is closed while the client still sends is
/// reset, and the client loses the answer.
///
/// The answer does not wait for this: what has not arrived yet is drained by a task. At the bound the body is dropped,
/// which closes the connection.
pub(super) fn drain_rest(mut body: Incoming) {
    if body.is_end_stream() || drain(&mut body).now_or_never().is_some() {
        return;
    }
    tokio::spawn(async move { drain(&mut body).await });
}

async fn drain(body: &mut (impl Body<Data = Bytes> + Unpin)) {
    let mut left = DRAINED_BYTES;
    let read_on = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DRAINING, read_on).await;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_sends_without_end_is_cut_by_bytes() {
        let sent = Cell::new(0_usize);
        let mut endless = StreamBody::new(stream::iter(std::iter::repeat_with(|| {
            sent.set(sent.get() + 1000);
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 1000])))
        })));
        drain(&mut endless).await;
        assert_eq!(sent.get(), DRAINED_BYTES.next_multiple_of(1000));
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_sending_is_cut_by_time() {
        let began = tokio::time::Instant::now();
        let silent = stream::pending::<Result<Frame<Bytes>, Infallible>>();
        drain(&mut StreamBody::new(silent)).await;
        assert_eq!(began.elapsed(), DRAINING);
    }

    #[tokio::test(start_paused = true)]
    async fn what_ends_is_read_to_its_end() {
        let began = tokio::time::Instant::now();
        let mut body = http_body_util::Full::new(Bytes::from_static(b"the rest"));
        drain(&mut body).await;
        assert!(body.is_end_stream() && began.elapsed().is_zero());
    }
}
