//! Twilio's identifiers: SIDs and telephone numbers.

use crate::mode::Mode;

/// Whether this is a SID: two letters and 32 hexadecimal digits.
pub(crate) fn is_sid(sid: &str, prefix: &str) -> Result<(), String> {
    let digits = sid.strip_prefix(prefix).unwrap_or_default();
    if digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(format!("must be {prefix} and 32 hexadecimal digits, as Twilio's console shows it"))
    }
}

/// Whether this is a number in the form of E.164: a plus, the country's code, at most 15 digits in all.
pub(crate) fn is_number(number: &str) -> Result<(), String> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits && !digits.starts_with('0') {
        Ok(())
    } else {
        Err(format!(
            "must be one number with a plus and the country's code, such as \"+15551234567\", found {number:?}"
        ))
    }
}

/// Whether this can call, or send a text message.
pub(crate) fn is_sender(from: &str, mode: Mode) -> Result<(), String> {
    if mode == Mode::Voice || from.starts_with('+') {
        return is_number(from);
    }
    if is_service(from) {
        return Ok(());
    }
    // A name: Twilio allows letters, digits and spaces, and at least one letter.
    let named = (1..=11).contains(&from.len())
        && from.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
        && from.bytes().any(|byte| byte.is_ascii_alphabetic());
    if named {
        Ok(())
    } else {
        Err("must be a number such as \"+15551234567\", a sender name of at most 11 letters and digits, or the SID of \
             a messaging service, which begins with MG"
            .to_owned())
    }
}

/// Whether this is a messaging service, which picks a number of its own.
pub(crate) fn is_service(from: &str) -> bool {
    is_sid(from, "MG").is_ok()
}
