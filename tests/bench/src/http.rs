//! As much of HTTP/1.1 as a client needs to find the end of an answer.

use anyhow::Context as _;

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether the connection closes after this answer.
    pub(crate) closes: bool,
}

/// Parses the bytes received so far; `None` if the answer is not complete.
pub(crate) fn read(received: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some((head, rest)) = split_at(received, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(head).context("a strange head")?;
    let status = head.split(' ').nth(1).context("no status")?.parse::<u16>().context("a strange status")?;
    let is = |name: &str, wanted: &str| field(head, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    let body = if is("transfer-encoding", "chunked") {
        joined(rest)?
    } else {
        let length = field(head, "content-length").unwrap_or("0").parse::<usize>().context("a strange length")?;
        rest.get(..length).map(<[u8]>::to_vec)
    };
    let closes = is("connection", "close");
    Ok(body.map(|body| Answer { status, body, closes }))
}

fn field<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

/// The body in these chunks; `None` if the last one is missing. Trailers are not expected, since no request allows
/// them.
fn joined(mut rest: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some((line, chunks)) = split_at(rest, b"\r\n") else { return Ok(None) };
        let line = std::str::from_utf8(line).context("a strange chunk")?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a strange size of a chunk")?;
        let Some((chunk, after)) = chunks.split_at_checked(size) else { return Ok(None) };
        let Some(next) = after.strip_prefix(b"\r\n") else { return Ok(None) };
        if size == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = next;
    }
}

/// The bytes before and after a mark.
fn split_at<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..place)?, bytes.get(place + mark.len()..)?))
}
