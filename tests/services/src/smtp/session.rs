//! A session: which commands a client may send when, and the replies.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::fault::{MailFault, Step, Trouble};
use super::mail::Mail;
use super::options::{Options, Security};
use super::state::{MailState, lock};
use super::stream::{Gone, LONGEST_LINE, Lines};

/// The longest command without its end (RFC 5321, 4.5.3.1.4).
const LONGEST_COMMAND: usize = 510;

pub(super) async fn serve(stream: TcpStream, acceptor: &TlsAcceptor, state: &Mutex<MailState>) {
    let (options, fault, index) = {
        let mut state = lock(state);
        state.commands.push(Vec::new());
        (state.options.clone(), state.faults.pop_front().flatten(), state.commands.len() - 1)
    };
    let implicit = options.security == Security::Tls;
    let mut session = Session { options, fault, state, index, encrypted: implicit, said_hello: false, user: None };
    if implicit {
        // A client that does not trust the certificate hangs up here.
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let _ = session.run(Lines::new(stream), true).await;
        return;
    }
    let Ok(Some(stream)) = session.run(Lines::new(stream), true).await else { return };
    let Ok(stream) = acceptor.accept(stream).await else { return };
    session.encrypted = true;
    session.said_hello = false;
    let _ = session.run(Lines::new(stream), false).await;
}

struct Session<'a> {
    options: Options,
    fault: Option<MailFault>,
    state: &'a Mutex<MailState>,
    index: usize,
    encrypted: bool,
    said_hello: bool,
    user: Option<String>,
}

/// The outcome of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The server acts and replies as usual.
    Usual,
    /// A fault replaced the reply, and nothing was done.
    Instead,
}

/// The envelope that the client has sent so far.
#[derive(Clone, Default)]
struct Envelope {
    sender: Option<String>,
    recipients: Vec<String>,
    eight_bit: bool,
}

/// A reply: the code, and the text in one or more lines.
type Reply = (u16, String);

fn reply(code: u16, text: &str) -> Reply {
    (code, text.to_owned())
}

