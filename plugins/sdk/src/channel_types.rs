//! The types of the channel world.

pub use crate::bindings::channel_v0_1::dogwatch::channel::types::{
    Alert, Basic, DigestEncoding, Encoding, Event, Following, Header, Heartbeat, HttpRequest, Judgement, Mail,
    MailLogin, MailSecurity, Method, Part, Progress, Pulse, Request, Response, ResponseHeader, Role, Secret, Severity,
    Signature,
};
