//! A hand-written client that can break any rule.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::fault::{MailFault, Step, Trouble};
use super::options::{Options, Security};
use super::server::Smtp;
use crate::tls::Authority;

const MAIL: &str = "From: Dogwatch <dogwatch@example.com>\r\nTo: alice@example.com\r\nSubject: PAGE at home\r\n\
                    Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <a-1@home.dogwatch>\r\n\
                    In-Reply-To: <b@alert.dogwatch>\r\n\r\nline one\r\n..two\r\n.\r\n";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

struct Client {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

impl Client {
    async fn connect(server: &Smtp) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    async fn encrypt(self, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, self.stream).await.unwrap();
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// A reply with all its lines, or `None` if the connection has closed.
    async fn reply(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8(self.read.clone()).unwrap();
            let last = text.split_inclusive("\r\n").position(|line| line.ends_with('\n') && line.as_bytes()[3] == b' ');
            if let Some(last) = last {
                let reply: String = text.split_inclusive("\r\n").take(last + 1).collect();
                self.read.drain(..reply.len());
                return Some(reply.trim_end().to_owned());
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    async fn ask(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n")).await;
        self.reply().await.unwrap_or_else(|| "gone".into())
    }

    /// Sends everything up to the mail.
    async fn begin(&mut self) {
        for (line, code) in [
            ("EHLO client.example", "250"),
            ("MAIL FROM:<dogwatch@example.com>", "250"),
            ("RCPT TO:<alice@example.com>", "250"),
            ("DATA", "354"),
        ] {
            let reply = self.ask(line).await;
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    async fn mail(&mut self, mail: &str) -> String {
        self.begin().await;
        self.send(mail).await;
        self.reply().await.unwrap_or_else(|| "gone".into())
    }
}

async fn start(options: Options) -> (Smtp, Authority) {
    let authority = Authority::new().unwrap();
    (Smtp::start(options, &authority).await.unwrap(), authority)
}

async fn greeted(server: &Smtp) -> Client {
    let mut client = Client::connect(server).await;
    assert!(client.reply().await.unwrap().starts_with("220 "));
    client
}

fn protected(security: Security) -> Options {
    Options { login: Some(("dog".into(), "w00f".into())), ..Options::new(security) }
}

#[tokio::test]
async fn takes_a_mail_and_reads_it() {
    let (server, _) = start(Options::new(Security::Plain)).await;
    let mut client = greeted(&server).await;
    let reply = client.mail(MAIL).await;
    assert!(reply.starts_with("250 "), "{reply}");
    assert!(client.ask("QUIT").await.starts_with("221 "));
    let [mail] = server.mails().try_into().unwrap();
    assert_eq!(
        (mail.sender.as_str(), mail.recipients.as_slice()),
        ("dogwatch@example.com", &["alice@example.com".into()][..])
    );
    assert_eq!((mail.header("message-id"), mail.header("subject")), ("<a-1@home.dogwatch>", "PAGE at home"));
    assert_eq!((mail.text.as_str(), mail.encrypted, &mail.user), ("line one\n.two\n", false, &None));
    assert_eq!(server.commands()[0].len(), 5);
}

#[tokio::test]
async fn reads_what_is_encoded() {
    let (server, _) = start(Options::new(Security::Plain)).await;
    let encoded = |encoding: &str, body: &str| {
        MAIL.replace("PAGE at home", "=?utf-8?B?UMOEdA==?=\r\n =?UTF-8?Q?_h=C3=B6me?= x").replace(
            "\r\n\r\nline one\r\n..two",
            &format!(
                "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \
                 {encoding}\r\n\r\n{body}"
            ),
        )
    };
    for mail in [encoded("quoted-printable", "w=C3=B6=\r\nf=3D"), encoded("base64", "d8O2Zj0NCg==")] {
        let reply = greeted(&server).await.mail(&mail).await;
        assert!(reply.starts_with("250 "), "{reply}");
    }
    for mail in server.mails() {
        assert_eq!((mail.header("subject"), mail.text.trim_end()), ("PÄt höme x", "wöf="));
    }
    let reply = greeted(&server).await.mail(&encoded("8bit", "wöf")).await;
    assert!(reply.starts_with("554 5.6.3"), "{reply}");
}

#[tokio::test]
async fn refuses_what_is_no_mail() {
    let (server, _) = start(Options::new(Security::Plain)).await;
    let long = format!("line one{}", "x".repeat(1000));
    for (found, instead, part) in [
        ("Subject: PAGE at home\r\n", "", "subject must be there once"),
        ("To:", "To: bob@example.com\r\nTo:", "to must be there once"),
        ("Date: Tue,", "Date: Someday,", "date is wrong"),
        ("<a-1@home.dogwatch>", "a-1", "message-id is wrong"),
        ("<b@alert.dogwatch>", "b", "in-reply-to is wrong"),
        ("PAGE at home", "PÄGE", "5.6.3"),
        ("Subject:", "Bcc: x@y.z\r\nSubject:", "bcc is wrong"),
        ("line one", "line\none", "alone"),
        ("line one", "line one\u{e4}", "5.6.3"),
        ("line one", &long, "line too long"),
        ("\r\n\r\nline one", "\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nx", "only text/plain"),
        ("PAGE", "=?utf-8?X?x?=", "no encoded word"),
    ] {
        let reply = greeted(&server).await.mail(&MAIL.replace(found, instead)).await;
        assert!(reply.starts_with('5') && reply.contains(part), "{instead}: {reply}");
    }
    server.change(|options| options.size = 100);
    assert!(greeted(&server).await.mail(MAIL).await.starts_with("552 "));
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn commands_have_an_order_and_a_form() {
    let mut options = Options::new(Security::Plain);
    options.mailboxes.insert("alice@example.com".into());
    options.senders.insert("dogwatch@example.com".into());
    let (server, _) = start(options).await;
    let mut client = greeted(&server).await;
    let long = format!("NOOP {}", "x".repeat(520));
    for (line, code) in [
        ("MAIL FROM:<dogwatch@example.com>", "503"),
        ("EHLO", "501"),
        ("EHLO client.example", "250"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN AGRvZwB3MDBm", "502"),
        ("RCPT TO:<alice@example.com>", "503"),
        ("MAIL FROM: <dogwatch@example.com>", "501"),
        ("MAIL FROM:dogwatch@example.com", "501"),
        ("MAIL FROM:<dogwatch@example.com> SMTPUTF8", "555"),
        ("MAIL FROM:<dogwatch@example.com> SIZE=9999999", "552"),
        ("MAIL FROM:<cat@example.com>", "553"),
        ("MAIL FROM:<dogwatch@example.com> SIZE=100 BODY=8BITMIME", "250"),
        ("MAIL FROM:<dogwatch@example.com>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<bob@example.com>", "550"),
        ("RCPT TO:<älice@example.com>", "500"),
        ("RCPT TO:<alice@example.com>", "250"),
        ("BARK", "500"),
        (&long, "500"),
        ("RSET", "250"),
        ("DATA", "503"),
    ] {
        let reply = client.ask(line).await;
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    client.send("NOOP\r\nNOOP\r\n").await;
    assert!(client.reply().await.unwrap().starts_with("503 "), "pipelining is not offered");
}

#[tokio::test]
async fn nothing_is_taken_before_starttls_and_login() {
    let (server, authority) = start(protected(Security::StartTls)).await;
    let mut client = greeted(&server).await;
    assert!(client.ask("STARTTLS").await.starts_with("503 "));
    let hello = client.ask("EHLO client.example").await;
    assert!(hello.contains("STARTTLS") && !hello.contains("AUTH"), "{hello}");
    assert!(client.ask("MAIL FROM:<a@b>").await.starts_with("530 5.7.0 Must issue"));
    assert!(client.ask("AUTH PLAIN AGRvZwB3MDBm").await.starts_with("538 "));
    assert!(client.ask("STARTTLS").await.starts_with("220 "));
    let mut client = client.encrypt(&authority).await;
    assert!(client.ask("MAIL FROM:<a@b>").await.starts_with("503 "), "all that was said before is forgotten");
    let hello = client.ask("EHLO client.example").await;
    assert!(hello.contains("AUTH PLAIN LOGIN") && !hello.contains("STARTTLS"), "{hello}");
    assert!(client.ask("MAIL FROM:<a@b>").await.starts_with("530 5.7.0 Authentication required"));
    assert!(client.ask("AUTH PLAIN AGRvZwBiYWQ=").await.starts_with("535 "));
    assert!(client.ask("AUTH CRAM-MD5").await.starts_with("504 "));
    assert_eq!(client.ask("AUTH LOGIN").await, "334 VXNlcm5hbWU6");
    assert_eq!(client.ask("ZG9n").await, "334 UGFzc3dvcmQ6");
    assert!(client.ask("dzAwZg==").await.starts_with("235 "));
    assert!(client.mail(MAIL).await.starts_with("250 "));
    let mail = &server.mails()[0];
    assert!(mail.encrypted && mail.user.as_deref() == Some("dog"));
    assert!(!server.commands()[0].iter().any(|command| command.contains("AGRvZw")), "no passwords");
}

#[tokio::test]
async fn speaks_tls_from_the_first_byte() {
    let (server, authority) = start(protected(Security::Tls)).await;
    let mut client = Client::connect(&server).await.encrypt(&authority).await;
    assert!(client.reply().await.unwrap().starts_with("220 "));
    assert!(client.ask("EHLO client.example").await.contains("AUTH PLAIN LOGIN"));
    assert_eq!(client.ask("AUTH PLAIN").await, "334");
    assert!(client.ask("AGRvZwB3MDBm").await.starts_with("235 "));
    assert!(client.mail(MAIL).await.starts_with("250 "));
    assert!(server.mails()[0].encrypted);
}

#[tokio::test]
async fn fails_to_order_once() {
    let (server, _) = start(Options::new(Security::Plain)).await;
    server.order([
        Some(MailFault::reply(Step::Greeting, 421, "4.3.2 shutting down")),
        Some(MailFault::reply(Step::Recipient, 450, "4.2.0 greylisted")),
        Some(MailFault::reply(Step::Message, 451, "4.3.0 later")),
        Some(MailFault::new(Step::Message, Trouble::Drop)),
        Some(MailFault::new(Step::Message, Trouble::DropAfter)),
        Some(MailFault::new(Step::Hello, Trouble::Hang)),
        Some(MailFault::new(Step::Hello, Trouble::Delay(Duration::from_millis(10)))),
        None,
    ]);
    let mut client = Client::connect(&server).await;
    assert!(client.reply().await.unwrap().starts_with("421 "));
    assert_eq!(client.reply().await, None);

    let mut client = greeted(&server).await;
    client.ask("EHLO client.example").await;
    client.ask("MAIL FROM:<dogwatch@example.com>").await;
    assert!(client.ask("RCPT TO:<alice@example.com>").await.starts_with("450 "));
    assert!(client.ask("RCPT TO:<alice@example.com>").await.starts_with("250 "), "only once");

    assert!(greeted(&server).await.mail(MAIL).await.starts_with("451 "));
    assert_eq!(greeted(&server).await.mail(MAIL).await, "gone");
    assert_eq!(server.mails(), []);
    assert_eq!(greeted(&server).await.mail(MAIL).await, "gone");
    assert_eq!(server.mails().len(), 1);

    let mut client = greeted(&server).await;
    let waited = tokio::time::timeout(Duration::from_millis(50), client.ask("EHLO client.example")).await;
    assert!(waited.is_err());
    for _ in 0..2 {
        assert!(greeted(&server).await.mail(MAIL).await.starts_with("250 "));
    }
    assert_eq!(server.commands().len(), 8);
}