impl Session<'_> {
    /// Serves until the client is gone. A returned stream is to be upgraded to TLS.
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut lines: Lines<S>,
        greeting: bool,
    ) -> Result<Option<S>, Gone> {
        if greeting {
            let greeting = reply(220, "localhost ESMTP");
            (lines, _) = self.say(lines, Step::Greeting, greeting, |_| ()).await?;
        }
        let mut envelope = Envelope::default();
        loop {
            let line = lines.line().await?;
            if lines.has_more() {
                lines.reply(503, "5.5.0 improper pipelining: it was not offered").await?;
                lines.close().await;
                return Ok(None);
            }
            let Ok(line) = String::from_utf8(line) else {
                lines.reply(500, "5.5.2 a command must be ASCII").await?;
                continue;
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            self.note(if verb == "AUTH" { rest.split(' ').next().map_or(line.as_str(), |_| "AUTH") } else { &line });
            if line.len() > LONGEST_COMMAND && verb != "AUTH" {
                lines.reply(500, "5.5.2 line too long").await?;
                continue;
            }
            if !line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                lines.reply(500, "5.5.2 a command must be printable ASCII, and end in CR LF").await?;
                continue;
            }
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    let answer = self.hello(&verb, rest);
                    let right = answer.0 == 250;
                    (lines, _) = self.say(lines, Step::Hello, answer, |session| session.said_hello = right).await?;
                    envelope = Envelope::default();
                }
                "STARTTLS" => {
                    let answer = self.start_tls(rest);
                    let right = answer.0 == 220;
                    let outcome;
                    (lines, outcome) = self.say(lines, Step::StartTls, answer, |_| ()).await?;
                    if right && outcome == Outcome::Usual {
                        return Ok(Some(lines.into_stream()));
                    }
                }
                "AUTH" => lines = self.login(lines, rest, envelope.sender.is_some()).await?,
                "MAIL" | "RCPT" => {
                    let mut next = envelope.clone();
                    let (step, answer) = match verb.as_str() {
                        "MAIL" => (Step::Sender, self.sender(rest, &mut next)),
                        _ => (Step::Recipient, self.recipient(rest, &mut next)),
                    };
                    let outcome;
                    (lines, outcome) = self.say(lines, step, answer, |_| ()).await?;
                    if outcome == Outcome::Usual {
                        envelope = next;
                    }
                }
                "DATA" => {
                    if envelope.recipients.is_empty() || !rest.is_empty() {
                        lines.reply(503, "5.5.1 need RCPT first").await?;
                        continue;
                    }
                    let answer = reply(354, "end with a full stop alone in a line");
                    let outcome;
                    (lines, outcome) = self.say(lines, Step::Data, answer, |_| ()).await?;
                    if outcome == Outcome::Usual {
                        lines = self.message(lines, std::mem::take(&mut envelope)).await?;
                    }
                }
                "RSET" => {
                    envelope = Envelope::default();
                    lines.reply(250, "2.0.0 OK").await?;
                }
                "NOOP" => lines.reply(250, "2.0.0 OK").await?,
                "QUIT" => {
                    lines.reply(221, "2.0.0 bye").await?;
                    lines.close().await;
                    return Ok(None);
                }
                _ => lines.reply(500, "5.5.2 unknown command").await?,
            }
        }
    }

    fn note(&self, line: &str) {
        lock(self.state).commands[self.index].push(line.to_owned());
    }

    /// Replies and acts as usual at a step, unless a fault is queued for it.
    async fn say<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut lines: Lines<S>,
        step: Step,
        answer: Reply,
        done: impl FnOnce(&mut Self),
    ) -> Result<(Lines<S>, Outcome), Gone> {
        let fault = self.fault.take_if(|fault| fault.step == step);
        match fault.map(|fault| fault.trouble) {
            None => done(self),
            Some(Trouble::Delay(time)) => {
                tokio::time::sleep(time).await;
                done(self);
            }
            Some(Trouble::Reply(code, text)) => {
                lines.reply(code, &text).await?;
                if code == 421 {
                    lines.close().await;
                    return Err(Gone);
                }
                return Ok((lines, Outcome::Instead));
            }
            Some(Trouble::Drop) => return Err(Gone),
            Some(Trouble::DropAfter) => {
                done(self);
                return Err(Gone);
            }
            Some(Trouble::Hang) => std::future::pending().await,
        }
        lines.reply(answer.0, &answer.1).await?;
        Ok((lines, Outcome::Usual))
    }

    fn hello(&self, verb: &str, rest: &str) -> Reply {
        if rest.is_empty() || rest.contains(' ') {
            return reply(501, "5.5.4 who are you?");
        }
        if verb == "HELO" {
            return reply(250, "localhost");
        }
        let mut lines = vec!["localhost".to_owned(), format!("SIZE {}", self.options.size)];
        lines.extend(["8BITMIME".to_owned(), "ENHANCEDSTATUSCODES".to_owned()]);
        if self.options.security == Security::StartTls && !self.encrypted {
            lines.push("STARTTLS".to_owned());
        } else if self.options.login.is_some() {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        (250, lines.join("\n"))
    }

    fn start_tls(&self, rest: &str) -> Reply {
        match self.options.security {
            _ if !rest.is_empty() => reply(501, "5.5.4 no parameters"),
            Security::StartTls if !self.said_hello => reply(503, "5.5.1 EHLO first"),
            Security::StartTls if !self.encrypted => reply(220, "2.0.0 go ahead"),
            _ => reply(502, "5.5.1 not offered"),
        }
    }

    /// The reply that refuses sending, if something is missing.
    fn locked(&self) -> Option<Reply> {
        if !self.said_hello {
            return Some(reply(503, "5.5.1 EHLO first"));
        }
        if self.options.security == Security::StartTls && !self.encrypted {
            return Some(reply(530, "5.7.0 Must issue a STARTTLS command first"));
        }
        (self.options.login.is_some() && self.user.is_none()).then(|| reply(530, "5.7.0 Authentication required"))
    }

    async fn login<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut lines: Lines<S>,
        rest: &str,
        sending: bool,
    ) -> Result<Lines<S>, Gone> {
        let (mechanism, initial) = rest.split_once(' ').map_or((rest, None), |(name, initial)| (name, Some(initial)));
        let mechanism = mechanism.to_ascii_uppercase();
        let refusal = if !self.said_hello || self.user.is_some() || sending {
            Some(reply(503, "5.5.1 not now"))
        } else if self.options.security == Security::StartTls && !self.encrypted {
            Some(reply(538, "5.7.11 Encryption required for requested authentication mechanism"))
        } else if self.options.login.is_none() {
            Some(reply(502, "5.5.1 not offered"))
        } else if !matches!(mechanism.as_str(), "PLAIN" | "LOGIN") {
            Some(reply(504, "5.5.4 unknown mechanism"))
        } else {
            None
        };
        if let Some((code, text)) = refusal {
            lines.reply(code, &text).await?;
            return Ok(lines);
        }
        let mut answers = Vec::new();
        let prompts: &[&str] = if mechanism == "PLAIN" { &[""] } else { &["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] };
        for (index, prompt) in prompts.iter().enumerate() {
            let line = match initial.filter(|_| index == 0) {
                Some(initial) => initial.to_owned(),
                None => {
                    // An empty prompt is a code and a space.
                    lines.reply(334, if prompt.is_empty() { "\n" } else { prompt }).await?;
                    String::from_utf8_lossy(&lines.line().await?).into_owned()
                }
            };
            let Some(answer) = STANDARD.decode(&line).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
                lines.reply(501, "5.5.2 no base64, or given up").await?;
                return Ok(lines);
            };
            answers.push(answer);
        }
        let pair = match answers.as_slice() {
            [user, password] => Some((user.clone(), password.clone())),
            [plain] => match plain.split('\0').collect::<Vec<_>>().as_slice() {
                ["", user, password] => Some(((*user).to_owned(), (*password).to_owned())),
                _ => None,
            },
            _ => None,
        };
        let right = pair.is_some() && pair == self.options.login;
        let answer = if right {
            reply(235, "2.7.0 Authentication successful")
        } else {
            reply(535, "5.7.8 Error: authentication failed")
        };
        let done = |session: &mut Self| session.user = pair.filter(|_| right).map(|(user, _)| user);
        Ok(self.say(lines, Step::Login, answer, done).await?.0)
    }

    fn sender(&self, rest: &str, envelope: &mut Envelope) -> Reply {
        if let Some(refusal) = self.locked() {
            return refusal;
        }
        if envelope.sender.is_some() {
            return reply(503, "5.5.1 nested MAIL command");
        }
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return reply(501, "5.5.4 Syntax: MAIL FROM:<address>");
        };
        let mut eight_bit = false;
        for parameter in parameters.split(' ').filter(|parameter| !parameter.is_empty()) {
            match parameter.to_ascii_uppercase().split_once('=') {
                Some(("BODY", "8BITMIME")) => eight_bit = true,
                Some(("BODY", "7BIT")) => {}
                Some(("SIZE", size)) => match size.parse::<usize>() {
                    Ok(size) if size > self.options.size => {
                        return reply(552, "5.3.4 Message size exceeds fixed limit");
                    }
                    Ok(_) => {}
                    Err(_) => return reply(501, "5.5.4 bad SIZE"),
                },
                _ => return reply(555, "5.5.4 unknown parameter"),
            }
        }
        if !self.options.senders.is_empty() && !self.options.senders.contains(&address) {
            return reply(553, "5.7.1 Sender address rejected: not owned by user");
        }
        *envelope = Envelope { sender: Some(address), recipients: Vec::new(), eight_bit };
        reply(250, "2.1.0 Ok")
    }

    fn recipient(&self, rest: &str, envelope: &mut Envelope) -> Reply {
        if envelope.sender.is_none() {
            return self.locked().unwrap_or_else(|| reply(503, "5.5.1 need MAIL first"));
        }
        let Some((address, "")) = path(rest, "TO:") else {
            return reply(501, "5.5.4 Syntax: RCPT TO:<address>");
        };
        if envelope.recipients.len() >= 100 {
            return reply(452, "4.5.3 too many recipients");
        }
        if !self.options.mailboxes.is_empty() && !self.options.mailboxes.contains(&address) {
            return reply(550, "5.1.1 Recipient address rejected: User unknown");
        }
        envelope.recipients.push(address);
        reply(250, "2.1.5 Ok")
    }

    /// Receives the mail up to its last line, and returns the outcome.
    async fn message<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut lines: Lines<S>,
        envelope: Envelope,
    ) -> Result<Lines<S>, Gone> {
        let mut text = Vec::new();
        let mut wrong = None;
        loop {
            let line = lines.line().await?;
            if line == b"." {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            if line.len() > LONGEST_LINE {
                wrong.get_or_insert(reply(500, "5.6.0 line too long"));
            }
            if line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                wrong.get_or_insert(reply(554, "5.6.0 CR or LF alone, or NUL"));
            }
            if !line.is_ascii() && !envelope.eight_bit {
                wrong.get_or_insert(reply(554, "5.6.3 8-bit text, and BODY=8BITMIME was not said"));
            }
            if text.len() + line.len() + 2 > self.options.size {
                wrong.get_or_insert(reply(552, "5.3.4 Message size exceeds fixed limit"));
            } else {
                text.extend_from_slice(line);
                text.extend_from_slice(b"\r\n");
            }
        }
        let Envelope { sender, recipients, .. } = envelope;
        let mail = match wrong {
            Some(refusal) => Err(refusal),
            None => Mail::read(&text).map_err(|why| (554, format!("5.6.0 {why}"))),
        };
        let mail = mail.map(|mail| Mail {
            sender: sender.unwrap_or_default(),
            recipients,
            user: self.user.clone(),
            encrypted: self.encrypted,
            ..mail
        });
        let answer = match &mail {
            Ok(_) => reply(250, "2.0.0 Ok: queued as 4XyZ"),
            Err(refusal) => refusal.clone(),
        };
        let keep = |session: &mut Self| lock(session.state).mails.extend(mail.ok());
        Ok(self.say(lines, Step::Message, answer, keep).await?.0)
    }
}

/// The address in `FROM:<address> parameters`, and the parameters. No space may follow the colon.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let (word, rest) = rest.split_at_checked(keyword.len())?;
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    let (local, domain) = address.split_once('@')?;
    let right = !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !address.contains([' ', '<']);
    let apart = parameters.is_empty() || parameters.starts_with(' ');
    (word.eq_ignore_ascii_case(keyword) && right && apart).then(|| (address.to_owned(), parameters.trim_start()))
}
