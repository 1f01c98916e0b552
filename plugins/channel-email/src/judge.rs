//! What a mail server's replies mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::text::quoted;

/// Judges the last reply, or the refusal, by its code and text.
pub(crate) fn of_message(response: &Response) -> Judgement {
    let code = response.status;
    let said = quoted(&String::from_utf8_lossy(&response.body));
    let said = if said.is_empty() { code.to_string() } else { format!("{code} {said}") };
    match code {
        200..=299 => Judgement::Delivered,
        500..=599 => Judgement::Permanent(format!("the mail server says: {said}.{}", advice(code))),
        // The last reply must be a success or a failure. This is neither: the session is broken.
        _ => Judgement::Transient(format!("the mail server says: {said}")),
    }
}

/// What the operator can do about it, after a space.
const fn advice(code: u16) -> &'static str {
    match code {
        530 => " It wants a login: set user and the secret password.",
        534 => " It wants another kind of login: make an app password at your provider.",
        535 => " Check user and the secret password; many providers want an app password here.",
        538 => " It takes no login without encryption: set security to \"starttls\" or \"tls\".",
        550 | 551 | 553 => " Are from and to right, and may the user send as from?",
        552 => " The mailbox is full, or the mail too large.",
        554 => " It refuses the mail or this machine: may the user send as from, and is the server the right one?",
        500..=504 => " It does not understand the mail: is it a mail server, and security right?",
        _ => "",
    }
}
