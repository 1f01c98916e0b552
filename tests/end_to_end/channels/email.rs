//! Mail, against a server that is strict about the protocol and about the format of mails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dogwatch::channels::client::{Outcome, Tested};
use dogwatch_alerts::AlertEvent;
use dogwatch_plugins::Value;
use dogwatch_services::smtp::{Mail, MailFault, Options, Security, Smtp, Step, Trouble};

use super::bench::{
    AUTHORITY, COMMAND, DETAILS, REMEDY, SUMMARY, Watched, Wiring, assert_plain, hostile, message, overlong,
};

const USER: &str = "dogwatch@example.com";
const PASSWORD: &str = "w00f w00f/w00f";

async fn server(security: Security) -> Smtp {
    let options = Options { login: Some((USER.to_owned(), PASSWORD.to_owned())), ..Options::new(security) };
    Smtp::start(options, &AUTHORITY).await.unwrap()
}

fn wiring(server: &Smtp, security: &str) -> Wiring {
    let wiring = Wiring::new("email", &server.host()).text("server", "localhost").text("security", security);
    let wiring = wiring.set("port", Value::Integer(server.port().into())).texts("to", &["Alice <alice@example.com>"]);
    wiring.text("from", "Dogwatch <dogwatch@example.com>").text("user", USER).secret("password", PASSWORD)
}

async fn start() -> (Smtp, Watched) {
    let server = server(Security::StartTls).await;
    let client = wiring(&server, "starttls").client();
    (server, client)
}

fn only(server: &Smtp) -> Mail {
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_what_happened_and_what_to_do() {
    for (security, name) in [(Security::StartTls, "starttls"), (Security::Tls, "tls")] {
        let server = server(security).await;
        wiring(&server, name).client().deliver(&message(AlertEvent::Opened)).await;
        let mail = only(&server);
        assert!(mail.encrypted && mail.user.as_deref() == Some(USER), "{mail:?}");
        assert_eq!((mail.sender.as_str(), mail.recipients.as_slice()), (USER, &["alice@example.com".to_owned()][..]));
        assert_eq!(mail.header("subject"), format!("PAGE at fsn1: {SUMMARY}"));
        assert!([DETAILS, REMEDY, COMMAND].iter().all(|part| mail.text.contains(part)), "{mail:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_mails_about_an_alert_are_one_thread() {
    let (server, client) = start().await;
    for event in [AlertEvent::Opened, AlertEvent::Acknowledged, AlertEvent::Resolved, AlertEvent::Report] {
        client.deliver(&message(event)).await;
    }
    let mails = server.mails();
    let threads: Vec<_> = mails.iter().map(|mail| mail.header("in-reply-to")).collect();
    assert!(!threads[0].is_empty() && threads[0] == threads[1] && threads[0] == threads[2], "{threads:?}");
    assert!(threads[3].is_empty(), "a report is a thread of its own");
    assert_eq!(mails[0].header("references"), threads[0]);
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.header("message-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert!(mails[1].text.contains("Acknowledged by bob"), "{mails:?}");
    assert_eq!(mails[2].header("subject"), format!("RESOLVED at fsn1: {SUMMARY}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn temporarily_refused_messages_are_sent_again() {
    let ((server, client), opened) = (start().await, message(AlertEvent::Opened));
    let faults = [
        MailFault::reply(Step::Greeting, 421, "4.3.2 shutting down"),
        MailFault::reply(Step::Login, 454, "4.7.0 temporary authentication failure"),
        MailFault::reply(Step::Recipient, 450, "4.2.0 greylisted"),
        MailFault::reply(Step::Message, 451, "4.3.0 later"),
        MailFault::new(Step::Hello, Trouble::Drop),
        MailFault::new(Step::Message, Trouble::Drop),
    ];
    server.order(faults.iter().cloned().map(Some));
    for fault in &faults {
        let outcome = client.send(&opened).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{fault:?}: {outcome:?}");
    }
    assert!(server.mails().is_empty());
    client.deliver(&opened).await;
    only(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_costs_a_second_mail_with_the_same_id() {
    let ((server, client), opened) = (start().await, message(AlertEvent::Opened));
    server.order([Some(MailFault::new(Step::Message, Trouble::DropAfter))]);
    let outcome = client.send(&opened).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    client.deliver(&opened).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_refused_for_good() {
    let (server, client) = start().await;
    let wrong = wiring(&server, "starttls").secret("password", "an0ther-passw0rd").client();
    let outcome = wrong.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("secret password")), "{outcome:?}");
    server.change(|options| {
        options.mailboxes.insert("bob@example.com".to_owned());
    });
    let outcome = client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("User unknown")), "{outcome:?}");
    server.change(|options| {
        options.mailboxes.clear();
        options.senders.insert("cat@example.com".to_owned());
    });
    let outcome = client.send(&message(AlertEvent::Opened)).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("not owned by user")), "{outcome:?}");
    assert!(server.mails().is_empty());
    assert_eq!(client.self_test().await, Tested::Untestable);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echoed_password_does_not_leak() {
    let (server, client) = start().await;
    let text = format!("5.7.8 neither {PASSWORD} nor {} will do", STANDARD.encode(PASSWORD));
    for (step, code) in [(Step::Login, 535), (Step::Login, 454), (Step::Message, 554)] {
        server.order([Some(MailFault::reply(step, code, &text))]);
        let outcome = client.send(&message(AlertEvent::Opened)).await;
        let (Outcome::Failed(why) | Outcome::Refused(why)) = &outcome else { unreachable!("{outcome:?}") };
        assert!(why.contains("neither … nor … will do"), "{why}");
    }
}

/// An attacker on the network path can remove the offer of TLS from the server's answer.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_tls() {
    let server = server(Security::Plain).await;
    let outcome = wiring(&server, "starttls").client().send(&message(AlertEvent::Opened)).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    let said = server.commands().concat();
    assert!(!said.iter().any(|command| command.starts_with("AUTH") || command.starts_with("MAIL")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_server_gets_nothing() {
    for (security, name) in [(Security::StartTls, "starttls"), (Security::Tls, "tls")] {
        let server = server(security).await;
        let outcome = wiring(&server, name).distrustful().client().send(&message(AlertEvent::Opened)).await;
        assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("certificate")), "{outcome:?}");
        assert!(server.mails().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_stay_texts() {
    let (server, client) = start().await;
    client.deliver(&hostile()).await;
    let mail = only(&server);
    assert_eq!(mail.recipients, ["alice@example.com"]);
    assert!(mail.header("subject").contains("<!channel> @everyone @here @room <@1>"), "{mail:?}");
    assert!(mail.headers.iter().all(|(name, _)| name != "bcc"), "{mail:?}");
    assert_plain(&mail.text);
    assert_plain(mail.header("subject"));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_any_length_are_accepted() {
    let (server, client) = start().await;
    client.deliver(&overlong()).await;
    let mail = only(&server);
    assert!(mail.text.contains("\nTo do: ") && mail.text.contains(COMMAND), "{}", mail.text.len());
}
