//! Whether a mail is valid.

use super::parts;
use crate::delivery::mail::Mail;
use crate::delivery::part::Part;
use crate::error::call::Fault;
use crate::limits::{BODY, LINE, RECIPIENTS};

/// Refuses a mail without recipients, one that is too large, and one that could break out of a header.
pub(super) fn validate(mail: &Mail, secrets: &[String]) -> Result<(), Fault> {
    let recipients = mail.recipients.len();
    if recipients == 0 {
        return Err(Fault::BadAnswer("a mail has no recipient".to_owned()));
    }
    if recipients > RECIPIENTS {
        return Err(Fault::AnswerTooLarge(format!("a mail to {recipients} recipients; the limit is {RECIPIENTS}")));
    }
    let lines = [&mail.server, &mail.sender, &mail.subject, &mail.message_id, &mail.in_reply_to];
    for line in lines.into_iter().chain(&mail.recipients) {
        if line.len() > LINE {
            let size = line.len();
            return Err(Fault::AnswerTooLarge(format!("a mail header of {size} bytes; the limit is {LINE}")));
        }
        if line.contains(|c: char| c.is_control()) {
            return Err(Fault::BadAnswer("a mail header contains control characters".to_owned()));
        }
    }
    if mail.text.len() > BODY {
        return Err(Fault::AnswerTooLarge(format!("a mail of {} bytes; the limit is {BODY}", mail.text.len())));
    }
    for part in mail.login.iter().flat_map(|login| [&login.user, &login.password]) {
        parts::validate("a mail login", part, secrets, LINE)?;
        if part.iter().any(|part| !matches!(part, Part::Text(_) | Part::Secret { .. })) {
            return Err(Fault::BadAnswer("a mail login contains something other than texts and secrets".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::mail::{MailLogin, MailSecurity};
    use crate::delivery::part::{DigestEncoding, Encoding};

    #[test]
    fn a_mail_has_recipients_and_no_header_of_its_own() {
        let good = Mail {
            server: "mail.example.com".into(),
            port: 587,
            security: MailSecurity::StartTls,
            login: None,
            sender: "a@example.com".into(),
            recipients: vec!["b@example.com".into()],
            subject: "s".into(),
            text: "line\nline".into(),
            message_id: "<1@example.com>".into(),
            in_reply_to: String::new(),
        };
        let login = |part: Part| Some(MailLogin { user: vec![Part::Text("u".into())], password: vec![part] });
        let secret = |name: &str| Part::Secret { name: name.into(), encoding: Encoding::Plain };
        let signature =
            Part::Signature { key: "token".into(), prefix: String::new(), encoding: DigestEncoding::Base64 };
        let check = |mail: &Mail| validate(mail, &["token".to_owned()]);
        assert_eq!(check(&good), Ok(()));
        assert_eq!(check(&Mail { login: login(secret("token")), ..good.clone() }), Ok(()));
        for bad in [
            Mail { recipients: Vec::new(), ..good.clone() },
            Mail { subject: "s\r\nBcc: c@example.com".into(), ..good.clone() },
            Mail { recipients: vec!["b@example.com\n".into()], ..good.clone() },
            Mail { login: login(secret("other")), ..good.clone() },
            Mail { login: login(signature), ..good.clone() },
        ] {
            assert!(matches!(check(&bad), Err(Fault::BadAnswer(_))), "{bad:?}");
        }
        let long = Mail { text: "x".repeat(BODY + 1), ..good.clone() };
        assert!(matches!(check(&long), Err(Fault::AnswerTooLarge(_))));
        let many = Mail { recipients: vec!["b@example.com".into(); RECIPIENTS + 1], ..good };
        assert!(matches!(check(&many), Err(Fault::AnswerTooLarge(_))));
    }
}
