//! Requests, responses and judgements, between the generated types and the host's.

use std::time::Duration;

use super::types;
use crate::delivery::http::{Header, HttpRequest, Method};
use crate::delivery::mail::{Mail, MailLogin, MailSecurity};
use crate::delivery::part::{DigestEncoding, Encoding, Part};
use crate::delivery::request::ChannelRequest;
use crate::delivery::response::{ChannelResponse, FollowUp, Judgement, Progress, Reached};

pub(super) fn response_to(response: &ChannelResponse) -> types::Response {
    let header = |(name, value): &(String, String)| types::ResponseHeader { name: name.clone(), value: value.clone() };
    types::Response {
        status: response.status,
        headers: response.headers.iter().map(header).collect(),
        body: response.body.clone(),
    }
}

pub(super) fn requests_from(requests: Vec<types::Request>) -> Vec<ChannelRequest> {
    requests.into_iter().map(request_from).collect()
}

pub(super) fn request_from(request: types::Request) -> ChannelRequest {
    match request {
        types::Request::Http(request) => ChannelRequest::Http(http_from(request)),
        types::Request::Mail(mail) => ChannelRequest::Mail(mail_from(mail)),
    }
}

fn http_from(request: types::HttpRequest) -> HttpRequest {
    HttpRequest {
        method: match request.method {
            types::Method::Get => Method::Get,
            types::Method::Post => Method::Post,
            types::Method::Put => Method::Put,
            types::Method::Delete => Method::Delete,
        },
        url: parts_from(request.url),
        headers: request
            .headers
            .into_iter()
            .map(|types::Header { name, value }| Header { name, value: parts_from(value) })
            .collect(),
        body: parts_from(request.body),
    }
}

fn mail_from(mail: types::Mail) -> Mail {
    let types::Mail { server, port, security, login, sender, recipients, subject, text, message_id, in_reply_to } =
        mail;
    Mail {
        server,
        port,
        security: match security {
            types::MailSecurity::Tls => MailSecurity::Tls,
            types::MailSecurity::Starttls => MailSecurity::StartTls,
            types::MailSecurity::Plain => MailSecurity::Plain,
        },
        login: login.map(|login| MailLogin { user: parts_from(login.user), password: parts_from(login.password) }),
        sender,
        recipients,
        subject,
        text,
        message_id,
        in_reply_to,
    }
}

fn parts_from(parts: Vec<types::Part>) -> Vec<Part> {
    let part = |part| match part {
        types::Part::Text(text) => Part::Text(text),
        types::Part::Secret(types::Secret { name, encoding }) => Part::Secret {
            name,
            encoding: match encoding {
                types::Encoding::Plain => Encoding::Plain,
                types::Encoding::Json => Encoding::Json,
                types::Encoding::Percent => Encoding::Percent,
                types::Encoding::Base64 => Encoding::Base64,
            },
        },
        types::Part::Basic(types::Basic { user, password }) => Part::Basic { user, password },
        types::Part::Signature(types::Signature { key, prefix, encoding }) => Part::Signature {
            key,
            prefix,
            encoding: match encoding {
                types::DigestEncoding::Hex => DigestEncoding::Hex,
                types::DigestEncoding::Base64 => DigestEncoding::Base64,
            },
        },
    };
    parts.into_iter().map(part).collect()
}

pub(super) fn judgement_from(judgement: types::Judgement) -> Judgement {
    match judgement {
        types::Judgement::Delivered => Judgement::Delivered,
        types::Judgement::Accepted(receipt) => Judgement::Accepted(receipt),
        types::Judgement::Follow(types::Following { receipt, after, delivered }) => Judgement::Follow(FollowUp {
            receipt,
            after: Duration::from_millis(after),
            reached: if delivered { Reached::Yes } else { Reached::NotYet },
        }),
        types::Judgement::Remember(memory) => Judgement::Remember(memory),
        types::Judgement::RetryAfter(millis) => Judgement::RetryAfter(Duration::from_millis(millis)),
        types::Judgement::Transient(why) => Judgement::Transient(why),
        types::Judgement::Permanent(why) => Judgement::Permanent(why),
    }
}

pub(super) fn progress_from(progress: types::Progress) -> Progress {
    match progress {
        types::Progress::Waiting(millis) => Progress::Waiting(Duration::from_millis(millis)),
        types::Progress::Acknowledged(by) => Progress::Acknowledged(by),
        types::Progress::Over => Progress::Over,
        types::Progress::Unreached(why) => Progress::Unreached(why),
        types::Progress::Permanent(why) => Progress::Permanent(why),
    }
}
