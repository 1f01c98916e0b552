//! Whether the requests that a channel composed are valid. Where they may go is another question, and the host's.

mod http;
mod mail;
mod parts;

use crate::delivery::request::ChannelRequest;
use crate::error::call::Fault;
use crate::limits::REQUESTS;

/// Refuses requests that are too many, too large or malformed, or that name a secret which is not configured.
pub(super) fn requests(requests: &[ChannelRequest], secrets: &[String]) -> Result<(), Fault> {
    if requests.len() > REQUESTS {
        return Err(Fault::AnswerTooLarge(format!("{} requests; the limit is {REQUESTS}", requests.len())));
    }
    requests.iter().try_for_each(|request| match request {
        ChannelRequest::Http(request) => http::validate(request, secrets),
        ChannelRequest::Mail(mail) => mail::validate(mail, secrets),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::http::{HttpRequest, Method};
    use crate::delivery::part::Part;

    #[test]
    fn requests_are_few() {
        let request = ChannelRequest::Http(HttpRequest {
            method: Method::Post,
            url: vec![Part::Text("https://example.com/".into())],
            headers: Vec::new(),
            body: Vec::new(),
        });
        assert_eq!(requests(&[], &[]), Ok(()));
        assert_eq!(requests(&vec![request.clone(); REQUESTS], &[]), Ok(()));
        assert!(matches!(requests(&vec![request; REQUESTS + 1], &[]), Err(Fault::AnswerTooLarge(_))));
    }
}
