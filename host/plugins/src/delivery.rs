//! What passes between the host and a channel.

pub(crate) mod heartbeat;
pub(crate) mod http;
pub(crate) mod mail;
pub(crate) mod message;
pub(crate) mod part;
pub(crate) mod request;
pub(crate) mod response;
