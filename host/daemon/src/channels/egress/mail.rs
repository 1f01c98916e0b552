//! Mail, over SMTP with TLS.

use std::time::Duration;

use dogwatch_plugins::{ChannelResponse, Mail, MailSecurity};
use lettre::address::Envelope;
use lettre::message::{Mailbox, Message, MessageBuilder, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Response as SmtpReply;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{Egress, EgressError, EgressPort};

/// How long a mail server may take in all, including a greeting that never comes.
const TIMEOUT: Duration = Duration::from_secs(15);

impl Egress {
    /// Sends a mail to each recipient separately: if the server refuses one, the others still get theirs. The mail
    /// counts as accepted once the server accepts it for one of them. A refusal is an answer too.
    pub(super) async fn send_mail(&self, mail: &Mail) -> Result<ChannelResponse, EgressError> {
        let bytes = message(mail)?.formatted();
        let transport = self.transport_for(mail)?;
        let taken =
            |answer: &Result<ChannelResponse, EgressError>| answer.as_ref().is_ok_and(|reply| reply.status < 400);
        let mut best: Option<Result<ChannelResponse, EgressError>> = None;
        for recipient in &mail.recipients {
            let envelope = Envelope::new(Some(mailbox(&mail.sender)?.email), vec![mailbox(recipient)?.email])
                .map_err(|error| EgressError::Mail(error.to_string()))?;
            let sent = tokio::time::timeout(TIMEOUT, transport.send_raw(&envelope, &bytes)).await;
            let answer = self.answer(mail, sent.ok());
            if !taken(&answer) {
                let why = answer.as_ref().map_or_else(ToString::to_string, |reply| reply.status.to_string());
                tracing::warn!(server = mail.server, recipient, why, "the mail server does not accept a mail");
            }
            let unreachable = answer.is_err();
            if best.as_ref().is_none_or(|best| !taken(best)) {
                best = Some(answer);
            }
            // If the server is unreachable for one recipient, it is for the next.
            if unreachable {
                break;
            }
        }
        best.unwrap_or_else(|| Err(EgressError::Mail("it has no recipient".to_owned())))
    }

    /// The server's answer; `sent` is `None` if the server took too long.
    fn answer(&self, mail: &Mail, sent: Option<Result<SmtpReply, Error>>) -> Result<ChannelResponse, EgressError> {
        match sent {
            None => {
                let (server, port) = (&mail.server, mail.port);
                Err(EgressError::Transport(format!("mail server {server}:{port} does not answer in time")))
            }
            Some(Ok(reply)) => {
                let text = reply.message().collect::<Vec<_>>().join(" ");
                Ok(self.reply(u16::from(reply.code()), &text))
            }
            Some(Err(error)) => match error.status() {
                Some(code) => Ok(self.reply(u16::from(code), &super::root_cause(&error))),
                None => Err(EgressError::Transport(self.scrub(&explain(mail, &error)))),
            },
        }
    }

    pub(super) fn permits_mail(&self, mail: &Mail) -> Result<(), EgressError> {
        message(mail)?;
        self.transport_for(mail).map(drop)
    }

    fn reply(&self, code: u16, text: &str) -> ChannelResponse {
        ChannelResponse { status: code, headers: Vec::new(), body: self.scrub(text).into_bytes() }
    }

    fn transport_for(&self, mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, EgressError> {
        let server = mail.server.to_lowercase();
        let port = match mail.port {
            25 | 465 | 587 => EgressPort::Usual(mail.port),
            port => EgressPort::Other(port),
        };
        self.check_host(&server, port)?;
        let loopback = server == "localhost" || server.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        let tls = || {
            let mut parameters = TlsParameters::builder(server.clone());
            for pem in &self.authorities {
                let certificate = Certificate::from_pem(pem).map_err(|_| EgressError::Authority)?;
                parameters = parameters.add_root_certificate(certificate);
            }
            parameters.build().map_err(|error| EgressError::Transport(format!("no TLS: {}", super::root_cause(&error))))
        };
        let tls = match mail.security {
            MailSecurity::Tls => Tls::Wrapper(tls()?),
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::Plain if loopback || self.allow_http => Tls::None,
            MailSecurity::Plain => return Err(EgressError::Scheme("smtp".to_owned())),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server)
            .port(mail.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some(login) = &mail.login {
            let (user, password) = (self.fill(&login.user)?, self.fill(&login.password)?);
            builder = builder.credentials(Credentials::new(user.to_string(), password.to_string()));
        }
        Ok(builder.build())
    }
}

fn mailbox(text: &str) -> Result<Mailbox, EgressError> {
    text.parse().map_err(|error| EgressError::Mail(format!("{text:?} is not a mail address ({error})")))
}

fn message(mail: &Mail) -> Result<Message, EgressError> {
    let mut builder: MessageBuilder = Message::builder()
        .from(mailbox(&mail.sender)?)
        .subject(mail.subject.clone())
        .message_id(Some(mail.message_id.clone()));
    for recipient in &mail.recipients {
        builder = builder.to(mailbox(recipient)?);
    }
    if !mail.in_reply_to.is_empty() {
        builder = builder.in_reply_to(mail.in_reply_to.clone()).references(mail.in_reply_to.clone());
    }
    builder.singlepart(SinglePart::plain(mail.text.clone())).map_err(|error| EgressError::Mail(error.to_string()))
}

/// Describes a failure for which the mail server gave no code.
fn explain(mail: &Mail, error: &Error) -> String {
    let (server, port) = (&mail.server, mail.port);
    let kind = if error.is_timeout() { "does not answer in time" } else { "cannot be talked to" };
    format!("mail server {server}:{port} {kind}: {}", super::root_cause(error))
}
