//! What a channel asks the host to send.

use super::http::HttpRequest;
use super::mail::Mail;

/// A request that delivers a message, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelRequest {
    /// By HTTP.
    Http(HttpRequest),
    /// By SMTP.
    Mail(Mail),
}
